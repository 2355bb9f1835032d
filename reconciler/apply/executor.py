"""The executor: carries out a reviewed plan, one change after the other, with an outcome for every one of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from reconciler.apply.declared import Declared
from reconciler.apply.desk import Desk, in_order, operation_of, outcome
from reconciler.apply.objects import Registrar
from reconciler.apply.readback import ReadBack
from reconciler.apply.result import Result
from reconciler.apply.transfer import Teller
from reconciler.findings import BudgetsError
from reconciler.journal.record import Entry, JournalError, Step
from reconciler.journal.store import FencedError
from reconciler.model.change import Allocate, Change, Reclaim
from reconciler.model.doubt import Doubt
from reconciler.model.left_out import LeftOut
from reconciler.model.outcome import DONE, Outcome, Run, Status
from reconciler.model.plan import Plan

Notify = Callable[[Outcome, int, int], None]


@dataclass(frozen=True, slots=True)
class Order:
    """What a run is to do. `stale` names refused teams with the reason, `about` says who, what and why.

    `doubts` are the wallets whose ledger contradicts the journal or cannot be read, `unplanned` says which wallets the
    plan left out for that reason. `left_out` are those that wait for a person's word, and `settled` those that were as
    git says before the run, with the ledger ids of their funding. `only` limits a run to proving these operations: a
    later run went past it, so that nothing is sent for it any more.
    """

    plan: Plan
    declared: Declared
    stale: Mapping[str, str] = field(default_factory=dict)
    about: Mapping[str, Any] = field(default_factory=dict)
    only: frozenset[str] | None = None
    doubts: tuple[Doubt, ...] = ()
    unplanned: tuple[str, ...] = ()
    left_out: tuple[LeftOut, ...] = ()
    settled: Mapping[str, Sequence[str]] = field(default_factory=dict)


class Executor:
    """Executes an order at a desk. `notify` is told each outcome, its number, and how many there will be."""

    def __init__(self, desk: Desk, order: Order, notify: Notify | None = None) -> None:
        self._desk = desk
        self._order = order
        self._notify = notify
        self._teller = Teller(desk, order.plan)
        self._registrar = Registrar(desk)
        self._outcomes: dict[str, Outcome] = {}
        self._stopped: BudgetsError | None = None
        desk.stale.update(order.stale)
        desk.may_send = order.only is None

    def execute(self) -> Result:
        """Carry out the order and return what came of it. Only a journal that cannot be begun raises."""
        self._begin()
        total = len(self._order.plan.changes)
        for change in sorted(self._order.plan.changes, key=in_order):
            result = self._carried_out(change)
            self._outcomes[operation_of(change)] = result
            if self._notify is not None:
                self._notify(result, len(self._outcomes), total)
        return self._conclude()

    @property
    def _plan(self) -> Plan:
        return self._order.plan

    @property
    def _settled(self) -> dict[str, Any]:
        settled = {wallet: list(ids) for wallet, ids in sorted(self._order.settled.items())}
        return {"settled": settled} if settled else {}

    def _begin(self) -> None:
        desk, order = self._desk, self._order
        desk.lock.check()
        if desk.resuming:
            desk.record(Entry(Step.RESUMED, facts=dict(order.about)))
            return
        facts = {
            **order.about,
            "plan": executable(order.plan),
            "stale": dict(order.stale),
            **order.declared.facts(),
            **self._settled,
        }
        planned = (
            Entry(Step.PLANNED, operation_of(change), {"team": change.team})
            for change in sorted(order.plan.changes, key=in_order)
            if change.team not in order.stale
        )
        desk.record(Entry(Step.STARTED, facts=facts), *planned)

    def _carried_out(self, change: Change) -> Outcome:
        if self._stopped is not None:
            return self._left(change, f"the run stopped: {self._stopped.message}")
        if self._desk.interruption.requested:
            return self._left(change, "interrupted before it was sent")
        if self._desk.denied:
            return self._left(change, "not sent: the token may not write")
        if self._order.only is not None and operation_of(change) not in self._order.only:
            return outcome(change, Status.SKIPPED, reason="a later run went past it")
        if change.team in self._order.stale:
            unsure = {doubt.wallet for doubt in self._order.doubts if doubt.kind in ("stale", "unknown")}
            trace = self._desk.standing.traces.get(operation_of(change))
            is_open = trace is not None and trace.unproved
            status = Status.UNKNOWN if is_open or getattr(change, "wallet", None) in unsure else Status.REFUSED
            return outcome(change, status, reason=self._order.stale[change.team])
        try:
            if isinstance(change, Allocate | Reclaim):
                return self._teller.carry_out(change)
            return self._registrar.carry_out(change)
        except (JournalError, FencedError) as error:
            return self._broken_off(change, error)

    def _left(self, change: Change, why: str) -> Outcome:
        """Return the outcome of a change that this run does not get to; an earlier one may have sent it."""
        trace = self._desk.standing.traces.get(operation_of(change))
        if trace is not None and trace.unproved:
            return outcome(change, Status.UNKNOWN, reason=f"{why}; an earlier run may have sent it")
        return outcome(change, Status.SKIPPED, reason=why)

    def _broken_off(self, change: Change, error: BudgetsError) -> Outcome:
        """The journal or the lock is gone: nothing more is sent, and what was under way is for `resume` to prove."""
        self._stopped = error
        last = next((r for r in reversed(self._desk.journal.records) if r.operation == operation_of(change)), None)
        under_way = last is not None and last.run == self._desk.run and last.step in (Step.INTENT, Step.SENT)
        status = Status.UNKNOWN if under_way else Status.SKIPPED
        return outcome(change, status, reason=f"the run stopped: {error.message}")

    def _conclude(self) -> Result:
        desk, plan = self._desk, self._plan
        outcomes = [self._outcomes[operation_of(change)] for change in plan.changes]
        interrupted = desk.interruption.requested
        read_back = ReadBack(desk, plan, self._teller)
        read_back.differences += self._order.unplanned
        if not interrupted and self._stopped is None:
            outcomes = read_back.check(outcomes)
            interrupted = desk.interruption.requested
        complete = all(result.status in DONE for result in outcomes)
        converged = complete and not (desk.stale or read_back.differences or self._order.doubts)
        order = self._order
        run = Run(
            run=desk.run,
            outcomes=tuple(outcomes),
            converged=converged,
            doubts=order.doubts,
            left_out=order.left_out,
        )
        if not interrupted and self._stopped is None and self._order.only is None:
            self._finish(run, read_back)
        if self._stopped is not None:
            run = run.model_copy(update={"converged": False})
        desk.journal.witness.end()
        return Result(run, dict(desk.stale), interrupted, self._stopped, tuple(read_back.differences), desk.denied)

    def _finish(self, run: Run, read_back: ReadBack) -> None:
        facts = {
            "plan": self._plan.digest,
            "outcomes": [result.model_dump(mode="json", exclude_none=True) for result in run.outcomes],
            "converged": run.converged,
            "differences": list(read_back.differences),
            **({} if read_back.has_read else {"read_back": False}),
            "stale": dict(self._desk.stale),
            **self._order.declared.after(run.outcomes).facts(),
            **self._settled,
        }
        try:
            self._desk.record(Entry(Step.FINISHED, facts=facts))
        except (JournalError, FencedError) as error:
            self._stopped = error


def executable(plan: Plan) -> dict[str, Any]:
    """Return the plan as the journal keeps it: all that is carried out and approved, nothing that is only read."""
    reduced = plan.model_copy(
        update={
            "impact": (),
            "year": None,
            "assumptions": (),
            "drift": (),
            "unmanaged": (),
            "findings": (),
            "spent": {},
        }
    )
    return reduced.model_dump(mode="json")
