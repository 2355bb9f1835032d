"""Opening a month: the plan that funds every wallet for it, made and applied in one go from what is merged."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from reconciler.findings import Finding
from reconciler.model.change import Allocate, Change, Reclaim
from reconciler.model.guards import GuardSettings
from reconciler.model.live import Live
from reconciler.model.plan import sealed
from reconciler.settings import Settings

if TYPE_CHECKING:
    from reconciler.model.desired import Desired
    from reconciler.model.plan import Plan
    from reconciler.plan.diff import Diff


def opening_plan(settings: Settings, desired: Desired, warnings: Sequence[Finding]) -> Plan:
    """Return the sealed plan that funds `settings.period`, and takes back what earlier months left if YAML says so.

    It holds nothing else: an excess that somebody gave by hand, an alert or a schedule that differs is left for a
    plan that people review. The limits on a single run do not count here, because a month's whole funding is no
    change; that the pool can pay for it does.
    """
    from reconciler.apply.journal import last_applied
    from reconciler.cli.planning import assemble, read_live
    from reconciler.cli.session import connected
    from reconciler.plan.diff import make_plan

    with connected(settings, desired) as connection:
        live = read_live(settings, desired, connection)
    diff = make_plan(desired, live, settings.period, last_applied=last_applied(settings.journal))
    unguarded = replace(desired, organization=desired.organization.model_copy(update={"guards": GuardSettings()}))
    drafted = assemble(
        settings, unguarded, live, _funding(diff, live, desired), usage=None, outlook=None, findings=warnings
    )
    return sealed(drafted)


def _funding(diff: Diff, live: Live, desired: Desired) -> Diff:
    from reconciler.plan.pool import funds, pool_guard

    kept = [(change, origin) for change, origin in zip(diff.changes, diff.origins, strict=True) if _belongs(change)]
    changes = tuple(change for change, _ in kept)
    run = funds(changes, live, desired.organization.currency)
    guard = pool_guard(run, desired.organization.currency)
    return replace(
        diff,
        changes=changes,
        origins=tuple(origin for _, origin in kept),
        funds=run,
        guards=(guard,) if guard else (),
    )


def _belongs(change: Change) -> bool:
    return isinstance(change, Allocate) or (isinstance(change, Reclaim) and change.carried_from is not None)
