"""How much of what is drawn at random a run of the tests looks at: a fixed sample, or all of it in `make thorough`."""

from __future__ import annotations

import os

import pytest

THOROUGH = bool(os.environ.get("KT_BUDGETS_THOROUGH"))
OF_EVERYTHING = pytest.StashKey[bool]()
"""Whether a run was asked for no module in particular."""


def drawn(number: int, *, sample: int) -> int:
    """Return how many of `number` seeds are tried: the first `sample`, unless the run is thorough."""
    return number if THOROUGH else sample
