"""Currencies in which a team spends hundreds of millions a day: sums stay exact, whatever they reach."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest
from forecast.forecast_world import AS_OF, JUNE, UsageBuilder, ask, question, team

from reconciler.forecast.history import spending

A_DAY = 350_000_000


def many_days(factor: int, *, wallet: str = "team_support", days: int = 200) -> UsageBuilder:
    usage = UsageBuilder()
    for back in range(days, 0, -1):
        usage.row(AS_OF - timedelta(days=back), wallet, (A_DAY + 7_000_000 * (back % 11)) * factor, workload="chat")
        usage.row(
            AS_OF - timedelta(days=back),
            wallet,
            -12_500 * factor,
            credits=-12_500 * factor,
            workload="credit",
            model="m",
        )
    return usage


@pytest.mark.parametrize("factor", [1, 1000, 1_000_000])
def test_sums_of_a_wallet_and_of_its_running_month_are_exact(factor: int) -> None:
    spend = spending(many_days(factor).build(), as_of=AS_OF).of("team_support")
    truth = [(A_DAY + 7_000_000 * (back % 11)) * factor - Decimal(12_500) * factor for back in range(200, 0, -1)]
    assert spend.between(date(2025, 1, 1), AS_OF) == sum(truth)
    running = spend.totals(JUNE.first, AS_OF).tolist()
    assert running == [int(sum(truth[-17 : step - 17 or None]) * 10**9) for step in range(1, 18)]


@pytest.mark.parametrize("factor", [1, 100])
def test_a_forecast_of_large_amounts_is_that_of_small_ones_times_as_much(factor: int) -> None:
    target = A_DAY * 30
    teams = {"support": team("support", prod=("team_support", target * factor))}
    large = ask(many_days(factor).build(), question(live=target * factor), teams=teams)
    small_teams = {"support": team("support", prod=("team_support", target / 1000))}
    usage = UsageBuilder(
        [row | {n: row[n] // 1000 for n in ("cost", "credits") if n in row} for row in many_days(1).rows]
    )
    small = ask(usage.build(), question(live=target / 1000), teams=small_teams)
    (ours,), (theirs,) = large.wallets, small.wallets
    assert ours.known_spend == theirs.known_spend * 1000 * factor > 0
    assert ours.live.exhaustion.probability == pytest.approx(theirs.live.exhaustion.probability, abs=0.01)
    assert float(ours.month_end.quantiles["0.5"]) == pytest.approx(
        float(theirs.month_end.quantiles["0.5"]) * 1000 * factor, rel=1e-3
    )
    assert [point.spent for point in ours.daily if point.spent is not None] == sorted(
        point.spent for point in ours.daily if point.spent is not None
    )
    assert large.year is not None
    assert large.year.spent > 0


def test_the_sums_of_many_wallets_are_exact_together() -> None:
    usage = UsageBuilder()
    for number in range(12):
        for back in range(20, 0, -1):
            usage.row(AS_OF - timedelta(days=back), f"team_{number:02}", A_DAY)
    known = spending(usage.build(), as_of=AS_OF)
    assert [known.of(f"team_{n:02}").between(JUNE.first, AS_OF) for n in range(12)] == [Decimal(17 * A_DAY)] * 12
    assert known.known_until == AS_OF
