"""How a server may give a listing in parts: what it says of the rest, and which ways to the rest it goes.

A shape takes all objects, the query and the path, and returns the answer and its headers. `SAYS` are the ways of saying
that there is more, `GOES` those of asking for it; every pair of them is a server that might exist.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Part = tuple[list[Any], int, int, int]
"""The objects of a part, where it starts, how many it may hold, how many there are in all."""

Answer = tuple[Any, dict[str, str]]


def _number(query: Mapping[str, str], name: str, default: int) -> int:
    return int(query.get(name, default))


def _by_cursor(items: Sequence[Any], query: Mapping[str, str], cap: int) -> Part:
    start, size = _number(query, "cursor", 0), min(cap, _number(query, "limit", 50))
    return list(items[start : start + size]), start, size, len(items)


def _by_offset(items: Sequence[Any], query: Mapping[str, str], cap: int) -> Part:
    start, size = _number(query, "offset", 0), min(cap, _number(query, "limit", 50))
    return list(items[start : start + size]), start, size, len(items)


def _by_page(items: Sequence[Any], query: Mapping[str, str], cap: int) -> Part:
    size = min(cap, _number(query, "limit", 50))
    start = (_number(query, "page", 1) - 1) * size
    return list(items[start : start + size]), start, size, len(items)


def _by_limit(items: Sequence[Any], query: Mapping[str, str], cap: int) -> Part:
    size = _number(query, "limit", cap)
    return list(items[:size]), 0, size, len(items)


def _in_no_way(items: Sequence[Any], query: Mapping[str, str], cap: int) -> Part:
    size = min(cap, _number(query, "limit", 50))
    return list(items[:size]), 0, size, len(items)


GOES: dict[str, Callable[[Sequence[Any], Mapping[str, str], int], Part]] = {
    "by cursor": _by_cursor,
    "by offset": _by_offset,
    "by page": _by_page,
    "by limit": _by_limit,
    "in no way": _in_no_way,
}


def _more(part: Part) -> bool:
    items, start, _, total = part
    return start + len(items) < total


def _pages(part: Part) -> tuple[int, int]:
    _, start, size, total = part
    return start // size + 1, -(-total // size)


def _total(name: str) -> Callable[[Part, str], Answer]:
    return lambda part, _: ({"data": part[0], name: part[3]}, {})


def _flag(name: str) -> Callable[[Part, str], Answer]:
    return lambda part, _: ({"items": part[0], name: _more(part)}, {})


def _header(name: str) -> Callable[[Part, str], Answer]:
    return lambda part, _: (part[0], {name: str(part[3])})


def _link(part: Part, path: str) -> Answer:
    where = f'<{path}?cursor={part[1] + part[2]}>; rel="next"' if _more(part) else f'<{path}>; rel="first"'
    return part[0], {"Link": where}


def _pagination(part: Part, path: str) -> Answer:
    page, pages = _pages(part)
    return {"data": part[0], "pagination": {"page": page, "per_page": part[2], "total_pages": pages}}, {}


def _spring(part: Part, path: str) -> Answer:
    page, pages = _pages(part)
    counted = {"totalElements": part[3], "totalPages": pages, "numberOfElements": len(part[0])}
    return {"content": part[0], "number": page, "size": part[2], "last": page >= pages, **counted}, {}


SAYS: dict[str, Callable[[Part, str], Answer]] = {
    "total": _total("total"),
    "totalCount": _total("totalCount"),
    "total_items": _total("total_items"),
    "count": _total("count"),
    "meta.total": lambda part, _: ({"data": part[0], "meta": {"total": part[3], "limit": part[2]}}, {}),
    "data.total": lambda part, _: ({"data": {"items": part[0], "total": part[3]}}, {}),
    "total and offset": lambda part, _: ({"data": part[0], "total": part[3], "offset": part[1]}, {}),
    "total_pages": lambda part, _: ({"data": part[0], "total_pages": _pages(part)[1]}, {}),
    "pagination": _pagination,
    "spring": _spring,
    "has_more": _flag("has_more"),
    "hasNextPage": _flag("hasNextPage"),
    "truncated": _flag("truncated"),
    "isTruncated": _flag("isTruncated"),
    "incomplete_results": _flag("incomplete_results"),
    "next_cursor": lambda part, _: (
        {"data": part[0], "next_cursor": str(part[1] + part[2]) if _more(part) else None},
        {},
    ),
    "nextCursor where there is one": lambda part, _: (
        {"data": part[0], **({"nextCursor": str(part[1] + part[2])} if _more(part) else {})},
        {},
    ),
    "links.next": lambda part, path: (
        {"data": part[0], "links": {"next": {"href": f"{path}?cursor={part[1] + part[2]}"} if _more(part) else None}},
        {},
    ),
    "Link": _link,
    "X-Total-Count": _header("X-Total-Count"),
    "Content-Range": lambda part, _: (part[0], {"Content-Range": f"items {part[1]}-{part[1] + part[2]}/{part[3]}"}),
    "nothing, bare": lambda part, _: (part[0], {}),
    "nothing, named": lambda part, _: ({"results": part[0]}, {}),
}


@dataclass(frozen=True)
class Shape:
    """A server's habit: what it says of the rest, how it goes there, and the most that it gives at once."""

    says: str
    goes: str
    cap: int

    def __call__(self, items: Sequence[Any], query: Mapping[str, str], path: str) -> Answer:
        return SAYS[self.says](GOES[self.goes](items, query, self.cap), path)
