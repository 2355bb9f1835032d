"""Horizontal bars: what makes up a figure, step by step, and where money goes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from reconciler.report.charts.drawing import WIDTH, Drawing, box, line, text
from reconciler.report.document import Table
from reconciler.report.spans import shortened

_ROW, _BAR = 50, 14
_LONGEST = 36
"""So many characters of a label have room beside its figure on a phone."""

Kind = Literal["total", "more", "less", "bar"]


@dataclass(frozen=True, slots=True)
class Bar:
    """From where to where a bar goes, in money; `figure` is its amount in words."""

    label: str
    figure: str
    start: Decimal
    end: Decimal
    kind: Kind = "bar"


def steps(parts: Sequence[tuple[str, str, Decimal]], total: tuple[str, str, Decimal]) -> tuple[Bar, ...]:
    """Return a bar for each part, which begins where the one before ends, and one for what they come to.

    A part is its label, its amount in words, and its amount; the first is where it starts; what is nothing has no bar.
    """
    found: list[Bar] = []
    at = Decimal(0)
    for label, figure, amount in parts:
        kind: Kind = "total" if not found else "more" if amount >= 0 else "less"
        if amount or not found:
            found.append(Bar(label, figure, at, at + amount, kind))
        at += amount
    label, figure, amount = total
    return (*found, Bar(label, figure, Decimal(0), amount, "total"))


def bars(title: str, description: str, rows: Sequence[Bar], *, table: Table, legend: bool = False) -> Drawing:
    """Return the drawing of rows, all on one scale; `legend` where they lead from one to the next."""
    kinds = (("total", "where it starts, and what it comes to"), ("more", "adds"), ("less", "takes away"))
    told = tuple(pair for pair in kinds if any(row.kind == pair[0] for row in rows)) if legend else ()
    return Drawing(title, description, _ROW * len(rows) + 4, tuple(_marks(rows)), told, table)


def _marks(rows: Sequence[Bar]) -> Iterator[str]:
    ends = [end for row in rows for end in (row.start, row.end)]
    low, high = min([*ends, Decimal(0)]), max([*ends, Decimal(0)])
    scale = (WIDTH - 8) / float(high - low or 1)
    for index, row in enumerate(rows):
        top = index * _ROW
        first, last = sorted((row.start, row.end))
        yield text(4, top + 22, shortened(row.label, _LONGEST))
        yield text(WIDTH - 4, top + 22, row.figure, anchor="end")
        yield box(row.kind, 4 + float(first - low) * scale, top + 30, width=float(last - first) * scale, height=_BAR)
    if rows:
        zero = 4 + float(-low) * scale
        yield line("grid", zero, 26, to=(zero, _ROW * len(rows)))
