"""Adopt: record that what Keeptrusts holds is what git says. It is read, and never written to (decision 0085)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from reconciler.app.disbelief import refuse_disbelieved
from reconciler.app.forge_session import attribution_of_now
from reconciler.app.journal_place import refuse_beside_git_unless_said
from reconciler.app.lineage import refuse_behind
from reconciler.app.listening import say
from reconciler.app.management.baseline import Baseline, LedgerTotal, baseline
from reconciler.app.planning.pipeline import read_live
from reconciler.app.planning.scope import declared_by
from reconciler.app.session import connected, load_desired
from reconciler.app.team_by_team import pending_parts
from reconciler.app.wallet_names import named
from reconciler.apply.application import run_name
from reconciler.apply.executor import executable
from reconciler.clock import SystemClock
from reconciler.findings import RefusedError
from reconciler.journal.declared import Declared, of_parts
from reconciler.journal.declared import declared_by as declared_of
from reconciler.journal.history import history_of, open_runs
from reconciler.journal.journal import Journal, last_declared
from reconciler.journal.place import open_store
from reconciler.journal.record import Entry, Step
from reconciler.journal.store import Lock
from reconciler.model.adoption import AdoptionDocument
from reconciler.model.applied import LastApplied
from reconciler.model.desired import Desired, DesiredWallet
from reconciler.model.landing import ORGANIZATION
from reconciler.plan.scope import Teams, wallets_of
from reconciler.report.renderers import Statement
from reconciler.settings import Settings


def adopt(settings: Settings, teams: Collection[str] = ()) -> Statement:
    """Take an organization, or `teams` of it, under management as it is; say what the ledger holds before and after.

    From then on what somebody adds to these wallets by hand is drift, and a plan may take money back from them. A team
    that was released comes back when it is named. A token that may read is enough.

    Raises:
        RefusedError: something is to be changed, a run was interrupted, or the budgets are older than what was applied.
        FindingsError: the YAML has errors.
        UsageError: one of `teams` is in no YAML.
        LockHeldError: a run goes on.
        RemoteError: Keeptrusts cannot be read whole.
    """
    desired, warnings = load_desired(settings)
    declared = desired
    wanted = named(desired, teams)
    refuse_beside_git_unless_said(settings, desired.organization)
    with held(settings, desired) as (journal, lock), connected(settings, desired) as connection:
        desired = desired.without(history_of(journal.records).released.keys() - _names(desired, wanted or ()))
        found = baseline(settings, desired, warnings, connection, journal.records, teams=wanted)
        said, pending = _said(settings, declared, desired, journal, found, teams=wanted)
        run = _record(desired, journal, lock, found, said, teams=wanted)
        again = read_live(settings, desired, connection, teams=wanted)
    wallets = tuple(wallets_of(desired, wanted))
    after = LedgerTotal.of(again, wallets, settings, currency=desired.organization.currency)
    return _told(settings, desired, found, run, after, pending, teams=wanted)


@contextmanager
def held(settings: Settings, desired: Desired) -> Iterator[tuple[Journal, Lock]]:
    """Yield the journal with its lock, where it has no run that is to be finished first and is believed."""
    store, clock = open_store(settings.journal, folder=settings.root), SystemClock()
    owner = attribution_of_now().owner(f"adopt-{clock.now():%Y%m%dT%H%M%S}Z")
    with store.lock(owner, clock=clock) as lock:
        journal = Journal.open(store, organization=desired.organization.organization, clock=clock)
        refuse_behind(settings, last_declared(journal.records))
        refuse_disbelieved(settings, journal.records)
        if runs := open_runs(history_of(journal.records)):
            raise RefusedError(
                f"the run {runs[-1][0].run} is not finished; nothing was recorded",
                hint="`kt-budgets resume` proves or finishes it",
            )
        yield journal, lock


def _said(
    settings: Settings, declared: Desired, desired: Desired, journal: Journal, found: Baseline, *, teams: Teams
) -> tuple[Declared, frozenset[str]]:
    """Return what counts as applied from now on, and the parts that do not because a merge of theirs waits.

    Only the month was compared: what was merged on top of what was applied may say anything of later ones. A team that
    was released and is named begins anew.
    """
    plan, last = found.plan, last_declared(journal.records)
    parts = {*declared.teams, *_applied_teams(last), ORGANIZATION} if teams is None else frozenset(teams)
    released = history_of(journal.records).released.keys() & frozenset(teams or ())
    pending = (pending_parts(settings, declared, last) & parts) - released
    if not pending:
        return declared_of(plan, desired, declared_by(settings, plan, desired, last), before=last), pending
    return of_parts(frozenset(parts - pending), desired, plan, last), pending


def _applied_teams(last: LastApplied | None) -> frozenset[str]:
    listed = last.objects.values() if last else ()
    return frozenset(team for declared in listed for team in declared.values()) | (last.ahead.keys() if last else set())


def _record(desired: Desired, journal: Journal, lock: Lock, found: Baseline, said: Declared, *, teams: Teams) -> str:
    """Write the run into the journal in one step: it begins with what is adopted, and ends as a run with no change."""
    plan = found.plan
    settled = {"settled": {key: list(ids) for key, ids in sorted(found.diff.settled.items())}}
    begun: dict[str, Any] = {
        **attribution_of_now().facts(),
        "principal": found.principal,
        "plan": executable(plan),
        "stale": {},
        **said.facts(),
        **settled,
        "adopted": {
            **{name: [] for name in sorted(_names(desired, teams or ()))},
            **_by_team(wallets_of(desired, teams).values()),
        },
    }
    ended = {
        "plan": plan.digest,
        "outcomes": [],
        "converged": True,
        "differences": [],
        "stale": {},
        **said.after(()).facts(),
        **settled,
    }
    run = run_name(plan, SystemClock())
    lock.check()
    journal.append(run, Entry(Step.STARTED, facts=begun), Entry(Step.FINISHED, facts=ended))
    return run


def _names(desired: Desired, teams: Collection[str]) -> frozenset[str]:
    """Return what `teams` are called and were called before."""
    known = (desired.teams[team].previously for team in teams)
    return frozenset([*teams, *(name for name in known if name)])


def _by_team(wallets: Iterable[DesiredWallet]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for wallet in wallets:
        found.setdefault(wallet.team, []).append(wallet.key)
    return {team: sorted(keys) for team, keys in sorted(found.items())}


def _told(
    settings: Settings,
    desired: Desired,
    found: Baseline,
    run: str,
    after: LedgerTotal,
    pending: frozenset[str],
    *,
    teams: Teams,
) -> Statement:
    wallets = tuple(wallets_of(desired, teams))
    before = found.total
    document = AdoptionDocument(
        run=run,
        organization=desired.organization.organization,
        period=settings.period,
        teams=tuple(sorted(desired.teams if teams is None else teams)),
        wallets=wallets,
        currency=before.funded.currency,
        funded_before=before.funded.amount,
        funded_after=after.funded.amount,
        entries_before=before.entries,
        entries_after=after.entries,
        pending=tuple(sorted(part or "org.yaml" for part in pending)),
    )
    for left in found.asked:
        say(f"taken as it is dated: {left.reason.partition(';')[0]}")
    if desired.organization.unused == "reclaim":
        opening = settings.period.plus(1)
        say(
            f"`unused: reclaim` takes back on 1 {opening.first:%B %Y} what is left by then; today that is {found.left}",
            "write `unused: keep` in org.yaml before that, to leave it in its wallets",
        )
    if found.plan.source.dirty:
        say("the budget files are not committed; commit them, so that others see what was adopted")
    who = f"{len(document.teams)} teams" if len(document.teams) != 1 else document.teams[0]
    what = "1 wallet, as it is" if len(wallets) == 1 else f"{len(wallets)} wallets, as they are"
    text = (
        f"Adopted: {who} with {what} in {settings.period}. Nothing was written to"
        f" Keeptrusts.\nLedger before: {before}.\nLedger after:  {after}.\n{_waiting(document.pending)}"
    )
    return Statement(document, text, recorded_in=f"the journal {settings.journal}")


def _waiting(pending: Sequence[str]) -> str:
    if not pending:
        return ""
    return (
        f"Not applied: what the YAML says otherwise of {', '.join(pending)} than when it was applied last. It may be"
        " about later months, which were not compared, so it waits as before: `kt-budgets pr apply` brings it once it"
        " is approved; or have `kt-budgets plan --output plan.json` looked at, and run `kt-budgets apply --plan"
        " plan.json`.\n"
    )
