"""An expression is built once for equal arguments, and again where anything that it goes by is another."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

import ibis
import pytest
from ibis.expr.types import Table

from reconciler.usage.remembered import remembered, statement

MADE: list[tuple[object, ...]] = []


@remembered
def _since(rows: Table, day: date, names: Mapping[str, tuple[str, ...]], *, wide: bool = False) -> Table:
    MADE.append((rows.columns, day, names, wide))
    return rows.filter(rows.day >= ibis.literal(day)).select(*names, wide=ibis.literal(wide))


def rows(name: str = "events", kind: str = "string") -> Table:
    return ibis.table({"day": "date", "id": kind}, name=name)


JUNE, NAMES = date(2026, 6, 1), {"id": ("id", "event_id")}


def test_what_equal_arguments_ask_for_is_built_once() -> None:
    MADE.clear()
    first, second = (_since(rows(), JUNE, dict(NAMES)) for _ in range(2))
    assert first is second
    assert len(MADE) == 1
    assert statement(first) is statement(second)


@pytest.mark.parametrize(
    ("other", "changed"),
    [
        (_since(rows("others"), JUNE, NAMES), "others"),
        (_since(rows(), date(2026, 7, 1), NAMES), "7"),
        (_since(rows(), JUNE, NAMES, wide=True), "TRUE"),
        (_since(rows(), JUNE, {"day": ("day",)}), "day"),
    ],
    ids=["another table", "another day", "a switch", "other names"],
)
def test_what_an_expression_goes_by_makes_another(other: Table, changed: str) -> None:
    assert statement(other) != statement(_since(rows(), JUNE, NAMES))
    assert changed in statement(other)


def test_a_table_of_other_types_is_another() -> None:
    as_text, as_number = _since(rows(), JUNE, NAMES), _since(rows(kind="int64"), JUNE, NAMES)
    assert (as_text.schema()["id"], as_number.schema()["id"]) == (ibis.dtype("string"), ibis.dtype("int64"))


def test_many_expressions_do_not_pile_up() -> None:
    MADE.clear()
    for number in range(600):
        _since(rows(f"t{number}"), JUNE, NAMES)
    _since(rows("t0"), JUNE, NAMES)
    assert len(MADE) == 601
