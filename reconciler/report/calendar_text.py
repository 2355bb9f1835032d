"""`kt-budgets calendar` for a terminal: month by month, what changes on which day, and what ends soon."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby

from reconciler.model.calendar import CalendarDocument, CalendarEntry
from reconciler.report.columns import columns_of, wrapped
from reconciler.report.findings_text import visible
from reconciler.report.screen import PAPER, Screen

_WIDEST = 40


def calendar_text(shown: CalendarDocument, screen: Screen = PAPER) -> str:
    lines = [f"{visible(shown.organization)}, what changes after {shown.as_of}"]
    if not shown.entries:
        return f"{lines[0]}: nothing that the YAML says\n"
    width = min(max(len(_whose(entry)) for entry in shown.entries), _WIDEST)
    for month, entries in groupby(shown.entries, key=lambda entry: f"{entry.day:%B %Y}"):
        lines += ["", month, *(line for entry in entries for line in _lines(entry, width, shown.currency, screen))]
    return "\n".join([*lines, *_soon(shown)]) + "\n"


def _lines(entry: CalendarEntry, width: int, currency: str, screen: Screen) -> list[str]:
    """Return an entry in one line, and where a screen is too narrow for that with its words in lines of their own."""
    money = ""
    if entry.before is not None and entry.after is not None:
        money = f"{currency} {entry.before:,.2f} -> {entry.after:,.2f} a month, "
    when = f"{entry.day.day:>4}  "
    head, told = f"{when}{visible(_whose(entry)):<{width}}  ", f"{money}{visible(entry.what)}{_mark(entry)}"
    if not screen.is_known or columns_of(head + told) <= screen.width:
        return [head + told]
    if len(head) > screen.width // 2:
        name, *more = wrapped(visible(_whose(entry)), screen.width - len(when), indent=0)
        below = wrapped(told, screen.width, indent=len(when) + 2, hanging=len(when) + 4)
        return [when + name, *(" " * len(when) + line for line in more), *below]
    first, *rest = wrapped(told, screen.width - len(head), indent=0)
    return [head + first, *(" " * len(head) + line for line in rest)]


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
