"""Modules of tests that a run of the quick ones, or of the slow ones, does not read: by its text, none is there.

To read all modules takes each process of a run as long as many tests do. What a run of the quick ones finds to be slow
must stand in a module that a run of the slow ones reads.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

QUICK, SLOW = "not slow and not hypothesis", "slow or hypothesis"
_ALL_SLOW = re.compile(r"^pytestmark = pytest\.mark\.slow$", re.MULTILINE)
_SOME_SLOW = re.compile(r"slow|hypothesis|\bhost\b|\bdesk\b")
"""What a module with a slow test has: the mark, a property, or a fixture for each forge, of which one is slow."""


def _has_quick(text: str) -> bool:
    return not _ALL_SLOW.search(text)


def _may_have_slow(text: str) -> bool:
    return bool(_SOME_SLOW.search(text))


_READ: dict[str, Callable[[str], bool]] = {
    QUICK: _has_quick,
    SLOW: _may_have_slow,
}
"""By the marks that a run asks for, whether it reads a module with this text."""


def read(modules: Sequence[Path], marks: str) -> list[Path]:
    """Return the modules in which tests with `marks` may be."""
    has = _READ.get(marks, bool)
    return [module for module in modules if has(module.read_text(encoding="utf-8"))]


def judge_left_out(items: Sequence[pytest.Item], marks: str) -> None:
    """Refuse a slow test that a run of the slow ones would not find."""
    if marks != QUICK:
        return
    slow = (item for item in items if item.get_closest_marker("slow") or item.get_closest_marker("hypothesis"))
    for module in sorted({item.path for item in slow}):
        if not _may_have_slow(module.read_text(encoding="utf-8")):
            raise pytest.UsageError(
                f"{module}: a slow test is here that `make slow` does not find, because nothing in the module says so;"
                " mark the test itself with pytest.mark.slow"
            )
