"""Pages of a listing: `{"data": […], "next_cursor": …}`, a bare array, or the list under its plural name.

What the vendor does not document is read in every usual form; a page in none of them is refused.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urljoin, urlsplit

from reconciler.http.failures import shown
from reconciler.model.paging import Entry, Paging, plain, read_paging

_LIST_NAMES = ("data", "items", "results")
_LONGEST_CURSOR = 4096
_LINKS_ONLY = ("/", "?", "http://", "https://")
_CONTENT_RANGE = re.compile(r"(?!bytes)\w+ +(?:\*|\d+-\d+)/(\d+)")
_HEADERS = frozenset({"totalcount", "nextcursor", "hasmore"})
_FLAGS = {"true": True, "false": False}
_NOTHING: Mapping[str, Any] = {}


@dataclass(frozen=True, slots=True)
class Page:
    """The objects of one page, the query that leads to the next one where it is named, and all else it says of more."""

    items: list[Mapping[str, Any]]
    next: Mapping[str, str] | None
    paging: Paging = field(default=Paging(), compare=False)


def read_page(
    document: Any,
    *,
    plural: str,
    url: str = "",
    cursor: str | None = None,
    headers: Mapping[str, str] = _NOTHING,
    links: Mapping[str, str] = _NOTHING,
) -> Page:
    """Return the page that `document` is; `plural` is what the listing calls its objects.

    `url` is the listing's own address and `cursor` what led to this page; `headers` and `links` (relation to address)
    are the answer's. Raises ValueError with the reason when it is no page, or leads elsewhere, so that a part is never
    taken for the whole.
    """
    if isinstance(document, list):
        items, around = _objects(document), _NOTHING
    elif isinstance(document, Mapping):
        items, around = _objects(_listed(document, plural)), document
    else:
        raise ValueError("it is neither a list nor an object that holds one")
    paging = read_paging(around, beside=_of_headers(headers, links), asked=(cursor,))
    return Page(items, _next(paging, url), paging)


def _listed(document: Mapping[str, Any], plural: str) -> list[Any]:
    for name in (plural, *_LIST_NAMES):
        match document.get(name):
            case list() as found:
                return found
            case Mapping() as nested if name == "data":
                return _listed(nested, plural)
    lists = [value for name, value in document.items() if isinstance(value, list) and name not in ("links", "_links")]
    if len(lists) != 1:
        raise ValueError("it holds no list" if not lists else "it holds several lists, none of them named as expected")
    return lists[0]


def _objects(items: list[Any]) -> list[Mapping[str, Any]]:
    for number, item in enumerate(items, start=1):
        if type(item) is not dict and not isinstance(item, Mapping):
            raise ValueError(f"item {number} is no object")
    return items


def _of_headers(headers: Mapping[str, str], links: Mapping[str, str]) -> list[Entry]:
    said: list[Entry] = []
    for name, value in headers.items():
        key = plain(name.lower().removeprefix("x-").removeprefix("pagination-"))
        if name.lower().startswith("x-") or key in _HEADERS:
            said.append((key, name, _FLAGS.get(value.strip().lower(), value.strip())))
    if (total := _CONTENT_RANGE.fullmatch(headers.get("content-range", ""))) is not None:
        said.append(("total", "Content-Range", total[1]))
    return [*said, ("next", "Link", links.get("next"))] if links else said


def _next(paging: Paging, url: str) -> Mapping[str, str] | None:
    if paging.next is not None:
        return _parameters(paging.next, url)
    if paging.next_page is not None:
        return {"page": str(paging.next_page)}
    return None if paging.next_offset is None else {"offset": str(paging.next_offset)}


def _parameters(value: object, url: str) -> Mapping[str, str]:
    if isinstance(value, int) and not isinstance(value, bool):
        return {"cursor": str(value)}
    if not isinstance(value, str) or len(value) > _LONGEST_CURSOR:
        raise ValueError("its cursor is no text that can be sent back")
    if value.startswith(_LINKS_ONLY) and (query := urlsplit(value).query):
        _check_target(value, url)
        return dict(parse_qsl(query))
    return {"cursor": value}


def _check_target(link: str, url: str) -> None:
    """Raise unless `link` stays with the host and the path of the listing at `url`: only its query is used."""
    if not url:
        return
    here, there = urlsplit(url), urlsplit(urljoin(url, link))
    if there.hostname != here.hostname:
        raise ValueError(f"its next page is at {shown(there.hostname or '', limit=80)}, not at {here.hostname}")
    if not here.path.endswith(there.path.rstrip("/")) and not there.path.rstrip("/").endswith(here.path):
        raise ValueError(f"its next page is at {shown(there.path, limit=120)}, which is another listing")
