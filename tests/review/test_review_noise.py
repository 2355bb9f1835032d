"""What is noise and what is not: standard errors of days that go on, and days that ran away and are over."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pytest
from review.review_question import reviewed
from review.review_worlds import START, world

from reconciler.review.noise import lasting, spread
from reconciler.review.one_offs import monthly, one_off_days

WEEKDAYS = np.arange(140) % 7


def days(seed: int, count: int, goes_on: float) -> np.ndarray:
    """Return days of which each goes on with a part of the one before, with a standard deviation of 1."""
    random = np.random.default_rng(seed)
    news = random.normal(0, (1 - goes_on**2) ** 0.5, count)
    found = np.zeros(count)
    for day in range(count):
        found[day] = goes_on * found[day - 1] + news[day]
    return found


@pytest.mark.parametrize("goes_on", [0.0, 0.5, 0.8])
def test_a_standard_error_is_that_of_sums_drawn_again_and_again(goes_on: float) -> None:
    drawn = [days(seed, 84, goes_on) for seed in range(300)]
    told = np.mean([spread(each - each.mean()) for each in drawn])

    assert told == pytest.approx(np.std([each.sum() for each in drawn]), rel=0.2)


def test_days_that_do_not_vary_have_no_error_and_two_days_do_not_tell_what_goes_on() -> None:
    assert spread(np.zeros(30)) == 0
    assert lasting(np.zeros(30)) < 0.05
    assert spread(np.array([3.0, -3.0])) == pytest.approx(18**0.5)


@pytest.mark.parametrize("length", [1, 3, 7, 10])
def test_days_above_the_usual_that_are_over_are_a_one_off(length: int) -> None:
    spent = 100 * np.exp(days(1, 140, 0.3) * 0.15)
    spent[80 : 80 + length] *= 2.5

    assert np.flatnonzero(one_off_days(spent, WEEKDAYS)).tolist() == list(range(80, 80 + length))


@pytest.mark.parametrize(
    ("start", "end"), [(80, 140), (80, 100), (80, 93), (133, 140), (0, 40)], ids=lambda day: str(day)
)
def test_a_new_level_and_what_is_not_over_are_no_one_off(start: int, end: int) -> None:
    spent = 100 * np.exp(days(2, 140, 0.3) * 0.1)
    spent[start:end] *= 2.5

    assert not one_off_days(spent, WEEKDAYS).any()


def test_a_change_in_the_middle_of_the_year_is_no_noise_of_the_year() -> None:
    year = world(8, "demand", size=0.3, begins=180)
    (team,) = reviewed(year, "FY2027").teams

    assert team.called == "demand"
    demand = team.effects[0]
    assert demand.noise is not None
    assert demand.noise < demand.amount / 4


def test_a_week_is_held_to_what_the_weeks_before_it_vary_by() -> None:
    year = world(9, "demand", size=0.6, days=150, begins=140)
    week = (START.first.replace(month=10, day=20)).isocalendar()
    (team,) = reviewed(year, f"{week[0]}-W{week[1]:02}").teams

    assert team.called == "demand"


def test_what_comes_on_one_day_of_each_month_is_told_from_days_that_ran_away() -> None:
    first, end = date(2026, 1, 1), date(2026, 7, 1)
    every = [first + timedelta(days=n) for n in range((end - first).days)]

    def regular(*days: date) -> list[date]:
        found = monthly(np.array([day in days for day in every]), end)
        return [day for day, is_regular in zip(every, found, strict=True) if is_regular]

    ends = [date(2026, month, day) for month, day in ((1, 31), (2, 28), (3, 31), (4, 30), (5, 31), (6, 30))]
    assert regular(*ends) == ends
    assert regular(*ends, date(2026, 5, 12)) == ends
    missed = [ends[0], ends[1], ends[3]]
    assert regular(*missed) == missed, "three of four"
    assert regular(ends[0], ends[2], ends[4]) == [], "three of five"
    assert regular(*ends[:2]) == []
