"""The fiscal year against its target: what is spent, what it may come to, and what the wallets in git leave out."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from reconciler.model.forecast import YearForecast
from reconciler.report import wording
from reconciler.report.chart import ticks
from reconciler.report.charts.drawing import WIDTH, Drawing, box, line, text
from reconciler.report.document import Column, Row, Table
from reconciler.report.spans import Cell, safe_name

_HEIGHT, _EDGE = 128, 30
_TOP, _BAR, _FLOOR = 34, 44, 96
_KEYS = {
    "0.1": "1 in 10 years ends below",
    "0.5": "Half of the years end below",
    "0.9": "9 in 10 years end below",
}


def year(found: YearForecast, currency: str) -> Drawing | None:
    """Return the drawing, None where nothing is known of the year."""
    if not {"0.1", "0.5", "0.9"} <= found.quantiles.keys():
        return None
    low, middle, high = (found.quantiles[key] for key in ("0.1", "0.5", "0.9"))
    target = found.annual_target
    unit = safe_name(currency, 8)
    against = f"; the target is {wording.brief(target)}" if target is not None else ""
    legend = [("spent", "spent so far"), ("band", "8 in 10 years end here"), ("ahead", "expected")]
    if target is not None:
        legend.append(("new", "target"))
    return Drawing(
        f"{safe_name(found.name, 24)} against its target ({unit})",
        f"Spent so far {wording.whole(found.spent)}; it ends at {wording.interval(found.quantiles)}{against}.",
        _HEIGHT,
        tuple(_marks(found, low, middle, high)),
        tuple(legend),
        _table(found),
    )


def _marks(found: YearForecast, low: Decimal, middle: Decimal, high: Decimal) -> Iterator[str]:
    target = found.annual_target
    values = [found.spent, low, high, *([target] if target is not None else [])]
    marks = ticks(round(max(values) * Decimal("1.02")) + 1, lowest=round(min(values)))

    def x(value: Decimal | int) -> float:
        return _EDGE + (WIDTH - 2 * _EDGE) * float((value - marks[0]) / Decimal(marks[-1] - marks[0]))

    for mark in marks[:: max(1, len(marks) // 3)]:
        yield line("grid", x(mark), _TOP, to=(x(mark), _FLOOR))
        yield text(x(mark), _FLOOR + 24, wording.whole_units(mark), anchor=_anchor(x(mark)), kind="tick")
    yield box("band", x(low), _BAR, width=x(high) - x(low), height=40)
    yield line("ahead", x(middle), _BAR, to=(x(middle), _BAR + 40))
    first, last = sorted((x(0), x(found.spent)))
    yield box("bar", first, _BAR + 12, width=last - first, height=16)
    if target is not None:
        yield line("new", x(target), _TOP, to=(x(target), _FLOOR))
        yield text(x(target), 22, f"target {wording.brief(target)}", anchor=_anchor(x(target)))


def _anchor(x: float) -> str:
    return "start" if x < WIDTH / 4 else "end" if x > WIDTH * 3 / 4 else "middle"


def _table(found: YearForecast) -> Table:
    rows = [("Spent so far", wording.exact(found.spent))]
    rows += [(words, wording.exact(found.quantiles[key])) for key, words in _KEYS.items()]
    if found.annual_target is not None:
        rows.append(("Annual target", wording.exact(found.annual_target)))
    columns = (Column("name", "Figure"), Column("amount", "Amount", "right"))
    return Table(columns, tuple(Row(tuple(map(Cell, row))) for row in rows))
