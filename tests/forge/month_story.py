"""A month of an organization: what was asked for, arrived on main, and was allowed, and what is still to happen."""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random

from forge.month_clock import BEGIN
from forge.month_office import Office
from thorough import THOROUGH

TEAMS = [f"t{number:02}" for number in range(1, 41 if THOROUGH else 9)]
"""Forty teams and sixty pull requests in four weeks, thoroughly; else eight and seven in one about the month's end."""

PULLS = 60 if THOROUGH else 7
ORG = "org"
HOUR, DAYS = timedelta(hours=1), 28 if THOROUGH else 7
END = BEGIN + timedelta(days=DAYS)

ORGANIZATION = """\
version: 1
organization: org_acme
currency: USD
fiscal_year: {name: FY2027, starts: 2026-06}
environments: [prod]
owners: ["@acme/finance"]
approvals: {finance_above: 5000.00, finance: ["@acme/finance"]}
journal: git:origin
"""
TEAM = """\
version: 1
team: %(team)s
owners: ["@acme/%(team)s-leads"]
wallets:
  prod: {team_id: team_%(team)s, monthly: %(monthly)s}
"""


def file_of(part: str) -> str:
    return "budgets/org.yaml" if part == ORG else f"budgets/teams/{part}.yaml"


@dataclass
class Asked:
    """A pull request: what it wants of which part, and whether its last head was approved after it was shown."""

    number: int
    wants: dict[str, str]
    how: str
    is_approved: bool = False
    merged: datetime | None = None
    words: str = ""


@dataclass
class Landing:
    """What arrived on main: by a pull request, or pushed. `wants` is what it made another value of.

    `due` is when somebody must have been told: an hour later, in which GitHub could be reached, ran its schedules and
    lost no runner.
    """

    number: int | None
    commit: str
    at: datetime
    wants: dict[str, str]
    due: datetime
    is_told: bool = False


@dataclass
class Story:
    """What everybody knows. `allowed` are the values of each part that were approved, and since when."""

    office: Office
    random: Random
    asked: dict[int, Asked] = field(default_factory=dict)
    landings: list[Landing] = field(default_factory=list)
    allowed: dict[str, list[tuple[str, datetime]]] = field(default_factory=dict)
    outage_until: datetime = BEGIN
    _agenda: list[tuple[datetime, int, Callable[[], object]]] = field(default_factory=list)
    _count: itertools.count[int] = field(default_factory=itertools.count)
    _numbers: itertools.count[int] = field(default_factory=lambda: itertools.count(101))

    @property
    def now(self) -> datetime:
        return self.office.clock.instant

    def at(self, instant: datetime, action: Callable[[], object]) -> None:
        heapq.heappush(self._agenda, (instant, next(self._count), action))

    def later(self, low: float, high: float, action: Callable[[], object]) -> None:
        """Do something between `low` and `high` hours from now."""
        self.at(self.now + HOUR * self.random.uniform(low, high), action)

    def some_time(self, action: Callable[[], object], *, after: float = 24, before: float = 30) -> None:
        """Do something in the month, but so many hours `after` it begins and `before` it ends."""
        self.at(BEGIN + HOUR * self.random.uniform(after, DAYS * 24 - before), action)

    def goes_on(self, until: datetime) -> None:
        """Let happen what is to happen before an instant."""
        while self._agenda and self._agenda[0][0] < until:
            instant, _, action = heapq.heappop(self._agenda)
            self.office.clock.reach(instant)
            self.office.sandbox.store.clock.set(self.now)
            action()

    def asks(self, wants: dict[str, str], how: str, *, words: str = "") -> Asked:
        number = next(self._numbers)
        self.asked[number] = Asked(number, wants, how, words=words)
        return self.asked[number]

    def allow(self, asked: Asked) -> None:
        for part, value in asked.wants.items():
            self.allowed.setdefault(part, []).append((value, self.now))

    def arrived(self, number: int | None, commit: str, wants: dict[str, str]) -> None:
        due = max(self.now, self.outage_until) + HOUR
        self.landings.append(Landing(number, commit, self.now, wants, due))

    def excuses(self, until: datetime) -> None:
        """Give everybody who was to be told until an hour after `until`: before it nothing can be told."""
        for landing in self.landings:
            if not landing.is_told and landing.due > self.now:
                landing.due = max(landing.due, until + HOUR)

    def said(self, part: str) -> str:
        """Return the value of a part that main says."""
        return value_in(part, self.office.repository.text(file_of(part)))


def value_in(part: str, text: str) -> str:
    _, _, rest = text.partition(_key(part))
    return rest[: _length(rest)]


def with_value(part: str, text: str, value: str) -> str:
    before, key, rest = text.partition(_key(part))
    return before + key + value + rest[_length(rest) :]


def _key(part: str) -> str:
    return "finance_above: " if part == ORG else "monthly: "


def _length(rest: str) -> int:
    return min(place for place in (rest.find(","), rest.find("}")) if place >= 0)
