"""Days on which many wallets move at once are one event, and no new level of each of them."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import numpy.typing as npt
import pytest
from forecast.forecast_world import AS_OF, UsageBuilder, ask, question, steady

from reconciler.forecast.happenings.together import chance_to_pass, days_left
from reconciler.forecast.history import spending
from reconciler.forecast.question import Forecast
from reconciler.forecast.shared_days import shared_events
from reconciler.forecast.shared_event import SharedEvent
from reconciler.model.usage import DailyUsage

Floats = npt.NDArray[np.float64]
WALLETS = 8


def organization(
    factor: float, *, begins: int, days: int, moved: int = 6, end: date = AS_OF, count: int = WALLETS
) -> DailyUsage:
    """Return wallets of 200 days, of which some cost `factor` times the usual from so many days ago, for some days."""
    usage = UsageBuilder()
    for number in range(count):
        costs = steady(200, noise=0.15, seed=number + 1)
        if number < moved:
            costs[200 - begins : 200 - begins + days] *= factor
        usage.series(f"team_{number}", end - timedelta(days=200), costs)
    return usage.build(last_complete_day=end - timedelta(days=1))


def forecast(usage: DailyUsage, *, as_of: date = AS_OF) -> Forecast:
    asked = [question(f"team_{number}", team=f"team-{number}", charted=False) for number in range(WALLETS)]
    return ask(usage, *asked, as_of=as_of)


def events(usage: DailyUsage, *, as_of: date = AS_OF) -> tuple[SharedEvent, ...]:
    return shared_events(spending(usage, as_of=as_of))


def test_a_dip_of_many_is_told_once_of_each_with_its_day_and_the_others() -> None:
    told = forecast(organization(0.2, begins=3, days=3))
    for wallet in told.wallets[:6]:
        (notice,) = wallet.notices
        assert (notice.code, notice.since) == ("together", date(2026, 6, 15))
        assert notice.factor == pytest.approx(0.2, abs=0.05)
        assert notice.probability == pytest.approx(0.76, abs=0.02)
        assert notice.message == (
            "is one of 6 wallets, of 8 looked at, that have all cost less since 2026-06-15: 77% that it passes"
        )
    assert not [notice for wallet in told.wallets[6:] for notice in wallet.notices]


@pytest.mark.parametrize(("factor", "code"), [(0.2, "shift"), (0.0, "silent")], ids=["less", "nothing"])
def test_the_same_dip_of_one_wallet_is_its_own(factor: float, code: str) -> None:
    together = forecast(organization(factor, begins=4, days=4)).wallets[0]
    alone = forecast(organization(factor, begins=4, days=4, moved=1)).wallets[0]
    assert code in {notice.code for notice in alone.notices}
    assert {notice.code for notice in together.notices} == {"together"}
    assert together.month_end.quantiles["0.5"] > alone.month_end.quantiles["0.5"]
    assert together.month_end.quantiles["0.1"] < together.month_end.quantiles["0.5"]


def test_what_rises_together_is_asked_for_its_reason_and_likelier_stays() -> None:
    (event,) = events(organization(3.0, begins=5, days=5))
    assert (event.more, event.goes_on, event.days) == (True, True, 5)
    told = forecast(organization(3.0, begins=5, days=5)).wallets[0].notices[0]
    assert "what all of them have in common" in told.hint
    assert chance_to_pass(event) < 0.5


def test_an_event_that_is_over_teaches_nothing_and_is_not_told() -> None:
    usage = organization(0.1, begins=12, days=4)
    (event,) = events(usage)
    assert not event.goes_on
    told, calm = forecast(usage).wallets[0], forecast(organization(1.0, begins=12, days=4)).wallets[0]
    assert not told.notices
    assert told.history_days == calm.history_days - 4
    rest, usual = (float(one.month_end.quantiles["0.5"] - one.known_spend) for one in (told, calm))
    assert rest == pytest.approx(usual, rel=0.08)


@pytest.mark.parametrize(
    "usage",
    [
        organization(1.0, begins=3, days=3),
        organization(0.2, begins=3, days=3, moved=3),
        organization(0.2, begins=3, days=3, moved=4, count=4),
    ],
    ids=["nothing happens", "three move", "four wallets"],
)
def test_few_wallets_or_none_make_no_event(usage: DailyUsage) -> None:
    assert events(usage) == ()


def test_christmas_is_left_to_what_knows_when_it_ends() -> None:
    as_of = date(2025, 12, 27)
    usage = organization(0.2, begins=5, days=5, end=as_of)
    assert [event.first for event in events(usage, as_of=as_of)] == [date(2025, 12, 22)]
    assert {notice.code for notice in forecast(usage, as_of=as_of).wallets[0].notices} == {"holiday"}


def test_all_wallets_come_back_on_the_same_day_of_a_path_and_some_paths_never() -> None:
    event = SharedEvent(date(2026, 6, 15), date(2026, 6, 17), more=False, moved=6, looked_at=8, goes_on=True)
    left = days_left(event, 1000)
    assert np.array_equal(left[:500], days_left(event, 500))
    assert (left < 10_000).mean() == pytest.approx(chance_to_pass(event), abs=0.01)
    assert 0.5 < np.median(left[left < 10_000]) < 6
