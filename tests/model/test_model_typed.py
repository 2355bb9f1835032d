"""What people type for a command, and parameters of rules: each form is read as what it is, or says what is wrong."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from pydantic_core import PydanticCustomError

from reconciler.model.imported import month_of_entry
from reconciler.model.percent import typed_interval
from reconciler.model.period import Period, typed_day
from reconciler.model.rule import parameter_kind, parse_parameter
from reconciler.model.yaml_types import YamlNumber


@pytest.mark.parametrize(
    ("read", "text", "expected"),
    [
        (typed_interval, "80%", Decimal("0.8")),
        (typed_day, "2026-06-18", date(2026, 6, 18)),
        (typed_day, "2000-01-01", date(2000, 1, 1)),
        (typed_day, "2199-12-31", date(2199, 12, 31)),
        (month_of_entry, "txn_1=2026-05", ("txn_1", Period(2026, 5))),
        (month_of_entry, "a=b=2026-05", ("a=b", Period(2026, 5))),
        (month_of_entry, "dates", ("", "dates")),
        (month_of_entry, "words", ("", "words")),
    ],
)
def test_what_is_typed_is_read(read: Callable[[str], object], text: str, expected: object) -> None:
    assert read(text) == expected


@pytest.mark.parametrize(
    ("read", "text", "said"),
    [
        (typed_interval, "0.5%", "`0.5%` is not between 1% and 99.9999%; write a percentage between 1% and 99.9999%"),
        (typed_day, "2026-02-30", "`2026-02-30` is not a day; write it as YYYY-MM-DD, such as 2026-06-18"),
        (typed_day, "1999-12-31", "1999-12-31 is not a day that budgets are made for"),
        (typed_day, "2200-01-01", "2200-01-01 is not a day that budgets are made for"),
        (month_of_entry, "2026-05", "`2026-05` names no entry; write ID=YYYY-MM, or `dates` or `words`"),
        (month_of_entry, "=2026-05", "`=2026-05` names no entry; write ID=YYYY-MM, or `dates` or `words`"),
    ],
)
def test_what_is_typed_wrong_says_what_to_type(read: Callable[[str], object], text: str, said: str) -> None:
    with pytest.raises(ValueError) as refused:  # noqa: PT011 (the whole message is compared)
        read(text)
    assert str(refused.value) == said


@pytest.mark.parametrize(
    ("written", "kind"),
    [
        (True, "bool"),
        (7, "int"),
        (("a", "b"), "texts"),
        ("USD 5.00", "money"),
        ("usd 5.00", "text"),
        ("12.5%", "share"),
        ("2026-06-18", "day"),
        ("a day", "text"),
    ],
)
def test_a_parameter_of_rules_is_what_it_is_written_as(written: Any, kind: str) -> None:
    assert parse_parameter(written) == written
    assert parameter_kind(written) == kind


@pytest.mark.parametrize(
    ("written", "code", "said"),
    [
        (YamlNumber("12.50"), "invalid-parameter", "`12.50` is no parameter: its unit is not said"),
        ("", "invalid-parameter", "`` is no parameter"),
        (None, "invalid-parameter", "`None` is no parameter"),
        ((), "invalid-parameter", "`()` is no parameter"),
        (("a", 1), "invalid-parameter", "`('a', 1)` is no parameter"),
        (("a", ""), "invalid-parameter", "`('a', '')` is no parameter"),
        ("USD 1.234", "invalid-amount", "`1.234` has more than two decimals"),
        ("2026-02-30", "invalid-day", "`2026-02-30` is not a day"),
    ],
)
def test_what_is_no_parameter_of_rules_is_refused(written: Any, code: str, said: str) -> None:
    with pytest.raises(PydanticCustomError) as refused:
        parse_parameter(written)
    assert refused.value.type == code
    assert refused.value.message() == said
