"""One organization in a small world: planned, applied and resumed as often as a test likes."""

from __future__ import annotations

from concurrent.futures import Executor
from dataclasses import dataclass, field
from datetime import date, timedelta

from apply.memory_journal import MemoryStore
from apply.world import Flag, Reader, World
from worlds import JUNE, ORGANIZATION

from reconciler.apply.application import ApplyEnvironment, apply_plan
from reconciler.apply.derivation import read_since
from reconciler.apply.resume import Permission, resume
from reconciler.journal.attribution import Attribution
from reconciler.journal.history import history_of
from reconciler.journal.journal import Journal, last_declared
from reconciler.journal.ledger_match import all_owned
from reconciler.journal.record import Record
from reconciler.journal.standing import standing_of
from reconciler.model.desired import Desired
from reconciler.model.outcome import Result
from reconciler.model.period import Period
from reconciler.model.plan import Plan, Source, Tool, sealed
from reconciler.plan.diff import make_plan
from reconciler.policy.facts import Told, judged


@dataclass
class Loop:
    """One organization: its YAML, its world, its journal; plans and applies as often as a test likes.

    A plan takes back from wallets that are `known`, None from all.
    """

    wanted: Desired
    world: World = field(default_factory=World)
    store: MemoryStore = field(default_factory=MemoryStore)
    flag: Flag = field(default_factory=Flag)
    settle: float = 60.0
    period: Period = JUNE
    threads: Executor | None = None
    rehearsed: date | None = None
    known: frozenset[str] | None = None
    commit: str = "c0ffee"

    def plan(self, wanted: Desired | None = None) -> Plan:
        wanted = wanted or self.wanted
        keys = {key: item.currency for key, item in wanted.wallets.items()}
        standing = standing_of(self.records(), now=self.world.clock.now)
        since = standing.reading_since(self.period)
        read = self.world.live(organization="org_acme", wallets=keys, period=since)
        known = all_owned(read, history_of(self.records()).transactions)
        doubts = standing.doubts(known.wallets, self.period)
        live = read_since(known, self.period)
        history = history_of(self.records())
        diff = make_plan(
            wanted,
            live,
            self.period,
            last_applied=last_declared(self.records()),
            own=history.acknowledged,
            doubts=doubts,
            known=self.known,
            to_open=history.to_open(self.period),
        )
        return sealed(
            judged(
                Plan(
                    tool=Tool(version="0"),
                    organization="org_acme",
                    currency=wanted.organization.currency,
                    period=self.period,
                    as_of=self.world.clock.now().date(),
                    source=Source(commit=self.commit, dirty=False, tree_digest=wanted.tree_digest),
                    changes=diff.changes,
                    fingerprints=dict(diff.fingerprints),
                    funds=diff.funds,
                    doubts=diff.doubts,
                ),
                ORGANIZATION,
                Told(currencies=diff.currencies),
            )
        )

    def open(self, period: Period) -> None:
        """Let time pass until an hour into `period`."""
        self.period = period
        self.world.clock.instant = period.start_instant + timedelta(hours=1)

    def apply(self, plan: Plan | None = None, wanted: Desired | None = None) -> Result:
        return apply_plan(plan or self.plan(wanted), wanted or self.wanted, self.environment())

    def resume(self, permission: Permission | None = None, *, who: str = "ada") -> Result | None:
        return resume("org_acme", self.environment(who), permission)

    def environment(self, who: str = "ada") -> ApplyEnvironment:
        return ApplyEnvironment(
            reader=Reader(self.world),
            writer=self.world,
            store=self.store,
            attribution=Attribution(who),
            clock=self.world.clock,
            interruption=self.flag,
            settle=self.settle,
            threads=self.threads,
            rehearsed=self.rehearsed,
        )

    def records(self) -> list[Record]:
        return Journal.open(self.store, organization="org_acme", clock=self.world.clock).records

    def steps(self) -> list[str]:
        return [str(record.step) for record in self.records()]
