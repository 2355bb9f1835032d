"""Credits: a month may come to less than nothing, and what came back in one month is not there in another."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from decimal import Decimal

import pytest
from forecast.forecast_world import UsageBuilder
from review.test_review_rounding import reviewed

from reconciler.report.review_words import totals

FIRST = date(2026, 4, 1)


def world(extra: Mapping[date, float], *, first: date = FIRST) -> UsageBuilder:
    """Return usage of 30 a day up to July, in three teams, and what else came to team alpha on some days."""
    usage = UsageBuilder()
    for team in ("alpha", "beta", "gamma"):
        for step in range((date(2026, 7, 1) - first).days):
            day = first + timedelta(days=step)
            usage.row(day, f"team_{team}", 30.0, requests=3, input_tokens=3000, workload="chat", model="m")
    for day, amount in extra.items():
        usage.row(day, "team_alpha", amount, credits=min(amount, 0.0), requests=0, workload="chat", model="m")
    return usage


@pytest.mark.parametrize(
    ("extra", "against", "said"),
    [
        (
            {date(2026, 6, 5): -5000.0},
            "2026-05",
            "spent USD −4,100.00, USD 5,030.00 (540.9%) below May 2026, which cost USD 930.00",
        ),
        (
            {date(2026, 5, 5): -5000.0},
            "2026-05",
            "spent USD 900.00, USD 4,970.00 above May 2026, which cost USD −4,070.00",
        ),
        (
            {date(2026, 5, 5): -2000.0, date(2026, 6, 5): -3000.0},
            "2026-05",
            "spent USD −2,100.00, USD 1,030.00 below May 2026, which cost USD −1,070.00",
        ),
        ({date(2026, 6, 5): -900.0}, "2026-05", "spent USD 0.00, USD 930.00 (100.0%) below"),
        ({date(2026, 6, 5): -900.004}, "2026-05", "spent USD 0.00, USD 930.00 (100.0%) below"),
    ],
)
def test_a_month_below_nothing_is_said_with_its_sign(extra: Mapping[date, float], against: str, said: str) -> None:
    (team,) = (team for team in reviewed(world(extra), against=against).teams if team.team == "alpha")
    assert f"alpha {said}" in team.sentence
    assert f"{team.actual:,.2f}".replace("-", "−") in team.sentence


def test_too_short_a_history_says_it_with_its_sign_as_well() -> None:
    found = reviewed(world({date(2026, 6, 28): -5000.0}, first=date(2026, 6, 25)))
    (team,) = (team for team in found.teams if team.team == "alpha")
    assert team.actual == Decimal("-4820.00")
    assert team.sentence.startswith("alpha spent USD −4,820.00, USD ")
    assert "causes cannot be told apart" in team.sentence
    assert "3 teams spent −4,460.00" in totals(found)
