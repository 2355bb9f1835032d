"""A wallet's month as a picture of a thumb's size, for many of them side by side."""

from __future__ import annotations

from reconciler.report.document import Chart

_WIDTH, _HEIGHT = 200, 60


def thumbnail(chart: Chart) -> str:
    """Return the picture; what it shows is said in words beside it, so that it is hidden from a screen reader."""
    lines = {line.role: line.values for line in chart.lines}
    high = max(*lines["p90"], *lines["spent"], *lines["new"])
    low = min(*lines["p10"], *lines["spent"], 0)
    first = max(chart.known - 1, 0)

    def points(values: tuple[int, ...], days: range) -> list[str]:
        return [f"{_WIDTH * day / (len(values) - 1):.0f},{_y(values[day], low, high):.0f}" for day in days]

    known, ahead = range(chart.known), range(first, len(chart.days))
    band = [*points(lines["p90"], ahead), *reversed(points(lines["p10"], ahead))]
    spent = f'<polyline class="c-spent" points="{" ".join(points(lines["spent"], known))}"/>' if chart.known else ""
    money = _y(lines["new"][0], low, high)
    return (
        f'<svg viewBox="0 -2 {_WIDTH} {_HEIGHT + 4}" aria-hidden="true">'
        f'<polygon class="c-band" points="{" ".join(band)}"/>'
        f'{spent}<polyline class="c-ahead" points="{" ".join(points(lines["spent"], ahead))}"/>'
        f'<path class="c-new" d="M0 {money:.0f}H{_WIDTH}"/></svg>'
    )


def _y(value: int, low: int, high: int) -> float:
    return _HEIGHT * (1 - (value - low) / (high - low or 1))
