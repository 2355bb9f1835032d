"""Steps are no noise: of days that go on, and of a team's days where a cause begins amid them."""

from __future__ import annotations

import numpy as np
import pytest
from review.review_question import reviewed
from review.review_worlds import Planted, world
from review.test_review_noise import days

from reconciler.review.levels import spread_about_levels
from reconciler.review.noise import spread

ALIKE = np.full(30, 1.0)
OCTOBER = 122
"""Days of the year before October."""


@pytest.mark.parametrize(("start", "end"), [(10, 30), (0, 12), (29, 30), (8, 22)])
@pytest.mark.parametrize("size", [0.5, 5.0, -100.0])
def test_what_never_varied_but_for_one_lasting_step_has_no_noise(start: int, end: int, size: float) -> None:
    off = np.zeros(30)
    off[start:end] = size
    off -= off.mean()

    assert spread_about_levels(off, ALIKE, 0.0) == pytest.approx(0, abs=1e-9)


def test_a_step_leaves_the_noise_that_the_days_had_before_it_however_large_it_is() -> None:
    quiet = days(3, 30, 0.5)
    errors = []
    for size in (0, 10, 1000):
        off = quiet + size * (np.arange(30) >= 12)
        errors.append(spread_about_levels(off - off.mean(), ALIKE, 0.0))

    assert errors[1] == pytest.approx(errors[2])
    assert 0.4 * errors[0] < errors[1] < 1.2 * errors[0]


def test_a_step_of_days_that_follow_the_weekdays_is_a_part_of_each() -> None:
    usual = np.where(np.arange(30) % 7 < 5, 1.0, 0.4)
    off = usual * (np.arange(30) >= 10) * 2
    off -= off.sum() / usual.sum() * usual

    assert spread_about_levels(off, usual, 0.0) == pytest.approx(0, abs=1e-9)


def test_days_without_their_step_vary_no_less_than_others_and_no_more_than_with_it() -> None:
    off = np.where(np.arange(30) < 10, -2.0, 1.0)

    assert spread_about_levels(off, ALIKE, 1.5) == pytest.approx(1.5)
    assert spread_about_levels(off, ALIKE, 3.0) == pytest.approx(3.0)
    assert spread_about_levels(off, ALIKE, 1e6) == spread(off)


def test_one_day_apart_is_no_level() -> None:
    off = np.zeros(30)
    off[14] = 29.0
    off -= off.mean()

    assert spread_about_levels(off, ALIKE, 0.0) == spread(off)


@pytest.mark.parametrize("goes_on", [0.0, 0.5, 0.8])
def test_where_nothing_happens_few_sums_are_beyond_their_errors(goes_on: float) -> None:
    beyond = {"about levels": 0, "as they are": 0}
    for seed in range(400):
        drawn = days(seed, 86, goes_on)
        before, after = drawn[:56] - drawn[:56].mean(), drawn[56:]
        floor = spread_about_levels(before, np.ones(56), 0.0) / 56**0.5
        own = after - after.mean()
        errors = {"about levels": spread_about_levels(own, ALIKE, floor * 30**0.5), "as they are": spread(own)}
        for name, error in errors.items():
            beyond[name] += abs(after.sum() - 30 * drawn[:56].mean()) > 2.6 * np.hypot(error, 30 * floor / 56**0.5)

    assert beyond["about levels"] <= 0.06 * 400
    assert beyond["about levels"] - beyond["as they are"] <= 0.02 * 400


@pytest.mark.parametrize("planted", ["demand", "tokens_per_request", "unit_price"])
@pytest.mark.parametrize("against", [None, "2026-09"], ids=["the plan", "the month before"])
def test_a_cause_that_begins_within_the_month_is_named(planted: Planted, against: str | None) -> None:
    year = world(9, planted, size=2.0, days=160, begins=OCTOBER + 10)
    (team,) = reviewed(year, "2026-10", against=against).teams

    assert team.called == planted


def test_a_cause_that_began_within_the_month_before_is_named() -> None:
    year = world(10, "unit_price", size=0.5, days=160, begins=OCTOBER - 15)
    (team,) = reviewed(year, "2026-10", against="2026-09").teams

    assert team.called == "unit_price"


def test_days_of_which_one_alone_has_anything_have_no_levels() -> None:
    off = np.array([0.0, 0.0, 1.0, -1.0, 0.0])

    assert spread_about_levels(off, np.array([0.0, 0.0, 1.0, 0.0, 0.0]), 0.0) == spread(off)
