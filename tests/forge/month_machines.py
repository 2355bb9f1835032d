"""What machines do in a month: workflows by the clock, some of which never start, and somebody who is down."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from random import Random
from typing import Any

from forge.doubts import clear, confuse
from forge.github_standin import answer
from forge.month_clock import BEGIN
from forge.month_office import DEAD
from forge.month_story import DAYS, HOUR, TEAMS, Story
from thorough import THOROUGH

from reconciler.findings import ExitCode
from reconciler.sandbox.store import Store

_NOT_STARTED = 0.05
"""How many of the runs by the clock GitHub never starts: its schedules are best effort."""

_LOOKED_AT = 0.25
"""How many of the runs of drift that should have nothing new to say are run, to see that they say nothing."""

_FUND = {0: 10, 1: 50, 4: 20, 9: 35}
MONTH_BEGINS = datetime.fromisoformat("2026-07-01T00:00:00+00:00")


class Machines:
    """GitHub's runners and schedules. What would say again what was said, while nothing is new, is not run.

    With `is_hourly` every run by the clock is run.
    """

    def __init__(self, story: Story, *, is_hourly: bool = False) -> None:
        self.story, self.office, self.random, self.is_hourly = story, story.office, story.random, is_hourly
        self._looks = Random(BEGIN.isoformat())
        self.is_pending = self.apply_due = self.drift_due = False
        self.waits: list[list[Any]] | None = None
        self._looked_at: list[list[Any]] | None = None
        self._dropped: list[str] = []
        self._makes_up = False

    def something_is_new(self) -> None:
        self.is_pending = self.apply_due = self.drift_due = True

    def applies(self, event: str = "schedule", **inputs: str) -> None:
        self.heard(self.office.apply(event, **inputs))

    def heard(self, code: int) -> None:
        """Take note of what a run of `pr apply` said: whether something is left, and is worth another try."""
        if code == DEAD:
            self.story.excuses(self.story.now)
        known = code != DEAD and self.office.output.startswith("{")
        document = json.loads(self.office.output) if known else {}
        is_over = document.get("format") == "kt-budgets.merges/1"
        landings = document.get("landings", [])
        trouble = any(item["status"] in ("failed", "unknown") for item in landings)
        told = ("commit", "status", "missing", "refused")
        left = [item for item in landings if item["status"] not in ("applied", "nothing")]
        self.waits = [[item[key] for key in told] for item in left] if is_over else None
        self.is_pending = not is_over or bool(document["pending"])
        self.apply_due = not is_over or trouble
        self.drift_due = self.drift_due or self.is_pending

    def dies(self) -> None:
        self.office.dies_at = self.random.randint(2, 40)

    def goes_down(self) -> None:
        self.office.is_down = True
        self.story.later(24, 24, self.comes_back)

    def comes_back(self) -> None:
        self.office.is_down = False
        self.apply_due = self.drift_due = True

    def fails(self) -> None:
        """GitHub answers 502 for some hours."""
        self.office.github.fail(".*", *[answer(502)] * 20_000)
        self.story.outage_until = self.story.now + HOUR * self.random.uniform(0.3, 5)
        self.story.excuses(self.story.outage_until)
        self.story.at(self.story.outage_until, self.recovers)

    def recovers(self) -> None:
        self.office.github.faults.clear()
        self.apply_due = self.drift_due = True

    def confuses(self) -> None:
        """Let nobody be able to read the ledger of a team for some hours."""
        team = f"team_{self.random.choice(TEAMS)}"
        store = self.office.sandbox.store
        confuse(store, team)
        self.apply_due = self.drift_due = True
        self.story.later(0.5, 9, lambda: self.reads_again(store, team))

    def reads_again(self, store: Store, team: str) -> None:
        clear(store, team)
        self.apply_due = self.drift_due = True

    def is_to_act(self) -> None:
        """Put into the agenda what goes wrong, and every schedule."""
        for action in [self.dies, self.fails, self.confuses, self.confuses] * (3 if THOROUGH else 1):
            self.story.some_time(action)
        if self.random.random() < 0.3:
            self.story.at(MONTH_BEGINS - 4 * HOUR, self.goes_down)
        else:
            self.story.some_time(self.goes_down, before=60)
        for number in range(DAYS * 24):
            hour = BEGIN + HOUR * number
            self.story.at(hour + timedelta(minutes=17), lambda: self.starts("drift", self.looks))
            self.story.at(hour + timedelta(minutes=37), lambda: self.starts("apply", self.tries))
            if (minute := fund_minute(hour)) is not None:
                self.story.at(hour + timedelta(minutes=minute), lambda: self.starts("fund", self.funds))

    def starts(self, name: str, run: Callable[[], None]) -> None:
        """Start a workflow by the clock, or not; of one workflow GitHub does not miss two in succession here."""
        if name not in self._dropped and self.random.random() < _NOT_STARTED:
            self._dropped.append(name)
            self.story.excuses(self.story.now + HOUR)
            return
        self._makes_up = name in self._dropped
        if self._makes_up:
            self._dropped.remove(name)
        run()

    def looks(self) -> None:
        if self.is_hourly:
            self.office.drift()
            return
        if self.is_hopeless():
            return
        if self.drift_due and self.says_nothing_new() and self._looks.random() >= _LOOKED_AT:
            self.drift_due = False
        if self.drift_due or self._makes_up or (self.story.now.hour == 6 and self.story.now.day % 3 == 1):
            is_told = self.office.drift() in (ExitCode.DONE, ExitCode.DRIFT)
            self._looked_at = self.waits if is_told else None
            is_young = any(landing.at > self.story.now - HOUR for landing in self.story.landings)
            self.drift_due = (is_young and self.is_pending) or not is_told

    def says_nothing_new(self) -> bool:
        """Whether all that arrived is applied but for what waited when drift was last run, and is told."""
        recent = [landing for landing in self.story.landings if landing.at > self.story.now - 2 * HOUR]
        return self.waits is not None and self.waits == self._looked_at and all(landing.number for landing in recent)

    def tries(self) -> None:
        if self.is_hourly:
            self.applies()
            return
        if self.is_hopeless():
            return
        if self.apply_due or (self.story.now.day == 1 and self.story.now.hour == 0 and self.is_pending):
            self.applies()

    def is_hopeless(self) -> bool:
        """Whether a run would say what the last one said: somebody is down, and nothing is new since two hours.

        A run that makes up for one that was not started is none: what came meanwhile was not told.
        """
        now, outage = self.story.now, self.story.outage_until
        news = [landing.at for landing in self.story.landings] + ([outage] if outage <= now else [])
        is_down = self.office.is_down or outage > now
        return is_down and not self._makes_up and now.hour % 6 != 0 and all(at < now - 2 * HOUR for at in news)

    def funds(self) -> None:
        now = self.story.now
        is_looked_at = self.is_hourly or MONTH_BEGINS <= now < MONTH_BEGINS + timedelta(days=3) or now.day % 7 == 0
        code = self.office.fund() if is_looked_at else ExitCode.DONE
        if code != ExitCode.DONE:
            self.drift_due = True
        if code == DEAD:
            self.story.excuses(self.story.now)


def fund_minute(hour: datetime) -> int | None:
    """Return the minute of this hour at which fund.yml is started, None where it is not."""
    if hour.day == 1:
        return _FUND.get(hour.hour)
    return 5 if hour.hour == 6 else None
