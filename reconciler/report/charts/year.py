"""The fiscal year against its target: what is spent, its fan to the end of each month, and what savings promise."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from reconciler.model.forecast import YearForecast
from reconciler.report import wording
from reconciler.report.chart import axis, units
from reconciler.report.charts.drawing import Drawing
from reconciler.report.charts.fan import fan
from reconciler.report.document import Chart, Line, Role
from reconciler.report.spans import safe_name

_BAND = ("0.1", "0.5", "0.9")


@dataclass(frozen=True, slots=True)
class _Point:
    """What is spent by the end of a day: P10, P50 and P90, which are the same where it is known."""

    label: str
    day: date
    values: tuple[Decimal, Decimal, Decimal]
    is_known: bool


def year(found: YearForecast, currency: str, as_of: date) -> Drawing | None:
    """Return the drawing, None where nothing is known of the year's months."""
    points = list(_points(found, as_of))
    if not found.months or len(points) < 3:
        return None
    first, last = points[0].day, points[-1].day
    lines = (*_lines(points), *_levels(found, len(points)))
    marks, unit, of = axis(lines)
    ends = [place for place, point in enumerate(points) if point.day > as_of]
    return fan(
        Chart(
            title=f"{safe_name(found.name, 24)}, cumulative spend against its target ({safe_name(currency, 8)}{of})",
            currency=safe_name(currency, 8),
            days=tuple(point.label for point in points),
            known=sum(point.is_known for point in points),
            picked=tuple(ends[::-1][::3][::-1]),
            lines=lines,
            ticks=marks,
            unit=unit,
            places=tuple((point.day - first) / (last - first) for point in points),
            span="year",
        )
    )


def _points(found: YearForecast, as_of: date) -> Iterator[_Point]:
    """Yield the start of what is known, the ends of months, and between them the last day that is known."""
    yesterday = as_of - timedelta(days=1)
    told = f"{wording.day(yesterday)} {yesterday:%y}"
    today = _Point(told, as_of, (found.spent,) * 3, is_known=True)
    if not found.months:
        return
    start = found.known_from or found.months[0].period.first
    yield _Point(f"{wording.day(start)} {start:%y}, start", start, (Decimal(0),) * 3, is_known=True)
    is_before = start < as_of
    for month in found.months:
        end, label = month.period.end, f"{month.period.first:%b %y}"
        if month.spent is not None:
            yield _Point(label, end, (month.spent,) * 3, is_known=True)
            is_before = is_before and end < as_of
        elif set(_BAND) <= month.quantiles.keys():
            if is_before:
                yield today
                is_before = False
            low, middle, high = (month.quantiles[key] for key in _BAND)
            yield _Point(label, end, (low, middle, high), is_known=False)


def _lines(points: Sequence[_Point]) -> Iterator[Line]:
    roles: tuple[tuple[str, Role, int], ...] = (("P10", "p10", 0), ("P90", "p90", 2), ("spend", "spent", 1))
    for name, role, place in roles:
        yield Line(name, role, tuple(units(point.values[place]) for point in points))


def _levels(found: YearForecast, count: int) -> Iterator[Line]:
    planned = found.as_planned.get("0.5")
    if planned is not None:
        yield Line(f"end if all promised savings come {wording.whole(planned)}", "now", (units(planned),) * count)
    if found.annual_target is not None:
        target = found.annual_target
        yield Line(f"target {wording.whole(target)}", "new", (units(target),) * count)
