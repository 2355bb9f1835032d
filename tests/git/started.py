"""Which git processes a piece of work starts."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

_LISTS: list[list[str]] = []
_HOOKED: list[bool] = []


@contextmanager
def started() -> Iterator[list[str]]:
    """Yield a list of the git subcommands that are started until the end of the block."""
    if not _HOOKED:
        sys.addaudithook(_note)
        _HOOKED.append(True)
    _LISTS.append([])
    try:
        yield _LISTS[-1]
    finally:
        _LISTS.pop()


def _note(event: str, facts: tuple[Any, ...]) -> None:
    if event != "subprocess.Popen" or not _LISTS or facts[1][0] != "git":
        return
    words = iter(facts[1][1:])
    for word in words:
        if word in ("-c", "-C"):
            next(words)
        elif not word.startswith("-"):
            _LISTS[-1].append(word)
            return
