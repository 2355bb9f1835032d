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
from reconciler.forecast.steps import find_steps
from reconciler.model.forecast import WalletForecast
from reconciler.model.period import Period
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
    return [float(wallet.month_end.quantiles[key] - wallet.known_spend) for key in ("0.1", "0.5", "0.9")]


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


def test_every_day_before_a_change_is_counted_at_the_new_price() -> None:
    found = index(usage(prices=(1.0, 0.5), since=10))
    assert found is not None
    assert found.over(9).tolist() == [1.0] * 9
    assert found.over(400)[10:] == pytest.approx(np.full(390, 0.54), abs=0.03)


STEPPED = 420
BEGAN = date(2025, 1, 1)


def stepped(
    *,
    prices: dict[int, float],
    hits: dict[int, float] | None = None,
    noise: float = 0.02,
    tokens: dict[int, int] | None = None,
) -> DailyUsage:
    """A wallet of one model: the demand is the same each day; price, hit rate and how tokens are counted change on
    the days named, for good.
    """
    random, built, price, rate, counted = np.random.default_rng(4), UsageBuilder(), 1.0, 0.0, 1
    for day in range(STEPPED):
        price, rate, counted = prices.get(day, price), (hits or {}).get(day, rate), (tokens or {}).get(day, counted)
        requests = int(random.poisson(60))
        answered = int(random.binomial(requests, rate))
        cost = (requests - answered) * price * float(np.exp(random.normal(0.0, noise)))
        built.row(
            BEGAN + timedelta(days=day),
            "team_support",
            cost,
            provider="openai",
            model="big",
            requests=requests,
            cache_hits=answered,
            input_tokens=(requests - answered) * 1000 * counted,
        )
    return built.build()


def seen_on(found: DailyUsage, day: int) -> PriceIndex | None:
    return price_index(found, np.arange(len(found.day)), BEGAN + timedelta(days=day))


def told(found: PriceIndex | None) -> list[int]:
    return [(change.since - BEGAN).days for change in found.changes] if found else []


@pytest.mark.parametrize(
    "prices",
    [{110: 1.5}, {110: 0.6}, {40: 1.5, 75: 1.2, 110: 1.6}, {80: 0.5, 110: 1.0}, {95: 1.3, 110: 1.6}],
    ids=["dearer", "cheaper", "three", "for a month", "a fortnight apart"],
)
@pytest.mark.parametrize("noise", [0.0, 0.03])
def test_a_price_change_is_told_and_taken_out_the_same_on_every_later_day(
    prices: dict[int, float], noise: float
) -> None:
    found, days = stepped(prices=prices, noise=noise), sorted(prices, reverse=True)
    now = prices[days[0]]
    at = np.array([next((prices[day] for day in days if day <= each), 1.0) for each in range(STEPPED)])
    for day in (days[0] + later for later in (*range(2, 31), *range(31, 301, 3))):
        index = seen_on(found, day)
        assert index is not None, day
        assert told(index) == [each for each in days if day - each <= 393], day
        if day > days[0] + 7:
            known = min(day, 393)
            assert index.worth[:known] == pytest.approx((now / at[:day][::-1])[:known], rel=0.05), day


def test_a_better_cache_is_dated_and_taken_out_the_same_on_every_later_day() -> None:
    found = stepped(prices={}, hits={0: 0.1, 110: 0.5})
    for day in range(114, 410, 2):
        index = seen_on(found, day)
        assert index is not None, day
        assert told(index) == [110], day
        assert index.worth[: day - 111].mean() == pytest.approx(1.0, abs=0.04), day
        assert index.worth[day - 108 : min(day, 390)].mean() == pytest.approx(5 / 9, rel=0.08), day


def test_a_cache_that_filled_up_long_ago_is_taken_out_still() -> None:
    found = stepped(prices={}, hits={day: 0.1 + 0.01 * (day - 150) for day in range(150, 191)})
    for day in (300, 350, 400):
        index = seen_on(found, day)
        assert index is not None
        assert index.worth[: day - 190].mean() == pytest.approx(1.0, abs=0.05)
        assert index.worth[day - 120 : 380].mean() == pytest.approx(0.5, rel=0.1)


@pytest.mark.parametrize("lasting", [0.0, 0.8])
@pytest.mark.parametrize("drift", [0.0, 0.15])
def test_what_wanders_or_drifts_is_no_step(lasting: float, drift: float) -> None:
    random, noise, logs = np.random.default_rng(2), 0.0, []
    for day in range(400):
        noise = lasting * noise + float(random.normal(0.0, 0.05))
        logs.append(noise + drift * day / 400)
    assert find_steps(np.array(logs), noise=0.01) == []


def test_tokens_that_are_counted_another_way_tell_no_price() -> None:
    assert seen_on(stepped(prices={}, tokens={300: 1000}), 400) is None
    index = seen_on(stepped(prices={350: 1.5}, tokens={300: 1000}), 400)
    assert index is not None
    assert told(index) == [350]


def test_the_months_ahead_are_the_same_however_long_ago_a_price_changed() -> None:
    found = stepped(prices={110: 1.5})
    for day in (130, 170, 200, 260, 400):
        as_of = BEGAN + timedelta(days=day)
        months = [Period.of(as_of).plus(ahead) for ahead in range(1, 13)]
        asked = question(targets={str(month): 4000.0 for month in months})
        (wallet,) = ask(found, asked, period=Period.of(as_of), as_of=as_of).wallets
        assert [notice.since for notice in wallet.notices] == [BEGAN + timedelta(days=110)], day
        for month in wallet.months:
            assert float(month.quantiles["0.5"]) == pytest.approx(month.period.days * 90.0, rel=0.12), day


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
