"""Whatever exports hold and in whatever order they come: usage from a store is the usage of a reading of all."""

from __future__ import annotations

import random
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from thorough import THOROUGH, drawn
from usage.arrivals import Arrivals, told

from reconciler.usage.store.session import Store
from reconciler.usage.store.use import StoreUse


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(drawn(200, sample=1)))
def test_each_reading_with_a_store_says_what_one_without_says(exports: Any, tmp_path: Path, seed: int) -> None:
    draw = random.Random(seed)
    uses: list[StoreUse] = []
    store = Store(str(tmp_path / "store"), uses.append)
    for _ in Arrivals(exports, draw).steps(4 if THOROUGH else 3):
        window = {
            "first": date(2026, draw.randint(1, 3), 1),
            "end": date(2026, draw.randint(5, 7), draw.randint(1, 28)),
        }
        assert told(exports.read(**window, store=store)) == told(exports.read(**window))
    assert any(use.read < use.exports for use in uses)
    assert not any(use.trouble for use in uses)
