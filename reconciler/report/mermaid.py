"""Charts as Mermaid diagrams, which forges draw in a comment."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from itertools import groupby

from reconciler.report.document import Chart, Line
from reconciler.report.escape import escaped, label

_COLOURS = {
    "spent": ("#0969da", "blue"),
    "p10": ("#8250df", "purple"),
    "p90": ("#8250df", "purple"),
    "now": ("#bc4c00", "orange"),
    "new": ("#1b7c83", "teal"),
    "alert": ("#6e7781", "grey"),
}
"""Colours that are told apart without telling red from green, and are read on white and on black."""


_AXIS = '{"labelFontSize": 12, "labelPadding": 10}'
_SHAPE = f'"width": 400, "height": 280, "showLegend": false, "xAxis": {_AXIS}, "yAxis": {_AXIS}'
_INKED = (
    "title",
    "xAxisLabel",
    "xAxisTitle",
    "xAxisTick",
    "xAxisLine",
    "yAxisLabel",
    "yAxisTitle",
    "yAxisTick",
    "yAxisLine",
)
_INK = ", ".join(f'"{part}Color": "#6e7781"' for part in _INKED)


def mermaid(chart: Chart) -> str:
    """Return the sentence that names the chart and its lines, and the fenced diagram."""
    palette = ", ".join(_COLOURS[line.role][0] for line in chart.lines)
    drawn = f'"backgroundColor": "transparent", {_INK}, "plotColorPalette": "{palette}"'
    colours = f'"themeVariables": {{"xyChart": {{{drawn}}}}}'
    lines = "\n".join(f'    line "{label(line.name)}" [{_values(line, chart.unit)}]' for line in chart.lines)
    return (
        f"*{escaped(chart.title)}*: {escaped(', '.join(_legend(chart)))}.\n\n"
        f'```mermaid\n%%{{init: {{"theme": "base", "xyChart": {{{_SHAPE}}}, {colours}}}}}%%\nxychart-beta\n'
        f"    x-axis {chart.days[0]} --> {chart.days[-1]}\n"
        f"    y-axis {chart.bottom // chart.unit} --> {chart.top // chart.unit}\n"
        f"{lines}\n```"
    )


def _values(line: Line, unit: int) -> str:
    """Return a value for each day; a level one needs its ends alone."""
    values = line.values if len(set(line.values)) > 1 else (line.values[0], line.values[-1])
    return ", ".join(str(value) if unit == 1 else f"{Decimal(value) / unit:.3f}" for value in values)


def _legend(chart: Chart) -> Iterator[str]:
    """Yield the lines with their colours; neighbours of one colour go together."""
    for colour, lines in groupby(chart.lines, key=lambda line: _COLOURS[line.role][1]):
        yield f"{' and '.join(line.name for line in lines)} ({colour})"
