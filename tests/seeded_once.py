"""Sandboxes that this process has filled before, and exports that this run has written: both take long.

What a sandbox in memory begins with depends on its scenario and its day alone, and an export on its traffic, window,
form and what was reported besides. Tests of the sandbox fill and write their own.
"""

from __future__ import annotations

import pickle
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date
from hashlib import sha256
from pathlib import Path
from typing import Any

import kept
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


def writing_once(write: Callable[..., Path]) -> Callable[..., Path]:
    """Return what writes exports with `write`, and copies those that were written before in this run of the tests."""

    def write_once(
        traffic: object, window: tuple[int, int], events: Sequence[Mapping[str, Any]], path: Path, *, form: str
    ) -> Path:
        known = kept.place(sha256(pickle.dumps(traffic)).digest(), window, events, form, path.suffix)
        if known.exists():
            shutil.copyfile(known, path)
        else:
            kept.keep(known, write(traffic, window, events, path, form=form).read_bytes())
        return path

    return write_once


@pytest.fixture(scope="session", autouse=True)
def seeded_once() -> Iterator[None]:
    """Import the server late: a module that is imported before measuring begins would not be counted."""
    from reconciler.sandbox import exports, server

    once = Once(server._opened)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(server, "_opened", once)
        patched.setattr(exports, "write_export", writing_once(exports.write_export))
        yield
    for store in once.stores.values():
        store.close()
