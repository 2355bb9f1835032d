"""Release: take a team out of management. Nothing of it is touched, and it is not taken for gone (decision 0086)."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import Any

from reconciler.app.forge_session import attribution_of_now
from reconciler.app.management.adopt import held
from reconciler.app.planning.pipeline import checked_out
from reconciler.app.session import load_desired
from reconciler.app.team_by_team import gone_wallets
from reconciler.app.wallet_names import named
from reconciler.apply.application import run_name
from reconciler.apply.executor import executable
from reconciler.clock import SystemClock
from reconciler.findings import UsageError
from reconciler.journal.declared import Declared
from reconciler.journal.history import history_of
from reconciler.journal.journal import last_declared
from reconciler.journal.record import Entry, Record, Step
from reconciler.model.adoption import ReleaseDocument
from reconciler.model.applied import LastApplied
from reconciler.model.desired import Desired
from reconciler.model.kinds.managed_kind import text_of
from reconciler.model.kinds.registry import kinds
from reconciler.model.money import ZERO, Funds
from reconciler.model.plan import Plan, Scope, Tool, sealed
from reconciler.plan.diff import fingerprint
from reconciler.plan.scope import wallets_of
from reconciler.report.renderers import Statement
from reconciler.settings import Settings
from reconciler.version import __version__


def release(settings: Settings, team: str, *, reason: str = "") -> Statement:
    """Take `team` out of management, and record `reason`; Keeptrusts is neither asked nor written to.

    Raises:
        RefusedError: a run was interrupted, or the budgets are older than what was applied.
        FindingsError: the YAML has errors.
        UsageError: no YAML and no earlier run knows the team, it is out of management already, or nothing is in it yet.
        LockHeldError: a run goes on.
    """
    desired, _ = load_desired(settings)
    with held(settings, desired) as (journal, lock):
        last = last_declared(journal.records)
        if team in history_of(journal.records).released:
            raise UsageError(
                f"{team} is out of management already; nothing was recorded",
                hint=f"`kt-budgets adopt {team}` takes it back",
            )
        if last is None:
            raise UsageError(
                f"nothing was applied or adopted yet, so {team} is not under management; nothing was recorded",
                hint="remove its file, which changes nothing in Keeptrusts, and `kt-budgets adopt` the others",
            )
        keys = _keys(desired, team, last, _former(settings, desired, team, last, journal.records))
        plan = _empty(settings, desired, team)
        said = _without(team, last).facts()
        facts = {**attribution_of_now().facts(), **({"reason": reason} if reason else {})}
        begun = {**facts, "plan": executable(plan), "stale": {}, **said, "released": {team: list(keys)}}
        ended: dict[str, Any] = {"plan": plan.digest, "outcomes": [], "converged": True, "differences": [], "stale": {}}
        run = run_name(plan, SystemClock())
        lock.check()
        journal.append(run, Entry(Step.STARTED, facts=begun), Entry(Step.FINISHED, facts={**ended, **said}))
    document = ReleaseDocument(run=run, organization=plan.organization, team=team, keys=keys)
    text = (
        f"Released: {team}, with {', '.join(keys) or 'nothing'}. Nothing was written to Keeptrusts: its"
        f" money and alerts stay as they are.\nIts file may stay or go. `kt-budgets adopt {team}` takes it back.\n"
    )
    return Statement(document, text, recorded_in=f"the journal {settings.journal}")


def _keys(desired: Desired, team: str, last: LastApplied, wallets: Collection[str]) -> tuple[str, ...]:
    """Return what the team has by the YAML and by what was applied last, with the `wallets` that it had.

    What another team declares by now is that team's.
    """
    declared = {text_of(key): wanted.team for kind in kinds() for key, wanted in desired.of(kind).items()}
    former = {key: team for kind in kinds() for key, owner in last.of(kind).items() if owner == team}
    if not (former or wallets):
        named(desired, [team])
    objects = {key for key, owner in {**former, **declared}.items() if owner == team}
    return tuple(sorted({*wallets_of(desired, [team]), *objects, *wallets}))


def _former(
    settings: Settings, desired: Desired, team: str, last: LastApplied, records: Sequence[Record]
) -> frozenset[str]:
    """Return the wallets of a team whose file is gone, and which are no other team's now."""
    if team in desired.teams:
        return frozenset()
    return frozenset(key for key, of in gone_wallets(settings, desired, last, records).items() if of == team)


def _without(team: str, last: LastApplied) -> Declared:
    """Return what counts as declared without the team."""
    kept = Declared.kept(last)
    objects = {name: {k: owner for k, owner in keys.items() if owner != team} for name, keys in kept.objects.items()}
    return replace(kept, objects=objects, unfinished=kept.unfinished - {team})


def _empty(settings: Settings, desired: Desired, team: str) -> Plan:
    """Return a plan of nothing for the team: what the journal keeps with every run."""
    return sealed(
        Plan(
            tool=Tool(version=__version__),
            organization=desired.organization.organization,
            currency=desired.organization.currency,
            period=settings.period,
            as_of=settings.as_of,
            source=checked_out(settings, desired),
            scope=Scope(since="", teams=(team,), of=len({*desired.teams, team})),
            changes=(),
            fingerprints={team: fingerprint(())},
            funds=Funds(available=None, after=None, allocated=ZERO, reclaimed=ZERO),
        )
    )
