"""What a list says about what is not in it: a next page, a flag, a count. Read in every usual spelling.

Nobody documents these keys for Keeptrusts, so names are compared without case, `_` and `-`, at the top of an answer
and inside the objects in which such keys usually stand.
"""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

_PLACES = frozenset({"data", "pagination", "paging", "paginator", "pager", "page", "pageinfo", "meta", "metadata"})
_LINKS = frozenset({"links", "link"})
_IN_PAGE = {"number": "pagenumber", "size": "pagesize"}
_NEXT = ("nextcursor", "nextpagetoken", "nexttoken", "next", "nextlink", "nexturl", "nexthref", "nextpageurl")
_MAYBE_NEXT = ("continuationtoken", "continuation", "endcursor", "cursor")
_NEXT_PAGE, _NEXT_OFFSET = ("nextpage", "nextpagenumber"), ("nextoffset", "nextskip")
_MORE = frozenset({"hasmore", "hasnext", "hasnextpage", "hasmorepages", "hasmoreitems"})
_CUT = frozenset(
    {"more", "moreavailable", "truncated", "istruncated", "incomplete", "isincomplete", "incompleteresults"}
    | {"partial", "ispartial"}
)
_WHOLE = frozenset({"complete", "iscomplete", "last", "islast", "islastpage", "lastpage"})
_THINGS = ("count", "items", "results", "records", "elements", "entries", "rows", "objects", "events", "hits", "size")
_TOTAL = frozenset({"total", "fullcount", "recordstotal", *(f"total{thing}" for thing in _THINGS)})
_COUNT = frozenset({"count", "length", "returned", "resultcount", "itemcount", "recordcount", "numberofelements"})
_PAGES = frozenset({"totalpages", "pages", "pagecount", "numpages", "numberofpages", "lastpage"})
_NUMBER = frozenset({"page", "currentpage", "pagenumber", "pageno", "pageindex"})
_OFFSET = frozenset({"offset", "skip"})
_SIZE = frozenset({"limit", "perpage", "pagesize", "size"})
_YES, _NO = frozenset({"true", "yes", "1"}), frozenset({"false", "no", "0", ""})
_DEPTH = 3


@dataclass(frozen=True, slots=True)
class Said:
    """A key as it is written, and its number."""

    name: str
    number: int


@dataclass(frozen=True, slots=True)
class Paging:
    """What an answer says of the pages beyond it.

    `next` is a cursor or a link as it is written, `next_page` and `next_offset` say by number where to go on. `more`
    is the key that says that there is more, empty where none does. `ends` is whether the answer names a next page or
    a flag and thereby says that there is none. `total` counts all objects, `count` those of this page or all, `pages`
    all pages; `number` is the page's own, `offset` what came before it, `size` the most that a page holds.
    """

    next: object = None
    next_page: int | None = None
    next_offset: int | None = None
    more: str = ""
    ends: bool = False
    total: Said | None = None
    count: Said | None = None
    pages: Said | None = None
    number: Said | None = None
    offset: Said | None = None
    size: Said | None = None


Entry = tuple[str, str, Any]
"""A key in lower case with letters and digits alone, the key as it is written, and its value."""


def read_paging(document: Mapping[str, Any], *, beside: Sequence[Entry] = (), asked: Container[object] = ()) -> Paging:
    """Return what `document`, the object around a list, says of further pages.

    `beside` is what is said elsewhere, such as in headers; `asked` are cursors that were sent and may be echoed. Raises
    ValueError when a flag cannot be understood, or when two counts contradict each other.
    """
    said = [*beside, *_said(document, "", 0)]
    flags = [(written, flag) for key, written, value in said if (flag := _flag(key, written, value)) is not None]
    more = next((written for written, is_more in flags if is_more), "")
    closed = bool(flags) and not more
    maybe = _first(said, _MAYBE_NEXT)
    following = _first(said, _NEXT) or (None if maybe in asked else maybe)
    page, offset = _number(said, _NEXT_PAGE), _number(said, _NEXT_OFFSET)
    named = any(key in (*_NEXT, *_NEXT_PAGE, *_NEXT_OFFSET) for key, _, _ in said)
    return Paging(
        next=None if closed else following,
        next_page=page.number if page and not closed else None,
        next_offset=offset.number if offset and not closed else None,
        more=more,
        ends=closed or (named and following is None and page is None and offset is None),
        total=_agreed(said, _TOTAL),
        count=_agreed(said, _COUNT),
        pages=_agreed(said, _PAGES),
        number=_number(said, _NUMBER),
        offset=_number(said, _OFFSET),
        size=_number(said, _SIZE),
    )


def whole_count(value: object) -> int | None:
    """Return a count, written as a number or as its digits; a fraction, such as a sum of money, is none."""
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 19:
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None


@lru_cache(maxsize=1024)
def plain(name: str) -> str:
    """Return a key without what spellings differ in: case, `_`, `-`."""
    return "".join(character for character in name.lower() if character.isalnum())


def _said(document: Mapping[str, Any], path: str, depth: int, inside: str = "") -> Iterator[Entry]:
    for name, value in document.items():
        key = _IN_PAGE.get(plain(name), plain(name)) if inside == "page" else plain(name)
        if isinstance(value, Mapping) and depth < _DEPTH and key in _PLACES | _LINKS:
            yield from _said(value, f"{path}{name}.", depth + 1, key)
        elif isinstance(value, list) and key in _LINKS:
            yield from ((rel, f"{path}{rel}", _linked(link)) for link in value if (rel := _relation(link)))
        else:
            yield key, f"{path}{name}", _linked(value)


def _relation(link: Any) -> str:
    return str(link.get("rel", "")).lower() if isinstance(link, Mapping) else ""


def _linked(value: Any) -> Any:
    """Return the address in a link that is written as an object; one in which there is none is kept as it is."""
    if not isinstance(value, Mapping):
        return value
    return next((value[name] for name in ("href", "url", "uri", "cursor") if name in value), value or None)


def _flag(key: str, written: str, value: Any) -> bool | None:
    """Return whether a key says that there is more, None when it says nothing of that."""
    if value is None or (key in _WHOLE and not isinstance(value, bool)):
        return None
    if key in _WHOLE:
        return not value
    if isinstance(value, bool) or (isinstance(value, int) and key in _MORE | _CUT):
        return bool(value) if key in _MORE | _CUT else None
    if key in _MORE or (key in _CUT and isinstance(value, str) and value.lower() not in _YES | _NO):
        raise ValueError(f"`{written}` does not say plainly whether there is more")
    return value.lower() in _YES if key in _CUT and isinstance(value, str) else None


def _first(said: Sequence[Entry], names: Sequence[str]) -> object:
    found = (value for name in names for key, _, value in said if key == name and value not in (None, "", False))
    return next(found, None)


def _number(said: Sequence[Entry], names: Container[str]) -> Said | None:
    found = (
        Said(name, number) for key, name, value in said if key in names and (number := whole_count(value)) is not None
    )
    return next(found, None)


def _agreed(said: Sequence[Entry], names: Container[str]) -> Said | None:
    """Return the number that the keys of one meaning say; two that differ are an error."""
    first = _number(said, names)
    for key, name, value in said:
        number = whole_count(value)
        if first is not None and key in names and number is not None and number != first.number:
            raise ValueError(f"`{first.name}` says {first.number:,} and `{name}` says {number:,}")
    return first
