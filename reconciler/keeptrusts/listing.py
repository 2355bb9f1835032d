"""Listings read whole: every page, each object once, or an error. A partial read is an error."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from reconciler.keeptrusts.channel import Channel
from reconciler.keeptrusts.envelope import Page, read_page
from reconciler.keeptrusts.failures import shown, unreadable
from reconciler.keeptrusts.fields import Item

EMPTY_PAGES = 20
"""How many pages in a row may be empty and still name a next one."""

Key = Callable[[Item], str]


async def read_all(
    channel: Channel, path: str, *, plural: str, params: Mapping[str, str] | None = None, key: Key | None = None
) -> list[Item]:
    """Return every object of the listing at `path`, in the server's order, each `key` (default: its id) once.

    Raises UnreadableError when a page is none, when pages or cursors repeat, when an object is listed twice with
    different content, or when there is no end.
    """
    first = {**(params or {}), "limit": str(channel.connection.page_limit)}
    collected = _Collected(path, key or _by_id)
    query: Mapping[str, str] = first
    asked: set[tuple[tuple[str, str], ...]] = set()
    for number in range(1, channel.connection.max_pages + 1):
        asked.add(tuple(sorted(query.items())))
        collected.add(_page(await channel.get(path, query), path, number, plural), number)
        if collected.next is None:
            return list(collected.items.values())
        query = {**first, **collected.next}
        if tuple(sorted(query.items())) in asked:
            raise unreadable(f"GET {path}", f"page {number} leads back to a page that was read before")
    raise unreadable(f"GET {path}", f"it does not end within {channel.connection.max_pages:,} pages")


def _page(document: Any, path: str, number: int, plural: str) -> Page:
    try:
        return read_page(document, plural=plural)
    except ValueError as error:
        raise unreadable(f"page {number} of GET {path}", str(error)) from None


def _by_id(item: Item) -> str:
    return item.text("id")


class _Collected:
    """The objects so far, by identity, and where the next page is."""

    def __init__(self, path: str, key: Key) -> None:
        self.items: dict[str, Item] = {}
        self.next: Mapping[str, str] | None = None
        self._path = path
        self._key = key
        self._empty = 0

    def add(self, page: Page, number: int) -> None:
        """Take the objects of page `number`."""
        before = len(self.items)
        for item in self._read(page, number):
            key = self._key(item)
            known = self.items.setdefault(key, item)
            if known is not item and known.data != item.data:
                raise unreadable(
                    f"page {number} of GET {self._path}",
                    f"`{shown(key, limit=60)}` is listed twice with different content",
                )
        if page.items and number > 1 and len(self.items) == before:
            raise unreadable(f"page {number} of GET {self._path}", "it repeats what earlier pages held")
        self._empty = 0 if page.items else self._empty + 1
        if self._empty > EMPTY_PAGES:
            raise unreadable(f"GET {self._path}", f"{self._empty} pages in a row are empty and name a next one")
        self.next = page.next

    def _read(self, page: Page, number: int) -> Iterator[Item]:
        for index, data in enumerate(page.items, start=1):
            yield Item(f"GET {self._path}, page {number}, item {index}", data)
