"""A chart as Mermaid, as far as GitHub renders it: a few days, no legend of its own."""

from __future__ import annotations

from reconciler.report.document import Chart
from reconciler.report.escape import escaped, label

_COLOURS = {
    "spent": ("#0969da", "blue"),
    "p10": ("#8250df", "purple"),
    "p90": ("#8250df", "purple"),
    "now": ("#cf222e", "red"),
    "new": ("#1a7f37", "green"),
    "alert": ("#bf8700", "amber"),
}


def mermaid(chart: Chart) -> str:
    """Return the fenced diagram and the sentence that tells its lines apart."""
    palette = ", ".join(_COLOURS[line.role][0] for line in chart.lines)
    settings = f'{{"theme": "base", "themeVariables": {{"xyChart": {{"plotColorPalette": "{palette}"}}}}}}'
    days = ", ".join(f'"{chart.days[index]}"' for index in chart.picked)
    lines = "\n".join(
        f'    line "{label(line.name)}" [{", ".join(str(line.values[index]) for index in chart.picked)}]'
        for line in chart.lines
    )
    legend = ", ".join(f"{line.name} ({_COLOURS[line.role][1]})" for line in chart.lines)
    return (
        f"```mermaid\n%%{{init: {settings}}}%%\nxychart-beta\n"
        f'    title "{label(chart.title)}"\n'
        f"    x-axis [{days}]\n"
        f'    y-axis "{label(chart.currency)}" 0 --> {chart.top}\n'
        f"{lines}\n```\n\n{escaped(chart.title)}: {escaped(legend)}."
    )
