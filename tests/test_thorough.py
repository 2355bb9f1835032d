"""A sample of a product leaves no value of it out."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from typing import Any

from thorough import THOROUGH, crossed

AXES: tuple[Sequence[Any], ...] = (["csv", "json", "parquet"], [False, True], [0.0, 10.0])


def test_each_value_on_an_axis_is_in_a_combination() -> None:
    tried = crossed(*AXES)
    assert [list(dict.fromkeys(values)) for values in zip(*tried, strict=True)] == list(AXES)
    assert len(set(tried)) == (len(list(product(*AXES))) if THOROUGH else 3)
