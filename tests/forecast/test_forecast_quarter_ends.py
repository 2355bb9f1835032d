"""Ends of quarters that cost a multiple: told apart from ends of months, and expected in the next quarter."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pytest
from forecast.forecast_world import AS_OF, UsageBuilder, ask, question, steady

from reconciler.forecast.calendar import day_before
from reconciler.forecast.draws import draw
from reconciler.forecast.fit import Fit, fit
from reconciler.forecast.happenings.mechanism import Mechanism
from reconciler.forecast.panel import Floats, make_panel
from reconciler.forecast.paths import simulate
from reconciler.forecast.shift_notice import history_notices

CALENDAR = (3, 6, 9, 12)
FISCAL = (1, 4, 7, 10)
EACH = tuple(range(1, 13))


def dates(days: int, *, as_of: date = AS_OF) -> list[date]:
    return [as_of - timedelta(days=days - step) for step in range(days)]


def is_end(day: date, months: tuple[int, ...], last: int) -> bool:
    return day.month in months and (day + timedelta(days=last)).month != day.month


def dear_ends(
    days: int, months: tuple[int, ...] = CALENDAR, *, factor: float = 5.0, last: int = 3, as_of: date = AS_OF
) -> Floats:
    """Return steady spend up to `as_of` whose `last` days of some `months` cost `factor` times as much."""
    ends = np.array([is_end(day, months, last) for day in dates(days, as_of=as_of)])
    return steady(days) * np.where(ends, factor, 1.0)


def learned(spent: Floats, *, as_of: date = AS_OF, mechanisms: frozenset[Mechanism] = frozenset(Mechanism)) -> Fit:
    return fit(make_panel([spent], np.array([day_before(as_of)])), mechanisms=mechanisms)


def middle(found: Fit, days: int, *, as_of: date = AS_OF) -> dict[date, float]:
    """Return the median of each of the next days."""
    paths = simulate(found, draw([5], shared_seed=1, paths=200, weeks=-(-days // 7)), days=days)[0]
    return {as_of + timedelta(days=step): float(cost) for step, cost in enumerate(np.median(paths, axis=0))}


@pytest.mark.parametrize(("months", "last"), [(CALENDAR, 2), (CALENDAR, 5), (FISCAL, 3), ((2, 5, 8, 11), 4)])
def test_the_next_quarter_end_is_expected_and_other_month_ends_are_not(months: tuple[int, ...], last: int) -> None:
    ahead = middle(learned(dear_ends(395, months, last=last)), 140)
    dear = [cost for day, cost in ahead.items() if is_end(day, months, last)]
    others = [cost for day, cost in ahead.items() if not is_end(day, months, 5)]
    assert len(dear) >= last
    assert np.mean(dear) == pytest.approx(5 * np.mean(others), rel=0.15)
    assert max(others) < 0.5 * min(dear)


def test_without_it_the_next_quarter_end_is_missed() -> None:
    spent = dear_ends(395)
    ahead = middle(learned(spent, mechanisms=frozenset(Mechanism) - {Mechanism.QUARTERS}), 30)
    assert ahead[date(2026, 6, 30)] < 0.7 * middle(learned(spent), 30)[date(2026, 6, 30)]


def test_month_ends_that_are_dear_as_well_keep_a_factor_of_their_own() -> None:
    months = np.array([is_end(day, EACH, 3) for day in dates(395)])
    spent = np.where(months, 1.8, 1.0) * dear_ends(395)
    ahead = middle(learned(spent), 60)
    usual = np.median(list(ahead.values()))
    assert ahead[date(2026, 7, 31)] == pytest.approx(1.8 * usual, rel=0.25)
    assert ahead[date(2026, 6, 30)] == pytest.approx(9.0 * usual, rel=0.25)


@pytest.mark.parametrize(
    "spent",
    [
        pytest.param(steady(395), id="a steady wallet"),
        pytest.param(dear_ends(395, EACH), id="every month's end is dear"),
        pytest.param(dear_ends(395, (3,)), id="one quarter's end was dear, the others were not"),
        pytest.param(dear_ends(90), id="one quarter's end is known"),
        pytest.param(dear_ends(395, factor=1.4), id="a little dearer"),
        pytest.param(np.where(np.arange(395) % 2, dear_ends(395), 0.0), id="a wallet that rests every other day"),
        pytest.param(np.zeros(395), id="nothing"),
    ],
)
def test_nothing_is_told_where_quarters_do_not_stand_out(spent: Floats) -> None:
    found = learned(spent)
    assert not found.shape.quarters.is_found.any()
    assert not [notice for notice in history_notices(found, 0) if notice.code == "quarter-end"]


def test_two_quarter_ends_must_stand_out_further_than_four() -> None:
    ends = np.array([is_end(day, EACH, 3) for day in dates(395)])
    spent = np.where(ends, 2.5, 1.0) * dear_ends(395, factor=1.45)
    assert learned(spent).shape.quarters.is_found.all()
    assert not learned(spent[-190:]).shape.quarters.is_found.any()


def test_it_is_told_with_its_months_its_factor_and_how_often_it_came() -> None:
    told = [notice for notice in history_notices(learned(dear_ends(395, FISCAL)), 0) if notice.code == "quarter-end"]
    (notice,) = told
    assert notice.message.startswith("costs 4.5 times the usual a day in the last days of January, April, July and Oct")
    assert "4 times so far" in notice.message
    assert (notice.since, notice.probability) == (date(2025, 7, 31), 0.8333)
    assert notice.factor == pytest.approx(4.5, abs=0.1)


def test_a_row_of_several_is_that_of_the_wallet_alone() -> None:
    rows = [steady(395), dear_ends(395), dear_ends(395, FISCAL)]
    together = fit(make_panel(rows, np.full(3, day_before(AS_OF))))
    for place, spent in enumerate(rows):
        alone, own = learned(spent).shape.quarters, together.part(slice(place, place + 1)).shape.quarters
        assert np.array_equal(alone.factors, own.factors, equal_nan=True)
        assert alone.times.tolist() == own.times.tolist()


def test_the_forecast_of_a_wallet_has_its_quarter_end() -> None:
    answers = []
    for spent in (steady(395), dear_ends(395)):
        usage = UsageBuilder().series("team_support", AS_OF - timedelta(days=len(spent)), spent)
        answers.append(ask(usage.build(), question()).wallets[0])
    plain, dear = answers
    assert "quarter-end" in {notice.code for notice in dear.notices} - {notice.code for notice in plain.notices}
    assert dear.month_end.quantiles["0.5"] > plain.month_end.quantiles["0.5"]
