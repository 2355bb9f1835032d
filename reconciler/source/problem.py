"""A problem in one file while its place is still known only by keys, or already by line and column."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from reconciler.findings import Severity

Keys = tuple[str | int, ...]
Part = Literal["value", "key", "mapping"]


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong at `keys`: at the value, at the key itself, or at the mapping that lacks something.

    `cure` is the YAML to write in its place where only that can be meant, an empty text where it is to be removed;
    None: a person must decide.
    """

    code: str
    message: str
    hint: str
    keys: Keys = ()
    part: Part = "value"
    severity: Severity = Severity.ERROR
    cure: str | None = None


@dataclass(frozen=True, slots=True)
class Flaw:
    """What is wrong at a place of a file's text; `line` and `column` count from 1. `cure` is as for a problem."""

    line: int
    column: int
    code: str
    message: str
    hint: str
    severity: Severity = Severity.ERROR
    cure: str | None = None


def dotted(keys: Keys) -> str:
    """Return keys as people write a path: `billing_budgets[0].amount`."""
    return "".join(f"[{key}]" if isinstance(key, int) else f".{key}" for key in keys).lstrip(".")
