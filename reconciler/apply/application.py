"""Applying a reviewed plan: lock, journal, comparison with live state, execution."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from concurrent import futures
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import date
from functools import partial

from reconciler.apply.admission import check_permission
from reconciler.apply.declared import Declares, Landed, declared_by
from reconciler.apply.derivation import as_reviewed, first_contact, unlike
from reconciler.apply.desk import Desk
from reconciler.apply.executor import Executor, Notify, Order
from reconciler.apply.ports import LiveReader, Writer
from reconciler.apply.result import Result
from reconciler.apply.rewind import all_owned, rewind
from reconciler.apply.staleness import stale_teams, unplanned
from reconciler.apply.window import ledger_since
from reconciler.clock import Clock, Interruption, SignalInterruption, SystemClock
from reconciler.findings import RemoteError
from reconciler.journal.attribution import Attribution
from reconciler.journal.evidence import Found, Memory, confirmation, search, words
from reconciler.journal.history import History, history_of
from reconciler.journal.journal import Journal, last_declared
from reconciler.journal.record import Entry, Step
from reconciler.journal.standing import standing_of
from reconciler.journal.store import Lock, Owner, Store
from reconciler.model.change import Allocate, Reclaim
from reconciler.model.desired import Desired
from reconciler.model.live import Live
from reconciler.model.period import Period
from reconciler.model.plan import Plan
from reconciler.plan.diff import make_plan
from reconciler.plan.opening import opening
from reconciler.plan.scope import wallets_of


@dataclass(frozen=True, slots=True)
class Site:
    """Where a run takes place: Keeptrusts, the journal, the clock. `settle` is in seconds.

    Without `first_apply` nothing is taken back from a wallet that nothing was ever applied to. `rehearsed` is the day
    that was asked for instead of the clock's, None for a run that is meant. With a `pool` the next ledger is read
    while a move is being sent.
    """

    reader: LiveReader
    writer: Writer
    store: Store
    attribution: Attribution
    clock: Clock = field(default_factory=SystemClock)
    interruption: Interruption = field(default_factory=SignalInterruption)
    settle: float = 60.0
    notify: Notify | None = None
    pool: futures.Executor | None = None
    rehearsed: date | None = None
    first_apply: bool = True

    def desk(self, journal: Journal, lock: Lock, *, run: str, live: Live, resuming: bool = False) -> Desk:
        """Return the desk for a run whose journal and lock are held."""
        return Desk(
            reader=self.reader,
            writer=self.writer,
            journal=journal,
            lock=lock,
            clock=self.clock,
            interruption=self.interruption,
            run=run,
            history=history_of(journal.records),
            settle=self.settle,
            resuming=resuming,
            process=journal.witness.begin(),
            pool=self.pool,
            compared=live.wallets,
            rehearsed=self.rehearsed,
        )


def apply_plan(
    plan: Plan,
    desired: Desired,
    site: Site,
    *,
    declares: Declares | Landed = "all",
    withheld: Mapping[str, str] | None = None,
) -> Result:
    """Execute an admitted `plan` and return what came of it; teams whose live state moved are refused as stale.

    `declares` says what of `desired` counts as applied afterwards. Nothing is done for the teams that are `withheld`,
    for the reason that is said.
    Raises LockHeldError, JournalError or RemoteError when the run cannot begin; nothing was written then.
    """
    run = run_name(plan, site)
    with site.store.lock(site.attribution.owner(run), clock=site.clock) as lock:
        journal = Journal.open(site.store, organization=plan.organization, clock=site.clock)
        record_broken_lock(journal, lock.broken, "its lease ran out", site)
        wallets = wallets_of(desired, plan.scope.teams if plan.scope else None)
        live = read_live(plan, {key: wallet.currency for key, wallet in wallets.items()}, site, journal)
        if plan.changes:
            check_permission(live.identity)
        prove_open(journal, history_of(journal.records), live)
        live = all_owned(live, history_of(journal.records).transactions)
        desk = site.desk(journal, lock, run=run, live=live)
        live = all_owned(awaited(plan.period, live, desk, besides=_operations(plan)), desk.transactions)
        order = _order(plan, desired, live, desk, site, declares=declares)
        if withheld:
            order = replace(order, stale={**order.stale, **withheld})
        return Executor(desk, order, site.notify).execute()


def _order(plan: Plan, desired: Desired, live: Live, desk: Desk, site: Site, *, declares: Declares | Landed) -> Order:
    """Compare live state, had this plan not run, with what was approved, and derive every change again.

    Teams with a wallet in doubt are refused.
    """
    former = last_declared(desk.journal.records, before_plan=plan.digest)
    before = rewind(live, plan, desk.history.transactions)
    teams = plan.scope.teams if plan.scope else None
    doubts = desk.standing.doubts(before.wallets, plan.period, besides=_operations(plan))
    reviewed = as_reviewed(before, plan, desired)
    wallets = desired.wallets
    derive = partial(make_plan, desired, reviewed, plan.period, last_applied=former, teams=teams, doubts=doubts)
    known = desk.history.known(reviewed.wallets, plan.period, besides=_operations(plan))
    diff = derive(known=None if site.first_apply else known)
    if declares == "nothing":
        diff = opening(diff, before, currency=plan.currency)
    stale = stale_teams(plan, fingerprints=diff.fingerprints, changes=diff.changes, live=before, doubts=diff.doubts)
    refused = unlike(plan, diff.changes, stale=stale)
    if refused and declares != "nothing":
        otherwise = unlike(plan, derive(known=known if site.first_apply else None).changes, stale=stale)
        refused |= first_contact(refused.keys() - otherwise.keys(), first_apply=site.first_apply)
    opens = {"opens": str(plan.period)} if declares == "nothing" else {}
    met = {*desk.history.applied_to(), *desk.history.settled}
    settled = {
        key: ids for key, ids in diff.settled.items() if key not in met and wallets[key].team not in {*stale, *refused}
    }
    return Order(
        plan=plan,
        settled=settled,
        left_out=diff.left_out,
        declared=declared_by(plan, desired, declares, before=former),
        stale={**stale, **refused},
        doubts=diff.doubts,
        unplanned=unplanned(plan, diff),
        about={**site.attribution.facts(), "principal": live.identity.principal, **opens},
    )


def awaited(period: Period, live: Live, desk: Desk, *, besides: Collection[str] = ()) -> Live:
    """Return `live` with readings that agree with the journal, as far as they do before the settle deadline.

    `besides` are operations that the caller answers for itself.
    """
    wallets = dict(live.wallets)
    since = desk.standing.reading_since(ledger_since(period, desk.clock.now()))
    late = sorted(wallets)
    for first, _ in enumerate(desk.looks()):
        for key in late:
            if first:
                with suppress(RemoteError):
                    wallets[key] = desk.reader.wallet(key, wallets[key].currency, since)
            desk.note(wallets[key], besides=besides)
        doubts = desk.standing.doubts({key: wallets[key] for key in late}, period, besides=besides)
        late = [key for key, doubt in doubts.items() if doubt.kind == "stale"]
        if not late:
            break
        desk.is_behind = True
    return replace(live, wallets=wallets)


def _operations(plan: Plan) -> frozenset[str]:
    return frozenset(change.op for change in plan.changes if isinstance(change, Allocate | Reclaim))


def read_live(plan: Plan, wallets: Mapping[str, str], site: Site, journal: Journal) -> Live:
    """Return live state with every ledger entry that can speak of the plan's period, or of what is open."""
    since = standing_of(journal.records).reading_since(ledger_since(plan.period, site.clock.now()))
    return site.reader.live(organization=plan.organization, wallets=wallets, period=since)


def prove_open(journal: Journal, history: History, live: Live) -> None:
    """Record what `live`, or the witness on this machine, proves of operations that earlier runs left open."""
    for trace in history.unsettled():
        if trace.step is Step.INTENT and journal.witness.denies(trace.writer, trace.intent):
            denial = {"reason": "its process ended before it was sent"}
            journal.append(trace.run, Entry(Step.NOT_SENT, trace.operation, denial))
            continue
        move, wallet = trace.change, live.wallets.get(trace.wallet or "")
        if wallet is None or not isinstance(move, Allocate | Reclaim):
            continue
        memory = Memory(history.transactions, trace.seen, words(move), trace.since)
        if isinstance(found := search(wallet.ledger, move, memory), Found):
            journal.append(trace.run, Entry(Step.CONFIRMED, trace.operation, confirmation(found)))


def record_broken_lock(journal: Journal, owner: Owner | None, reason: str, site: Site) -> None:
    """Record from whom the lock was taken, by whom and why; nothing for a lock that was free."""
    if owner is not None:
        facts = {"owner": owner.name, "of_run": owner.run, "reason": reason, **site.attribution.facts()}
        journal.append(owner.run, Entry(Step.LOCK_BROKEN, facts=facts))


def run_name(plan: Plan, site: Site) -> str:
    """Return a name for a run that no other run has: when it began, and of which plan."""
    return f"{site.clock.now():%Y%m%dT%H%M%S.%f}Z-{plan.digest.removeprefix('sha256:')[:8]}"
