"""Opening a month with `unused: reclaim` while requests are paid from the same wallet, at every place of a run.

A schedule is: a fault on one of the sends, a place (around each journal record and each send) where the process is
killed or an administrator funds the month by hand, what the ledger keeps of descriptions and how late it shows entries,
where requests spend a part of what is there, and what somebody gave before the month was opened. Whatever happens, no
more than the reviewed rest is taken, and none once the new month was funded: its money is spent by requests alone.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal

import pytest
from apply.loop import Loop
from apply.memory_journal import Crash
from apply.world import FAULTS, Fault, World
from thorough import drawn as of_all
from worlds import JULY, desired, taking_back, wallet

from reconciler.findings import BudgetsError, ExitCode
from reconciler.model.change import Reclaim
from reconciler.model.live import LedgerEntry

pytestmark = pytest.mark.slow

KEY = "team_sales"
TARGET = Decimal(40)
LEFT = Decimal(30)
WANTED = taking_back(desired([wallet("sales", "prod", "40"), wallet("support", "prod", "100")]))
PLACES = 18
PART = of_all(500, sample=120) // 4


@dataclass(frozen=True)
class Schedule:
    """One way in which opening a month can go wrong. `spends` are the places at which a request is paid."""

    fault: Fault
    at_send: int
    place: int
    mode: str
    keep: int | None
    visible_after: float
    spends: frozenset[int]
    amount: str
    given: str


def drawn(seed: int) -> Schedule:
    chance = random.Random(seed)
    return Schedule(
        fault=chance.choice(FAULTS),
        at_send=chance.randrange(4),
        place=chance.randrange(PLACES),
        mode=chance.choice(["kill", "kill", "by hand", "again"]),
        keep=chance.choice([None, None, 0, 20, 40]),
        visible_after=chance.choice([0.0, 0.0, 3.0, 40.0, 900.0]),
        spends=frozenset(chance.sample(range(PLACES), chance.randrange(4))),
        amount=chance.choice(["0.01", "1", "29.99", "30"]),
        given=chance.choice(["0", "0", "0.01", "10", "40", "55"]),
    )


class Stage:
    def __init__(self, schedule: Schedule) -> None:
        self.schedule = schedule
        keep = schedule.keep
        self.world = World(descriptions=lambda text: text if keep is None else text[:keep])
        self.loop = Loop(WANTED, self.world, settle=10)
        assert self.loop.apply().exit_code is ExitCode.DONE
        self.world.clock.sleep(3600)
        self.world.spend(KEY, "10")
        self.loop.open(JULY)
        given = Decimal(schedule.given)
        self.given = self.world.by_hand("allocate", KEY, given) if given else None
        self.plan = self.loop.plan()
        self.by_hand: LedgerEntry | None = None
        self.count = 0
        self.world.visible_after = schedule.visible_after
        none: Fault = "none"
        self.world.faults = iter([*[none] * schedule.at_send, schedule.fault])
        self.world.before_send = self.world.after_send = self.step
        self.loop.store.before_append = self.loop.store.after_append = self.step

    def step(self, where: str) -> None:
        self.count += 1
        if self.count in self.schedule.spends and self.world.accounts[KEY].held >= Decimal(self.schedule.amount):
            self.world.spend(KEY, self.schedule.amount)
        if self.count == self.schedule.place:
            if self.schedule.mode == "kill":
                raise Crash
            if self.schedule.mode == "by hand":
                self.by_hand = self.world.by_hand("allocate", KEY, TARGET)

    def run(self, work: Callable[[], object]) -> object:
        try:
            return work()
        except Crash:
            self.loop.store.holder = None
            return None
        except BudgetsError:
            return None

    def play(self) -> ExitCode | None:
        """Apply, do what a run says to do, in every order, until a new plan changes nothing; return the last code."""
        self.run(lambda: self.loop.apply(self.plan))
        code = None
        for round_ in range(4):
            self.world.clock.sleep(5 if round_ < 2 else 1200)
            self.world.settle()
            self.run(self.loop.resume)
            if self.schedule.mode == "again":
                self.run(lambda: self.loop.apply(self.plan))
            result = self.run(lambda: self.loop.apply(self.loop.plan()))
            code = getattr(result, "exit_code", None)
        return code

    def check(self, code: ExitCode | None) -> None:
        reviewed = sum(c.amount for c in self.plan.changes if isinstance(c, Reclaim) and c.wallet == KEY)
        entries = [entry for _, entry in self.world.accounts[KEY].entries]
        given = self.given.id if self.given else ""
        begun = [n for n, e in enumerate(entries) if e.kind == "allocate" and e.created_at in JULY and e.id != given]
        rests = [n for n, e in enumerate(entries) if e.kind == "reclaim"]
        doubled = self.schedule.fault == "duplicate delivery"
        excess = [n for n in rests if begun and n > begun[0]]
        healing = doubled or self.by_hand is not None
        assert healing or not excess, "money of the new month was taken for a rest"
        assert doubled or sum((entries[n].amount for n in rests if n not in excess), Decimal(0)) <= reviewed
        moves = (e.signed for e in entries if e.kind != "settle" and e.created_at in JULY)
        moved = sum(moves, Decimal(0))
        assert doubled or moved <= max(TARGET, Decimal(self.schedule.given)) or self.by_hand is not None
        spent = sum((e.amount for e in entries if e.kind == "settle" and e.created_at in JULY), Decimal(0))
        taken = sum(
            (entries[n].amount for n in rests if (entries[n].operation or "").startswith("2026-06")), Decimal(0)
        )
        assert doubled or taken <= LEFT, "more was taken for a rest than June had left"
        if code is ExitCode.DONE and not doubled and self.by_hand is None and self.schedule.keep is None:
            assert taken + spent >= LEFT, "it is said to be done, and something of June is still there"
        if code is ExitCode.DONE and not doubled:
            assert moved + LEFT >= TARGET, "it is said to be done, and the month is not funded"


@pytest.mark.parametrize("part", range(4))
def test_no_schedule_takes_money_of_the_new_month_for_a_rest(part: int) -> None:
    endings: Counter[str] = Counter()
    for seed in range(part * PART, (part + 1) * PART):
        stage = Stage(drawn(seed))
        code = stage.play()
        try:
            stage.check(code)
        except AssertionError as error:
            raise AssertionError(f"{stage.schedule} ({seed}): {error}") from error
        endings[str(code)] += 1
    assert endings["0"] > 0.45 * PART, endings
