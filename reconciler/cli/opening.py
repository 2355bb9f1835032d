"""Opening a month: the plan that funds every wallet for it, made and applied in one go from what is merged."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from reconciler.findings import Finding
from reconciler.model.guards import GuardSettings
from reconciler.model.plan import sealed
from reconciler.settings import Settings

if TYPE_CHECKING:
    from reconciler.model.desired import Desired
    from reconciler.model.plan import Plan


def opening_plan(settings: Settings, desired: Desired, warnings: Sequence[Finding]) -> Plan:
    """Return the sealed plan that funds `settings.period`, and takes back what earlier months left if YAML says so.

    It holds nothing else: an excess that somebody gave by hand, an alert or a schedule that differs is left for a
    plan that people review. The limits on a single run do not count here, because a month's whole funding is no
    change; that the pool can pay for it does.
    """
    from reconciler.apply.history import history_of
    from reconciler.apply.journal import last_declared, read_records
    from reconciler.apply.rewind import all_owned
    from reconciler.cli.planning import assemble, read_live
    from reconciler.cli.session import connected
    from reconciler.plan.diff import make_plan
    from reconciler.plan.opening import opening

    records = read_records(settings.journal, folder=settings.root)
    with connected(settings, desired) as connection:
        live = all_owned(read_live(settings, desired, connection), history_of(records).transactions)
    diff = make_plan(desired, live, settings.period, last_applied=last_declared(records))
    unguarded = replace(desired, organization=desired.organization.model_copy(update={"guards": GuardSettings()}))
    funding = opening(diff, live, currency=desired.organization.currency)
    return sealed(assemble(settings, unguarded, live, funding, usage=None, outlook=None, findings=warnings))
