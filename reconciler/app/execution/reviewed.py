"""Apply a reviewed plan, exactly once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.app.execution.run import Terms, executed, refuse_unasked
from reconciler.app.planning.scope import declared_by
from reconciler.app.session import load_desired
from reconciler.apply import preflight
from reconciler.journal.journal import last_applied

if TYPE_CHECKING:
    from reconciler.model.outcome import Result
    from reconciler.model.period import Period
    from reconciler.model.plan import Plan
    from reconciler.settings import Settings


def apply(settings: Settings, plan: Plan, terms: Terms | None = None, *, period: Period | None = None) -> Result:
    """Execute `plan` as it was reviewed, and return what became of each change.

    Every change is derived again: a team on which anything moved since review is refused, the others go on. `period`
    is the month that somebody named, if one was.

    Raises:
        RefusedError: a guard, a missing approval, a month that is over, or budgets older than what was applied.
        StalePlanError: the plan is not what was approved, or of other YAML.
        FindingsError: the YAML has errors.
        LockHeldError: another run goes on for longer than `terms.wait` seconds.
        RemoteError: Keeptrusts cannot be read whole.
    """
    terms = terms or Terms()
    desired, _ = load_desired(settings)
    preflight.check(plan, desired, as_of=settings.as_of, period=period)
    last = last_applied(settings.journal, folder=settings.root)
    refuse_unasked(settings, plan, terms, last)
    return executed(settings, desired, plan, terms, declared_by(settings, plan, desired, last))
