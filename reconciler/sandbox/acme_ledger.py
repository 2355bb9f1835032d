"""The example organization's ledger and settings: half in agreement with its budget files, so that a plan has work."""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from typing import NamedTuple

from reconciler.model.operation import mark, operation_id, without_journal
from reconciler.model.period import Period
from reconciler.model.wallet_ref import WalletRef
from reconciler.sandbox.acme import TEAMS, acme_traffic
from reconciler.sandbox.clock import moment_of, stamp
from reconciler.sandbox.ledger import ORGANIZATION, Wallet
from reconciler.sandbox.store import Store
from reconciler.sandbox.wire import MICRO

DAY = 86_400 * MICRO
CENT = MICRO // 100
HUNDRED = 100 * MICRO
OPENING = 82_000
MONTHLY_CREDIT = 50_000
WITHOUT_WALLET = ("team_finance_dev",)
"""Spends from the organization wallet: its first allocation is still to come."""


class Funding(NamedTuple):
    """What a wallet was given this month, in major units. `marked`: by an operation of kt-budgets, else by hand."""

    amount: int
    words: str
    marked: bool = True


FUNDED = {
    "team_support": Funding(10_500, "support / prod"),
    "team_support_dev": Funding(2_000, "support / dev"),
    "team_engineering": Funding(27_000, "engineering / prod"),
    "team_engineering_dev": Funding(2_000, "engineering / dev"),
    "team_finance": Funding(4_000, "finance AI operating budget", marked=False),
    "team_legal_ops": Funding(6_900, "legal_ops / prod"),
    "team_legal_ops_dev": Funding(500, "legal_ops / dev"),
    "team_marketing": Funding(250, "marketing trial", marked=False),
}
BY_HAND = ("team_engineering_dev", 1_500, "extra evaluation run, asked for in chat")


def seed_acme(store: Store) -> None:
    """Fill a new store with the example organization, up to the clock's now."""
    month = Period.of(store.today())
    known_until = stamp(store.clock.now())
    with store.database.write() as connection:
        store.database.note("organization_name", "Acme")
        store.database.note("traffic_month", str(month))
        store.database.note("known_until", str(known_until))
        for id, name in TEAMS.items():
            store.teams.create(name, id=id)
        spend = acme_traffic(month).by_wallet_and_day(known_until)
        connection.executemany("INSERT INTO daily_spend VALUES (?, ?, ?, ?)", spend)
        _Ledger(store, month, known_until).write([(team, day, cost) for team, day, cost, _ in spend])
        _settings(store)


class _Ledger:
    """Writes a year of funding and daily settles, in order of time."""

    def __init__(self, store: Store, month: Period, known_until: int) -> None:
        self.store = store
        self.month = month
        self.known_until = known_until

    def write(self, spend: list[tuple[str, int, int]]) -> None:
        by_month: dict[Period, dict[str, list[tuple[int, int]]]] = defaultdict(lambda: defaultdict(list))
        for team, day, cost in spend:
            if cost:
                by_month[Period.of(moment_of(day).date())][team].append((day, cost))
        start = self.month.plus(-12)
        self.store.wallets.credit(OPENING * MICRO, description="opening balance", at=start.start_instant)
        for age in range(-12, 1):
            month = self.month.plus(age)
            at = month.start_instant + timedelta(minutes=5)
            self.store.wallets.credit(MONTHLY_CREDIT * MICRO, description=f"{month.name} prepayment", at=at)
            for team in TEAMS:
                self._month(month, team, by_month[month][team])
        self.store.wallets.top_up("user", "usr_support_7", 25 * MICRO, description="hackathon prize")
        self.store.wallets.reserve("team_support", 40 * MICRO + MICRO // 4, description="request in flight")

    def _month(self, month: Period, team: str, settles: list[tuple[int, int]]) -> None:
        current = month == self.month
        if team not in WITHOUT_WALLET:
            self._fund(month, team, sum(cost for _, cost in settles))
        by_hand = current and team == BY_HAND[0]
        for day, cost in settles:
            self._settle(team, min(day + DAY - 1, self.known_until), cost)
        if by_hand:
            self.store.wallets.allocate(team, BY_HAND[1] * MICRO, description=BY_HAND[2], at=self._by_hand_at())
        if not current and team not in WITHOUT_WALLET:
            self._return_unused(month, team)

    def _fund(self, month: Period, team: str, cost: int) -> None:
        """Fund a past month with a little more than it cost, and the current one as `FUNDED` says."""
        amount = -(-cost * 104 // (100 * HUNDRED)) * HUNDRED
        description = f"{month.name} {TEAMS[team]} AI budget"
        if month == self.month:
            amount, description = FUNDED[team].amount * MICRO, self._description(team, FUNDED[team])
        if amount:
            self.store.wallets.allocate(team, amount, description=description, at=self._funded_at(month))

    def _funded_at(self, month: Period) -> datetime:
        return min(month.start_instant + timedelta(hours=6), moment_of(self.known_until))

    def _description(self, team: str, funding: Funding) -> str:
        amount = Decimal(funding.amount)
        if not funding.marked:
            return f"{self.month.name} {funding.words}"
        operation = operation_id(
            organization=self.store.organization,
            wallet=WalletRef.team(team),
            period=self.month,
            kind="allocate",
            amount=amount,
            funded_before=Decimal(0),
            sequence=0,
        )
        return f"{mark(without_journal(operation))} {self.month.name}: {funding.words}, target {amount:,.2f}"

    def _settle(self, team: str, at: int, cost: int) -> None:
        """Settle a day's spend from the team's wallet, and what it cannot pay from the organization's."""
        moment = moment_of(at)
        wallet = next(iter(self.store.wallets.of("team", team)), None)
        paid = min(cost, wallet.available) if wallet else 0
        if wallet and paid:
            self.store.wallets.spend(wallet, paid, at=moment)
        if cost - paid:
            self.store.wallets.spend(self._pool(), cost - paid, description=f"{team}: gateway usage", at=moment)

    def _return_unused(self, month: Period, team: str) -> None:
        wallet = next(iter(self.store.wallets.of("team", team)), None)
        unused = wallet.available // CENT * CENT if wallet else 0
        if unused:
            at = month.end_instant - timedelta(seconds=30)
            self.store.wallets.reclaim(team, unused, description=f"{month.name} unused", at=at)

    def _by_hand_at(self) -> datetime:
        """Return the 16th at 14:02, or a moment before now when that is still to come."""
        sixteenth = datetime.combine(self.month.first + timedelta(days=15), time(14, 2), UTC)
        earlier = min(sixteenth, moment_of(self.known_until) - timedelta(hours=1))
        return max(earlier, self._funded_at(self.month))

    def _pool(self) -> Wallet:
        return self.store.wallets.find_or_create(ORGANIZATION, self.store.organization, "USD")


def _settings(store: Store) -> None:
    """Write billing budgets and schedules: one differs, one is missing, one nobody declared."""
    for team, name, amount, hard_limit in (
        ("team_support", "support-monthly", 10_500, False),
        ("team_engineering", "engineering-monthly", 27_000, False),
        ("team_legal_ops", "legal-ops-monthly", 6_900, False),
        ("team_marketing", "marketing-trial", 200, True),
    ):
        store.documents["billing_budget"].create(
            {
                "name": name,
                "scope": {"type": "team", "id": team},
                "amount": amount,
                "currency": "USD",
                "period": "monthly",
                "alert_percentages": [80, 100],
                "hard_limit": hard_limit,
                "notify": ["slack:#ai-spend"],
            }
        )
    weekly = {"cron": "0 6 * * MON", "type": "events", "format": "json", "enabled": True}
    store.documents["export_schedule"].create(
        {"name": "weekly-spend-forecast", "window": "14d", "s3_bucket": "finops-artifacts",
         "s3_prefix": "ai-spend/weekly/", **weekly}
    )  # fmt: skip
    store.documents["export_schedule"].create(
        {"name": "audit-archive", "window": "30d", "s3_bucket": "audit-artifacts", "s3_prefix": "keeptrusts/", **weekly}
    )
