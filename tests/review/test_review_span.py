"""What a review may be about, as people name it."""

from __future__ import annotations

from datetime import date

import pytest

from reconciler.model.period import FiscalYear, Period
from reconciler.review.span import span_of


@pytest.mark.parametrize(
    ("name", "starts", "asked", "found"),
    [
        ("FY2027", Period(2026, 4), "fy2027", 2026),
        ("FY2027", Period(2026, 4), "FY2026", 2025),
        ("FY2026/27", Period(2026, 4), "FY2025/26", 2025),
        ("GJ 26/27", Period(2026, 4), "gj 27/28", 2027),
        ("FY00", Period(2000, 4), "FY99", 1999),
        ("year 9", Period(2026, 4), "Year 10", 2027),
    ],
)
def test_fiscal_years_before_and_after_are_asked_for_by_names_alike(
    name: str, starts: Period, asked: str, found: int
) -> None:
    span = span_of(asked, FiscalYear(name, starts))
    assert (span.kind, span.name, span.start, span.end) == ("year", asked, date(found, 4, 1), date(found + 1, 4, 1))


def test_a_month_is_a_month_unless_the_fiscal_year_has_its_very_name() -> None:
    year = FiscalYear("2026-01", Period(2026, 1))
    assert (span_of("2026-01", year).kind, span_of("2025-01", year).kind) == ("year", "month")
    assert span_of("2026-06", FiscalYear("2026-27", Period(2026, 4))).kind == "month"


@pytest.mark.parametrize("asked", ["FY2027/26", "FY26", "2026-13", "2026-W54", ""])
def test_what_is_no_period_is_refused(asked: str) -> None:
    with pytest.raises(ValueError, match=r"is no (period|week)"):
        span_of(asked, FiscalYear("FY2026/27", Period(2026, 4)))
