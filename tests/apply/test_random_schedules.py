"""Months at random: late ledgers, replicas that go back, refusals after a commit, kills, lost descriptions.

A schedule edits the YAML, plans, applies and resumes a few times while the server misbehaves in one or several ways;
then it behaves, and what is open is resumed until nothing changes. Law: no wallet ever holds more than the most that
was asked for it, or less than the least that was reviewed; in the end each is as the last YAML says, or is named.

A 429 is repeated after the settle time unless a ledger lacks what another answer said is booked, which the first move
of a run cannot know. So a commit that is answered with one is drawn only where replicas, balances too, are not behind
for longer than that. Refusals after a commit are drawn with every replica.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import timedelta
from decimal import Decimal

import pytest
from apply.loop import Loop
from apply.memory_journal import Crash, nothing
from apply.world import FAULTS, Fault, World
from memory_keeptrusts import whole
from thorough import drawn
from worlds import JUNE, desired, wallet

from reconciler.findings import BudgetsError, ExitCode
from reconciler.journal.journal import last_declared
from reconciler.model.desired import Desired
from reconciler.model.outcome import Result

pytestmark = pytest.mark.slow

SCHEDULES = drawn(2000, sample=200)
KEYS = ("team_sales", "team_support")
DESCRIPTIONS: tuple[Callable[[str], str], ...] = (whole, whole, lambda text: text[:0], lambda text: text[:40])
HONEST: tuple[Fault, ...] = tuple(fault for fault in FAULTS if fault != "duplicate delivery")


class Month:
    """One schedule, drawn from `seed`."""

    def __init__(self, seed: int) -> None:
        self.dice = random.Random(seed)
        self.world = World(delay=self.dice.choice([1.0, 20.0, 200.0]))
        self.world.visible_after = self.dice.choice([0.0, 0.0, 3.0, 30.0, 400.0])
        self.world.descriptions = self.dice.choice(DESCRIPTIONS)
        self.before = {key: self.dice.choice([0, 90]) for key in KEYS}
        for key, amount in self.before.items():
            if amount:
                self.world.by_hand("allocate", key, str(amount))
        self.world.clock.sleep(10_000)
        self.asked = {key: [Decimal(amount)] for key, amount in self.before.items()}
        self.said: dict[str, dict[str, Decimal]] = {}
        self.loop = Loop(self.edited(), self.world, settle=self.dice.choice([15, 15, 90]), commit="commit 1")
        self.lag = 0
        self.left = 0

    def edited(self) -> Desired:
        amounts = {key: Decimal(self.dice.choice([20, 60, 100, 140])) for key in KEYS}
        for key, amount in amounts.items():
            self.asked[key].append(amount)
        self.said[f"commit {len(self.said) + 1}"] = amounts
        return desired([wallet(key.removeprefix("team_"), "prod", str(amount)) for key, amount in amounts.items()])

    def kill(self, place: object) -> None:
        del place
        self.left -= 1
        if self.left == 0:
            raise Crash

    def go_back(self, reads: int) -> None:
        del reads
        is_behind = self.dice.random() < self.staleness
        past = self.world.clock.now() - timedelta(seconds=self.lag)
        self.world.as_it_was_at = past if is_behind else None

    def step(self) -> None:
        """Let one thing go on: an edit that is planned and applied, the same plan again, or a resume."""
        self.staleness = self.dice.choice([0.0, 0.0, 0.3, 1.0])
        self.lag = self.dice.choice([5, 60, 600])
        risky = self.dice.random() < 0.5
        is_late = self.staleness and self.lag > self.loop.settle
        told = [fault for fault in HONEST if not (is_late and fault == "429 after commit")]
        self.world.faults = iter(self.dice.choices(told if risky else ["none"], k=3))
        self.left = self.dice.choice([0, 0, self.dice.randint(1, 14)])
        store = self.loop.store
        self.world.before_read = self.go_back
        self.world.before_send = self.world.after_send = store.before_append = store.after_append = self.kill
        actions: list[Callable[[], Result | None]] = [self.loop.apply, self.loop.apply, self.loop.resume]
        action = self.dice.choice(actions)
        if self.dice.random() < 0.5:
            self.loop.wanted = self.edited()
            self.loop.commit = list(self.said)[-1]
        before = self.declared()
        try:
            action()
        except Crash:
            store.holder = None
            if self.dice.random() < 0.5:
                store.notes.dead.update(store.notes.sent)
        except BudgetsError:
            pass
        finally:
            self.calm()
        self.world.clock.sleep(self.dice.choice([0, 1, 30, 700]))
        self.world.settle()
        self.hold()
        self.keep(before)

    def declared(self) -> dict[str, str | None]:
        """Return the commit from which each wallet counts as applied, None where something is left of it."""
        last = last_declared(self.loop.records())
        if last is None:
            return {}
        teams = {key: key.removeprefix("team_") for key in KEYS}
        return {
            key: None if team in last.unfinished else last.ahead.get(team, last.commit) for key, team in teams.items()
        }

    def keep(self, before: Mapping[str, str | None]) -> None:
        """Assert that what counts as applied by now, and did not before, is in the ledger."""
        for key, commit in self.declared().items():
            if commit is not None and commit != before.get(key):
                funded = self.world.funded(key, JUNE)
                assert funded == self.said[commit][key], (key, commit, funded, self.said[commit])

    def calm(self) -> None:
        self.world.faults = iter(())
        self.world.as_it_was_at = None
        self.world.before_read = nothing
        store = self.loop.store
        self.world.before_send = self.world.after_send = store.before_append = store.after_append = nothing

    def hold(self) -> None:
        """Assert the law."""
        assert self.world.doubles == []
        for key in KEYS:
            funded = self.world.funded(key, JUNE)
            assert min(self.asked[key]) <= funded <= max(self.asked[key]), (key, funded, self.asked[key])

    def end(self) -> ExitCode:
        """Let everything arrive, resume until nothing changes, and apply what the YAML says."""
        self.world.visible_after = 0.0
        for _ in range(4):
            self.world.clock.sleep(1300)
            self.world.settle()
            result = self.loop.resume()
            self.hold()
            if result is None:
                break
        result = self.loop.apply()
        self.hold()
        named = self.named(result)
        for key in KEYS:
            target = self.asked[key][-1]
            assert self.world.funded(key, JUNE) == target or key in named, (key, result.run)
        return result.exit_code

    @staticmethod
    def named(result: Result) -> set[str]:
        fine = ("applied", "already_applied")
        outcomes = {o.wallet or "" for o in result.run.outcomes if o.status not in fine or o.reason}
        return outcomes | {doubt.wallet for doubt in result.run.doubts}


@pytest.mark.parametrize("part", range(4))
def test_no_wallet_gets_more_than_was_asked_for_and_every_schedule_ends_converged_or_named(part: int) -> None:
    endings: Counter[ExitCode] = Counter()
    for seed in range(part, SCHEDULES, 4):
        month = Month(seed)
        try:
            for _ in range(month.dice.randint(2, 6)):
                month.step()
            endings[month.end()] += 1
        except AssertionError as error:
            raise AssertionError(f"schedule {seed}: {error}") from error
    assert endings[ExitCode.DONE] > sum(endings.values()) / 2, endings
