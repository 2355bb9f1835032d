"""Laws of the ledger: it always sums to the balance, and nothing overdraws."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from decimal import Decimal
from pathlib import Path

import httpx
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from reconciler.sandbox.ledger import Wallet
from reconciler.sandbox.store import Store
from reconciler.sandbox.wire import ApiError

Serve = Callable[..., httpx.Client]
TEAMS = st.sampled_from(["team_a", "team_b"])
AMOUNTS = st.integers(1, 40 * 10**6)
SIGNS = {"credit": 1, "allocate": 1, "reclaim": -1, "settle": -1, "refund": 1, "top_up": 1, "reserve": 0, "release": 0}


def sums(store: Store, wallet: Wallet) -> tuple[int, int]:
    """Return the balance and the reserved money that a wallet's entries add up to."""
    entries = store.wallets.entries(wallet.id)
    mirrored = {"allocate", "reclaim"} if wallet.scope == "organization" else set()
    balance = sum(entry.amount * SIGNS[entry.kind] * (-1 if entry.kind in mirrored else 1) for entry in entries)
    held = sum(entry.amount * {"reserve": 1, "release": -1}.get(entry.kind, 0) for entry in entries)
    return balance, held


class LedgerMachine(RuleBasedStateMachine):
    """Any sequence of operations, some of them refused."""

    def __init__(self) -> None:
        super().__init__()
        self.store = Store()
        self.reservations: list[str] = []
        for name in ("a", "b"):
            self.store.teams.create(name)

    def teardown(self) -> None:
        self.store.close()

    @rule(amount=AMOUNTS)
    def credit(self, amount: int) -> None:
        self.store.wallets.credit(amount)

    @rule(team=TEAMS, amount=AMOUNTS)
    def allocate(self, team: str, amount: int) -> None:
        with suppress(ApiError):
            self.store.wallets.allocate(team, amount)

    @rule(team=TEAMS, amount=AMOUNTS)
    def reclaim(self, team: str, amount: int) -> None:
        with suppress(ApiError):
            self.store.wallets.reclaim(team, amount)

    @rule(team=TEAMS, amount=AMOUNTS)
    def refund(self, team: str, amount: int) -> None:
        self.store.wallets.refund(team, amount)

    @rule(team=TEAMS, amount=AMOUNTS)
    def reserve(self, team: str, amount: int) -> None:
        with suppress(ApiError):
            self.reservations.append(self.store.wallets.reserve(team, amount)[0].id)

    @rule(amount=AMOUNTS)
    def settle(self, amount: int) -> None:
        with suppress(ApiError):
            self.store.wallets.settle(self.reservations[-1] if self.reservations else "none", amount)

    @rule()
    def release(self) -> None:
        with suppress(ApiError):
            self.store.wallets.release(self.reservations.pop() if self.reservations else "none")

    @invariant()
    def every_ledger_sums_to_its_balance(self) -> None:
        for wallet in self.store.wallets.page("", None):
            assert sums(self.store, wallet) == (wallet.balance, wallet.reserved)

    @invariant()
    def nothing_is_overdrawn(self) -> None:
        for wallet in self.store.wallets.page("", None):
            assert 0 <= wallet.reserved <= wallet.balance

    @invariant()
    def money_is_neither_made_nor_lost(self) -> None:
        wallets = self.store.wallets.page("", None)
        entries = [entry for wallet in wallets for entry in self.store.wallets.entries(wallet.id)]
        totals: Counter[str] = Counter()
        for entry in entries:
            totals[entry.kind] += entry.amount
        held = sum(wallet.balance for wallet in wallets)
        assert held == totals["credit"] + totals["refund"] - totals["settle"]


LedgerMachine.TestCase.settings = settings(max_examples=40, stateful_step_count=25, deadline=None)
TestLedger = LedgerMachine.TestCase


def test_concurrent_writers_never_overdraw_the_pool(empty: Store, serve: Serve) -> None:
    client = serve(empty)

    def allocate(number: int) -> int:
        team = "team_support" if number % 2 else "team_finance"
        return client.post("/v1/wallets/allocate", json={"team_id": team, "amount": 70.01}).status_code

    with ThreadPoolExecutor(8) as threads:
        statuses = Counter(threads.map(allocate, range(40)))

    assert statuses == {201: 14, 402: 26}
    assert empty.pool() == Decimal("19.86")
    assert empty.funded("team_support", "2026-06") + empty.funded("team_finance", "2026-06") == Decimal("980.14")


def test_two_processes_worth_of_connections_share_one_database_file(tmp_path: Path) -> None:
    path = tmp_path / "shared.db"
    with Store(path) as first, Store(path) as second:
        first.teams.create("Support")
        first.wallets.credit(100 * 10**6)

        def drain(store: Store) -> int:
            moved = 0
            for _ in range(30):
                with suppress(ApiError):
                    store.wallets.allocate("team_support", 3 * 10**6)
                    moved += 1
            return moved

        with ThreadPoolExecutor(2) as threads:
            assert sum(threads.map(drain, (first, second))) == 33

        assert first.pool() == second.pool() == Decimal(1)


def test_a_refused_write_leaves_no_trace(empty: Store) -> None:
    newest = empty.wallets.newest_number()

    with suppress(ApiError):
        empty.wallets.allocate("team_support", 10**12)

    assert empty.wallets.since(newest) == []
    assert len(empty.wallets.page("", None)) == 1


def test_a_clone_goes_its_own_way(acme: Store) -> None:
    before = acme.balance("team_support")

    with acme.clone() as branch:
        branch.wallets.allocate("team_support", 5 * 10**6)
        assert branch.balance("team_support") == before + 5

    assert acme.balance("team_support") == before
    assert acme.clock.now() == branch.clock.now().replace(microsecond=acme.clock.now().microsecond)
