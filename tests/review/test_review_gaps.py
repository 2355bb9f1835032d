"""Days that the usage leaves out are compared with nothing: the plan, or the other period, is of the other days."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

import numpy as np
import pytest
from review.review_question import reviewed
from review.review_worlds import World
from review.test_review_calendar import FIRST, effects, steady

from reconciler.report.review_words import ReviewPage, caption, totals
from reconciler.usage.coverage import gaps

MARCH = (date(2027, 3, 4), date(2027, 3, 17))
BEFORE = (date(2026, 4, 10), date(2026, 4, 23))


def lossy(*runs: tuple[date, date]) -> World:
    """A year of 100.00 a day without some of its days."""
    made = steady()
    lost = np.array([any(first <= day <= last for first, last in runs) for day in made.usage.day.tolist()])
    table = made.usage.at(np.flatnonzero(~lost))
    source = replace(made.usage.source, gaps=gaps(table.day))
    return replace(made, usage=replace(table, source=source))


def test_the_plan_of_a_month_with_a_gap_is_that_of_the_days_that_are_known() -> None:
    """17 days of 100.00 are held against 17 of 31 parts of 3,043.75, which is 1,669.15."""
    found = reviewed(lossy(MARCH), "2027-03")
    (team,) = found.teams
    assert (team.plan, team.actual) == (Decimal("1669.15"), Decimal("1700.00"))
    assert effects(team) == {"calendar": Decimal("30.85")}
    assert team.called is None
    assert team.sentence.startswith(
        "support spent USD 1,700.00, USD 30.85 (1.8%) above its plan for the 17 days that are known, USD 1,669.15"
    )
    (told,) = found.notices
    assert told.code == "days-left-out"
    assert told.message == (
        "14 of the 31 days of March 2027 are left out by the usage: the other 17 are compared, against their part of"
        " the plan, by weekdays"
    )
    page = ReviewPage(found).document()
    assert caption(page).startswith(
        "org, March 2027 (2027-03-01 to 2027-03-31, without 14 days that the usage leaves out) against the plan"
    )
    assert totals(page) == (
        "1 team spent 1,700.00, 30.85 (1.8%) above its plan for the 17 days that are known, 1,669.15."
    )


@pytest.mark.parametrize(("period", "against", "off"), [("2027-03", "2027-02", -1100), ("2027-04", "2027-03", 1300)])
def test_between_periods_missing_days_are_days_and_nothing_else(period: str, against: str, off: int) -> None:
    """March has 17 known days, February 28 and April 30, of 100.00 each."""
    found = reviewed(lossy(MARCH), period, against=against)
    assert effects(found.teams[0]) == {"calendar": Decimal(off)}
    (told,) = found.notices
    assert told.message.startswith("14 of the 31 days of March 2027 are left out by the usage")
    assert found.days_left_out == (14 if period == "2027-03" else 0)


def test_a_gap_in_the_weeks_that_a_plan_starts_from_changes_nothing() -> None:
    assert BEFORE[0] > FIRST
    whole, found = reviewed(steady(), "2027-03"), reviewed(lossy(BEFORE), "2027-03")
    assert found.teams[0].plan == whole.teams[0].plan == Decimal("3043.75")
    assert found.teams[0].called is None
    assert not found.notices
