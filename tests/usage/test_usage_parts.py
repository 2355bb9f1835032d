"""An envelope that says that there is more is one page of an export, and never taken for all of it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from reconciler.findings import UsageError


def page(first: int, holds: int, **said: Any) -> str:
    events = [
        {"id": f"e{n}", "timestamp": "2026-01-02T00:00:00Z", "team_id": "team_a", "cost": 1.5, "metadata": {"total": 9}}
        for n in range(first, first + holds)
    ]
    return json.dumps({"from": "2026-01-01", "events": events, **said})


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ({"total": 7}, "`total` says 7 and it holds 3 events"),
        ({"totalCount": 7}, "`totalCount` says 7 and it holds 3 events"),
        ({"count": 7}, "`count` says 7 and it holds 3 events"),
        ({"pagination": {"total": 7, "page": 1}}, "`pagination.total` says 7 and it holds 3 events"),
        ({"total": 2}, "`total` says 2 and it holds 3 events"),
        ({"has_more": True}, "`has_more` says that there is more"),
        ({"truncated": True}, "`truncated` says that there is more"),
        ({"next_cursor": "abc"}, "it names a next page"),
        ({"links": {"next": {"href": "/v1/events?page=2"}}}, "it names a next page"),
        ({"page": 1, "total_pages": 3}, "`total_pages` says 3, and it is one of them"),
        ({"limit": 3}, "as many events as `limit` allows"),
        ({"has_more": "perhaps"}, "`has_more` does not say plainly"),
        ({"total": 3, "meta": {"total": 4}}, "`total` says 3 and `meta.total` says 4"),
    ],
)
def test_one_page_of_an_export_is_refused_with_what_says_so(exports: Any, said: dict[str, Any], reason: str) -> None:
    exports.text("page.json", page(0, 3, **said))
    with pytest.raises(UsageError) as caught:
        exports.read()
    assert "page.json: it is not a whole export: " in caught.value.message
    assert reason in caught.value.message
    assert "export again" in caught.value.hint


@pytest.mark.parametrize(
    "said",
    [
        {},
        {"total": 3},
        {"count": 3, "limit": 5},
        {"has_more": False, "next_cursor": None, "limit": 3},
        {"page": 1, "total_pages": 1},
        {"total": 4.5, "currency": "USD"},
    ],
)
def test_an_envelope_that_says_that_it_is_whole_or_nothing_is_read(exports: Any, said: dict[str, Any]) -> None:
    exports.text("page.json", page(0, 3, **said))
    assert exports.read().source.rows == 3


def test_all_pages_of_an_export_are_read_together_and_one_that_is_missing_refuses_them(exports: Any) -> None:
    exports.text("1.json", page(0, 3, total=7, has_more=True))
    exports.text("2.json", page(3, 3, total=7, has_more=True))
    with pytest.raises(UsageError, match="with 1 more of that export there are 6"):
        exports.read()
    exports.text("3.json", page(6, 1, total=7, has_more=False))
    assert exports.read().source.rows == 7
