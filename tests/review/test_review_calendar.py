"""More days in a month are no growth: what days and weekdays alone cost is a cause of its own."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import numpy as np
import pytest
from forecast.forecast_world import UsageBuilder
from review.review_question import reviewed
from review.review_worlds import PLANTED, WALLET, World, world

from reconciler.model.review import TeamReview
from reconciler.model.team import AnnualPlan

FIRST, LAST = date(2026, 4, 1), date(2027, 5, 31)


def steady(*, grown: float = 1.0, since: date = LAST, weekend: float = 1.0) -> World:
    """Return a year of 100 requests a day for 100.00, `grown` times as many from a day on, fewer at the weekend."""
    days = [FIRST + timedelta(n) for n in range((LAST - FIRST).days + 1)]
    level = np.asarray([(grown if day >= since else 1.0) * (weekend if day.weekday() > 4 else 1.0) for day in days])
    usage = UsageBuilder()
    for day, times in zip(days, level, strict=True):
        own = {"requests": round(100 * times), "provider": "openai", "model": "m", "input_tokens": round(1000 * times)}
        usage.row(day, WALLET, 100.0 * times, workload="chat", **own)
    return World(None, AnnualPlan.model_validate({"baseline_monthly": "3043.75"}), usage.build())


def effects(team: TeamReview) -> dict[str, Decimal]:
    return {effect.cause: effect.amount for effect in team.effects if effect.amount}


def test_three_more_days_at_the_same_requests_a_day_are_days_and_nothing_else() -> None:
    (team,) = reviewed(steady(), "2027-03", against="2027-02").teams
    assert (team.plan, team.actual) == (Decimal("2800.00"), Decimal("3100.00"))
    assert effects(team) == {"calendar": Decimal("300.00")}
    assert team.kinds is not None
    assert (team.kinds.growth, team.kinds.rest) == (Decimal(0), Decimal("300.00"))
    assert team.called is None
    assert team.sentence.endswith("; its number of days and weekdays alone costs USD 300.00")


def test_requests_that_grew_in_a_longer_month_count_without_its_days() -> None:
    """3,410 for 2,800: 31 days of 100 are 300 more than 28, and 10% more of 3,100 is 310."""
    (team,) = reviewed(steady(grown=1.1, since=date(2027, 3, 1)), "2027-03", against="2027-02").teams
    assert effects(team) == {"demand": Decimal("310.00"), "calendar": Decimal("300.00")}


def test_requests_that_fell_by_what_a_longer_month_has_more_do_not_vanish() -> None:
    (team,) = reviewed(steady(grown=0.9, since=date(2027, 3, 1)), "2027-03", against="2027-02").teams
    assert effects(team) == {"demand": Decimal("-310.00"), "calendar": Decimal("300.00")}


@pytest.mark.parametrize(("month", "off"), [("2027-02", "-243.75"), ("2027-03", "56.25"), ("2027-04", "-43.75")])
def test_a_month_is_shorter_or_longer_than_the_twelfth_of_a_plan(month: str, off: str) -> None:
    (team,) = reviewed(steady(), month).teams
    assert effects(team) == {"calendar": Decimal(off)}


def test_a_month_with_other_weekdays_is_neither_growth() -> None:
    """August 2026 has ten days of weekends, July eight: 31 days each, and 50.00 less on two of them."""
    (team,) = reviewed(steady(weekend=0.5), "2026-08", against="2026-07").teams
    assert effects(team) == {"calendar": Decimal("-100.00")}


@pytest.mark.parametrize("planted", [None, *PLANTED])
def test_amounts_with_days_and_weekdays_add_up_to_the_cent(planted: object) -> None:
    for period, against in (("2026-Q3", None), ("2026-07", "2026-06"), ("2026-06", None)):
        (team,) = reviewed(world(5, planted, days=150), period, against=against).teams  # type: ignore[arg-type]
        assert sum(effect.amount for effect in team.effects) == team.difference
        for row in team.workloads:
            assert sum(effect.amount for effect in row.effects) == row.difference
