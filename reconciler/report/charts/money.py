"""Where the money goes: the dearest workloads of all wallets, and all others together."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from reconciler.report import wording
from reconciler.report.charts.bars import Bar, bars
from reconciler.report.charts.drawing import Drawing
from reconciler.report.document import Column, Row, Table
from reconciler.report.spans import Cell, safe_name, safe_place, visible
from reconciler.report.wallets import WalletStory

_SHOWN = 12
"""So many workloads have a bar of their own."""


def money(stories: Sequence[WalletStory], currency: str) -> Drawing | None:
    """Return the drawing of what workloads cost over the last 28 known days, None where no workload is known."""
    found = [
        (share.spent, safe_place(story.team, story.environment, 40), visible(share.workload, 40) or "no workload")
        for story in stories
        for share in (story.forecast.workloads if story.forecast else ())
    ]
    if not found:
        return None
    found.sort(key=lambda one: (-one[0], *one[1:]))
    rows = [(f"{whose}: {what}", spent) for spent, whose, what in found[:_SHOWN]]
    if rest := found[_SHOWN:]:
        rows.append((wording.counted(len(rest), "more workload"), sum((spent for spent, *_ in rest), Decimal(0))))
    unit = safe_name(currency, 8)
    shown = Table(
        (Column("name", "Workload"), Column("amount", unit, "right")),
        tuple(Row((Cell(name), Cell(wording.exact(spent)))) for name, spent in rows),
    )
    drawn = [Bar(name, wording.whole(spent), Decimal(0), spent) for name, spent in rows]
    title = f"What workloads cost over the last 28 known days ({unit})"
    return bars(title, f"{wording.counted(len(found), 'workload')}, the dearest first.", drawn, table=shown)
