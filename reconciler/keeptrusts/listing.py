"""Listings read whole: every page, each object once, or an error. A partial read is an error.

An answer may say where it goes on, or only that it does (a flag, a count, a page number), or nothing at all. Where it
does not say how to go on, the usual ways are tried, and what comes is believed only when it fits: objects that were not
there before, as many as were counted. Else the reading is refused (decision 0027).

A listing that is longer than its first page is read anew with larger pages, where the server gives more at a time: a
cursor that counts pages would skip objects if their size changed on the way.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from reconciler.findings import RemoteError, UnreadableError
from reconciler.keeptrusts.channel import Channel
from reconciler.keeptrusts.collected import ChangedError, Collected, Key, by_id
from reconciler.keeptrusts.envelope import Page, read_page
from reconciler.keeptrusts.failures import unreadable
from reconciler.keeptrusts.fields import Item
from reconciler.keeptrusts.ways import ALL_WAYS, Way, is_ignored, suspicion, without_end

Query = Mapping[str, str]

READINGS = 5
"""Of a listing that shifts between its pages, so many are tried until two have the same objects."""


async def read_all(
    channel: Channel,
    path: str,
    *,
    plural: str,
    params: Query | None = None,
    key: Key | None = None,
    alone: bool = False,
    wanted: Collection[str] | None = None,
    grows: bool = False,
) -> list[Item]:
    """Return every object of the listing at `path`, in the server's order, each `key` (default: its id) once.

    `alone` is for an answer that is a single page by its nature: no other is looked for where none is named. Where the
    keys in `wanted` are all that is asked about, no page is read after those that have them. An object that comes twice
    has pushed another one out, unless the listing only `grows`: then it is read again, and so is one that says at once
    that it changed on the way. Raises UnreadableError when a page is none, when pages or cursors repeat, when each
    reading has an object twice with different content, when counts contradict what came, when there is more that cannot
    be had, or no end.
    """
    found: dict[str, Item] = {}
    changed: UnreadableError | None = None
    for _ in range(READINGS):
        reading = _Reading(channel, path, plural, params or {}, key or by_id)
        reading.wanted = None if wanted is None else frozenset(wanted)
        try:
            read = await reading.whole(alone=alone)
        except ChangedError as error:
            changed = error
            continue
        if grows or not read.shifted:
            return list(read.items.values())
        is_known = read.items.keys() <= found.keys()
        found |= read.items
        if is_known:
            return list(found.values())
    raise changed or unreadable(
        f"GET {path}", f"its objects change places: each of {READINGS} readings had some twice, and others"
    )


class _Reading:
    """One reading of one listing, which ends where those with the keys in `wanted` are there.

    `_way` is how it goes on where the answers do not name the next page.
    """

    def __init__(self, channel: Channel, path: str, plural: str, params: Query, key: Key) -> None:
        self._channel = channel
        self._path = path
        self._plural = plural
        self._limit = channel.connection.page_limit
        self._first: Query = {**params, "limit": str(self._limit)}
        self._key = key
        self._collected = Collected(path, key)
        self._asked: set[tuple[tuple[str, str], ...]] = set()
        self._way: Way | None = None
        self.wanted: frozenset[str] | None = None

    async def whole(self, *, alone: bool) -> Collected:
        page: Page | None = await self._first_page()
        while page is not None and not self._has_all():
            if self._collected.pages > self._channel.connection.max_pages:
                raise unreadable(
                    f"GET {self._path}", f"it does not end within {self._channel.connection.max_pages:,} pages"
                )
            page = await self._following(page, alone=alone)
        return self._collected

    def _has_all(self) -> bool:
        """Whether nothing more is asked about."""
        return self.wanted is not None and self.wanted <= self._collected.items.keys()

    async def _first_page(self) -> Page:
        """Return the first page, taken; a larger one where the listing goes on and the server gives more at a time."""
        first = await self._named({})
        larger, known = self._channel.connection.larger_pages, self._channel.gives_no_more
        if first.next is None or self._has_all() or self._plural in known:
            return first
        if not self._limit <= len(first.items) < larger:
            return first
        anew = {**self._first, "limit": str(larger)}
        try:
            found = await self._read(anew)
        except RemoteError:
            found = first
        if len(found.items) <= len(first.items):
            known.add(self._plural)
            return first
        self._limit, self._first, self._collected = larger, anew, Collected(self._path, self._key)
        self._asked.add(tuple(sorted(anew.items())))
        self._channel.pages_by[self._plural] = "name"
        self._collected.add(found)
        return found

    async def _following(self, page: Page, *, alone: bool) -> Page | None:
        """Return the page after `page`, taken; None when there is none."""
        if page.next is not None:
            self._channel.pages_by[self._plural] = "name"
            return await self._named(page.next)
        claim = self._claim(page)
        if not claim and (alone or not page.items or self._is_last(page)):
            return None
        return await self._tried(page, claim)

    def _claim(self, page: Page) -> str:
        """Return what says that there is more than was read, in words; empty when nothing does."""
        if page.paging.more:
            return f"`{page.paging.more}` says that there is more"
        pages = page.paging.pages
        if pages is not None and self._collected.pages < pages.number:
            return f"`{pages.name}` says {pages.number:,} and {self._collected.pages:,} came"
        return self._collected.missing()

    def _is_last(self, page: Page) -> bool:
        """Whether an answer that claims no more says by itself that it is the last one."""
        paging = page.paging
        short = paging.size is not None and len(page.items) < paging.size.number
        counted = paging.pages is not None or self._collected.total is not None
        return paging.ends or short or counted or self._channel.pages_by.get(self._plural) == "name"

    async def _named(self, step: Query) -> Page:
        query = tuple(sorted({**self._first, **step}.items()))
        if query in self._asked:
            number = self._collected.pages + 1
            raise unreadable(f"GET {self._path}", f"page {number} leads back to a page that was read before")
        self._asked.add(query)
        page = await self._read(step)
        self._collected.add(page)
        return page

    async def _tried(self, page: Page, claim: str) -> Page | None:
        """Return a page found by one of the usual ways; None when there is proof, or nothing that speaks for one."""
        for way in self._ways(page, claim):
            found = await way.ask(page, self._collected, self._read)
            if found is None or (self._way is None and is_ignored(found, page, self._key, self._collected)):
                continue
            if not found.items and claim:
                continue
            self._channel.pages_by[self._plural] = way.name
            if not found.items:
                return None
            self._way = way
            self._collected.add(found)
            return found
        if claim or self._way is None:
            self._channel.pages_by.setdefault(self._plural, "nothing")
            await self._by_size(page, claim)
        return None

    def _ways(self, page: Page, claim: str) -> list[Way]:
        if self._way is not None:
            return [self._way]
        known = None if claim else self._channel.pages_by.get(self._plural)
        if known is not None:
            return [way for way in ALL_WAYS if way.name == known]
        return sorted(ALL_WAYS, key=lambda way: not way.is_documented(page))

    async def _by_size(self, page: Page, claim: str) -> None:
        """Ask for more at once, the last way to have what was not named. Raises when it does not help."""
        here = len(self._collected.items)
        reason = claim or suspicion(here, self._limit, page)
        if not reason or (not claim and await self._would_say(here)):
            return
        larger = await self._larger(here, claim) if claim or here >= self._limit else None
        if larger is None:
            raise without_end(self._path, reason)
        self._collected = larger

    async def _would_say(self, here: int) -> bool:
        """Whether a server that has one object more than it may send says so, or sends it all the same."""
        if here < 2:
            return False
        page = await self._read({"limit": str(here - 1)})
        if page.next is not None:
            self._channel.pages_by[self._plural] = "name"
        return page.next is not None or bool(page.paging.more) or len(page.items) >= here

    async def _larger(self, here: int, claim: str) -> Collected | None:
        """Return the listing read at once with a larger limit, None when that is not whole either."""
        total = self._collected.total
        limit = max(10 * self._limit, total.number if total else 0)
        page = await self._read({"limit": str(limit)})
        collected = Collected(self._path, self._key)
        collected.add(page)
        told = page.paging.ends or collected.total is not None
        if page.next is not None or page.paging.more or collected.missing() or len(page.items) <= here:
            return None
        if not told and (claim or suspicion(len(page.items), limit, page)):
            return None
        return collected

    async def _read(self, step: Query) -> Page:
        answer = await self._channel.answer(self._path, {**self._first, **step})
        try:
            return read_page(
                answer.document,
                plural=self._plural,
                url=self._channel.connection.url(self._path),
                cursor=step.get("cursor"),
                headers=answer.headers,
                links=answer.links,
            )
        except ValueError as error:
            raise unreadable(f"page {self._collected.pages + 1} of GET {self._path}", str(error)) from None
