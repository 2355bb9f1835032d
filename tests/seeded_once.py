"""Sandboxes that this process has filled before: a year of the example organization takes longer than most commands.

What a sandbox in memory begins with depends on its scenario and its day alone. Tests of the sandbox fill their own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path

import pytest

from reconciler.sandbox.store import Store

Opened = Callable[[Path | None, str | None, date | None], Store]


class Once:
    """What opens sandboxes, and copies those in memory that it opened before."""

    def __init__(self, opened: Opened) -> None:
        self.opened = opened
        self.stores: dict[object, Store] = {}

    def __call__(self, db: Path | None, scenario: str | None, as_of: date | None) -> Store:
        if db is not None or as_of is None:
            return self.opened(db, scenario, as_of)
        if (scenario, as_of) not in self.stores:
            self.stores[scenario, as_of] = self.opened(db, scenario, as_of)
        return self.stores[scenario, as_of].clone()


@pytest.fixture(scope="session", autouse=True)
def seeded_once() -> Iterator[None]:
    """Import the server late: a module that is imported before measuring begins would not be counted."""
    from reconciler.sandbox import server

    once = Once(server._opened)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(server, "_opened", once)
        yield
    for store in once.stores.values():
        store.close()
