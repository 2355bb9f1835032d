"""Days at a rate limit are known days: demand was at least what the limit let by, and the month is near the limit."""

from __future__ import annotations

from datetime import date

import numpy as np
import numpy.typing as npt
import pytest
from forecast.forecast_world import UsageBuilder, ask, plan, question

from reconciler.forecast.at_limit import demand_behind
from reconciler.model.forecast import WalletForecast
from reconciler.model.period import Period

Floats = npt.NDArray[np.float64]
FIRST, AS_OF = date(2026, 1, 1), date(2026, 11, 17)
DAYS = (AS_OF - FIRST).days
NOVEMBER = Period(2026, 11)
BEGAN = (date(2026, 6, 1) - FIRST).days
LIMIT = 100.0


def noisy(level: Floats | float, noise: float, seed: int = 3) -> Floats:
    return np.asarray(level * np.exp(np.random.default_rng(seed).normal(0.0, noise, DAYS)))


def served(demand: Floats, *, since: int = BEGAN) -> Floats:
    """Return what days cost of which the limit lets no more by since a day."""
    return np.where(np.arange(DAYS) >= since, np.minimum(demand, LIMIT), demand)


def seen(costs: Floats, *, since: str = "2026-06") -> tuple[WalletForecast, list[str]]:
    levers = plan(rate_limits=[{"reason": "cap", "daily": "100.00", "from": since}])
    usage = UsageBuilder().series("team_support", FIRST, costs).build()
    found = ask(usage, question(plan=levers), period=NOVEMBER, as_of=AS_OF)
    return found.wallets[0], [warning.message for warning in found.warnings if warning.code == "censored-days"]


def rest(found: WalletForecast) -> list[float]:
    """Return P10, P50 and P90 of a day of the 14 that are to come."""
    return [float(found.month_end.quantiles[key] - found.known_spend) / 14 for key in ("0.1", "0.5", "0.9")]


@pytest.mark.parametrize("noise", [0.02, 0.15], ids=["calm", "noisy"])
@pytest.mark.parametrize("since", ["2026-02", "2026-06", "2026-11"])
def test_a_limit_that_held_on_each_day_is_what_the_next_days_cost(since: str, noise: float) -> None:
    began = (date(2026, int(since[-2:]), 1) - FIRST).days
    found, told = seen(served(noisy(200.0, noise), since=began), since=since)

    low, middle, high = rest(found)
    assert middle == high == LIMIT
    assert low > 0.99 * LIMIT
    assert told == [f"support/prod was at its rate limit on {DAYS - began} days, on which demand was at least that"]


def test_a_limit_that_held_since_the_first_day_is_believed() -> None:
    found, _ = seen(np.full(DAYS, LIMIT), since="2026-01")
    assert rest(found) == [LIMIT, LIMIT, LIMIT]
    assert found.history_days == DAYS


@pytest.mark.parametrize("level", [80.0, 100.0, 120.0])
def test_where_some_days_are_at_the_limit_demand_is_neither_only_these_nor_only_the_others(level: float) -> None:
    demand = noisy(level, 0.3)
    found, _ = seen(served(demand))

    low, middle, high = rest(found)
    truth = float(np.minimum(noisy(level, 0.3, seed=8), LIMIT).mean())
    assert middle == pytest.approx(truth, rel=0.05)
    assert low < truth <= high <= LIMIT


def test_a_week_with_quiet_days_keeps_them() -> None:
    week = np.where(np.arange(DAYS) % 7 < 5, 150.0, 40.0)
    found, _ = seen(served(noisy(week, 0.05)))
    assert rest(found)[1] == pytest.approx((5 * LIMIT + 2 * 40.0) / 7, rel=0.03)


def test_demand_that_fell_below_the_limit_is_followed() -> None:
    level = np.where(np.arange(DAYS) < DAYS - 40, 130.0, 60.0)
    found, _ = seen(served(noisy(level, 0.05)))
    assert rest(found)[1] == pytest.approx(60.0, rel=0.05)


def test_what_the_limit_keeps_back_is_what_was_asked_for_before_it() -> None:
    found, _ = seen(served(noisy(120.0, 0.02)))
    (lever,) = found.levers
    assert lever.name == "rate_limits"
    assert float(lever.contribution) == pytest.approx(-20.0 * 14, rel=0.1)


def test_dry_days_say_nothing_beside_days_at_the_limit() -> None:
    days = frozenset({date(2026, 8, 3), date(2026, 8, 4)})
    levers = plan(rate_limits=[{"reason": "cap", "daily": "100.00", "from": "2026-11"}])
    usage = UsageBuilder().series("team_support", FIRST, served(noisy(150.0, 0.02), since=DAYS - 16)).build()
    asked = question(plan=levers)
    found = ask(usage, asked, period=NOVEMBER, as_of=AS_OF, censored={"team_support": days | {date(2026, 11, 3)}})

    (message,) = [warning.message for warning in found.warnings if warning.code == "censored-days"]
    assert "out of money on 3 days" in message
    assert message.endswith("; was at its rate limit on 15 days, on which demand was at least that")


def test_what_is_asked_for_is_never_below_the_day_itself_and_other_days_stay() -> None:
    random = np.random.default_rng(5)
    history = random.lognormal(4.5, 0.4, 120)
    history[random.random(120) < 0.1] = np.nan
    limited = (history > 90) & np.isfinite(history)
    asked = demand_behind(history, limited)

    assert (asked[limited] >= history[limited]).all()
    np.testing.assert_array_equal(asked[~limited], history[~limited])
    assert demand_behind(history, np.zeros(120, dtype=np.bool_)) is history
