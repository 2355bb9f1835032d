"""The usual ways to ask for what comes after a page, for answers that do not name it; each of them proves itself."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Literal

from reconciler.findings import RejectedError, UnreadableError
from reconciler.keeptrusts.collected import Collected, Key
from reconciler.keeptrusts.envelope import Page
from reconciler.model.paging import Said, plain

_NO_SUCH_PAGE = frozenset({400, 404, 405, 410, 416, 422})
"""Statuses by which a server refuses a parameter that it does not know, or a page beyond its last."""

_USUAL_MAXIMA = frozenset({50, 100, 200, 250, 300, 400, 500, 1_000, 2_000, 2_500, 5_000, 10_000})
_Ask = Callable[[Mapping[str, str]], Awaitable[Page]]


@dataclass(frozen=True, slots=True)
class Way:
    """By the number of objects that came before, or by the number of the page."""

    name: Literal["offset", "page"]

    def is_documented(self, page: Page) -> bool:
        """Whether the answer itself counts this way."""
        return self._own(page) is not None

    async def ask(self, page: Page, collected: Collected, read: _Ask) -> Page | None:
        """Return what comes after `page` in this way, None when the server does not go it."""
        wanted = self._after(page, collected)
        own = self._own(page)
        name = "skip" if own is not None and plain(own.name).endswith("skip") else self.name
        try:
            found = await read({name: str(wanted)})
        except RejectedError as error:
            if error.status in _NO_SUCH_PAGE:
                return None
            raise
        told = self._own(found)
        return None if told is not None and told.number != wanted else found

    def _after(self, page: Page, collected: Collected) -> int:
        own = self._own(page)
        if self.name == "page":
            return own.number + 1 if own is not None else collected.pages + 1
        return own.number + len(page.items) if own is not None else collected.listed

    def _own(self, page: Page) -> Said | None:
        return page.paging.offset if self.name == "offset" else page.paging.number


ALL_WAYS = (Way("offset"), Way("page"))


def is_ignored(found: Page, first: Page, key: Key, collected: Collected) -> bool:
    """Whether `found` is the page `first` again, give or take what was added in the meantime."""
    again = sum(key(item) in collected.items for item in collected.read(found))
    return 2 * again > len(first.items)


def suspicion(listed: int, limit: int, page: Page) -> str:
    """Return why a list that says nothing of its end may have been cut off; empty when there is no reason."""
    size = page.paging.size
    if listed == limit or (size is not None and listed == size.number):
        return f"it holds exactly {listed:,}, as many as were asked for, and does not say whether there are more"
    if listed < limit and listed in _USUAL_MAXIMA:
        return f"it holds exactly {listed:,}, a usual maximum of servers, and does not say whether there are more"
    return ""


def without_end(path: str, reason: str) -> UnreadableError:
    """Return the error for a listing of which a part may be missing."""
    return UnreadableError(
        f"GET {path} cannot be read whole: {reason}; no way to read further was found",
        hint="nothing was changed; ask whoever runs Keeptrusts to let this listing name its next page (`next_cursor`)"
        " or give all at once",
    )
