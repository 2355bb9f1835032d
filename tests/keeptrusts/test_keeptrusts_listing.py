"""Listings are read whole in every usual form, or not at all."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from reconciler.findings import UnreadableError
from reconciler.keeptrusts.envelope import Page, read_page
from reconciler.keeptrusts.reader import Reader

A, B = {"id": "a"}, {"id": "b"}


def cursor(value: str) -> dict[str, str]:
    return {"cursor": value}


@pytest.mark.parametrize(
    ("document", "page"),
    [
        ([A, B], Page([A, B], None)),
        ([], Page([], None)),
        ({"data": [A], "next_cursor": None}, Page([A], None)),
        ({"data": [A], "next_cursor": "c"}, Page([A], cursor("c"))),
        ({"data": [A], "next_cursor": ""}, Page([A], None)),
        ({"data": [A], "cursor": "c"}, Page([A], cursor("c"))),
        ({"data": [A], "nextCursor": 2}, Page([A], cursor("2"))),
        ({"data": [A], "next": "/v1/teams?cursor=c%2F1&limit=7"}, Page([A], {"cursor": "c/1", "limit": "7"})),
        ({"data": [A], "next": "https://api/v1/teams?page=2"}, Page([A], {"page": "2"})),
        ({"data": [A], "next": "/opaque"}, Page([A], cursor("/opaque"))),
        ({"data": [A], "has_more": True, "next": "c"}, Page([A], cursor("c"))),
        ({"data": [A], "has_more": False, "next_cursor": "c"}, Page([A], None)),
        ({"data": [A], "meta": {"next_cursor": "c"}}, Page([A], cursor("c"))),
        ({"data": [A], "pagination": {"has_more": False, "cursor": "c"}}, Page([A], None)),
        ({"data": [A], "links": {"next": None}}, Page([A], None)),
        ({"data": {"teams": [A], "next_cursor": "c"}}, Page([A], cursor("c"))),
        ({"teams": [A], "errors": []}, Page([A], None)),
        ({"items": [A], "errors": []}, Page([A], None)),
        ({"whatever": [A], "total": 1}, Page([A], None)),
    ],
)
def test_a_page_is_read_in_every_usual_form(document: Any, page: Page) -> None:
    assert read_page(document, plural="teams") == page


@pytest.mark.parametrize(
    "document",
    [
        None,
        "text",
        3,
        {},
        {"data": None},
        {"data": {}},
        {"error": {"message": "no"}},
        {"these": [A], "those": [B]},
        {"data": [A, "b"]},
        [1],
        {"data": [A], "has_more": "yes"},
        {"data": [A], "truncated": "partly"},
        {"data": [A], "next": {"somewhere": "else"}},
        {"data": [A], "total": 1, "meta": {"totalCount": 2}},
        {"data": [A], "next_cursor": ["c"]},
        {"data": [A], "next_cursor": True},
        {"data": [A], "next_cursor": "c" * 5000},
    ],
)
def test_what_is_no_page_is_refused(document: Any) -> None:
    with pytest.raises(ValueError, match=r"^(it|`)"):
        read_page(document, plural="teams")


def teams(make: Any, *pages: Any, **settings: Any) -> Any:
    """Return the teams that `pages` list, in their order; the last page stays."""
    left = list(pages)

    def answer(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, text=json.dumps(left.pop(0) if len(left) > 1 else left[0]))

    with Reader(make.fast(**settings), transport=httpx.MockTransport(answer)) as reader:
        return reader.teams()


def test_pages_are_put_together(make: Any) -> None:
    assert teams(make, {"data": [A], "next_cursor": "1"}, {"teams": [B], "next": "2"}, []) == {"a": "a", "b": "b"}


def test_an_object_that_a_growing_listing_shows_twice_counts_once(make: Any) -> None:
    assert teams(make, {"data": [A], "next_cursor": "1"}, {"data": [A, B]}) == {"a": "a", "b": "b"}


def named(*ids: str, more: str | None = None) -> dict[str, Any]:
    return {"data": [{"id": id, "name": id} for id in ids], "next_cursor": more}


def test_an_object_that_was_pushed_out_between_two_pages_is_found_by_another_reading(make: Any) -> None:
    """While it is read, c, which was last, comes first: the second page shows b again, and never c."""
    shifted = (named("a", "b", more="2"), named("b", "d"))
    anew = (named("c", "a", more="2"), named("b", "d"))
    assert sorted(teams(make, *shifted, *anew)) == ["a", "b", "c", "d"]


def test_where_each_reading_shifts_what_any_of_them_had_is_there_once_nothing_new_comes(make: Any) -> None:
    readings = [
        (named("a", "b", more="2"), named("b", "d")),
        (named("c", "a", more="2"), named("a", "b")),
        (named("c", "a", more="2"), named("a", "d")),
    ]
    assert sorted(teams(make, *(page for reading in readings for page in reading))) == ["a", "b", "c", "d"]


def test_pages_that_begin_with_the_last_object_of_the_one_before_are_put_together(make: Any) -> None:
    pages = (named("a", "b", more="b"), named("b", "c", more="c"), named("c", "d"))
    assert sorted(teams(make, *pages, *pages)) == ["a", "b", "c", "d"]


@pytest.mark.parametrize(
    "later",
    [
        pytest.param({"data": [{"id": "a", "name": "renamed"}, B], "total": 2}, id="what changed comes last"),
        pytest.param({"data": [B], "total": 1}, id="one is gone"),
    ],
)
def test_what_changes_between_two_pages_is_read_as_it_is_by_another_reading(make: Any, later: Any) -> None:
    first = {"data": [A], "next_cursor": "1", "total": 2}
    assert teams(make, first, later, first, {"data": [B], "total": 2}) == {"a": "a", "b": "b"}


def test_a_listing_that_shows_others_in_each_reading_is_refused(make: Any) -> None:
    pages = [page for turn in range(9) for page in (named("a", "b", more="2"), named("b", f"new{turn}"))]
    with pytest.raises(UnreadableError, match="change places: each of 5 readings had some twice"):
        teams(make, *pages)


def test_an_empty_page_may_name_a_next_one(make: Any) -> None:
    assert teams(make, {"data": [], "next_cursor": "1"}, {"data": [A]}) == {"a": "a"}


@pytest.mark.parametrize(
    ("pages", "reason"),
    [
        ([{"data": [A], "next_cursor": "1"}, {"data": [B], "next_cursor": "1"}], "leads back"),
        ([{"data": [A], "next_cursor": "1"}, {"data": [A], "next_cursor": "2"}], "repeats what earlier pages held"),
        ([{"data": [A], "next_cursor": "1"}, {"data": [A]}], "repeats what earlier pages held"),
        ([{"data": [A], "next_cursor": "1"}, {"data": [{"id": "a", "name": "x"}, B]}] * 5, "`a` is listed twice"),
        ([{"data": [A, {"id": "a", "name": "x"}]}], "`a` is listed twice"),
        ([{"data": [A], "next_cursor": "1"}, {"oops": 1}], "page 2 of GET /v1/teams"),
        ([{"data": [A], "next_cursor": "1"}, {"data": [{"name": "x"}]}], "page 2, item 1: `id` is missing"),
    ],
)
def test_a_listing_that_is_not_whole_is_refused(make: Any, pages: list[Any], reason: str) -> None:
    with pytest.raises(UnreadableError, match=reason) as caught:
        teams(make, *pages)
    assert "nothing was changed" in caught.value.hint


def counting(*, empty: bool) -> httpx.MockTransport:
    """Answer pages without end, each with a new cursor."""
    count = iter(range(10**9))

    def answer(request: httpx.Request) -> httpx.Response:
        number = next(count)
        items = [] if empty else [{"id": f"team_{number}"}]
        return httpx.Response(200, json={"data": items, "next_cursor": f"c{number}"})

    return httpx.MockTransport(answer)


def test_pages_without_end_are_refused(make: Any) -> None:
    with (
        Reader(make.fast(max_pages=30), transport=counting(empty=False)) as reader,
        pytest.raises(UnreadableError, match="does not end within 30 pages"),
    ):
        reader.teams()
    with Reader(make.fast(), transport=counting(empty=True)) as reader, pytest.raises(UnreadableError, match="empty"):
        reader.teams()


def test_a_page_in_the_middle_that_fails_fails_the_listing(make: Any, acme: Any) -> None:
    acme.habits.page = 1
    inner = acme.handle

    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.params.get("cursor") == "2":
            return httpx.Response(200, text='{"data": [{"id": "wal_x"')
        return inner(request)  # type: ignore[no-any-return]

    with (
        Reader(make.fast(), transport=httpx.MockTransport(answer)) as reader,
        pytest.raises(UnreadableError, match="/v1/wallets"),
    ):
        reader.pool("EUR")
