"""Cumulative spend, then its fan, against straight lines: a month against its money, a year against its target."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from reconciler.report import wording
from reconciler.report.charts.drawing import LINE, WIDTH, Drawing, area, curve, line, spread, text
from reconciler.report.document import Chart, Column, Line, Role, Row, Table
from reconciler.report.spans import DASH, Cell

_HEIGHT, _RIGHT, _TOP, _BOTTOM = 330, 14, 18, 40
_CHARACTER = 11.5
"""How wide a digit may become on a phone, where text is larger."""
_FLAT: tuple[Role, ...] = ("now", "new", "alert")


def fan(chart: Chart) -> Drawing:
    """Return the drawing of a chart."""
    shape = _Shape(chart)
    lines = {line.role: line for line in chart.lines}
    levels = [lines[role] for role in _FLAT if role in lines]
    marks = [
        *shape.grid(),
        area("band", [*shape.ahead(lines["p90"]), *reversed(shape.ahead(lines["p10"]))]),
        *(shape.level(level) for level in levels),
        *shape.today(lines["p10"]),
        *shape.spend(lines["spent"]),
        *shape.labels(levels),
    ]
    legend = [("spent", "spent"), ("ahead", "expected"), ("band", f"8 in 10 {chart.span}s")]
    shown = [pair for pair in legend if pair[0] != "spent" or chart.known]
    return Drawing(
        chart.title,
        _described(chart, lines["spent"], lines["p10"], lines["p90"], levels),
        _HEIGHT,
        tuple(marks),
        (*shown, *((level.role, level.name) for level in levels)),
        _table(chart, lines["spent"], lines["p10"], lines["p90"]),
    )


def _described(chart: Chart, middle: Line, low: Line, high: Line, levels: Sequence[Line]) -> str:
    ends = f"It ends at {_money(middle.values[-1])}, 8 in 10 {chart.span}s between {_money(low.values[-1])}"
    against = f"; {', '.join(level.name for level in levels)}" if levels else ""
    so_far = f"Spent by {_known(chart)}: {_money(middle.values[chart.known - 1])}. "
    return f"{so_far if chart.known else ''}{ends} and {_money(high.values[-1])}{against}."


def _known(chart: Chart) -> str:
    day = chart.days[chart.known - 1]
    return f"day {day}" if chart.span == "month" else day


def _money(units: int) -> str:
    return wording.whole_units(units)


def _table(chart: Chart, middle: Line, low: Line, high: Line) -> Table:
    """Return what is drawn, day by day."""
    columns = (
        Column("day", "Day" if chart.span == "month" else "By the end of"),
        Column("spent", "Spent so far", "right"),
        Column("p10", f"1 in 10 {chart.span}s below", "right"),
        Column("p50", f"Half of the {chart.span}s below", "right"),
        Column("p90", f"9 in 10 {chart.span}s below", "right"),
    )
    rows = []
    for index, day in enumerate(chart.days):
        figures = [_money(line.values[index]) for line in (low, middle, high)]
        told = (figures[1], DASH, DASH, DASH) if index < chart.known else (DASH, *figures)
        rows.append(Row(tuple(map(Cell, (day, *told)))))
    return Table(columns, tuple(rows), chart.title)


class _Shape:
    """Where things stand: the axis is right of its longest label."""

    def __init__(self, chart: Chart) -> None:
        self.chart = chart
        self.left = 16 + _CHARACTER * max(len(label) for _, label in chart.ticks)
        self.right, self.floor = WIDTH - _RIGHT, _HEIGHT - _BOTTOM

    def x(self, index: int) -> float:
        places = self.chart.places
        along = places[index] if places else index / (len(self.chart.days) - 1)
        return self.left + (self.right - self.left) * along

    def y(self, value: int) -> float:
        chart = self.chart
        return self.floor - (self.floor - _TOP) * (value - chart.bottom) / (chart.top - chart.bottom)

    def ahead(self, line: Line) -> list[tuple[float, float]]:
        """Return the points of a line from the last known day on."""
        first = max(self.chart.known - 1, 0)
        return [(self.x(index), self.y(line.values[index])) for index in range(first, len(self.chart.days))]

    def grid(self) -> Iterator[str]:
        for value, label in self.chart.ticks:
            yield line("grid", self.left, self.y(value), to=(self.right, self.y(value)))
            yield text(self.left - 8, self.y(value) + 5, label, anchor="end", kind="tick")
        for index in self.chart.picked:
            at_edge = len(self.chart.days[index]) > 2 and index == len(self.chart.days) - 1
            x, anchor = (WIDTH - 2.0, "end") if at_edge else (self.x(index), "middle")
            yield text(x, _HEIGHT - 12, self.chart.days[index], anchor=anchor, kind="tick")

    def level(self, level: Line) -> str:
        return line(level.role, self.left, self.y(level.values[0]), to=(self.right, self.y(level.values[0])))

    def today(self, low: Line) -> Iterator[str]:
        """Yield where what is known ends, in words that stand right of it below the curve, or left of it."""
        known = self.chart.known
        if 0 < known < len(self.chart.days):
            x = self.x(known - 1)
            is_left = x < WIDTH / 2
            told, anchor = f"known to {_known(self.chart)}", "start" if is_left else "end"
            yield line("today", x, _TOP, to=(x, self.floor))
            below = (place for place, height in self.ahead(low) if height < self.floor - LINE)
            beside = max(x + 5, next(below, x)) if is_left else x - 5
            yield text(beside, self.floor - 6, told, anchor=anchor)

    def spend(self, spent: Line) -> Iterator[str]:
        if self.chart.known:
            known = range(self.chart.known)
            yield curve("spent", [(self.x(index), self.y(spent.values[index])) for index in known])
        if self.chart.known < len(self.chart.days):
            yield curve("ahead", self.ahead(spent))

    def labels(self, levels: Sequence[Line]) -> Iterator[str]:
        """Yield what the straight lines are, above each at its left end, where no spend has come to yet."""
        rising = sorted(levels, key=lambda level: -level.values[0])
        places = spread([self.y(level.values[0]) - 8 for level in rising], low=_TOP + 4, high=self.floor - 36)
        for level, place in zip(rising, places, strict=True):
            yield text(self.left + 6, place, level.name)
