"""What is wrong in one file while its place is still known only by keys, or already by line and column."""

from __future__ import annotations

from reconciler.findings import Finding, Keys, Origin, Part, Position, Severity


def problem(
    code: str,
    message: str,
    hint: str,
    keys: Keys = (),
    part: Part = "value",
    *,
    severity: Severity = Severity.ERROR,
    fix: str | None = None,
) -> Finding:
    """Return what is wrong at `keys` of a file that its reader knows."""
    return Finding(Origin("", keys, part), code, severity, message, hint, fix)


def flaw(
    line: int,
    column: int,
    code: str,
    message: str,
    hint: str,
    *,
    severity: Severity = Severity.ERROR,
    fix: str | None = None,
) -> Finding:
    """Return what is wrong at a place of the text of a file that its reader knows; both count from 1."""
    return Finding(Position("", line, column), code, severity, message, hint, fix)


def dotted(keys: Keys) -> str:
    """Return keys as people write a path: `billing_budgets[0].amount`."""
    return "".join(f"[{key}]" if isinstance(key, int) else f".{key}" for key in keys).lstrip(".")
