"""How much of what is drawn at random a run of the tests looks at: a fixed sample, or all of it in `make thorough`."""

from __future__ import annotations

import os
from collections.abc import Sequence
from itertools import product
from typing import Any

import pytest

THOROUGH = bool(os.environ.get("KT_BUDGETS_THOROUGH"))
OF_EVERYTHING = pytest.StashKey[bool]()
"""Whether a run was asked for no module in particular."""


def drawn(number: int, *, sample: int) -> int:
    """Return how many of `number` seeds are tried: the first `sample`, unless the run is thorough."""
    return number if THOROUGH else sample


def crossed(*axes: Sequence[Any]) -> list[tuple[Any, ...]]:
    """Return every combination of what stands on the axes in a thorough run, else as many that each is in one."""
    if THOROUGH:
        return list(product(*axes))
    return [tuple(axis[number % len(axis)] for axis in axes) for number in range(max(map(len, axes)))]
