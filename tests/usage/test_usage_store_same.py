"""Whatever exports hold and in whatever order they come: usage from a store is the usage of a reading of all."""

from __future__ import annotations

import random
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from thorough import THOROUGH, drawn
from usage.arrivals import Arrivals, told

from reconciler.usage import engine
from reconciler.usage.engine import SMALL
from reconciler.usage.store.session import Store
from reconciler.usage.store.use import StoreUse


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(2, 2 + drawn(200, sample=1)))
def test_each_reading_with_a_store_says_what_one_without_says_and_reads_nothing_twice(
    exports: Any, tmp_path: Path, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    draw = random.Random(seed)
    uses: list[StoreUse] = []
    store = Store(str(tmp_path / "store"), uses.append)
    for _ in Arrivals(exports, draw).steps(4 if THOROUGH else 3):
        window = {
            "first": date(2026, draw.randint(1, 3), 1),
            "end": date(2026, draw.randint(5, 7), draw.randint(1, 28)),
        }
        with_store = told(exports.read(**window, store=store))
        monkeypatch.setattr(engine, "SMALL", draw.choice([0, SMALL]))
        assert with_store == told(exports.read(**window))
    assert told(exports.read(**window, store=store)) == with_store
    assert (uses[-1].read, uses[-1].exports) == (0, len(list(exports.folder.iterdir())))
    assert not any(use.trouble for use in uses)
