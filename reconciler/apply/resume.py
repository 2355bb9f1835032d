"""Resuming: finish or prove what interrupted runs left open, from the plans that the journal keeps."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace

from reconciler.apply.acceptance import Accepted, accept, assume_lost
from reconciler.apply.application import ApplyEnvironment, awaited, prove_open, read_live, record_broken_lock
from reconciler.apply.executor import ExecutionRequest, Executor
from reconciler.apply.readings import ledger_start
from reconciler.findings import LockHeldError
from reconciler.journal.declared import Declared
from reconciler.journal.history import RunTrace, history_of, open_runs
from reconciler.journal.journal import Journal
from reconciler.journal.ledger_match import all_owned
from reconciler.journal.standing import standing_of
from reconciler.journal.store import Lock, Owner
from reconciler.model.change import Allocate, Reclaim
from reconciler.model.outcome import DONE, Outcome, Result, Run
from reconciler.model.period import Period
from reconciler.model.wallet_ref import WalletRef


@dataclass(frozen=True, slots=True)
class Permission:
    """What a person allows: to take `operation` for lost, to believe the ledger about what is `accepted`, or to break
    the lock of `owner`, or to go on from what is whole of a journal (`repair`). `reason` is recorded.
    """

    operation: str | None = None
    reason: str = ""
    owner: str | None = None
    accepted: tuple[Accepted, ...] = ()
    repair: bool = False


def resume(
    organization: str,
    environment: ApplyEnvironment,
    permission: Permission | None = None,
    *,
    wallets: Mapping[WalletRef, str] | None = None,
) -> Result | None:
    """Finish or prove what is open in the journal and return what came of it; None when there is nothing.

    There is something also where every run has finished, and a wallet's ledger contradicts the journal.
    Operations keep their ids, refused changes stay refused, and nothing that may have been sent is sent again, but
    for the operation that `permission` takes for lost. `wallets`, with their currencies, are those, besides the
    journal's own, in which a person may accept what the ledger shows.
    """
    allowed = permission or Permission()
    with _held(environment, allowed) as (lock, broken):
        journal = _opened(organization, environment, allowed)
        record_broken_lock(journal, broken, allowed.reason or "its run is proved to have ended", environment)
        record_broken_lock(journal, lock.broken, "its lock expired", environment)
        if allowed.operation is not None:
            assume_lost(journal, allowed.operation, allowed.reason, environment)
        if allowed.accepted:
            accept(journal, allowed.accepted, allowed.reason, environment, wallets=wallets or {})
        results = [
            _resumed(run, only, journal, lock, environment) for run, only in open_runs(history_of(journal.records))
        ]
        return _together(results) if results else _in_doubt(organization, journal, lock, environment, wallets or {})


def _in_doubt(
    organization: str, journal: Journal, lock: Lock, environment: ApplyEnvironment, wallets: Mapping[WalletRef, str]
) -> Result | None:
    """Return what the journal has against the readings of `wallets`, where no run is open; None when nothing.

    A confirmed entry can be gone again, and a mark can come in from another journal, after every run has finished.
    """
    last = history_of(journal.records).last
    if last is None or not wallets:
        return None
    period = Period.of(environment.rehearsed or environment.clock.now().date())
    since = standing_of(journal.records).reading_since(ledger_start(period, environment.clock.now()))
    live = environment.reader.live(organization=organization, wallets=wallets, period=since)
    context = environment.context(journal, lock, run=last.run, live=live)
    agreed = all_owned(awaited(period, live, context), context.transactions)
    doubts = tuple(context.standing.doubts(agreed.wallets, period).values())
    return Result(run=Run(run=last.run, outcomes=(), converged=False, doubts=doubts)) if doubts else None


def _opened(organization: str, environment: ApplyEnvironment, allowed: Permission) -> Journal:
    if not allowed.repair:
        return Journal.open(environment.store, organization=organization, clock=environment.clock, recover=True)
    facts = {"reason": allowed.reason, **environment.attribution.facts()}
    return Journal.repair(environment.store, organization=organization, clock=environment.clock, facts=facts)


@contextmanager
def _held(environment: ApplyEnvironment, allowed: Permission) -> Iterator[tuple[Lock, Owner | None]]:
    """Hold the lock; break it first when its owner was named, or is proved to be dead."""
    broken = environment.store.break_lock(allowed.owner) if allowed.owner is not None else None
    owner = environment.attribution.owner(f"resume-{environment.clock.now():%Y%m%dT%H%M%S}Z")
    with ExitStack() as stack:
        try:
            lock = stack.enter_context(environment.store.lock(owner, clock=environment.clock))
        except LockHeldError:
            broken = environment.store.break_lock(None)
            if broken is None:
                raise
            lock = stack.enter_context(environment.store.lock(owner, clock=environment.clock))
        yield lock, broken


def _resumed(
    run: RunTrace, only: frozenset[str] | None, journal: Journal, lock: Lock, environment: ApplyEnvironment
) -> Result:
    plan = run.plan
    moves = [change for change in plan.changes if isinstance(change, Allocate | Reclaim)]
    live = read_live(plan, {move.wallet: move.currency for move in moves}, environment, journal)
    prove_open(journal, history_of(journal.records), live)
    request = ExecutionRequest(
        plan=plan,
        declared=Declared.read(run.started.facts),
        stale=run.stale,
        waiting=frozenset(run.stale),
        about={**environment.attribution.facts(), "principal": live.identity.principal},
        only=only,
        settled=run.started.facts.get("settled", {}),
    )
    context = environment.context(journal, lock, run=run.run, live=live, resuming=True)
    result = Executor(context, request, environment.notify).execute()
    if only is None:
        return result
    kept = tuple(outcome for outcome in result.run.outcomes if outcome.op in only)
    converged = all(outcome.status in DONE for outcome in kept) and not result.differences
    return replace(result, run=result.run.model_copy(update={"outcomes": kept, "converged": converged}))


def _together(results: list[Result]) -> Result:
    outcomes: list[Outcome] = [outcome for result in results for outcome in result.run.outcomes]
    return Result(
        run=Run(
            run=results[-1].run.run,
            outcomes=tuple(outcomes),
            converged=all(result.run.converged for result in results),
        ),
        stale={team: reason for result in results for team, reason in result.stale.items()},
        interrupted=any(result.interrupted for result in results),
        stopped=next((result.stopped for result in results if result.stopped), None),
        differences=tuple(difference for result in results for difference in result.differences),
    )
