"""What values of the YAML stand for, or why they are refused and what to write: one golden file for all."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError
from pydantic_core import PydanticCustomError
from worlds import JUNE

from reconciler.model.percent import (
    parse_interval,
    parse_rate,
    parse_share,
    percent_text,
)
from reconciler.model.period import Period
from reconciler.model.yaml_types import (
    YamlNumber,
    exact_version,
    parse_amount,
    parse_day,
    parse_ratio,
    shown,
)

D = Decimal
WRITTEN: dict[Callable[[Any], Any], list[Any]] = {
    parse_amount: [
        *(12500, "12500", "12500.5", YamlNumber("0.10"), 0, "9999999999999.99", "0.00"),
        *("-5", "-5.00", "-5.5.5", "-", -7, "1.005", "1.000", "0.125", "1234.500", "12.500", "999.125", "100.1250"),
        *("10000000000000", "99999999999999", "99999999999999.5", "12,500", "12 500.00", "1'234'567", "12_500"),
        *("$12500", "12500 USD", "eur 12500", "£12,500.50", "007", "$007", "0", "1e5", "", "  5 ", "abc", "1.2.3"),
        *(True, False, None, {}, [], (), {"a": 1}, 1.5, date(2026, 7, 1), "1" * 80, "1,2345", "12,500,00"),
    ],
    parse_ratio: [
        1,
        "1.9",
        YamlNumber("0.000001"),
        100,
        "100.000001",
        "0",
        "0.0",
        0,
        101,
        "1.1234567",
        None,
        [],
        True,
        "x",
    ],
    parse_day: [
        *("2026-07-31", date(2026, 7, 31), "2026-02-30", "2026/7/1", "2026.07.31", "2026-7-5", "31.07.2026", ""),
        *("0000-01-01", "2026-13-01", "2026-1-32", None, 20260731, datetime(2026, 7, 31, tzinfo=UTC), "soon"),
    ],
    exact_version: [1, "1", 1.0, "1.0", 2, True, None, "2", [1]],
    parse_rate: [
        "18%",
        "-100%",
        "-100.1%",
        "+5%",
        "18 %",
        "18 percent",
        "18pct",
        "0.5",
        "1",
        "1.0",
        "1.5",
        "-200",
        None,
        [],
    ],
    parse_share: ["0%", "100%", "130", "100.0001%", "-1%", "30", "0,3", "30,5%", "1.", "0.", "x%", "0.3%", "%"],
    parse_interval: ["1%", "99.9999%", "100%", "0.5%", "0%", "80", "0.8", True, {}],
    Period.parse: ["2026-06", "2026-6", "x"],
    TypeAdapter(Period).validate_python: [
        *(JUNE, "2026-06", "2026-6", "202606", "2026.06", "2026/6", "06/2026", "6-2026", "2026-06-01", "2026-06-02"),
        *("2026-13", "0000-06", "6/0000", "June", 202606, 2026.06, None, "20266", "13/2026"),
    ],
}


def told(read: Callable[[Any], Any], value: Any) -> str:
    try:
        return str(read(value))
    except PydanticCustomError as error:
        facts: dict[str, Any] = error.context or {}
        cure = f"; the fix is {facts['cure']!r}" if "cure" in facts else ""
        return f"{error.type}: {facts['sentence']}; {facts['hint']}{cure}"
    except ValidationError as error:
        (problem,) = error.errors()
        return f"{problem['type']}: {problem['msg']} {problem.get('ctx')}"
    except ValueError as error:
        return f"refused: {error}"


def test_what_values_of_the_yaml_stand_for_or_why_not(golden: Callable[[str, str], None]) -> None:
    names = ("amount", "ratio", "day", "version", "rate", "share", "interval", "month", "month of a file")
    lines = [
        f"{name} {value!r}: {told(read, value)}"
        for name, (read, values) in zip(names, WRITTEN.items(), strict=True)
        for value in values
    ]
    golden("model/values.txt", "\n".join([*lines, ""]))


def test_what_a_refusal_says_to_write_is_accepted() -> None:
    for read, values in WRITTEN.items():
        for value in values:
            proposed = re.findall(r"`([^`]+)`", told(read, value).partition("; ")[2])
            for text in proposed if read is not exact_version else ():
                assert not re.search("refused|invalid", told(read, text)), (value, text)


@pytest.mark.parametrize(("length", "is_whole"), [(60, True), (61, False)])
def test_a_long_value_is_quoted_to_its_sixtieth_character(length: int, is_whole: bool) -> None:
    assert shown("x" * length) == (f"`{'x' * 60}`" if is_whole else f"`{'x' * 59}…`")
    assert (shown(True), shown("True"), shown(None)) == ("`true`", "`True`", "`None`")


@pytest.mark.parametrize(
    ("fraction", "text"),
    [("0.18", "18%"), ("1", "100%"), ("0", "0%"), ("0.125", "12.5%"), ("10", "1000%"), ("-0.05", "-5%")],
)
def test_a_fraction_is_written_as_yaml_writes_it(fraction: str, text: str) -> None:
    assert percent_text(D(fraction)) == text
