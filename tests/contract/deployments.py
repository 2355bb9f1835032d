"""The Keeptrusts that tests stand on, each behind the ports that `apply` reads and writes through."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from datetime import date, datetime, timedelta
from decimal import Decimal
from sqlite3 import IntegrityError
from typing import Any

from apply.world import Fault, World
from apply.world import Reader as WorldReader
from in_process import InProcess

from reconciler.apply.run_context import LiveReader, Writer
from reconciler.keeptrusts.connection import Connection
from reconciler.keeptrusts.reader import Reader
from reconciler.keeptrusts.writer import Writer as HttpWriter
from reconciler.sandbox.faults import parse_faults
from reconciler.sandbox.store import Store
from reconciler.sandbox.wire import Presentation, micros_of

TEAMS = ("team_sales", "team_support")
POOL = Decimal(1000)
MORNING = datetime.fromisoformat("2026-06-18T09:20:00Z")


class Deployment(ABC):
    """One organization with two teams, 1,000 dollars in its pool and no wallet yet. It is the 18th of June."""

    reader: LiveReader
    writer: Writer

    @abstractmethod
    def enter(self, team: str, kind: str, amount: Decimal) -> bool:
        """Book what is no move of ours: `settle`, `refund`, `top_up`, `reserve` or `release`.

        Return whether it was booked: nothing overdraws a wallet.
        """

    @abstractmethod
    def pass_time(self, seconds: float) -> None:
        """Let time pass, and with it everything that was delayed for no longer."""


class InMemory(Deployment):
    """What the schedules of `apply` run against."""

    def __init__(self, fault: Fault | None, *, late: bool, keep: int | None) -> None:
        self.world = World(pool=POOL, teams={team: team[5:].title() for team in TEAMS}, delay=20)
        self.world.clock.instant = MORNING
        self.world.faults = iter([fault] if fault else [])
        self.world.visible_after = 20 if late else 0
        if keep is not None:
            self.world.descriptions = lambda text: text[:keep]
        self.reader, self.writer = WorldReader(self.world), self.world

    def enter(self, team: str, kind: str, amount: Decimal) -> bool:
        try:
            self.world.enter(team, kind, amount)
        except ValueError:
            return False
        return True

    def pass_time(self, seconds: float) -> None:
        self.world.clock.sleep(seconds)
        self.world.settle()


FAULTS: Mapping[Fault, dict[str, Any]] = {
    "drop before": {"fault": "drop", "when": "before"},
    "drop after commit": {"fault": "drop", "when": "after"},
    "500 after commit": {"fault": "error", "when": "after", "status": 500},
    "hang after commit": {"fault": "hang", "when": "after", "seconds": 0},
    "delayed commit": {"fault": "delay", "answer": "drop", "seconds": 3600},
    "429": {"fault": "rate_limit"},
    "duplicate delivery": {"fault": "duplicate"},
    "refused": {"fault": "error", "when": "before", "status": 422},
    "denied": {"fault": "error", "when": "before", "status": 404},
    "refused after commit": {"fault": "error", "when": "after", "status": 409},
    "429 after commit": {"fault": "error", "when": "after", "status": 429},
}
"""The faults of the one in the words of the other. `not sent` is none of a server."""


class Embedded(Deployment):
    """The embedded one in pages of two, through the client that commands use."""

    def __init__(self, stack: ExitStack, rules: list[dict[str, Any]]) -> None:
        self.store = stack.enter_context(Store(as_of=date(2026, 6, 18)))
        for team in TEAMS:
            self.store.teams.create(team[5:].title(), id=team)
        self.store.wallets.credit(micros_of(POOL))
        faults = parse_faults(rules) if rules else None
        self.server = stack.enter_context(InProcess(self.store, faults=faults, presentation=Presentation(page_size=2)))
        connection = Connection(base_url=self.server.url, token=self.server.billing_token, ledger_months_before=1)
        self.reader = stack.enter_context(Reader(connection, transport=self.server))
        self.writer = stack.enter_context(HttpWriter(connection, transport=self.server))

    def enter(self, team: str, kind: str, amount: Decimal) -> bool:
        wallets = self.store.wallets
        try:
            with self.store.database.write():
                wallets.post(wallets.find_or_create("team", team, "USD"), kind, micros_of(amount), kind)
        except IntegrityError:
            return False
        return True

    def pass_time(self, seconds: float) -> None:
        self.store.clock.set(self.store.clock.now() + timedelta(seconds=seconds))
        self.server.flush()


Open = Callable[..., Deployment]


@contextmanager
def opening(name: str) -> Iterator[Open]:
    """Yield what opens a deployment: with one `fault` on its first write, with a `late` ledger, or with one that keeps
    only the first characters of a description.
    """
    with ExitStack() as stack:

        def open(fault: Fault | None = None, *, late: bool = False, keep: int | None = None) -> Deployment:
            if name == "in memory":
                return InMemory(fault, late=late, keep=keep)
            rules = [{**FAULTS[fault], "method": "POST", "nth": 1}] if fault else []
            rules += [{"fault": "slow_ledger", "reads": 1, "route": "/v1/wallets/*", "method": "POST"}] if late else []
            rules += [{"fault": "description", "keep": keep}] if keep is not None else []
            return Embedded(stack, rules)

        yield open


NAMES = ("in memory", "embedded")
