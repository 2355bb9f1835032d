"""What the cache and the mix did is measured: a plan that imagines another course leaves the history as it is."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from forecast.forecast_world import UsageBuilder, ask, organization, plan, question

from reconciler.forecast.context import forecast_context
from reconciler.forecast.simulation import before_savings
from reconciler.forecast.todays_terms import course_of
from reconciler.model.period import Period
from reconciler.model.usage import DailyUsage

Floats = npt.NDArray[np.float64]
FIRST, AS_OF = date(2026, 1, 1), date(2026, 12, 1)
DAYS = (AS_OF - FIRST).days
YEAR = (date(2026, 6, 1) - FIRST).days
DECEMBER, MAY = Period(2026, 12), Period(2027, 5)
BEHIND = {"from": "5%", "to": "30%", "by": "2026-11"}
ON_ITS_WAY = {"from": "5%", "to": "30%", "by": "2027-04"}
MOVE = {"reason": "cheaper", "from": "openai/dear", "to": "openai/cheap", "share": "60%", "by": "2026-11"}


def flat(share: float) -> Floats:
    return np.full(DAYS, share)


def moved(before: float, after: float, *, first: int, last: int) -> Floats:
    """Return a share that goes straight from `before` to `after` between two days."""
    return before + (after - before) * np.clip((np.arange(DAYS) - first) / max(last - first, 1), 0, 1)


def cached(rates: Floats, *, demand: Floats | float = 100.0) -> DailyUsage:
    """Return days on which the cache answers what it answers, and what it does not costs money."""
    table = UsageBuilder()
    for number, (rate, asked) in enumerate(zip(rates, np.broadcast_to(demand, DAYS), strict=True)):
        noise = 1.0 + 0.02 * ((number * 5) % 7 - 3) / 3
        counts = {"requests": 1000, "cache_hits": round(1000 * float(rate))}
        table.row(FIRST + timedelta(days=number), "team_support", asked * (1 - rate) * noise, **counts)
    return table.build()


def mixed(shares: Floats) -> DailyUsage:
    """Return days of a million tokens, a share of them on the cheap model, at a tenth of the price."""
    table = UsageBuilder()
    for number, share in enumerate(shares.tolist()):
        for name, part, price in (("dear", 1 - share, 100.0), ("cheap", share, 10.0)):
            day = FIRST + timedelta(days=number)
            model = {"provider": "openai", "model": name, "input_tokens": round(1_000_000 * part), "requests": 100}
            table.row(day, "team_support", price * part, **model)
    return table.build()


def months(usage: DailyUsage, **levers: Any) -> dict[Period, float]:
    """Return the middles of the months ahead."""
    found = ask(
        usage,
        question(plan=plan(**levers), targets={f"2027-{month:02}": 3000 for month in range(1, 6)}),
        period=DECEMBER,
        as_of=AS_OF,
    )
    return {month.period: float(month.quantiles["0.5"]) for month in found.wallets[0].months}


def before(usage: DailyUsage, **levers: Any) -> Floats | float:
    asked = question(plan=plan(**levers))
    context = forecast_context(usage, [asked], organization=organization(), period=DECEMBER, as_of=AS_OF, teams={})
    return before_savings(asked, context, DAYS)


@pytest.mark.parametrize("share", [0.0, 0.16, 0.30], ids=["none", "part", "all"])
def test_flat_money_stays_flat_under_a_promise_that_was_to_be_kept_by_now(share: float) -> None:
    bare, promised = months(cached(flat(share))), months(cached(flat(share)), cache_hit_rate=BEHIND)

    assert promised == pytest.approx(bare, rel=1e-9)
    assert promised[MAY] == pytest.approx(31 * 100 * (1 - share), rel=0.01)


def test_a_promise_on_its_way_lowers_what_comes_and_never_raises_it() -> None:
    usage = cached(flat(0.16))
    bare, promised = months(usage), months(usage, cache_hit_rate=ON_ITS_WAY)

    assert all(promised[month] <= bare[month] * 1.001 for month in bare)
    assert bare[MAY] * (1 - 0.30) / (1 - 0.16) < promised[MAY] < bare[MAY] * 0.98


def test_what_was_promised_and_is_there_changes_nothing() -> None:
    usage = cached(flat(0.30))
    assert months(usage, cache_hit_rate=ON_ITS_WAY) == pytest.approx(months(usage), rel=1e-9)

    usage = mixed(moved(0.0, 0.6, first=YEAR, last=YEAR + 1))
    assert months(usage, provider_mix=[{**MOVE, "by": "2027-05"}])[MAY] == pytest.approx(31 * 46, rel=0.01)


@pytest.mark.parametrize(
    "rates",
    [
        moved(0.05, 0.30, first=YEAR, last=DAYS),
        moved(0.05, 0.30, first=DAYS - 40, last=DAYS - 39),
        moved(0.05, 0.30, first=DAYS - 12, last=DAYS - 11),
        moved(0.05, 0.30, first=30, last=YEAR),
        moved(0.30, 0.10, first=YEAR, last=DAYS),
    ],
    ids=["gradual", "step", "late step", "before the year", "worse"],
)
def test_what_the_cache_did_on_its_days_is_no_change_of_demand(rates: Floats) -> None:
    usage = cached(rates)
    spent = 100 * (1 - rates)

    today = spent / before(usage, cache_hit_rate=BEHIND)
    off = abs(today / spent[-1] - 1.0)
    assert np.quantile(off, 0.95) < 0.05
    assert off.max() < 0.2
    assert months(usage, cache_hit_rate=BEHIND)[MAY] == pytest.approx(31 * spent[-1], rel=0.04)


def test_growth_of_demand_is_seen_through_a_cache_that_hides_it() -> None:
    """Demand and the cache grow so that the money stays the same: in today's terms the past was cheaper."""
    rates = moved(0.05, 0.43, first=0, last=DAYS)
    usage = cached(rates, demand=100 / (1 - rates))

    was = before(usage, cache_hit_rate=BEHIND)
    assert isinstance(was, np.ndarray)
    assert was[10] == pytest.approx(0.95 / 0.57, rel=0.05)
    assert was[-1] == 1.0


@pytest.mark.parametrize(
    ("shares", "left"),
    [
        (flat(0.3), 1.0),
        (moved(0.0, 0.6, first=YEAR, last=YEAR + 1), 100 / 46),
        (moved(0.0, 0.6, first=YEAR, last=DAYS), 100 / 46),
        (moved(0.0, 0.9, first=YEAR, last=YEAR + 1), 100 / 46),
        (moved(0.5, 0.2, first=YEAR, last=YEAR + 1), 1.0),
    ],
    ids=["flat", "step", "gradual", "further than planned", "back"],
)
def test_what_moved_between_models_is_measured_as_far_as_it_was_to_move(shares: Floats, left: float) -> None:
    was = before(mixed(shares), provider_mix=[MOVE])

    assert isinstance(was, np.ndarray)
    assert was[: YEAR - 20] == pytest.approx(left, rel=0.03)
    assert was[-1] == pytest.approx(1.0)


def test_flat_money_stays_flat_under_a_move_that_never_came() -> None:
    usage = mixed(flat(0.1))
    assert months(usage, provider_mix=[MOVE]) == pytest.approx(months(usage), rel=1e-9)


def untold(usage: DailyUsage) -> DailyUsage:
    return replace(usage, source=replace(usage.source, absent=frozenset({"cache_hit"})))


@pytest.mark.parametrize(
    ("usage", "levers"),
    [
        (untold(cached(moved(0.05, 0.3, first=YEAR, last=DAYS))), {"cache_hit_rate": BEHIND}),
        (mixed(flat(0.0)), {"provider_mix": [MOVE]}),
        (mixed(flat(1.0)), {"provider_mix": [MOVE]}),
        (mixed(flat(0.5)), {"provider_mix": [{**MOVE, "since": "2026-12", "by": "2027-02"}]}),
        (UsageBuilder().row(FIRST, "team_support", 1.0).build(), {"cache_hit_rate": BEHIND}),
    ],
    ids=["cache not told", "target unpriced", "source unpriced", "not begun", "no requests"],
)
def test_where_nothing_tells_the_history_stays_as_it_is(usage: DailyUsage, levers: dict[str, Any]) -> None:
    assert before(usage, **levers) == 1.0


def test_a_wallet_that_had_nothing_on_the_source_when_the_move_began_is_left_alone() -> None:
    shares = np.where(np.arange(DAYS) < YEAR + 20, 1.0, 0.5)
    assert before(mixed(shares), provider_mix=[MOVE]) == 1.0


def test_a_course_has_a_straight_line_where_nothing_was_asked() -> None:
    asked = np.ones(400) * 100
    asked[150:260] = 0
    course = course_of(np.where(np.arange(400) < 200, 20.0, 60.0) * (asked > 0), asked)

    assert course is not None
    assert course[:130] == pytest.approx(0.2)
    assert course[290:] == pytest.approx(0.6)
    assert (np.diff(course) >= -1e-12).all()
