"""`kt-budgets evidence` for a terminal: exports that are kept, a packet that was made, and what one proves."""

from __future__ import annotations

from decimal import Decimal
from typing import Protocol

from reconciler.model.exports import ExportsManifest, KeptExport
from reconciler.report.columns import Grid, wrapped
from reconciler.report.findings_text import visible
from reconciler.report.screen import PAPER, Screen
from reconciler.report.usage_doubts import amounts
from reconciler.report.wording import counted, exact


class Pulled(Protocol):
    @property
    def manifest(self) -> ExportsManifest: ...
    @property
    def folder(self) -> object: ...
    @property
    def fetched(self) -> int: ...


def exports_text(shown: Pulled, screen: Screen = PAPER) -> str:
    """Return each export with its days, events and money, beside what the dashboard showed of them."""
    manifest = shown.manifest
    cells = tuple(
        (
            visible(kept.file),
            f"{kept.first_day} to {kept.last_day}",
            f"{kept.rows:,}",
            exact(kept.cost),
            exact(kept.spend),
            _left_out(kept),
        )
        for kept in manifest.exports
    )
    headings = ("export", "days", "events", manifest.currency, "dashboard", "left out")
    grid = Grid(headings, ("left", "left", "right", "right", "right", "right"), cells)
    total = sum((kept.money for kept in manifest.exports), Decimal(0))
    fetched = f"{counted(shown.fetched, 'export')} fetched now" if shown.fetched else "all of them were there already"
    lines = [f"{visible(str(shown.folder))}: {counted(len(cells), 'export')}, {fetched}", "", *grid.lines(screen.width)]
    lines += [
        "",
        f"{manifest.currency} {exact(total)} in {counted(sum(kept.rows for kept in manifest.exports), 'event')}.",
    ]
    if apart := [kept for kept in manifest.exports if kept.apart]:
        sums = ", ".join(
            f"{kept.first_day:%Y-%m} by {exact((kept.spend or Decimal(0)) - kept.money)}" for kept in apart
        )
        file = visible(f"{shown.folder}/exports/{apart[0].file}")
        lines.append(f"The dashboard showed another sum than {counted(len(apart), 'export')}: {sums}.")
        lines += wrapped(
            f"`kt-budgets spend --period {apart[0].first_day:%Y-%m}` shows where they differ; to fetch it again, remove"
            f" {file}",
            screen.width,
            indent=0,
        )
    return "\n".join(lines) + "\n"


def _left_out(kept: KeptExport) -> str:
    left = kept.rows_left_out
    if not left.rows:
        return ""
    unread = f", the cost of {left.unread:,} cannot be read" if left.unread else ""
    return f"{counted(left.rows, 'row')}, {amounts(left, '')}{unread}"
