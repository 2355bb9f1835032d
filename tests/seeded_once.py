"""Sandboxes that this process has filled before: a year of the example organization takes longer than most commands.

What a sandbox in memory begins with depends on its scenario and its day alone. Tests of the sandbox fill their own.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from reconciler.sandbox.store import Store


@pytest.fixture(scope="session", autouse=True)
def seeded_once() -> Iterator[None]:
    """Import the server late: a module that is imported before measuring begins would not be counted."""
    from reconciler.sandbox import server

    stores: dict[object, Store] = {}
    opened = server._opened

    def opened_once(db: Path | None, scenario: str | None, as_of: date | None) -> Store:
        if db is not None or as_of is None:
            return opened(db, scenario, as_of)
        if (scenario, as_of) not in stores:
            stores[scenario, as_of] = opened(db, scenario, as_of)
        return stores[scenario, as_of].clone()

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(server, "_opened", opened_once)
        yield
    for store in stores.values():
        store.close()
