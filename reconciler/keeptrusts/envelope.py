"""Pages of a listing: `{"data": […], "next_cursor": …}`, a bare array, or the list under its plural name.

What the vendor does not document is read in every usual form; a page in none of them is refused.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlsplit

_NEXT_NAMES = ("next_cursor", "nextCursor", "next_page_token", "nextPageToken", "next", "cursor")
_MORE_NAMES = ("has_more", "hasMore", "has_next_page", "hasNextPage")
_NESTED_NAMES = ("pagination", "meta", "page_info", "pageInfo", "paging", "links")
_LIST_NAMES = ("data", "items", "results")
_LONGEST_CURSOR = 4096


@dataclass(frozen=True, slots=True)
class Page:
    """The objects of one page, and the query parameters that lead to the next one; None on the last."""

    items: list[Mapping[str, Any]]
    next: Mapping[str, str] | None


def read_page(document: Any, *, plural: str) -> Page:
    """Return the page that `document` is; `plural` is what the listing calls its objects.

    Raises ValueError with the reason when it is no page, so that a part is never taken for the whole.
    """
    if isinstance(document, list):
        return Page(_objects(document), None)
    if not isinstance(document, Mapping):
        raise ValueError("it is neither a list nor an object that holds one")
    return Page(_objects(_listed(document, plural)), _next(document))


def _listed(document: Mapping[str, Any], plural: str) -> list[Any]:
    for name in (plural, *_LIST_NAMES):
        match document.get(name):
            case list() as found:
                return found
            case Mapping() as nested if name == "data":
                return _listed(nested, plural)
    lists = [value for value in document.values() if isinstance(value, list)]
    if len(lists) != 1:
        raise ValueError("it holds no list" if not lists else "it holds several lists, none of them named as expected")
    return lists[0]


def _objects(items: list[Any]) -> list[Mapping[str, Any]]:
    for number, item in enumerate(items, start=1):
        if not isinstance(item, Mapping):
            raise ValueError(f"item {number} is no object")
    return items


def _next(document: Mapping[str, Any]) -> Mapping[str, str] | None:
    places = [
        document,
        *(nested for name in ("data", *_NESTED_NAMES) if isinstance(nested := document.get(name), dict)),
    ]
    more = next((place[name] for place in places for name in _MORE_NAMES if name in place), None)
    if more is not None and not isinstance(more, bool):
        raise ValueError("it does not say plainly whether there is more")
    if more is False:
        return None
    for place in places:
        for name in _NEXT_NAMES:
            if (value := place.get(name)) not in (None, "", False):
                return _parameters(value)
    if more:
        raise ValueError("it says that there is more and not where")
    return None


def _parameters(value: object) -> Mapping[str, str]:
    if isinstance(value, int) and not isinstance(value, bool):
        return {"cursor": str(value)}
    if not isinstance(value, str) or len(value) > _LONGEST_CURSOR:
        raise ValueError("its cursor is no text that can be sent back")
    if value.startswith(("/", "?", "http://", "https://")) and (query := urlsplit(value).query):
        return dict(parse_qsl(query))
    return {"cursor": value}
