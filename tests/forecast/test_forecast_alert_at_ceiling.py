"""An alert within the wallet's money fires wherever the money runs out, to the last digit."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import numpy as np
import pytest
from forecast.forecast_world import AS_OF, JUNE, UsageBuilder, ask, budget, chance_of, question, steady
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.forecast.question import WalletQuestion
from reconciler.model.desired import DesiredWallet
from reconciler.model.forecast import AlertForecast, WalletForecast
from reconciler.model.live import LedgerEntry, LiveWallet
from reconciler.model.money import Money
from reconciler.model.period import Period
from reconciler.model.purse import Purse
from reconciler.model.usage import DailyUsage
from reconciler.model.wallet_ref import WalletRef
from reconciler.plan.purses import Unused, funded_purse, ledger_purses

CENTS = st.integers(1, 900_000).map(lambda cents: Decimal(cents) / 100)
DIGITS = st.integers(0, 9_999_999).map(lambda part: Decimal(part) / 10**9)
few = settings(max_examples=40, deadline=None)


def usage_of(level: float, noise: float, seed: int, *, missing: int = 0) -> DailyUsage:
    """Return 100 days of usage up to as_of, of which the last `missing` are not there."""
    days = steady(100 - missing, level=level, noise=noise, seed=seed)
    return UsageBuilder().series("team_support", AS_OF - timedelta(days=100), days).build()


def spent_in_june(usage: DailyUsage) -> Decimal:
    june = usage.day >= np.datetime64(JUNE.first)
    return Decimal(int(usage.cost[june].sum())) / 10**9


def asked_of(purse: Purse, thresholds: list[Decimal], target: Decimal, **more: Any) -> WalletQuestion:
    alerts = tuple(
        budget(name=f"alert-{place}", amount=amount, alert_percentages=(100,))
        for place, amount in enumerate(thresholds)
    )
    return replace(question(live=float(target), alerts_live=alerts), live=purse, desired=purse, **more)


def assert_fires_at_least_as_often(found: WalletForecast) -> None:
    gone = found.live.exhaustion
    assert found.alerts
    for alert in found.alerts:
        assert alert.live is not None
        assert chance_of(alert.live) >= chance_of(gone), alert.amount
        assert alert.live.no_warning_probability <= 0.0005
        for key, day in gone.date.items():
            fires = alert.live.date[key]
            assert day is None or (fires is not None and fires <= day)


@few
@given(st.floats(1, 400), st.floats(0.01, 0.6), st.integers(0, 99), CENTS, st.floats(0, 1), st.integers(0, 12))
def test_with_files_alone(level: float, noise: float, seed: int, target: Decimal, share: float, missing: int) -> None:
    usage = usage_of(level, noise, seed, missing=missing)
    wallet = question(live=float(target)).wallet
    known_until = AS_OF - timedelta(days=missing)
    within = (target * Decimal(str(round(share, 4)))).quantize(Decimal("0.01"))
    purse = funded_purse(wallet, spent=spent_in_june(usage), period=JUNE, as_of=AS_OF)
    owed = max(known_until, JUNE.first) if missing else None
    asked = asked_of(purse, [target, max(within, Decimal("0.01"))], target, unpaid_since=owed)
    assert_fires_at_least_as_often(ask(usage, asked).wallets[0])


@few
@given(
    st.floats(1, 400), st.floats(0.01, 0.6), st.integers(0, 99), st.integers(0, 6),
    CENTS, CENTS, DIGITS, st.floats(0, 1.3), st.booleans(),
)  # fmt: skip
def test_with_a_ledger_that_knows_more_or_less_than_the_usage(
    level: float, noise: float, seed: int, missing: int, funded: Decimal, carried: Decimal, digits: Decimal,
    part: float, pool_pays: bool,
) -> None:  # fmt: skip
    usage = usage_of(level, noise, seed, missing=missing)
    money = funded + carried
    spent = min(spent_in_june(usage) * Decimal(str(round(part, 3))) + digits, money)
    reserved = min(Decimal("3.5"), money - spent)
    wallet, live = ledger_wallet(funded, carried, spent, reserved)
    _, purse = ledger_purses(wallet, live, period=JUNE, as_of=AS_OF, moved=Decimal(0))
    assert purse.gone + purse.left == money
    asked = asked_of(
        purse, [funded, money], funded, settled=live.spent_on(AS_OF), reserved=reserved, booked=live.settled(JUNE),
        pool_pays=pool_pays,
    )  # fmt: skip
    assert_fires_at_least_as_often(ask(usage, asked).wallets[0])


def ledger_wallet(
    funded: Decimal, carried: Decimal, spent: Decimal, reserved: Decimal
) -> tuple[DesiredWallet, LiveWallet]:
    """Return a wallet with so much money, of which so much is spent: half of it yesterday, half today."""
    at = [datetime(2026, 6, day, 3, tzinfo=UTC) for day in (1, 17, 18)]
    halves = (spent / 2, spent - spent / 2)
    entries = [LedgerEntry("fund", "allocate", funded, "USD", "", at[0])]
    entries += [
        LedgerEntry(f"settle-{place}", "settle", half, "USD", "", at[place + 1]) for place, half in enumerate(halves)
    ]
    free = funded + carried - spent - reserved
    whole = free.quantize(Decimal("0.01"), "ROUND_DOWN")
    live = LiveWallet(
        WalletRef.team("team_support"),
        "USD",
        "w",
        Money(whole, "USD"),
        reserved,
        tuple(entries),
        beyond_cents=free - whole,
    )
    return question(live=float(funded)).wallet, live


@few
@given(st.floats(20, 200), st.integers(0, 99), CENTS, CENTS, st.sampled_from(["keep", "reclaim"]), st.integers(1, 3))
def test_in_a_month_to_come(
    level: float, seed: int, target: Decimal, left: Decimal, unused: Unused, months: int
) -> None:
    period = JUNE.plus(months)
    wallet = question(live=float(target)).wallet
    purse = funded_purse(wallet, spent=max(target - left, Decimal(0)), period=period, as_of=AS_OF, unused=unused)
    asked = asked_of(purse, [target, target / 2], target)
    assert_fires_at_least_as_often(ask(usage_of(level, 0.2, seed), asked, period=period).wallets[0])


@pytest.mark.parametrize("digits", ["0.009114", "0.004999999", "0.005", "0.005000001", "0.014114"])
def test_half_a_cent_more_or_less_changes_nothing(digits: str) -> None:
    """Seventeen days cost 90 each and a part of a cent; the money left is no whole number of cents."""
    table = UsageBuilder().series("team_support", AS_OF - timedelta(days=100), [90.0] * 100)
    usage = table.row(date(2026, 6, 3), "team_support", float(digits)).build()
    target = Decimal(2600)
    purse = funded_purse(question(live=2600).wallet, spent=spent_in_june(usage), period=JUNE, as_of=AS_OF)
    found = ask(usage, asked_of(purse, [target], target)).wallets[0]
    (alert,) = found.alerts
    assert isinstance(alert, AlertForecast)
    assert alert.live is not None
    assert 0.5 < chance_of(found.live.exhaustion) < 1
    assert chance_of(alert.live) >= chance_of(found.live.exhaustion)
    assert found.live.ceiling == target


def test_an_alert_that_the_ledger_alone_has_reached_has_fired() -> None:
    """The export shows 1,530 and the ledger settled 2,000."""
    usage = usage_of(90, 0.01, 1)
    asked = asked_of(Purse(Decimal(500), Decimal(2000)), [Decimal(2000)], Decimal(2500), booked=Decimal(2000))
    (alert,) = ask(usage, asked).wallets[0].alerts
    assert alert.live is not None
    assert alert.live.probability == 1
    assert alert.live.date["0.9"] == AS_OF


def test_money_that_simulated_days_may_have_spent_is_not_certainly_gone() -> None:
    """The export ends ten days before; what the wallet holds would have lasted half of them."""
    usage = usage_of(90, 0.05, 1, missing=10)
    purse = Purse(Decimal(450), Decimal(630))
    found = ask(usage, asked_of(purse, [Decimal(1080)], Decimal(1080), unpaid_since=AS_OF - timedelta(days=10)))
    assert found.wallets[0].live.exhaustion.probability == 0.9995


def test_a_month_that_is_over_holds_what_was_left_at_its_end() -> None:
    wallet, live = ledger_wallet(Decimal(900), Decimal(100), Decimal(400), Decimal(0))
    later = LedgerEntry("july", "allocate", Decimal(900), "USD", "", datetime(2026, 7, 1, 1, tzinfo=UTC))
    paid = LedgerEntry("paid", "settle", Decimal(250), "USD", "", datetime(2026, 7, 2, 1, tzinfo=UTC))
    now = replace(live, available=Money(Decimal(1250), "USD"), ledger=(*live.ledger, later, paid))
    june, _ = ledger_purses(wallet, now, period=JUNE, as_of=date(2026, 7, 3), moved=Decimal(0))
    assert june == Purse(Decimal(600), Decimal(400))
    assert ledger_purses(wallet, now, period=Period(2026, 7), as_of=date(2026, 7, 3), moved=Decimal(0))[0] == Purse(
        Decimal(1250), Decimal(250)
    )
