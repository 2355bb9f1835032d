"""The objects of a listing so far, each once, and the counts that its pages promise."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from reconciler.findings import UnreadableError
from reconciler.http.failures import shown
from reconciler.keeptrusts.envelope import Page
from reconciler.keeptrusts.failures import unreadable
from reconciler.keeptrusts.fields import Item
from reconciler.model.paging import Said

EMPTY_PAGES = 20
"""How many pages in a row may be empty and still name a next one."""

Key = Callable[[Item], str]


class ChangedError(UnreadableError):
    """A listing changed while it was read: another reading may have it as it is."""


class Collected:
    """What pages of the listing at `path` held, by `key`. It has `shifted` where an object came twice."""

    def __init__(self, path: str, key: Key) -> None:
        self.items: dict[str, Item] = {}
        self.pages = 0
        self.listed = 0
        self.shifted = False
        self.total: Said | None = None
        self._first_total = 0
        self._path = path
        self._key = key
        self._empty = 0

    def add(self, page: Page) -> None:
        self.pages += 1
        before = len(self.items)
        told_apart, held = self._key, self.items.setdefault
        for item in self.read(page):
            known = held(key := told_apart(item), item)
            if known is item:
                continue
            self.shifted = True
            if known.data != item.data:
                raise self._error(
                    f"`{shown(key, limit=60)}` is listed twice with different content",
                    later=item.within != known.within,
                )
        if page.items and self.pages > 1 and len(self.items) == before:
            self.refuse("it repeats what earlier pages held")
        self.listed += len(page.items)
        self._empty = 0 if page.items else self._empty + 1
        if self._empty > EMPTY_PAGES:
            raise unreadable(f"GET {self._path}", f"{self._empty} pages in a row are empty and name a next one")
        self._count(page)

    def holds(self, page: Page) -> bool:
        """Whether an object of `page` is among those so far."""
        return any(self._key(item) in self.items for item in self.read(page, self.pages + 1))

    def missing(self) -> str:
        """Return which count says that there is more than came, in words; empty when none does.

        What is added while pages are read may be missing: the first page's count is the one to reach.
        """
        if self.total is None or len(self.items) >= self._first_total:
            return ""
        return f"`{self.total.name}` says {self._first_total:,} and {len(self.items):,} came"

    def refuse(self, reason: str) -> None:
        """Raise: the page that was read last makes the whole listing unusable."""
        raise self._error(reason)

    def _error(self, reason: str, *, later: bool = False) -> UnreadableError:
        """Return the error for the page that was read last, which may be of a `later` moment than those before."""
        error = unreadable(f"page {self.pages} of GET {self._path}", reason)
        return ChangedError(error.message, hint=error.hint) if later else error

    def read(self, page: Page, number: int | None = None) -> Iterator[Item]:
        """Yield the objects of `page`, each knowing where it was read."""
        where = f"GET {self._path}, page {number or self.pages}"
        for index, data in enumerate(page.items, start=1):
            yield Item(where, data, index)

    def _count(self, page: Page) -> None:
        counted = self._promised(page)
        if counted is None:
            return
        if self.total is None:
            self._first_total = counted.number
        elif counted.number < self.total.number:
            falls = f"`{counted.name}` falls from {self.total.number:,} to {counted.number:,} between two pages"
            raise self._error(falls, later=True)
        self.total = counted
        if len(self.items) > counted.number:
            self.refuse(f"`{counted.name}` says {counted.number:,} and {len(self.items):,} came")

    def _promised(self, page: Page) -> Said | None:
        """Return how many objects there are in all, as `page` says; a count of its own objects says nothing of that."""
        paging, here = page.paging, len(page.items)
        if paging.count is not None and paging.count.number < here:
            self.refuse(f"`{paging.count.name}` says {paging.count.number:,} and {here:,} came")
        if paging.total is not None:
            return paging.total
        return paging.count if paging.count is not None and paging.count.number > here else None


def by_id(item: Item) -> str:
    """Return what most objects are told apart by."""
    return item.text("id")
