"""Adopt: record that what Keeptrusts holds is what git says. It is read, and never written to (decision 0085)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
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
from reconciler.app.wallet_names import named
from reconciler.apply.application import run_name
from reconciler.apply.executor import executable
from reconciler.clock import SystemClock
from reconciler.findings import RefusedError
from reconciler.journal.declared import declared_by as declared_of
from reconciler.journal.history import history_of, open_runs
from reconciler.journal.journal import Journal, last_declared
from reconciler.journal.place import open_store
from reconciler.journal.record import Entry, Step
from reconciler.journal.store import Lock
from reconciler.model.adoption import AdoptionDocument
from reconciler.model.desired import Desired, DesiredWallet
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
    wanted = named(desired, teams)
    refuse_beside_git_unless_said(settings, desired.organization)
    with held(settings, desired) as (journal, lock), connected(settings, desired) as connection:
        desired = desired.without(history_of(journal.records).released.keys() - _names(desired, wanted or ()))
        found = baseline(settings, desired, warnings, connection, journal.records, teams=wanted)
        run = _record(settings, desired, journal, lock, found, teams=wanted)
        again = read_live(settings, desired, connection, teams=wanted)
    wallets = tuple(wallets_of(desired, wanted))
    after = LedgerTotal.of(again, wallets, settings, currency=desired.organization.currency)
    return _told(settings, desired, found, run, after, teams=wanted)


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


def _record(
    settings: Settings, desired: Desired, journal: Journal, lock: Lock, found: Baseline, *, teams: Teams
) -> str:
    """Write the run into the journal in one step: it begins with what is adopted, and ends as a run with no change."""
    plan = found.plan
    last = last_declared(journal.records)
    said = declared_of(plan, desired, declared_by(settings, plan, desired, last), before=last)
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
    settings: Settings, desired: Desired, found: Baseline, run: str, after: LedgerTotal, *, teams: Teams
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
        f" Keeptrusts.\nLedger before: {before}.\nLedger after:  {after}.\n"
    )
    return Statement(document, text, recorded_in=f"the journal {settings.journal}")
