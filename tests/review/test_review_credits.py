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


RAN_AWAY = {date(2026, 6, 10): 400.0, date(2026, 6, 11): 350.0}
MAY_RAN_AWAY = {day.replace(month=5): amount for day, amount in RAN_AWAY.items()}
RATE_LIMIT = "a rate limit keeps"


@pytest.mark.parametrize(
    ("extra", "said", "advises_a_limit"),
    [
        ({date(2026, 5, 5): -300.0}, "fewer credits came than in it (one-off), which costs USD 300.00", False),
        ({date(2026, 6, 5): -300.0}, "more credits came than in it (one-off), which saves USD 300.00", False),
        (
            {date(2026, 5, 5): -500.0, date(2026, 6, 5): -200.0},
            "fewer credits came than in it (one-off), which costs USD 300.00",
            False,
        ),
        (RAN_AWAY, "spend ran away for some days (one-off), which costs USD 750.00", True),
        (MAY_RAN_AWAY, "days ran away before and not now (one-off), which saves USD 750.00", False),
        (
            RAN_AWAY | {date(2026, 5, 5): -300.0},
            "spend ran away for some days, and fewer credits came than in it (one-off), which costs USD 1,050.00",
            True,
        ),
        (
            MAY_RAN_AWAY | {date(2026, 6, 5): -300.0},
            "more credits came than in it, and days ran away before and not now (one-off), which saves USD 1,050.00",
            False,
        ),
        (RAN_AWAY | {date(2026, 6, 5): -200.0}, "spend ran away for some days (one-off), which costs USD 550.00", True),
        (MAY_RAN_AWAY | {date(2026, 5, 5): -900.0}, "fewer credits came than in it (one-off)", False),
        (RAN_AWAY | {date(2026, 5, 5): -20.0}, "spend ran away for some days (one-off)", True),
    ],
)
def test_a_one_off_is_said_as_what_it_is(extra: Mapping[date, float], said: str, advises_a_limit: bool) -> None:
    usage = world({day: amount for day, amount in extra.items() if amount < 0})
    for day, amount in extra.items():
        if amount > 0:
            usage.row(day, "team_alpha", amount, requests=40, input_tokens=40000, workload="chat", model="m")
    for step in range(30):
        for name in ("alpha", "beta", "gamma"):
            day = date(2026, 7, 1) + timedelta(days=step)
            usage.row(day, f"team_{name}", 30.0, requests=3, input_tokens=3000, workload="chat", model="m")
    (team,) = (team for team in reviewed(usage, against="2026-05").teams if team.team == "alpha")
    assert said in team.sentence
    assert team.called == "one_off"
    assert (RATE_LIMIT in team.response) == advises_a_limit
