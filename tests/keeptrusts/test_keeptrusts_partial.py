"""A listing that comes in parts is read whole or refused with what says that there is more; never taken in part."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from paging_shapes import GOES, SAYS, Shape

from reconciler.findings import UnreadableError
from reconciler.keeptrusts.reader import Reader
from reconciler.model.period import Period
from reconciler.model.wallet_ref import WalletRef

JUNE = Period(2026, 6)
SILENT = frozenset({"nothing, bare", "nothing, named"})


def listed(make: Any, shape: Shape, count: int, **settings: Any) -> list[str]:
    """Return the ids of the teams that are read from a server with `count` of them."""
    teams = [{"id": f"t{number:04d}"} for number in range(count)]

    def answer(request: httpx.Request) -> httpx.Response:
        document, headers = shape(teams, dict(request.url.params), request.url.path)
        return httpx.Response(200, text=json.dumps(document), headers=headers)

    with Reader(make.fast(**settings), transport=httpx.MockTransport(answer)) as reader:
        return sorted(reader.teams() or {})


def read_or_refused(make: Any, shape: Shape, count: int, **settings: int) -> list[str] | None:
    try:
        return listed(make, shape, count, **settings)
    except UnreadableError:
        return None


@given(
    says=st.sampled_from(sorted(SAYS)),
    goes=st.sampled_from(sorted(GOES)),
    cap=st.integers(1, 12),
    limit=st.integers(2, 12),
    larger=st.integers(2, 40),
    count=st.integers(0, 40),
)
def test_whatever_a_server_says_a_part_is_never_taken_for_the_whole(
    make: Any, says: str, goes: str, cap: int, limit: int, larger: int, count: int
) -> None:
    nobody_can_tell = says in SILENT and goes in ("in no way", "by cursor") and cap != limit
    found = read_or_refused(make, Shape(says, goes, cap), count, page_limit=limit, larger_pages=larger)
    if found is None:
        assert count > min(cap, limit) or (says in {*SILENT, "count"} and count == limit)
    else:
        assert len(found) == count or nobody_can_tell


@pytest.mark.parametrize("says", sorted(SAYS.keys() - SILENT))
def test_a_part_without_a_way_to_the_rest_is_refused_with_what_says_so(make: Any, says: str) -> None:
    with pytest.raises(UnreadableError) as caught:
        listed(make, Shape(says, "in no way", 5), 12)
    named = {
        "total and offset": "`total` says 12 and 5 came",
        "meta.total": "`meta.total` says 12 and 5 came",
        "data.total": "`data.total` says 12 and 5 came",
        "Content-Range": "`Content-Range` says 12 and 5 came",
        "X-Total-Count": "`x-total-count` says 12 and 5 came",
        "total_pages": "`total_pages` says 3 and 1 came",
        "pagination": "`pagination.total_pages` says 3 and 1 came",
        "spring": "`last` says that there is more",
        "next_cursor": "repeats what earlier pages held",
        "nextCursor where there is one": "repeats what earlier pages held",
        "links.next": "repeats what earlier pages held",
        "Link": "repeats what earlier pages held",
    }
    said = f"`{says}` says that there is more" if says not in ("total", "totalCount", "total_items", "count") else ""
    assert named.get(says, said or f"`{says}` says 12 and 5 came") in caught.value.message
    assert "nothing was changed" in caught.value.hint


@pytest.mark.parametrize("goes", ["by offset", "by page"])
@pytest.mark.parametrize(
    "says", sorted(SAYS.keys() - {"next_cursor", "nextCursor where there is one", "links.next", "Link"})
)
def test_a_server_that_counts_or_says_nothing_is_read_to_its_end(make: Any, says: str, goes: str) -> None:
    assert len(listed(make, Shape(says, goes, 5), 12)) == 12


def test_a_list_of_exactly_the_limit_is_read_with_a_larger_one(make: Any) -> None:
    assert len(listed(make, Shape("nothing, bare", "by limit", 10), 37, page_limit=10)) == 37


@pytest.mark.parametrize(
    ("count", "cap", "limit"), [(30, 10, 10), (10, 10, 10), (120, 100, 200), (51, 50, 200), (900, 200, 1000)]
)
def test_a_list_that_may_be_cut_off_is_refused_where_nothing_can_tell(
    make: Any, count: int, cap: int, limit: int
) -> None:
    with pytest.raises(UnreadableError, match=rf"it holds exactly {min(cap, limit)}, .* whether there are more"):
        listed(make, Shape("nothing, bare", "in no way", cap), count, page_limit=limit)


@pytest.mark.parametrize("count", [1, 7, 50, 100, 200, 1000])
def test_a_server_that_always_sends_all_is_believed(make: Any, count: int) -> None:
    teams = [{"id": f"t{number:04d}"} for number in range(count)]
    answer = httpx.MockTransport(lambda _: httpx.Response(200, json=teams))
    with Reader(make.fast(), transport=answer) as reader:
        assert len(reader.teams() or {}) == count


def teams(make: Any, *pages: Any) -> Any:
    """Return the teams that `pages` list, in their order; the last page stays."""
    left = list(pages)

    def answer(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, text=json.dumps(left.pop(0) if len(left) > 1 else left[0]))

    with Reader(make.fast(), transport=httpx.MockTransport(answer)) as reader:
        return reader.teams()


A, B, C = {"id": "a"}, {"id": "b"}, {"id": "c"}


@pytest.mark.parametrize(
    ("pages", "reason"),
    [
        (
            [{"data": [A], "total": 3, "next": "1"}, {"data": [B], "total": 2}] * 5,
            "`total` falls from 3 to 2 between two",
        ),
        ([{"data": [A, B], "total": 1}], "`total` says 1 and 2 came"),
        ([{"data": [A, B], "count": 1}], "`count` says 1 and 2 came"),
        ([{"data": [A], "total": 1, "pagination": {"total": 4}}], "`total` says 1 and `pagination.total` says 4"),
        (
            [{"data": [A], "next_cursor": "1", "total": 3}, {"data": [B], "total": 3, "next_cursor": None}],
            "says 3 and 2",
        ),
        ([{"data": [A], "has_more": False, "total": 2}], "`total` says 2 and 1 came"),
        ([{"data": [A], "next": "https://elsewhere.test/v1/teams?page=2"}], "its next page is at elsewhere.test"),
        ([{"data": [A], "next": "/v1/wallets?page=2"}], "its next page is at /v1/wallets, which is another listing"),
    ],
)
def test_counts_and_links_that_contradict_refuse_the_listing(make: Any, pages: list[Any], reason: str) -> None:
    with pytest.raises(UnreadableError) as caught:
        teams(make, *pages)
    assert reason in caught.value.message


@pytest.mark.parametrize(
    "pages",
    [
        [{"data": [A], "total": 2, "next": "1"}, {"data": [B], "total": 3}],
        [{"data": [A], "count": 1, "next": "1"}, {"data": [B, C], "count": 2}],
        [{"data": [A, B], "total": 11870.42}],
        [{"data": [A, B], "cursor": None, "has_more": False, "page": 1, "pages": 1}],
        [{"data": [A], "links": [{"rel": "self", "href": "/v1/teams"}], "total": 1}],
        [{"data": [A], "next_cursor": "c1", "cursor": None}, {"data": [B], "next_cursor": None, "cursor": "c1"}],
    ],
)
def test_what_is_no_contradiction_is_read(make: Any, pages: list[Any]) -> None:
    assert teams(make, *pages)


def test_a_server_that_fails_beyond_the_first_page_fails_the_listing(make: Any) -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        further = "offset" in request.url.params
        return httpx.Response(500 if further else 200, json=[A, B])

    with (
        Reader(make.fast(retries=0), transport=httpx.MockTransport(answer)) as reader,
        pytest.raises(Exception, match="500"),
    ):
        reader.teams()


def test_how_a_silent_server_goes_on_is_asked_once_for_all_ledgers(make: Any, acme: Any) -> None:
    acme.habits.envelope = "bare"
    with Reader(make.fast(), transport=acme.transport) as reader:
        wallets = {WalletRef.team("team_support"): "USD", WalletRef.team("team_support_dev"): "USD"}
        for _ in range(3):
            reader.live(organization=make.organization, wallets=wallets, period=JUNE)
    asked = [r for r in acme.seen if r.url.path.endswith("/transactions") and r.url.params.keys() & {"offset", "page"}]
    assert 2 <= len(asked) <= 4


def test_the_pool_is_not_taken_from_a_listing_that_is_cut(make: Any, acme: Any) -> None:
    rows = list(acme.wallets)
    cut = {"wallets": rows[:1], "total": len(rows)}
    acme.overrides["/v1/wallets"] = lambda _: acme.answer(cut)
    acme.overrides["/v1/wallets/balance"] = lambda _: httpx.Response(404)
    with Reader(make.fast(), transport=acme.transport) as reader, pytest.raises(UnreadableError, match="says 5 and 1"):
        reader.pool("USD")


def test_money_beside_a_list_is_no_count(make: Any, acme: Any) -> None:
    answer = {"wallets": acme.wallets, "total": Decimal("61180.55")}
    acme.overrides["/v1/wallets/balance"] = lambda _: acme.answer(answer)
    with Reader(make.fast(), transport=acme.transport) as reader:
        assert reader.pool("USD") is not None


def asked_for(make: Any, count: int, most: int, *, refuses: int | None = None, times: int = 1) -> list[tuple[str, str]]:
    """Return limit and page of each request, to a server that counts its pages, gives `most` and may refuse more."""
    teams = [{"id": f"t{number:05d}"} for number in range(count)]
    asked = []

    def answer(request: httpx.Request) -> httpx.Response:
        query = dict(request.url.params)
        asked.append((query["limit"], query.get("cursor", "1")))
        if refuses and int(query["limit"]) > most:
            return httpx.Response(refuses, json={"error": {"code": "limit", "message": "too many"}})
        size, page = min(int(query["limit"]), most), int(query.get("cursor", "1"))
        following = str(page + 1) if page * size < count else None
        return httpx.Response(200, json={"data": teams[(page - 1) * size : page * size], "next_cursor": following})

    with Reader(make.fast(retries=0), transport=httpx.MockTransport(answer)) as reader:
        for _ in range(times):
            assert sorted(reader.teams() or {}) == [team["id"] for team in teams]
    return asked


def test_a_long_listing_is_read_anew_with_larger_pages(make: Any) -> None:
    assert asked_for(make, 200, 1000) == [("200", "1")]
    assert asked_for(make, 2300, 1000) == [("200", "1"), ("1000", "1"), ("1000", "2"), ("1000", "3")]
    assert asked_for(make, 1100, 500) == [("200", "1"), ("1000", "1"), ("1000", "2"), ("1000", "3")]


@pytest.mark.parametrize("refuses", [None, 400, 422, 500])
def test_where_no_larger_pages_are_given_the_listing_is_read_by_small_ones(make: Any, refuses: int | None) -> None:
    pages = [("200", "2"), ("200", "3")]
    first = [("200", "1"), ("1000", "1"), *pages]
    assert asked_for(make, 450, 200, refuses=refuses, times=2) == [*first, ("200", "1"), *pages]
    assert asked_for(make, 150, 50) == [("200", "1"), ("200", "2"), ("200", "3")]
