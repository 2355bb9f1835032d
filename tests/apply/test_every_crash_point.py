"""Every place where a run can die, under every fault, with one or two appliers: money moves once, or it stops.

A schedule is: a fault on one of the sends, a place (around each journal record and each send), and what happens there:
the process is killed (and its resume too), somebody interrupts it, a second apply starts, an operator breaks the lock
and resumes elsewhere while the first run is still alive, or an administrator moves money by hand. Then time passes and
`resume` is run until nothing changes. After each schedule no operation was booked from two sends or sent a second time
while its first send could still be booked, and each wallet is funded as the YAML says or is named with what is wrong.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from functools import cache

import pytest
from apply.loop import Loop
from apply.memory_journal import Crash
from apply.world import FAULTS, HARMLESS, Fault, Immediately, World
from memory_keeptrusts import whole
from thorough import THOROUGH, crossed
from worlds import JUNE, billing_budget, desired, wallet

from reconciler.apply.resume import Permission
from reconciler.findings import BudgetsError, ExitCode, LockHeldError
from reconciler.journal.record import Step
from reconciler.model.operation import find_operation
from reconciler.model.outcome import Result, Status
from reconciler.model.plan import Plan

pytestmark = pytest.mark.slow

WANTED = desired(
    [wallet("sales", "prod", "40"), wallet("support", "prod", "100")],
    [("support", billing_budget("support-monthly", "100"))],
)
TARGETS = {"team_sales": Decimal(40), "team_support": Decimal(100)}
SENDS = 3
MODES = ("kill", "interrupt", "second apply", "take over", "by hand", "the same by hand")
NO_FAULT: Fault = "none"
DELAYS = (0.0, 10.0, 40.0)
"""How many seconds a ledger is late."""

DESCRIPTIONS: dict[str, Callable[[str], str]] = {
    "kept": whole,
    "stripped": lambda text: text[:0],
    "cut to 40": lambda text: text[:40],
    "cut to 20": lambda text: text[:20],
}


@dataclass(frozen=True)
class Schedule:
    """One way in which a run can go wrong."""

    mode: str
    place: int
    fault: Fault = "none"
    at_send: int = 0
    descriptions: str = "kept"
    visible_after: float = 0.0
    second_place: int = 0
    same_machine: bool = False


class Stage:
    """A fresh world for one schedule, with the places of the first run counted."""

    def __init__(self, schedule: Schedule) -> None:
        self.schedule = schedule
        self.loop = new_loop(schedule)
        self.places = 0
        self.plan = the_plan()
        self.operator: Result | None = None
        self.extra = Decimal(0)

    def watch(self, action: Callable[[], None]) -> None:
        """Do `action` at the schedule's places."""

        def step(place: str) -> None:
            self.places += 1
            if self.places in (self.schedule.place, self.schedule.second_place):
                action()

        world, store = self.loop.world, self.loop.store
        world.before_send = world.after_send = step
        store.before_append = store.after_append = step

    def kill(self) -> None:
        raise Crash

    def bury(self) -> None:
        """The killed process no longer holds the lock, and this machine knows that it is gone."""
        self.loop.store.holder = None
        if self.schedule.same_machine:
            self.loop.store.notes.dead.update(self.loop.store.notes.sent)

    def interrupt(self) -> None:
        self.loop.flag.requested = True

    def second_applier(self) -> None:
        """Another apply starts while the first is at work: it must be locked out and write nothing."""
        loop = self.loop
        before = (len(loop.store.lines), len(loop.world.sends))
        with pytest.raises(LockHeldError):
            loop.apply(self.plan, WANTED)
        assert before == (len(loop.store.lines), len(loop.world.sends))

    def take_over(self) -> None:
        """An operator takes the first run for dead, breaks its lock by name and resumes."""
        holder = self.loop.store.holder
        assert holder is not None
        self.operator = self.loop.resume(Permission(owner=holder.name), who="operator")

    def by_hand(self, amount: str) -> None:
        """An administrator allocates to a wallet of the plan, without a word."""
        self.loop.world.by_hand("allocate", "team_support", amount, "")
        self.extra = Decimal(amount)

    def first_run(self) -> Result | None:
        try:
            return self.loop.apply(self.plan, WANTED)
        except Crash:
            self.bury()
            return None
        except BudgetsError:
            return None

    def resumed(self) -> Result | None:
        """Let time pass and resume until a resume changes nothing; return what the last one said."""
        last: Result | None = None
        for _ in range(4):
            self.loop.flag.requested = False
            self.loop.world.clock.sleep(120)
            self.loop.world.settle()
            begun = any('"step":"started"' in line for line in self.loop.store.lines)
            try:
                result = self.loop.resume(who="later") if begun else self.loop.apply(self.plan, WANTED)
            except Crash:
                self.bury()
                continue
            last = result or last
            if result is None or result.exit_code is ExitCode.DONE:
                break
        return last

    def told(self) -> set[str | None]:
        """The wallets that the journal says something about, where the run died before it could speak."""
        finished = [record.facts["outcomes"] for record in self.loop.records() if record.step is Step.FINISHED]
        return (
            {outcome.get("wallet") for outcome in finished[-1] if outcome["status"] not in _FINE} if finished else set()
        )

    def check(self, result: Result | None) -> ExitCode:
        """Assert what must hold after every schedule, and return how it ended."""
        world = self.loop.world
        assert world.doubles == []
        twice = {op: n for op, n in Counter(world.risky).items() if n > 1 and find_operation(f"[kt-budgets op={op}]")}
        assert twice == {}, "an operation was sent again that may have arrived"
        named = {o.wallet for o in result.run.outcomes if o.status not in _FINE} if result else self.told()
        keys = [f"team/{budget['scope']['id']}/{budget['name']}" for budget in world.budgets.values()]
        assert len(keys) == len(set(keys)) or self.schedule.fault == "duplicate delivery"
        for key, target in TARGETS.items():
            right = (target, target + self.extra)
            assert world.funded(key, JUNE) in right or key in named, f"{key} is wrong and nobody says so"
        code = result.exit_code if result else ExitCode.PARTIAL if named else ExitCode.DONE
        if code is ExitCode.DONE and not self.extra:
            assert {key: world.funded(key, JUNE) for key in TARGETS} == TARGETS
            assert set(keys) == {"team/team_support/support-monthly"}
        return code


_FINE = (Status.APPLIED, Status.ALREADY_APPLIED)


def new_loop(schedule: Schedule) -> Loop:
    world = World()
    world.by_hand("allocate", "team_sales", "90")
    world.descriptions = DESCRIPTIONS[schedule.descriptions]
    world.visible_after = schedule.visible_after
    world.faults = iter([*[NO_FAULT] * schedule.at_send, schedule.fault])
    return Loop(WANTED, world, settle=15, threads=Immediately() if schedule.place % 2 else None)


@cache
def the_plan() -> Plan:
    return new_loop(Schedule("none", 0)).plan()


@cache
def place_count() -> int:
    """The number of places in a healthy run."""
    stage = Stage(Schedule("none", 0))
    stage.watch(lambda: None)
    stage.first_run()
    return stage.places


def faulty() -> Iterator[tuple[Fault, int]]:
    yield "none", 0
    yield from ((fault, number) for fault in FAULTS if fault != "none" for number in range(SENDS))


def run(schedule: Schedule) -> ExitCode:
    """Run one schedule and check what came of it."""
    stage = Stage(schedule)
    actions: dict[str, Callable[[], None]] = {
        "kill": stage.kill,
        "interrupt": stage.interrupt,
        "second apply": stage.second_applier,
        "take over": stage.take_over,
        "by hand": lambda: stage.by_hand("5"),
        "the same by hand": lambda: stage.by_hand("100"),
    }
    stage.watch(actions[schedule.mode])
    first = stage.first_run()
    return stage.check(stage.resumed() or stage.operator or first)


def schedules(mode: str) -> Iterator[Schedule]:
    """Every place under every fault on every send; for `killed twice`, every place, and another a little later.

    The gate spreads the places over the faults and the modes, by thirds; a thorough run looks at each with every fault.
    """
    places = range(1, place_count() + 1)
    every = 1 if THOROUGH else 3
    turn = [*MODES, "killed twice"].index(mode)
    if mode != "killed twice":
        for start, (fault, number) in enumerate(faulty(), turn):
            yield from (Schedule(mode, place, fault, number) for place in places[start % every :: every])
        return
    for start, fault in enumerate(FAULTS, turn):
        for place in places[start % every :: every]:
            for later in (3, 6, 9):
                yield Schedule("kill", place, fault, at_send=1, second_place=place + later, same_machine=later != 6)


@pytest.mark.parametrize("mode", [*MODES, "killed twice"])
def test_every_crash_point_under_every_fault_moves_money_once_or_says_so(
    mode: str, record_property: Callable[[str, object], None], capsys: pytest.CaptureFixture[str]
) -> None:
    endings = Counter(run(schedule) for schedule in schedules(mode))
    total = sum(endings.values())
    with capsys.disabled():
        listed = ", ".join(f"{count} exit {int(code)}" for code, count in sorted(endings.items()))
        print(f"\n{mode}: {total} schedules run, 0 doubles ({listed})")  # noqa: T201
    record_property("schedules", total)
    assert total >= (600 if THOROUGH else 200)


@pytest.mark.parametrize(
    ("descriptions", "visible_after"), crossed([name for name in DESCRIPTIONS if name != "kept"], DELAYS)
)
def test_ledgers_that_lose_descriptions_or_show_entries_late_make_no_difference_to_safety(
    descriptions: str, visible_after: float
) -> None:
    """The gate spreads the places over the delays; a thorough run looks at each in every ledger with every delay."""
    first, every = (1, 3) if THOROUGH else (1 + 3 * DELAYS.index(visible_after), 9)
    for fault, number in faulty():
        for place in range(first, place_count() + 1, every):
            run(Schedule("kill", place, fault, number % 2, descriptions, visible_after))
            run(Schedule("kill", place, fault, number % 2, descriptions, visible_after, same_machine=True))
        run(Schedule("the same by hand", 8, fault, number, descriptions, visible_after))


@pytest.mark.parametrize("fault", sorted(HARMLESS | {"none"}))
def test_without_doubt_about_any_send_a_killed_run_is_finished_unless_it_died_while_sending(fault: Fault) -> None:
    for same_machine, doubtful in ((False, 2), (True, 1)):
        schedules = [Schedule("kill", n, fault, same_machine=same_machine) for n in range(1, place_count() + 1)]
        unknown = [schedule.place for schedule in schedules if run(schedule) is ExitCode.UNKNOWN]
        allowed = SENDS * doubtful if fault == "none" else SENDS * doubtful + 4
        assert len(unknown) <= allowed, unknown


def test_what_is_assumed_lost_by_a_person_is_sent_once_more() -> None:
    stage = Stage(Schedule("kill", 0, "drop before", 1))
    result = stage.first_run()
    assert result is not None
    (unknown,) = [o for o in result.run.outcomes if o.status is Status.UNKNOWN]
    again = stage.loop.resume(Permission(operation=unknown.op, reason="the gateway log shows no request"))
    assert again is not None
    assert again.exit_code is ExitCode.DONE
    assert stage.loop.world.funded("team_support", JUNE) == 100
    assert stage.loop.world.doubles == []
    assert stage.loop.resume() is None
