"""`kt-budgets doctor` for a terminal: a line for each check; below what is not as it should be, why and the fix."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import groupby

from reconciler.model.doctor import CheckResult, DoctorDocument, Status
from reconciler.report.columns import wrapped
from reconciler.report.findings_text import visible
from reconciler.report.screen import PAPER, Screen

_WORDS: dict[Status, str] = {"passed": "ok", "warning": "warning", "failed": "FAILED", "not_checked": "not checked"}
_AREAS = {"budgets": "Budgets", "usage": "Usage", "journal": "Journal", "forge": "Pull requests"}
_STATUS, _NAME = 12, 17
_HANGING = 2 + _STATUS + _NAME
_NARROW = 36
"""Columns that a message needs beside its name; with fewer it stands below it."""


def doctor_text(shown: DoctorDocument, screen: Screen = PAPER) -> str:
    """Return lines that fit the screen, of any length where that is not known."""
    width = screen.width if screen.is_known else None
    lines: list[str] = []
    for area, found in groupby(shown.checks, key=lambda check: check.area):
        lines += ["", _AREAS.get(area, area)] if lines else [_AREAS.get(area, area)]
        for check in found:
            lines += _entry(check, width)
    lines += ["", _summary(shown)]
    lines += [f"wrote {path}" for path in shown.recorded]
    return "\n".join(lines) + "\n"


def _entry(check: CheckResult, width: int | None) -> Iterator[str]:
    head = f"{_WORDS[check.status]:<{_STATUS}}{check.check:<{_NAME}}"
    yield from _wrapped(head, check.message, width)
    if check.status in ("failed", "warning"):
        yield from _wrapped(" " * len(head), f"why: {check.why}", width)
    if check.fix:
        yield from _wrapped(" " * len(head), f"fix: {check.fix}", width)


def _wrapped(head: str, text: str, width: int | None) -> Iterator[str]:
    if width and width < _HANGING + _NARROW:
        yield from [f"  {head}".rstrip()] if head.strip() else []
        yield from wrapped(visible(text), width, indent=4, hanging=6)
        return
    lines = wrapped(visible(text), width - _HANGING, indent=0) if width else [visible(text)]
    for number, line in enumerate(lines):
        yield f"  {head if not number else ' ' * len(head)}{line.strip()}"


def _summary(shown: DoctorDocument) -> str:
    counts = Counter(check.status for check in shown.checks)
    told = ", ".join(f"{counts[status]} {word.lower()}" for status, word in _WORDS.items() if counts[status])
    return f"{told}."
