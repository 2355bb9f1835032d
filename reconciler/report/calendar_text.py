"""`kt-budgets calendar` for a terminal: month by month, what changes on which day, and what ends soon."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby

from reconciler.model.calendar import CalendarDocument, CalendarEntry
from reconciler.report.findings_text import visible
from reconciler.report.screen import PAPER, Screen

_WIDEST = 40


def calendar_text(shown: CalendarDocument, _: Screen | None = PAPER) -> str:
    lines = [f"{visible(shown.organization)}, what changes after {shown.as_of}"]
    if not shown.entries:
        return f"{lines[0]}: nothing that the YAML says\n"
    width = min(max(len(_whose(entry)) for entry in shown.entries), _WIDEST)
    for month, entries in groupby(shown.entries, key=lambda entry: f"{entry.day:%B %Y}"):
        lines += ["", month, *(_line(entry, width, shown.currency) for entry in entries)]
    return "\n".join([*lines, *_soon(shown)]) + "\n"


def _line(entry: CalendarEntry, width: int, currency: str) -> str:
    money = ""
    if entry.before is not None and entry.after is not None:
        money = f"{currency} {entry.before:,.2f} -> {entry.after:,.2f} a month, "
    when = f"{entry.day.day:>4}  "
    return f"{when}{visible(_whose(entry)):<{width}}  {money}{visible(entry.what)}{_mark(entry)}"


def _mark(entry: CalendarEntry) -> str:
    if not entry.soon:
        return ""
    return " (is over)" if entry.days < 0 else f" (in {entry.days} day{'s' if entry.days != 1 else ''})"


def _soon(shown: CalendarDocument) -> Iterator[str]:
    if soon := sum(entry.soon for entry in shown.entries):
        yield from (
            "",
            f"{soon:,} of these {'end' if soon > 1 else 'ends'} within 30 days or {'are' if soon > 1 else 'is'} over.",
        )


def _whose(entry: CalendarEntry) -> str:
    return f"{entry.team} / {entry.environment}" if entry.environment else entry.team or "organization"
