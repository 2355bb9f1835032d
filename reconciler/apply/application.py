"""Applying a reviewed plan: lock, journal, comparison with live state, execution."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from concurrent import futures
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import date
from functools import partial
from itertools import chain

from reconciler.apply.derivation import as_reviewed, first_contact, state_before, unlike
from reconciler.apply.executor import ExecutionRequest, Executor, Notify
from reconciler.apply.preflight import check_permission, doubtful_teams, stale_teams, unplanned
from reconciler.apply.readings import ledger_start
from reconciler.apply.run_context import LiveReader, RunContext, Writer
from reconciler.clock import Clock, Interruption, SignalInterruption, SystemClock
from reconciler.findings import RemoteError
from reconciler.journal.attribution import Attribution
from reconciler.journal.declared import Declares, Landed, declared_by
from reconciler.journal.history import History, history_of
from reconciler.journal.journal import Journal, last_declared
from reconciler.journal.ledger_match import Found, MatchHints, all_owned, confirmation, match_in_ledger, words
from reconciler.journal.record import Entry, Step
from reconciler.journal.standing import standing_of
from reconciler.journal.store import Lock, Owner, Store
from reconciler.journal.waiver_uses import WAIVERS, waiver_uses
from reconciler.model.change import Allocate, Reclaim
from reconciler.model.desired import Desired
from reconciler.model.guards import Waiver
from reconciler.model.live import Live
from reconciler.model.outcome import Result
from reconciler.model.period import Period
from reconciler.model.plan import Plan
from reconciler.model.wallet_ref import WalletRef
from reconciler.plan.diff import Diff, make_plan
from reconciler.plan.opening import opening
from reconciler.plan.scope import FirstApply, wallets_of
from reconciler.policy.waivers import refuse_used_up


@dataclass(frozen=True, slots=True)
class ApplyEnvironment:
    """Where a run takes place: Keeptrusts, the journal, the clock. `settle` is in seconds.

    Nothing is taken back from a wallet that nothing was ever applied to, unless it is of `first_apply`.
    `rehearsed` is the day that was asked for instead of the clock's, None for a run that is meant. With `threads` the
    next ledger is read while a move is being sent.
    """

    reader: LiveReader
    writer: Writer
    store: Store
    attribution: Attribution
    clock: Clock = field(default_factory=SystemClock)
    interruption: Interruption = field(default_factory=SignalInterruption)
    settle: float = 60.0
    notify: Notify | None = None
    threads: futures.Executor | None = None
    rehearsed: date | None = None
    first_apply: FirstApply = True

    def context(self, journal: Journal, lock: Lock, *, run: str, live: Live, resuming: bool = False) -> RunContext:
        """Return the context for a run whose journal and lock are held."""
        return RunContext(
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
            process=journal.send_log.begin(),
            threads=self.threads,
            compared=live.wallets,
            rehearsed=self.rehearsed,
        )


def apply_plan(
    plan: Plan,
    desired: Desired,
    environment: ApplyEnvironment,
    *,
    declares: Declares | Landed = "all",
    withheld: Mapping[str, str] | None = None,
    lacking: Mapping[str, str] | None = None,
    waivers: Collection[Waiver] = (),
) -> Result:
    """Execute an admitted `plan` and return what came of it; teams whose live state moved are refused as stale.

    `declares` says what of `desired` counts as applied afterwards. Nothing is done for the teams that are `withheld`,
    for the reason that is said, and those of which the plan is `lacking` something do not count as applied. `waivers`
    are those that limits let the plan pass by: each that is used up by now refuses it.
    Raises LockHeldError, RefusedError, JournalError or RemoteError when the run cannot begin; nothing was written then.
    """
    run = run_name(plan, environment.clock)
    with environment.store.lock(environment.attribution.owner(run), clock=environment.clock) as lock:
        journal = Journal.open(environment.store, organization=plan.organization, clock=environment.clock)
        record_broken_lock(journal, lock.broken, "its lock expired", environment)
        used = waiver_uses(journal.records, waivers, besides=_counted_as(plan, declares))
        refuse_used_up(waivers, used)
        desired = desired.without(history_of(journal.records).released)
        wallets = wallets_of(desired, plan.scope.teams if plan.scope else None)
        live = read_live(plan, {key: wallet.currency for key, wallet in wallets.items()}, environment, journal)
        if plan.changes:
            check_permission(live.identity)
        prove_open(journal, history_of(journal.records), live)
        live = all_owned(live, history_of(journal.records).transactions)
        context = environment.context(journal, lock, run=run, live=live)
        live = all_owned(awaited(plan.period, live, context, besides=_operations(plan)), context.transactions)
        request = _request(plan, desired, live, context, environment, declares=declares, lacking=lacking or {})
        if withheld:
            request = replace(request, stale={**request.stale, **withheld})
        if used:
            request = replace(request, about={**request.about, WAIVERS: list(used)})
        return Executor(context, request, environment.notify).execute()


def _counted_as(plan: Plan, declares: Declares | Landed) -> str:
    """Return what the use of a waiver by this run counts as."""
    return declares.commit if isinstance(declares, Landed) and declares.landings else plan.digest


def _request(
    plan: Plan,
    desired: Desired,
    live: Live,
    context: RunContext,
    environment: ApplyEnvironment,
    *,
    declares: Declares | Landed,
    lacking: Mapping[str, str],
) -> ExecutionRequest:
    """Compare live state, had this plan not run, with what was approved, and derive every change again.

    What the run declares comes to what was declared last, by whatever plan: two of one digest may declare different
    things, as an adoption and a run that puts nothing back. Teams with a wallet in doubt are refused.
    """
    before = state_before(live, plan, context.history.transactions)
    derive = _derivation(plan, desired, before, context)
    diff = derive(first=environment.first_apply)
    if opens := declares == "nothing":
        diff = opening(diff, before, currency=plan.currency)
    doubtful = doubtful_teams(plan, desired, diff.doubts, opens=opens)
    stale = stale_teams(plan, fingerprints=diff.fingerprints, changes=diff.changes, live=before, doubtful=doubtful)
    refused = unlike(plan, diff.changes, stale=stale)
    if refused and not opens:
        other = derive(first=_otherwise(plan, environment.first_apply))
        refused |= _by_first_contact(plan, refused, other, stale, environment)
    left = unplanned(plan, diff)
    waiting = frozenset() if opens else _behind(desired, left, stale, refused, lacking)
    about = {**environment.attribution.facts(), "principal": live.identity.principal}
    return ExecutionRequest(
        plan=plan,
        settled=_settled(diff, desired, context.history, without={*stale, *refused}),
        left_out=diff.left_out,
        declared=declared_by(plan, desired, declares, before=last_declared(context.journal.records), waiting=waiting),
        stale={**stale, **refused},
        doubts=diff.doubts,
        unplanned=(*left.values(), *lacking.values()),
        waiting=waiting,
        about=about | ({"opens": str(plan.period)} if opens else {}),
    )


def _derivation(plan: Plan, desired: Desired, before: Live, context: RunContext) -> Callable[..., Diff]:
    """Return what derives the changes of `plan` from the state `before` it, as it was reviewed."""
    history, operations = context.history, _operations(plan)
    reviewed = as_reviewed(before, plan, desired)
    return partial(
        make_plan,
        desired,
        reviewed,
        plan.period,
        last_applied=last_declared(context.journal.records, before_plan=plan.digest),
        teams=plan.scope.teams if plan.scope else None,
        own=history.acknowledged,
        doubts=context.standing.doubts(before.wallets, plan.period, besides=operations),
        known=history.known(reviewed.wallets, plan.period, besides=operations),
        to_open=history.to_open(plan.period, besides=operations),
    )


def _by_first_contact(
    plan: Plan, refused: Mapping[str, str], other: Diff, stale: Mapping[str, str], environment: ApplyEnvironment
) -> dict[str, str]:
    """Return what is said instead of the `refused` teams that are as reviewed in `other`, but for `--first-apply`."""
    alike = refused.keys() - unlike(plan, other.changes, stale=stale).keys()
    return first_contact(alike, first_apply=bool(environment.first_apply))


def _behind(desired: Desired, left: Iterable[WalletRef], *refused: Iterable[str]) -> frozenset[str]:
    """Return the teams of which something is not done: those that are `refused`, and of the wallets that are `left`."""
    return frozenset(chain(*refused, (desired.wallets[key].team for key in left)))


def _settled(
    diff: Diff, desired: Desired, history: History, *, without: Collection[str]
) -> dict[WalletRef, tuple[str, ...]]:
    """Return the wallets that are as git says and that no run met yet, those of the teams `without` left out."""
    met = {*history.applied_to(), *history.settled}
    return {
        key: ids for key, ids in diff.settled.items() if key not in met and desired.wallets[key].team not in without
    }


def _otherwise(plan: Plan, first: FirstApply) -> FirstApply:
    """Return what `--first-apply` would say otherwise: nothing, or the wallets that `plan` moves money in."""
    return not first and frozenset(c.wallet for c in plan.changes if isinstance(c, Allocate | Reclaim))


def awaited(period: Period, live: Live, context: RunContext, *, besides: Collection[str] = ()) -> Live:
    """Return `live` with readings that agree with the journal, as far as they do before the settle deadline.

    `besides` are operations that the caller answers for itself.
    """
    wallets = dict(live.wallets)
    since = context.standing.reading_since(ledger_start(period, context.clock.now()))
    late = sorted(wallets)
    for first, _ in enumerate(context.looks()):
        for key in late:
            if first:
                with suppress(RemoteError):
                    wallets[key] = context.reader.wallet(key, wallets[key].currency, since)
            context.note(wallets[key])
        doubts = context.standing.doubts({key: wallets[key] for key in late}, period, besides=besides)
        late = [key for key, doubt in doubts.items() if doubt.kind == "stale"]
        if not late:
            break
        context.is_behind = True
    return replace(live, wallets=wallets)


def _operations(plan: Plan) -> frozenset[str]:
    return frozenset(change.op for change in plan.changes if isinstance(change, Allocate | Reclaim))


def read_live(plan: Plan, wallets: Mapping[WalletRef, str], environment: ApplyEnvironment, journal: Journal) -> Live:
    """Return live state with every ledger entry that can speak of the plan's period, or of what is open."""
    since = standing_of(journal.records).reading_since(ledger_start(plan.period, environment.clock.now()))
    return environment.reader.live(organization=plan.organization, wallets=wallets, period=since)


def prove_open(journal: Journal, history: History, live: Live) -> None:
    """Record what `live`, or the send log of this machine, proves of operations that earlier runs left open."""
    for trace in history.unsettled():
        if trace.step is Step.INTENT and journal.send_log.never_sent(trace.writer, trace.intent):
            denial = {"reason": "its process ended before it was sent"}
            journal.append(trace.run, Entry(Step.NOT_SENT, trace.operation, denial))
            continue
        move, wallet = trace.change, live.wallets.get(trace.wallet) if trace.wallet else None
        if wallet is None or not isinstance(move, Allocate | Reclaim):
            continue
        hints = MatchHints(history.transactions, trace.seen, words(move), trace.since)
        if isinstance(found := match_in_ledger(wallet.ledger, move, hints), Found):
            journal.append(trace.run, Entry(Step.CONFIRMED, trace.operation, confirmation(found)))


def record_broken_lock(journal: Journal, owner: Owner | None, reason: str, environment: ApplyEnvironment) -> None:
    """Record from whom the lock was taken, by whom and why; nothing for a lock that was free."""
    if owner is not None:
        facts = {"owner": owner.name, "of_run": owner.run, "reason": reason, **environment.attribution.facts()}
        journal.append(owner.run, Entry(Step.LOCK_BROKEN, facts=facts))


def run_name(plan: Plan, clock: Clock) -> str:
    """Return a name for a run that no other run has: when it began, and of which plan."""
    return f"{clock.now():%Y%m%dT%H%M%S.%f}Z-{plan.digest.removeprefix('sha256:')[:8]}"
