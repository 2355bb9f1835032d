"""A run that writes: its terms, what must hold before it, how it is carried out, and what it came to in words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from reconciler.app.apply_environment import apply_environment, logged
from reconciler.app.first_contact import FirstNames
from reconciler.app.forecast_log import log_plan
from reconciler.app.job import told_outcomes
from reconciler.app.lineage import refuse_older
from reconciler.app.listening import say
from reconciler.app.planning.scope import applied_of, declared_by
from reconciler.app.session import load_desired
from reconciler.apply import preflight
from reconciler.apply.application import apply_plan
from reconciler.findings import ExitCode
from reconciler.journal.declared import Declares
from reconciler.journal.journal import last_applied
from reconciler.model.applied import LastApplied
from reconciler.model.desired import Desired
from reconciler.model.landing import ORGANIZATION
from reconciler.model.outcome import Result, Run
from reconciler.model.period import Period
from reconciler.model.plan import Plan
from reconciler.policy.facts import applied_under
from reconciler.report.renderers import Answer, render
from reconciler.report.screen import PAPER, Screen
from reconciler.settings import Settings


@dataclass(frozen=True, slots=True)
class Terms:
    """How a run is carried out.

    A lost answer is looked for in the ledger for `settle` seconds, a lock of another run waited for `wait` seconds at
    most. `first_apply` takes money back from wallets that nothing was ever applied to: all, or those that it names as
    `TEAM/ENV` or `TEAM`. `require_approval` refuses what the owners did not approve.
    """

    settle: float = 60.0
    wait: float = 0.0
    first_apply: FirstNames = False
    require_approval: bool = False


def refuse_unasked(settings: Settings, plan: Plan, terms: Terms, last: LastApplied | None) -> None:
    """Refuse what goes back behind what was applied `last`, or lacks an approval that was asked for."""
    from reconciler.app.change_request.approval import require_approval

    refuse_older(settings, plan.source.commit, last)
    if terms.require_approval:
        require_approval(settings, plan)


def executed(
    settings: Settings,
    desired: Desired,
    plan: Plan,
    terms: Terms,
    declares: Declares,
    lacking: Mapping[str, str] | None = None,
) -> Result:
    """Execute a plan that may be applied, and say where the token was not allowed to write.

    Teams of which the plan is `lacking` something, each with a sentence, do not count as applied.
    """
    with apply_environment(
        settings, desired, settle=terms.settle, label="Applying", first_apply=terms.first_apply, wait=terms.wait
    ) as environment:
        waivers = () if declares == "nothing" else applied_under(plan, (), desired, as_of=settings.as_of)
        result = logged(apply_plan(plan, desired, environment, declares=declares, lacking=lacking, waivers=waivers))
    if result.denied:
        say(
            f"Keeptrusts does not let this token write: {result.denied}",
            "use a token with the permission org:billing, then plan again",
        )
    return result


@dataclass(frozen=True, slots=True)
class Ran(Answer):
    """What became of a run, which is in `journal` too; None stands for one that had nothing to do."""

    result: Result | None
    journal: str

    @property
    def exit_code(self) -> int:
        return self.result.exit_code if self.result else ExitCode.DONE

    @property
    def recorded_in(self) -> str:
        return f"the journal {self.journal}" if self.result else ""

    @property
    def told(self) -> Mapping[str, str | bool]:
        return told_outcomes(done.status.value for done in self.result.run.outcomes) if self.result else {}

    def rendered(self, format_: str, screen: Screen = PAPER) -> str:
        """Return it as `text` or `json` (kt-budgets.run/1)."""
        if self.result is None and format_ == "text":
            return "Nothing to resume: every run in the journal finished, and no operation is unknown.\n"
        return render("run", format_, self.result or Run(run="", outcomes=(), converged=True), screen)


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
    declares, lacking = declared_by(settings, plan, desired, last), _lacking(settings, plan, desired, last)
    result = executed(settings, desired, plan, terms, declares, lacking)
    log_plan(settings, plan)
    return result


def _lacking(settings: Settings, plan: Plan, desired: Desired, last: LastApplied | None) -> dict[str, str]:
    """Return the parts of which a plan cannot hold what is to be changed since the `last` run, each with why."""
    from reconciler.app.change_request.unplanned import not_understood

    before = applied_of(settings, last)
    if last and before is None:
        return {}
    parts = plan.scope.teams if plan.scope else (ORGANIZATION, *desired.teams)
    return {
        part: f"{finding.message}. Next: {finding.hint}"
        for part, finding in not_understood(before, desired, parts, plan)
    }
