"""What is said of a year, of further pages of a list and of a file that is no plan, word for word."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from report.report_plans import sealed_plan
from worlds import JULY, JUNE, desired

from reconciler.findings import BudgetsError
from reconciler.model.paging import Paging, Said, plain, read_paging, whole_count
from reconciler.model.plan import read_plan
from reconciler.model.year_targets import YearTargets

D = Decimal


def years() -> Iterator[str]:
    year = desired().organization.fiscal_year.value
    known = YearTargets(year, "USD", D("1200"), 1)
    for one in (
        known,
        replace(known, teams=2, over=(), whole=False),
        replace(known, over=(JUNE,), spent=D("7.5")),
        replace(known, over=(JUNE, JULY), spent=D("7.5"), by_target=(JULY.plus(1),)),
        replace(known, over=(), by_target=(JUNE, JULY)),
        replace(known, currency="", total=D(10) ** 16),
        replace(known, total=D("9999999999999990.00")),
        replace(known, total=D("9999999999999990.01")),
    ):
        yield from (one.sentence(D("1000")), one.cure(D("1000")))


def test_what_is_said_of_a_year_that_costs_more_than_its_target(golden: Callable[[str, str], None]) -> None:
    golden("model/years.txt", "\n".join([*years(), ""]))


PAGINGS: list[dict[str, Any]] = [
    {"data": []},
    {"nextCursor": "c"},
    {"next_cursor": None},
    {"next": ""},
    {"next": False, "has_more": False},
    {"next": "c", "has_more": False},
    {"next": "c", "hasMore": True},
    {"has_more": 1},
    {"has_more": 0},
    {"has_more": "true"},
    {"has_more": None},
    {"more": "yes"},
    {"more": "No"},
    {"more": "maybe"},
    {"more": {"href": "/x"}},
    {"truncated": True},
    {"truncated": 1},
    {"is_last": True},
    {"is_last": False},
    {"last": "/page/7"},
    {"complete": True},
    {"cursor": "asked"},
    {"cursor": "other"},
    {"cursor": "asked", "next": "n"},
    {"nextPage": 3},
    {"nextPage": "3", "hasMore": False},
    {"nextOffset": 20},
    {"next_page": None},
    {"total": 5, "total_count": 5},
    {"total": 5, "total_count": "6"},
    {"total": 5.5, "totalItems": 4},
    {"count": 2, "pages": 3, "page": 1, "offset": 0, "limit": 50},
    {"page": {"number": 2, "size": 10, "total": 7, "next": "n"}},
    {"number": 2, "size": 10},
    {"links": {"next": {"href": "/next"}}},
    {"links": [{"rel": "next", "href": "/n"}, {"rel": "prev", "href": "/p"}, "odd", {"href": "/x"}]},
    {"links": {"next": {}}},
    {"links": {"next": {"title": "t"}}},
    {"meta": {"pagination": {"page": {"next": "deep"}}}},
    {"meta": {"pagination": {"page": {"meta": {"next": "too deep"}}}}},
    {"other": {"next": "elsewhere"}},
]


def test_what_lists_say_of_further_pages(golden: Callable[[str, str], None]) -> None:
    def read(document: dict[str, Any]) -> str:
        try:
            found = read_paging(document, asked={"asked"})
        except ValueError as error:
            return f"refused: {error}"
        usual = Paging()
        slots = Paging.__dataclass_fields__
        return ", ".join(
            f"{name}={getattr(found, name)!r}" for name in slots if getattr(found, name) != getattr(usual, name)
        )

    golden("model/pages.txt", "\n".join([*(f"{json.dumps(one)}: {read(one)}" for one in PAGINGS), ""]))


def test_what_is_said_beside_a_list_counts_first() -> None:
    found = read_paging({"next": "below", "total": 5}, beside=[("next", "Link", "above"), ("total", "X-Total", 5)])
    assert (found.next, found.total) == ("above", Said("X-Total", 5))


def test_a_count_is_digits_or_a_whole_number() -> None:
    values = [5, 0, "5", "12" * 9, "1" * 19, "1" * 18, -1, True, 5.0, "5.0", "", "٣", None]
    assert [whole_count(value) for value in values] == [
        *(5, 0, 5, int("12" * 9), None, int("1" * 18)),
        *(None, None, None, None, None, None, None),
    ]
    assert plain("Next_Page-Token 2") == "nextpagetoken2"


def broken(**changes: Any) -> str:
    return json.dumps({**json.loads(sealed_plan().text()), **changes})


def files() -> Iterator[tuple[str, str]]:
    text = sealed_plan().text()
    yield "no JSON", '{"a": \n  tru}'
    yield "not a number", '{"format": NaN}'
    yield "too deep", "[" * 100_000
    yield "a list", "[]"
    yield "nothing", "{}"
    yield "another document", json.dumps({"format": "kt-budgets.run/1" + "x" * 100})
    yield "edited", text.replace("org_acme", "org_evil")
    yield "wrong places", broken(currency=5, changes=[{"kind": "allocate"}], **{"a-b": 1, "ä": 2, "ok": 3})
    yield "many wrong places", broken(**{f"x{number}": 1 for number in range(51)})
    yield "no number", broken(funds={"available": "1e999999", "after": None, "allocated": "0", "reclaimed": "0"})
    yield "a kind that there is not", broken(unmanaged=[{"kind": "thing", "key": "k", "name": "n"}])


def test_what_is_said_of_a_file_that_is_no_plan(golden: Callable[[str, str], None]) -> None:
    lines = []
    for name, text in files():
        with pytest.raises(BudgetsError) as refused:
            read_plan(text, name="my.json")
        lines.append(f"{name}: {type(refused.value).__name__} {refused.value.message}; {refused.value.hint}")
    golden("model/plans.txt", "\n".join([*lines, ""]))
