"""Any sequence of edits, plans, applies, crashes, resumes, manual changes and months keeps the laws of money."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal

from apply.loop import Loop
from apply.memory_journal import Crash, nothing
from apply.world import FAULTS, Fault, World
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from worlds import desired, wallet

from reconciler.findings import BudgetsError, ExitCode
from reconciler.model.change import Allocate, Reclaim
from reconciler.model.desired import Desired
from reconciler.model.operation import find_operation
from reconciler.model.outcome import Result
from reconciler.model.period import Period
from reconciler.model.plan import Plan

KEYS = ("team_sales", "team_support")
amounts = st.integers(0, 300).map(lambda cents: Decimal(cents) / 4)
keys = st.sampled_from(KEYS)
faults = st.lists(st.sampled_from(FAULTS), max_size=3)
places = st.none() | st.integers(1, 14)


class Organization(RuleBasedStateMachine):
    """A YAML, a plan, a journal and a server, and everything that can happen between them."""

    def __init__(self) -> None:
        super().__init__()
        self.world = World(pool=Decimal(1000))
        self.spent = Decimal(0)
        self.loop = Loop(self.yaml(Decimal(10), Decimal(20)), self.world, settle=15)
        self.plan: Plan | None = None
        self.planned_for: Desired = self.loop.wanted
        self.approved: set[str] = set()
        self.whole_for = 0

    @staticmethod
    def yaml(sales: Decimal, support: Decimal) -> Desired:
        return desired([wallet("sales", "prod", str(sales)), wallet("support", "prod", str(support))])

    @initialize(visible_after=st.sampled_from([0.0, 8.0, 40.0]))
    def server(self, visible_after: float) -> None:
        self.world.visible_after = visible_after

    @rule(sales=amounts, support=amounts)
    def edit(self, sales: Decimal, support: Decimal) -> None:
        self.loop.wanted = self.yaml(sales, support)

    @rule()
    def make_plan(self) -> None:
        self.plan = self.loop.plan()
        self.planned_for = self.loop.wanted
        self.approved |= {str(getattr(change, "op", "")) for change in self.plan.changes}

    @precondition(lambda self: self.plan is not None)
    @rule(faults=faults, place=places, same_machine=st.booleans())
    def apply(self, faults: list[Fault], place: int | None, same_machine: bool) -> None:
        plan = self.plan
        assert plan is not None
        result = self.dying(lambda: self.loop.apply(plan, self.planned_for), faults, place, same_machine)
        if isinstance(result, Result) and result.exit_code is ExitCode.DONE:
            for change in plan.changes:
                if isinstance(change, Allocate | Reclaim):
                    assert self.shown(change.wallet, plan.period) == change.funded_after

    def shown(self, key: str, period: Period) -> Decimal:
        """What the ledger shows by now: what somebody else has just moved may not be among it."""
        entries = [entry for since, entry in self.world.accounts[key].entries if since <= self.world.clock.now()]
        return sum((entry.signed for entry in entries if entry.funds(period)), Decimal(0))

    @rule(faults=faults, place=places, same_machine=st.booleans())
    def resume(self, faults: list[Fault], place: int | None, same_machine: bool) -> None:
        self.dying(self.loop.resume, faults, place, same_machine)

    @rule(steps=st.integers(1, 8))
    def listings_come_in_part(self, steps: int) -> None:
        """Let two readings of the next run be refused, after so many of its steps."""
        self.whole_for = steps

    @rule(key=keys, amount=amounts, kind=st.sampled_from(["allocate", "reclaim"]))
    def by_hand(self, key: str, amount: Decimal, kind: str) -> None:
        held = self.world.accounts[key].held if key in self.world.accounts else Decimal(0)
        if 0 < amount <= (self.world.pool if kind == "allocate" else held):
            self.world.by_hand(kind, key, amount)

    @rule(key=keys, share=st.sampled_from([Decimal("0.25"), Decimal(1)]))
    def spend(self, key: str, share: Decimal) -> None:
        if key in self.world.accounts:
            amount = (self.world.accounts[key].held * share).quantize(Decimal("0.01"))
            self.world.spend(key, str(amount))
            self.spent += amount

    @rule(seconds=st.sampled_from([1, 30, 600]))
    def wait(self, seconds: int) -> None:
        self.world.clock.sleep(seconds)
        self.world.settle()

    @rule()
    def next_month(self) -> None:
        self.loop.period = self.loop.period.plus(1)
        self.world.clock.instant = max(self.world.clock.instant, self.loop.period.start_instant)
        self.plan = None

    @invariant()
    def nothing_is_booked_or_risked_twice(self) -> None:
        assert self.world.doubles == []
        for operation, times in Counter(self.world.risky).items():
            assert times == 1 or find_operation(f"[kt-budgets op={operation}]") is None, operation

    @invariant()
    def money_is_conserved_and_nobody_is_overdrawn(self) -> None:
        held = sum((account.held for account in self.world.accounts.values()), Decimal(0))
        assert self.world.pool + held + self.spent == 1000
        assert self.world.pool >= 0
        assert all(account.held >= 0 for account in self.world.accounts.values())

    @invariant()
    def only_approved_operations_are_in_the_ledger(self) -> None:
        entries = (entry for account in self.world.accounts.values() for _, entry in account.entries)
        assert {entry.operation for entry in entries if entry.operation} <= self.approved

    def dying(self, work: object, faults: list[Fault], place: int | None, same_machine: bool) -> Result | None:
        """Do `work` under `faults`, killed at a place if one is given."""
        left = place or 0

        def step(where: str) -> None:
            nonlocal left
            left -= 1
            self.whole_for -= 1
            if self.whole_for == 0:
                self.world.unreadable = 2
            if left == 0:
                raise Crash

        world, store = self.world, self.loop.store
        world.faults = iter(faults)
        world.before_send = world.after_send = store.before_append = store.after_append = step
        try:
            return work()  # type: ignore[operator,no-any-return]
        except Crash:
            store.holder = None
            if same_machine:
                store.notes.dead.update(store.notes.sent)
            return None
        except BudgetsError:
            return None
        finally:
            world.unreadable = self.whole_for = 0
            world.faults = iter(())
            world.before_send = world.after_send = store.before_append = store.after_append = nothing


Organization.TestCase.settings = settings(max_examples=60, stateful_step_count=25, deadline=None)
test_money = Organization.TestCase
