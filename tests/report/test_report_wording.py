"""Numbers, days and probabilities are worded in one place; unknown is a dash, and certainty is never claimed."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.report import wording


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (None, "–"), (0.0, "<0.1%"), (0.0009, "<0.1%"), (0.001, "0.1%"), (0.0064, "0.6%"), (0.01, "1%"), (0.07, "7%"),
        (0.714, "71%"), (0.99, "99%"), (0.9944, "99.4%"), (0.9991, ">99.9%"), (1.0, ">99.9%"),
    ],
)  # fmt: skip
def test_a_probability_never_claims_certainty(value: float | None, shown: str) -> None:
    assert wording.probability(value) == shown


@given(st.floats(0, 1))
def test_no_probability_reads_as_none_or_all(value: float) -> None:
    assert wording.probability(value) not in ("0%", "0.0%", "100%", "100.0%")


@pytest.mark.parametrize(
    ("amount", "shown"),
    [(None, "–"), ("0", "0"), ("-0.2", "0"), ("1234567.5", "1,234,568"), ("-22.4", "−22"), ("12500.00", "12,500")],
)
def test_money_in_tables_is_in_whole_units(amount: str | None, shown: str) -> None:
    assert wording.whole(None if amount is None else Decimal(amount)) == shown


@pytest.mark.parametrize(("amount", "shown"), [("2000.00", "2,000"), ("2000.37", "2,000.37"), ("-0.10", "−0.10")])
def test_money_in_a_verdict_is_exact_and_brief(amount: str, shown: str) -> None:
    assert wording.brief(Decimal(amount)) == shown


def test_money_that_moves_is_shown_to_the_cent() -> None:
    assert wording.exact(Decimal("-1234567.1")) == "−1,234,567.10"
    assert wording.exact(None) == "–"


def test_days_are_short_in_tables_and_long_in_sentences() -> None:
    assert wording.day(date(2026, 6, 8)) == "8 Jun"
    assert wording.day(None) == "–"
    assert wording.long_day(date(2026, 6, 28)) == "28 June"


@pytest.mark.parametrize(
    ("first", "last", "shown"),
    [
        (date(2026, 6, 27), date(2026, 6, 30), "27 to 30 June"),
        (date(2026, 6, 27), date(2026, 7, 2), "27 June to 2 July"),
        (date(2026, 6, 27), date(2026, 6, 27), "27 June"),
    ],
)
def test_a_band_of_days_names_each_month_once(first: date, last: date, shown: str) -> None:
    assert wording.day_range(first, last) == shown


@pytest.mark.parametrize(
    ("number", "shown"),
    [
        (0, "0 events"), (1, "1 event"), (9_999, "9,999 events"), (12_345, "12.3 k events"), (551_247, "551 k events"),
        (999_499, "999 k events"), (999_500, "1.0 M events"), (1_912_345, "1.9 M events"),
        (1_912_345_678, "1,912 M events"),
    ],
)  # fmt: skip
def test_events_are_counted_in_thousands_and_millions(number: int, shown: str) -> None:
    assert wording.rows(number) == shown


@pytest.mark.parametrize(
    ("items", "shown"),
    [
        ([], ""),
        (["a"], "a"),
        (["a", "b"], "a and b"),
        (list("abcd"), "a, b, c and d"),
        (list("abcdef"), "a, b, c, d and 2 more"),
    ],
)
def test_a_list_in_a_sentence_counts_what_it_leaves_out(items: list[str], shown: str) -> None:
    assert wording.listed(items) == shown


def test_a_list_in_a_table_counts_what_it_leaves_out() -> None:
    assert wording.listed_plainly(["a", "b"]) == "a, b"
    assert wording.listed_plainly(list("abc"), most=1) == "a, 2 more"


@pytest.mark.parametrize(("value", "shown"), [(0.0, "0.0%"), (0.0001, "below 0.1%"), (0.003, "0.3%"), (1.0, "100.0%")])
def test_a_measured_share_may_be_zero_or_all(value: float, shown: str) -> None:
    assert wording.share(value) == shown
