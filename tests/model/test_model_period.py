"""Periods are half-open UTC months; fiscal years are twelve of them."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.model.period import FiscalYear, Period

periods = st.builds(Period, st.integers(1900, 2900), st.integers(1, 12))


@given(periods)
def test_a_period_is_written_and_read_back(period: Period) -> None:
    assert Period.parse(str(period)) == period


@pytest.mark.parametrize("text", ["2026-13", "2026-00", "2026-6", "26-06", "2026-06-01", "", "0000-01", "２０２６-06"])
def test_anything_else_is_refused_with_how_to_write_it(text: str) -> None:
    with pytest.raises(ValueError, match="YYYY-MM"):
        Period.parse(text)


@given(periods, st.integers(-600, 600))
def test_months_are_counted_without_gaps(period: Period, months: int) -> None:
    later = period.plus(months)
    assert later.months_since(period) == months
    assert later.plus(-months) == period


@given(periods)
def test_a_period_holds_its_first_day_and_not_the_next_first(period: Period) -> None:
    assert period.first in period
    assert period.last in period
    assert period.end not in period
    assert period.start_instant in period
    assert period.end_instant not in period
    assert period.end_instant - timedelta(microseconds=1) in period
    assert period.days == (period.end - period.first).days


def test_an_instant_belongs_to_its_utc_month() -> None:
    in_berlin = datetime(2026, 7, 1, 1, 30, tzinfo=timezone(timedelta(hours=2)))
    assert in_berlin in Period(2026, 6)
    assert datetime(2026, 7, 1, tzinfo=UTC) in Period(2026, 7)
    assert "2026-06" not in Period(2026, 6)


def test_a_period_has_a_name_for_people() -> None:
    assert Period.of(date(2026, 6, 18)).name == "June 2026"


def test_a_fiscal_year_is_twelve_months_from_its_start() -> None:
    year = FiscalYear("FY2027", Period(2026, 6))
    assert len(year.periods) == 12
    assert Period(2027, 5) in year
    assert Period(2027, 6) not in year
    assert Period(2026, 5) not in year
    assert year.end == date(2027, 6, 1)
    assert "2026-06" not in year
