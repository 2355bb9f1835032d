"""The executor: carries out a reviewed plan, one change after the other, with an outcome for every one of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from reconciler.apply.objects import ObjectExecutor
from reconciler.apply.outcome import in_order, operation_of, outcome
from reconciler.apply.readback import ReadBack
from reconciler.apply.run_context import RunContext
from reconciler.apply.transfer import TransferExecutor
from reconciler.findings import BudgetsError
from reconciler.journal.declared import Declared
from reconciler.journal.kept_facts import kept
from reconciler.journal.record import Entry, JournalError, Step
from reconciler.journal.store import FencedError
from reconciler.model.change import Allocate, Change, Reclaim
from reconciler.model.outcome import DONE, Doubt, LeftAsFound, Outcome, Result, Run, Status
from reconciler.model.plan import Plan
from reconciler.model.wallet_ref import WalletRef

Notify = Callable[[Outcome, int, int], None]


@dataclass(frozen=True, slots=True)
class ExecutionRequest:
    """What a run is to do. `stale` names refused teams with the reason, `about` says who, what and why.

    `doubts` are the wallets whose ledger contradicts the journal or cannot be read, `unplanned` says which wallets the
    plan left out for that reason. The teams that are `waiting` for the end of a doubt do not count as applied, whatever
    the plan has for them. `left_out` are those that wait for a person's word, and `settled` those that were as git says
    before the run, with the ledger ids of their funding. `only` limits a run to proving these operations: a later run
    went past it, so that nothing is sent for it any more.
    """

    plan: Plan
    declared: Declared
    stale: Mapping[str, str] = field(default_factory=dict)
    about: Mapping[str, Any] = field(default_factory=dict)
    only: frozenset[str] | None = None
    doubts: tuple[Doubt, ...] = ()
    unplanned: tuple[str, ...] = ()
    waiting: frozenset[str] = frozenset()
    left_out: tuple[LeftAsFound, ...] = ()
    settled: Mapping[WalletRef, Sequence[str]] = field(default_factory=dict)


class Executor:
    """Carries a request out. `notify` is told each outcome, its number, and how many there will be."""

    def __init__(self, context: RunContext, request: ExecutionRequest, notify: Notify | None = None) -> None:
        self._context = context
        self._request = request
        self._notify = notify
        self._changes = sorted(request.plan.changes, key=in_order)
        self._transfers = TransferExecutor(context, self._changes, request.plan.currency)
        self._objects = ObjectExecutor(context)
        self._outcomes: dict[str, Outcome] = {}
        self._stopped: BudgetsError | None = None
        context.stale.update(request.stale)
        context.may_send = request.only is None

    def execute(self) -> Result:
        """Carry out the order and return what came of it. Only a journal that cannot be begun raises."""
        self._begin()
        for change in self._changes:
            result = self._carried_out(change)
            self._outcomes[operation_of(change)] = result
            if self._notify is not None:
                self._notify(result, len(self._outcomes), len(self._changes))
        return self._conclude()

    @property
    def _plan(self) -> Plan:
        return self._request.plan

    @property
    def _settled(self) -> dict[str, Any]:
        settled = {wallet: list(ids) for wallet, ids in sorted(self._request.settled.items())}
        return {"settled": settled} if settled else {}

    def _begin(self) -> None:
        context, request = self._context, self._request
        context.lock.check()
        if context.resuming:
            context.record(Entry(Step.RESUMED, facts=dict(request.about)))
            return
        facts = {
            **request.about,
            "plan": executable(request.plan),
            "stale": dict(request.stale),
            **request.declared.facts(),
            **self._settled,
            **kept(request.plan),
        }
        planned = (
            Entry(Step.PLANNED, operation_of(change), {"team": change.team})
            for change in self._changes
            if change.team not in request.stale
        )
        context.record(Entry(Step.STARTED, facts=facts), *planned)

    def _carried_out(self, change: Change) -> Outcome:
        if self._stopped is not None:
            return self._left(change, f"the run stopped: {self._stopped.message}")
        if self._context.interruption.requested:
            return self._left(change, "interrupted before it was sent")
        if self._context.denied:
            return self._left(change, "not sent: the token may not write")
        if self._request.only is not None and operation_of(change) not in self._request.only:
            return outcome(change, Status.SKIPPED, reason="a later run did without it")
        if change.team in self._request.stale:
            unsure = {doubt.wallet for doubt in self._request.doubts if doubt.kind in ("stale", "unknown")}
            trace = self._context.standing.traces.get(operation_of(change))
            is_open = trace is not None and trace.in_doubt
            status = Status.UNKNOWN if is_open or getattr(change, "wallet", None) in unsure else Status.REFUSED
            return outcome(change, status, reason=self._request.stale[change.team])
        try:
            if isinstance(change, Allocate | Reclaim):
                return self._transfers.carry_out(change)
            return self._objects.carry_out(change)
        except (JournalError, FencedError) as error:
            return self._broken_off(change, error)

    def _left(self, change: Change, why: str) -> Outcome:
        """Return the outcome of a change that this run does not get to; an earlier one may have sent it."""
        trace = self._context.standing.traces.get(operation_of(change))
        if trace is not None and trace.in_doubt:
            return outcome(change, Status.UNKNOWN, reason=f"{why}; an earlier run may have sent it")
        return outcome(change, Status.SKIPPED, reason=why)

    def _broken_off(self, change: Change, error: BudgetsError) -> Outcome:
        """The journal or the lock is gone: nothing more is sent, and what was under way is for `resume` to prove."""
        self._stopped = error
        trace = self._context.standing.traces.get(operation_of(change))
        under_way = trace is not None and trace.run == self._context.run and trace.step in (Step.INTENT, Step.SENT)
        status = Status.UNKNOWN if under_way else Status.SKIPPED
        return outcome(change, status, reason=f"the run stopped: {error.message}")

    def _conclude(self) -> Result:
        context, plan = self._context, self._plan
        outcomes = [self._outcomes[operation_of(change)] for change in plan.changes]
        interrupted = context.interruption.requested
        read_back = ReadBack(context, plan, self._transfers)
        read_back.differences += self._request.unplanned
        if not interrupted and self._stopped is None:
            outcomes = read_back.check(outcomes)
            interrupted = context.interruption.requested
        complete = all(result.status in DONE for result in outcomes)
        request = self._request
        asked = "opens" in request.about and any(left.asks for left in request.left_out)
        lacking = context.stale or read_back.differences or request.doubts or asked
        converged = complete and read_back.has_read and not lacking
        run = Run(
            run=context.run,
            outcomes=tuple(outcomes),
            converged=converged,
            doubts=request.doubts,
            left_out=request.left_out,
        )
        if not interrupted and self._stopped is None and self._request.only is None:
            self._finish(run, read_back)
        if self._stopped is not None:
            run = run.model_copy(update={"converged": False})
        context.journal.send_log.end()
        return Result(
            run, dict(context.stale), interrupted, self._stopped, tuple(read_back.differences), context.denied
        )

    def _finish(self, run: Run, read_back: ReadBack) -> None:
        facts = {
            "plan": self._plan.digest,
            "outcomes": [result.model_dump(exclude_none=True) for result in run.outcomes],
            "converged": run.converged,
            "differences": list(read_back.differences),
            **({} if read_back.has_read else {"read_back": False}),
            "stale": dict(self._context.stale),
            **self._request.declared.after(run.outcomes, waiting=self._request.waiting).facts(),
            **self._settled,
        }
        try:
            self._context.record(Entry(Step.FINISHED, facts=facts))
        except (JournalError, FencedError) as error:
            self._stopped = error


def executable(plan: Plan) -> dict[str, Any]:
    """Return the plan as the journal keeps it: all that is carried out and approved, nothing that is only read."""
    reduced = plan.model_copy(
        update={
            "impact": (),
            "year": None,
            "year_money": None,
            "track_record": None,
            "assumptions": (),
            "drift": (),
            "unmanaged": (),
            "findings": (),
            "spent": {},
            "policy_input": None,
        }
    )
    return reduced.model_dump(mode="json")
