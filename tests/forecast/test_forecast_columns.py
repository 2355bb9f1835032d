"""Prices and the cache as evidence: what they change is no demand, and what demand changes is not theirs."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from forecast.forecast_world import AS_OF, UsageBuilder, ask, plan, question

from reconciler.forecast.cache_ramp import LARGEST_RATE, CacheRamp, fit_cache_ramp
from reconciler.forecast.price_index import price_index
from reconciler.forecast.repricing import PriceIndex
from reconciler.model.forecast import WalletForecast
from reconciler.model.usage import Apart, DailyUsage

DAYS = 170
FIRST = AS_OF - timedelta(days=DAYS)


def usage(
    *,
    prices: tuple[float, float] = (1.0, 1.0),
    since: int = 0,
    ramp: float = 0.0,
    ramp_days: int = 30,
    demand: float = 1.0,
) -> DailyUsage:
    """A wallet of two models. The first one's price changes `since` so many days, the cache comes to answer `ramp` of
    all requests within the last 30 days, and demand changes `since` so many days as well.
    """
    random, built = np.random.default_rng(5), UsageBuilder()
    for back in range(DAYS, 0, -1):
        day, is_new = AS_OF - timedelta(days=back), back <= since
        requests = 400.0 * (demand if is_new else 1.0) * float(np.exp(random.normal(0.0, 0.15)))
        rate = ramp * max(1.0 - back / 30, 0.0)
        paid = requests * (1.0 - rate)
        for model, part, price in (("big", 0.7, prices[1] if is_new else prices[0]), ("small", 0.3, 0.2)):
            tokens = paid * part * 1000
            built.row(
                day,
                "team_support",
                tokens / 1000 * price * float(np.exp(random.normal(0.0, 0.01))),
                provider="openai",
                model=model,
                requests=round(requests * part),
                cache_hits=round(requests * part * rate),
                input_tokens=round(tokens),
            )
    return built.build()


def only(found: DailyUsage, **asked: Any) -> WalletForecast:
    (wallet,) = ask(found, question(**asked)).wallets
    return wallet


def index(found: DailyUsage, *, cache: bool = True) -> PriceIndex | None:
    return price_index(found, np.arange(len(found.day)), AS_OF, cache=cache)


def rest(wallet: WalletForecast) -> list[float]:
    return [float(wallet.month_end.quantiles[key] - wallet.spend_to_date) for key in ("0.1", "0.5", "0.9")]


@pytest.mark.parametrize("since", [3, 6, 12, 25])
@pytest.mark.parametrize("price", [0.6, 1.5])
def test_a_new_price_counts_at_once_and_for_the_days_before_too(price: float, since: int) -> None:
    wallet = only(usage(prices=(1.0, price), since=since))
    daily = 400.0 * (0.7 * price + 0.3 * 0.2) * np.exp(0.15**2 / 2)
    low, middle, high = rest(wallet)
    assert middle == pytest.approx(13 * daily, rel=0.08)
    assert low < 13 * daily < high
    (notice,) = wallet.notices
    assert (notice.code, notice.since) == ("price-change", AS_OF - timedelta(days=since))
    assert notice.factor == pytest.approx(price, rel=0.03)
    assert f"{abs(price - 1):.0%} {'less' if price < 1 else 'more'} for a token of openai/big" in notice.message


def test_a_price_makes_the_forecast_no_wider() -> None:
    (low, middle, high), (before, usual, after) = (
        rest(only(usage(prices=(1.0, price), since=6))) for price in (0.6, 1.0)
    )
    assert (high - low) / middle < 1.3 * (after - before) / usual


def test_a_cache_on_its_way_counts_for_the_days_before_and_goes_on_for_a_while() -> None:
    wallet = only(usage(ramp=0.45))
    daily = 400.0 * (0.7 + 0.06) * np.exp(0.15**2 / 2)
    now, goes_on = (13 * (1 - rate) * daily for rate in (0.435, 0.435 + 7 * 0.015))
    low, middle, high = rest(wallet)
    assert low < goes_on < high
    assert 0.7 * now < middle < 0.95 * now
    assert [notice.code for notice in wallet.notices] == ["cache-change"]
    assert "of its requests answered by the cache" in wallet.notices[0].message
    assert ", and more each week" in wallet.notices[0].message


def test_tokens_that_the_cache_answered_tell_no_price() -> None:
    found = usage(ramp=0.45)
    hits = found.input_tokens * found.cache_hits // np.maximum(found.requests - found.cache_hits, 1)
    nothing = np.zeros(len(hits), dtype=np.int64)
    apart = Apart(
        hit_cost=nothing, hit_input=hits, hit_output=nothing, credit_rows=nothing, fallback_input=nothing,
        fallback_output=nothing,
    )  # fmt: skip
    told = index(replace(found, input_tokens=found.input_tokens + hits, apart=apart))
    assert told is not None
    assert [change.model for change in told.changes] == [""]


DAYS_KNOWN = np.arange(90) + 0.5


def ramp(rates: npt.NDArray[np.float64], *, asked: float = 300.0, seed: int = 3) -> CacheRamp | None:
    """The share of each day, newest first, as requests that hit by chance."""
    requests = np.full(len(rates), asked)
    return fit_cache_ramp(requests, np.random.default_rng(seed).binomial(int(asked), rates).astype(np.float64))


def far(found: CacheRamp) -> list[float]:
    """What the cost is multiplied with after half a year: in the middle, and between 8 of 10 paths."""
    weeks = found.factors(np.random.default_rng(1), paths=1000, weeks=26)
    return [float(part) for part in np.quantile(weeks[-1], [0.1, 0.5, 0.9])]


def test_a_share_that_rises_is_drawn_on_by_as_much_again_and_to_an_end() -> None:
    found = ramp(0.1 + np.clip((20 - DAYS_KNOWN) * 0.015, 0.0, 0.3))
    assert found is not None
    assert found.goes_on > 0.6
    assert found.rate == pytest.approx(0.4, abs=0.02)
    assert found.before == pytest.approx(0.1, abs=0.02)
    assert found.since == 20
    low, middle, high = far(found)
    assert low == pytest.approx((1 - LARGEST_RATE) / 0.6, rel=0.1)
    assert 0.5 < middle < 0.8
    assert 0.9 < high <= 1.02


@pytest.mark.parametrize(("before", "now"), [(0.1, 0.5), (0.6, 0.0)])
def test_a_share_that_jumped_stays_where_it_is(before: float, now: float) -> None:
    found = ramp(np.where(DAYS_KNOWN < 12, now, before))
    assert found is not None
    assert found.goes_on < 0.05
    assert found.rate == pytest.approx(now, abs=0.02)
    assert found.since == 12
    assert far(found) == pytest.approx([1.0, 1.0, 1.0], abs=0.03)
    assert found.worth[[0, -1]] == pytest.approx([1.0, (1 - now) / (1 - before)], rel=0.04)


def test_a_share_that_falls_ends_at_none() -> None:
    found = ramp(np.clip(0.5 - (20 - DAYS_KNOWN) * 0.02, 0.1, 0.5))
    assert found is not None
    assert max(far(found)) == pytest.approx(1 / (1 - found.rate), rel=0.02)


@pytest.mark.parametrize(
    "rates",
    [np.full(90, 0.3), np.full(90, 0.0), np.where(DAYS_KNOWN < 40, 0.31, 0.29), np.where(DAYS_KNOWN < 9, 1.0, 0.3)],
)
def test_a_share_that_stays_or_is_all_of_them_tells_nothing(rates: npt.NDArray[np.float64]) -> None:
    assert ramp(rates) is None


def test_a_share_of_a_few_days_tells_nothing() -> None:
    asked = np.where(DAYS_KNOWN < 10, 300.0, 0.0)
    assert fit_cache_ramp(asked, np.where(DAYS_KNOWN < 4, 200.0, 0.0)) is None


def test_of_a_cache_that_the_plan_promises_the_plan_tells() -> None:
    promised = plan(cache_hit_rate={"from": "0%", "to": "50%", "since": "2026-05", "by": "2026-12"})
    assert only(usage(ramp=0.45), plan=promised).notices == ()
    assert index(usage(ramp=0.45), cache=False) is None


@pytest.mark.parametrize("found", [usage(), usage(demand=3.0, since=9), usage(prices=(1.0, 1.02), since=9)])
def test_demand_and_trifles_are_not_taken_for_prices(found: DailyUsage) -> None:
    assert index(found) is None


def test_what_is_older_than_what_is_looked_at_counts_as_the_oldest() -> None:
    found = index(usage(prices=(1.0, 0.5), since=10))
    assert found is not None
    assert found.over(9).tolist() == [1.0] * 9
    assert found.over(400)[-1] == found.over(90)[-1] < 0.6


@pytest.mark.parametrize("rows", [0, 1, 4])
def test_little_usage_tells_nothing(rows: int) -> None:
    found = usage(prices=(1.0, 0.5), since=5)
    assert price_index(found, np.arange(len(found.day))[-rows:] if rows else np.arange(0), AS_OF) is None
    assert price_index(None, np.arange(0), date(2026, 1, 1)) is None


def launched(*, days: int, factor: float, name: str = "summaries") -> DailyUsage:
    """A wallet that costs `factor` times as much since `days` ago, what came on top by the workload `name`."""
    random, built = np.random.default_rng(8), UsageBuilder()
    for back in range(DAYS, 0, -1):
        day, cost = AS_OF - timedelta(days=back), 100.0 * float(np.exp(random.normal(0.0, 0.45)))
        built.row(day, "team_support", cost, workload="chat", requests=100)
        if back <= days:
            built.row(day, "team_support", cost * (factor - 1.0), workload=name, requests=100)
    return built.build()


def test_a_workload_that_is_new_makes_a_rise_a_new_level_at_once() -> None:
    new, old = only(launched(days=2, factor=2.2)), only(launched(days=2, factor=2.2, name="chat"))
    assert old.notices == ()
    (notice,) = new.notices
    assert (notice.code, notice.since) == ("shift", AS_OF - timedelta(days=2))
    assert "(2 days, since the workload `summaries` began)" in notice.message
    assert rest(new)[1] > 1.3 * rest(old)[1]


def test_a_workload_by_another_name_is_no_launch() -> None:
    random, built = np.random.default_rng(8), UsageBuilder()
    for back in range(DAYS, 0, -1):
        cost = 100.0 * float(np.exp(random.normal(0.0, 0.2)))
        built.row(AS_OF - timedelta(days=back), "team_support", cost, workload="chat" if back > 5 else "assistant")
    assert only(built.build()).notices == ()


@pytest.mark.parametrize(("days", "factor", "name"), [(1, 2.0, "new"), (30, 2.0, "new"), (5, 1.1, "new"), (5, 2.0, "")])
def test_a_workload_of_one_day_of_long_ago_small_or_unnamed_is_no_launch(days: int, factor: float, name: str) -> None:
    assert index(launched(days=days, factor=factor, name=name)) is None
