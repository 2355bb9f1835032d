"""A chart as inline SVG: cumulative spend, its interval as a band, the money and the alert as straight lines."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape

from reconciler.report.document import Chart, Line, Role

_WIDTH, _HEIGHT = 640, 330
_RIGHT, _TOP, _BOTTOM = 14, 14, 40
_CHARACTER = 11.5
"""How wide a digit may become on a phone, where text is larger."""


def svg(chart: Chart) -> str:
    """Return the chart with a legend; colours come from the page's style, so that they follow light and dark."""
    lines = {line.role: line for line in chart.lines}
    drawn = [
        *_grid(chart),
        _band(chart, lines["p10"], lines["p90"]),
        *(_level(chart, lines[role]) for role in ("now", "new", "alert") if role in lines),
        *_spend(chart, lines["spent"]),
    ]
    return (
        f"<figure><figcaption>{escape(chart.title)}</figcaption>"
        f'<svg viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" aria-label="{escape(chart.title)}">{"".join(drawn)}</svg>'
        f'<ul class="legend">{"".join(_legend(chart))}</ul></figure>'
    )


def _left(chart: Chart) -> float:
    """Return where the vertical axis stands: right of its longest label."""
    return 16 + _CHARACTER * max(len(label) for _, label in chart.ticks)


def _x(chart: Chart, index: int) -> float:
    left = _left(chart)
    return left + (_WIDTH - left - _RIGHT) * index / (len(chart.days) - 1)


def _y(chart: Chart, value: int) -> float:
    return _HEIGHT - _BOTTOM - (_HEIGHT - _TOP - _BOTTOM) * (value - chart.bottom) / (chart.top - chart.bottom)


def _points(chart: Chart, line: Line, indexes: Iterable[int]) -> str:
    return " ".join(f"{_x(chart, index):.1f},{_y(chart, line.values[index]):.1f}" for index in indexes)


def _grid(chart: Chart) -> Iterable[str]:
    for value, label in chart.ticks:
        y = _y(chart, value)
        yield f'<path d="M{_left(chart):.1f} {y:.1f}H{_WIDTH - _RIGHT}" stroke="var(--line)"/>'
        yield f'<text x="{_left(chart) - 8:.1f}" y="{y + 5:.1f}" text-anchor="end">{escape(label)}</text>'
    for index in chart.picked:
        x, day = _x(chart, index), escape(chart.days[index])
        yield f'<text x="{x:.1f}" y="{_HEIGHT - 12}" text-anchor="middle">{day}</text>'


def _band(chart: Chart, low: Line, high: Line) -> str:
    start = max(chart.known - 1, 0)
    ahead = range(start, len(chart.days))
    return (
        f'<polygon fill="var(--band)" points="{_points(chart, high, ahead)} {_points(chart, low, reversed(ahead))}"/>'
    )


def _level(chart: Chart, line: Line) -> str:
    style = ' stroke-dasharray="2 5"' if line.role == "alert" else ""
    y = _y(chart, line.values[0])
    return (
        f'<path d="M{_left(chart):.1f} {y:.1f}H{_WIDTH - _RIGHT}" stroke="var(--{line.role})" stroke-width="2"{style}/>'
    )


def _spend(chart: Chart, line: Line) -> Iterable[str]:
    shape = '<polyline fill="none" stroke="var(--spent)" stroke-width="3"'
    if chart.known:
        yield f'{shape} points="{_points(chart, line, range(chart.known))}"/>'
    ahead = range(max(chart.known - 1, 0), len(chart.days))
    yield f'{shape} stroke-dasharray="7 5" points="{_points(chart, line, ahead)}"/>'


_SHOWN: dict[Role, tuple[str, str]] = {
    "spent": ("", "spent"),
    "p90": ("band", "band"),
    "now": ("", "now"),
    "new": ("", "new"),
    "alert": ("dashed", "alert"),
}


def _legend(chart: Chart) -> Iterable[str]:
    for line in chart.lines:
        if line.role in _SHOWN:
            shape, colour = _SHOWN[line.role]
            words = "8 in 10 months (P10 to P90)" if line.role == "p90" else line.name
            yield f'<li><i class="{shape}" style="border-color:var(--{colour})"></i>{escape(words)}</li>'
