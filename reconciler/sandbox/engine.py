"""The fault engine: counts requests, decides which rules fire, and remembers what is still to come."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from random import Random
from typing import Any, Generic, NamedTuple, TypeVar

from reconciler.sandbox.faults import (
    Admin,
    Answering,
    Delay,
    Description,
    Drop,
    Duplicate,
    Error,
    Faults,
    Garble,
    Grow,
    Hang,
    RateLimit,
    Rule,
    SlowLedger,
)
from reconciler.sandbox.ledger import Entry

Write = TypeVar("Write")
_ANSWERING = (Drop, Error, Hang, Garble, Delay, RateLimit)


class Arrival(NamedTuple):
    """A request as rules see it."""

    method: str
    path: str
    query: Mapping[str, str]
    body: Any

    @property
    def team(self) -> str | None:
        found = self.body.get("team_id") if isinstance(self.body, dict) else None
        return str(found) if found is not None else self.query.get("team_id")


@dataclass(frozen=True, slots=True)
class Firing:
    """The rules that fire on one request, by what they do."""

    answer: Answering | None = None
    duplicate: bool = False
    slow: SlowLedger | None = None
    description: Description | None = None
    grow: Grow | None = None
    admins: tuple[Admin, ...] = ()


@dataclass(slots=True)
class _Counter:
    rule: Rule
    random: Random
    matches: int = 0

    def fires(self, arrival: Arrival) -> bool:
        rule = self.rule
        if rule.method not in (None, arrival.method) or not fnmatchcase(arrival.path, rule.route):
            return False
        if rule.team not in (None, arrival.team):
            return False
        self.matches += 1
        first, end = rule.turns
        if self.matches < first or (end is not None and self.matches >= end):
            return False
        return rule.probability == 1.0 or self.random.random() < rule.probability


@dataclass(slots=True)
class _Hidden:
    """An entry that readings of its wallet do not show yet."""

    seq: int
    wallet: str
    reads: int | None
    until: float | None
    readings: int = 0

    def shows(self, now: float) -> bool:
        return now >= self.until if self.until is not None else self.readings > (self.reads or 0)


@dataclass(slots=True)
class Engine(Generic[Write]):
    """State of one rehearsal. `Write` is whatever the caller needs to execute a delayed request later."""

    faults: Faults
    now: Callable[[], float] = time.monotonic
    requests: int = 0
    _counters: list[_Counter] = field(default_factory=list)
    _hidden: list[_Hidden] = field(default_factory=list)
    _delayed: list[tuple[int | None, float | None, Write]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._counters = [_Counter(rule, Random(rule.seed)) for rule in self.faults.faults]  # noqa: S311

    def arrive(self, arrival: Arrival) -> Firing:
        """Count a request and return what fires on it."""
        fired = [counter.rule for counter in self._counters if counter.fires(arrival)]
        answers = [rule for rule in fired if isinstance(rule, _ANSWERING)]
        return Firing(
            answer=answers[0] if answers else None,
            duplicate=any(isinstance(rule, Duplicate) for rule in fired),
            slow=_first(fired, SlowLedger),
            description=_first(fired, Description),
            grow=_first(fired, Grow),
            admins=tuple(rule for rule in fired if isinstance(rule, Admin)),
        )

    def due(self) -> Iterator[Write]:
        """Count a request and yield the delayed writes that are executed before it."""
        self.requests += 1
        now = self.now()
        waiting = self._delayed
        self._delayed = []
        for number, moment, write in waiting:
            if (number is not None and self.requests >= number) or (moment is not None and now >= moment):
                yield write
            else:
                self._delayed.append((number, moment, write))

    def delay(self, rule: Delay, write: Write) -> None:
        number = None if rule.requests is None else self.requests + rule.requests
        self._delayed.append((number, None if rule.seconds is None else self.now() + rule.seconds, write))

    def take_delayed(self) -> list[Write]:
        """Return every delayed write and forget it: the caller executes them now."""
        waiting, self._delayed = self._delayed, []
        return [write for _, _, write in waiting]

    def hide(self, rule: SlowLedger, entries: list[Entry]) -> None:
        """Keep new entries out of sight as `rule` says."""
        until = None if rule.seconds is None else self.now() + rule.seconds
        self._hidden += [_Hidden(entry.seq, entry.wallet, rule.reads, until) for entry in entries]

    def reading(self, wallet: str, *, first_page: bool) -> tuple[int, ...]:
        """Count a reading of a wallet's ledger and return the entries that it must not show."""
        now = self.now()
        for hidden in self._hidden:
            hidden.readings += hidden.wallet == wallet and first_page
        self._hidden = [hidden for hidden in self._hidden if not hidden.shows(now)]
        return tuple(hidden.seq for hidden in self._hidden)


RuleType = TypeVar("RuleType", bound=Rule)


def _first(rules: list[Any], kind: type[RuleType]) -> RuleType | None:
    return next((rule for rule in rules if isinstance(rule, kind)), None)
