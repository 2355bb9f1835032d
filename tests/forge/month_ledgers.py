"""Ledgers for a month: what Keeptrusts said of a wallet is kept until an entry is added to it.

Drift reads forty ledgers an hour, of which one or two are new. Keeptrusts itself gives every answer over HTTP; what is
left out is to ask it again for a ledger to which nothing was added.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from random import Random
from typing import Any

import httpx
import pytest

from reconciler.keeptrusts.channel import Channel
from reconciler.sandbox.store import Store

_LEDGER = re.compile(r"/v1/wallets/([^/]+)/transactions")
_ASKED_AGAIN = 0.02
"""How many of the answers that are known are asked for again, and have to be the same."""


class MonthLedgers:
    """Stands before the reads of a Keeptrusts whose ledgers are in `store`. With `is_plain` every answer is its own.

    A process that was forked asks for itself: it may not touch the database.
    """

    def __init__(self, store: Store, url: str, *, seed: int, is_plain: bool) -> None:
        self.store, self.url, self.is_plain = store, url, is_plain
        self._process = os.getpid()
        self._random = Random(seed)
        self._known: dict[tuple[Any, ...], httpx.Response] = {}

    def key(self, channel: Channel, path: str, params: Mapping[str, str]) -> tuple[Any, ...] | None:
        """Return what an answer depends on: who asks for what, the ledger's entries; None for another listing."""
        ledger = _LEDGER.fullmatch(path)
        is_other = channel.connection.origin != self.url or os.getpid() != self._process
        if self.is_plain or ledger is None or is_other:
            return None
        (ids,) = self.store.database.rows("SELECT group_concat(id) FROM entries WHERE wallet = ?", ledger.groups())
        return (channel.connection.token, path, *params.items(), *ids)

    @contextmanager
    def remembered(self) -> Iterator[None]:
        """Let what is known be answered without the network, until the end of the block."""
        of_the_network = Channel._answer

        async def answered(channel: Channel, path: str, params: Mapping[str, str]) -> httpx.Response:
            key = self.key(channel, path, params)
            known = self._known.get(key) if key else None
            if known is not None and self._random.random() >= _ASKED_AGAIN:
                return known
            response = await of_the_network(channel, path, params)
            said = [each.extensions["body"] for each in (known or response, response)]
            assert said[0] == said[1], (path, said)
            if key and response.is_success:
                self._known[key] = response
            return response

        with pytest.MonkeyPatch.context() as patched:
            patched.setattr(Channel, "_answer", answered)
            yield
