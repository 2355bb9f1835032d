"""A chart as Mermaid, as far as GitHub renders it: lines over the days, under a sentence that tells them apart.

Mermaid measures labels by the screen, so that a picture which a phone shrinks loses what stands at its edges, and the
smaller the picture, the less it shrinks. So it is small, has room beside its axis, and no title and legend of its own.
"""

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
    "now": ("#cf222e", "red"),
    "new": ("#1a7f37", "green"),
    "alert": ("#bf8700", "amber"),
}


_AXIS = '{"labelFontSize": 12, "labelPadding": 10}'
_SHAPE = f'"width": 400, "height": 280, "showLegend": false, "xAxis": {_AXIS}, "yAxis": {_AXIS}'


def mermaid(chart: Chart) -> str:
    """Return the sentence that names the chart and its lines, and the fenced diagram."""
    palette = ", ".join(_COLOURS[line.role][0] for line in chart.lines)
    colours = f'"themeVariables": {{"xyChart": {{"plotColorPalette": "{palette}"}}}}'
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
