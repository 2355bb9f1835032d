"""A problem in one file while its place is still known only by keys, or already by line and column."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from reconciler.findings import Severity

Keys = tuple[str | int, ...]
Part = Literal["value", "key", "mapping"]


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong at `keys`: at the value, at the key itself, or at the mapping that lacks something."""

    code: str
    message: str
    hint: str
    keys: Keys = ()
    part: Part = "value"
    severity: Severity = Severity.ERROR


@dataclass(frozen=True, slots=True)
class Flaw:
    """What is wrong at a place of a file's text; `line` and `column` count from 1."""

    line: int
    column: int
    code: str
    message: str
    hint: str
    severity: Severity = Severity.ERROR


def dotted(keys: Keys) -> str:
    """Return keys as people write a path: `billing_budgets[0].amount`."""
    return "".join(f"[{key}]" if isinstance(key, int) else f".{key}" for key in keys).lstrip(".")
