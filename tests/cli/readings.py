"""How often files are opened to be read, while a piece of work goes on in this process."""

from __future__ import annotations

import os
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

_COUNTS: list[Counter[str]] = []
_HOOKED: list[bool] = []


@contextmanager
def readings() -> Iterator[Counter[str]]:
    """Yield how often each file was opened to be read until the end of the block, by its name and that of its folder.

    A program of another process, such as git, is not seen.
    """
    if not _HOOKED:
        sys.addaudithook(_note)
        _HOOKED.append(True)
    _COUNTS.append(Counter())
    try:
        yield _COUNTS[-1]
    finally:
        _COUNTS.pop()


def _note(event: str, facts: tuple[Any, ...]) -> None:
    """Count what `open` opens; what an opener of its own does below it, with `os.open`, is the same reading."""
    if event == "open" and _COUNTS and isinstance(facts[0], str | bytes) and "r" in (facts[1] or ""):
        _COUNTS[-1]["/".join(Path(os.fsdecode(facts[0])).absolute().parts[-2:])] += 1
