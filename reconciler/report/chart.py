"""The chart of a month: cumulative spend with its interval, against the money now and new, and the alert."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from decimal import ROUND_HALF_EVEN, Decimal
from itertools import count

from reconciler.model.forecast import DayPoint, WalletForecast
from reconciler.report import wording
from reconciler.report.document import Chart, Line
from reconciler.report.spans import safe_name
from reconciler.report.wallets import WalletStory

_UNITS = ((10**9, ", axis in billions"), (10**6, ", axis in millions"), (1, ""))
"""An axis of figures with more than nine digits cannot be read: it is in units of which the top is 100 or more."""
_SMALL = 11
"""How many days a small chart can label."""


def chart(story: WalletStory) -> Chart | None:
    """Return the chart of one wallet, None where its days are not known."""
    forecast = story.forecast
    if forecast is None or len(forecast.daily) < 2:
        return None
    points = forecast.daily
    known = sum(point.spent is not None for point in points)
    lines = (*_spend(points), *_ceilings(forecast, len(points)), *_alert(story, len(points)))
    marks, unit, of = axis(lines)
    return Chart(
        title=f"{story.name}, cumulative spend in {forecast.period.name} ({safe_name(forecast.currency, 8)}{of})",
        currency=safe_name(forecast.currency, 8),
        days=tuple(str(point.day.day) for point in points),
        known=known,
        picked=picked(len(points), known),
        lines=lines,
        ticks=marks,
        unit=unit,
    )


def axis(lines: Sequence[Line]) -> tuple[tuple[tuple[int, str], ...], int, str]:
    """Return the values of the vertical axis with their labels, the unit of these, and the unit in words."""
    lowest = min(min(line.values) for line in lines)
    marks = ticks(round(max(max(line.values) for line in lines) * 1.02) + 1, lowest=lowest)
    unit, of = next((unit, of) for unit, of in _UNITS if max(marks[-1], -marks[0]) >= unit * 100 or unit == 1)
    return tuple((mark, wording.whole_units(mark // unit)) for mark in marks), unit, of


def picked(days: int, known: int) -> tuple[int, ...]:
    """Return up to eleven days, evenly spread, always with the first, the last and the last known one."""
    if days <= _SMALL:
        return tuple(range(days))
    steps = _SMALL - 1
    chosen = {round(step * (days - 1) / steps) for step in range(_SMALL)}
    if known and known - 1 not in chosen:
        nearest = min(chosen - {0, days - 1}, key=lambda index: (abs(index - known + 1), index))
        chosen = (chosen - {nearest}) | {known - 1}
    return tuple(sorted(chosen))


def units(amount: Decimal) -> int:
    """Return money in whole units, as it is drawn."""
    return int(amount.quantize(Decimal(1), ROUND_HALF_EVEN))


def _spend(points: Sequence[DayPoint]) -> tuple[Line, ...]:
    middle = tuple(units(point.p50 if point.spent is None else point.spent) for point in points)
    low = tuple(units(point.p10 if point.spent is None else point.spent) for point in points)
    high = tuple(units(point.p90 if point.spent is None else point.spent) for point in points)
    return (Line("P10", "p10", low), Line("P90", "p90", high), Line("spend, then P50", "spent", middle))


def _ceilings(forecast: WalletForecast, days: int) -> tuple[Line, ...]:
    now, new = units(forecast.live.ceiling), units(forecast.desired.ceiling)
    if now == new:
        return (Line(f"money for the month {new:,}", "new", (new,) * days),)
    return (Line(f"money now {now:,}", "now", (now,) * days), Line(f"money new {new:,}", "new", (new,) * days))


def _alert(story: WalletStory, days: int) -> tuple[Line, ...]:
    """Return the line of the alert that fires first of those that count the month, as the axis does."""
    counted = [alert for alert in story.forecast.alerts if alert.period == "monthly"] if story.forecast else []
    about = story.forecast and story.forecast.model_copy(update={"alerts": tuple(counted)})
    alert = replace(story, forecast=about).first_alert
    if alert is None:
        return ()
    at = units(alert.fires_at)
    stays = "" if alert.declared else ", not in git"
    return (Line(f"{alert.percentage}% alert at {at:,}{stays}", "alert", (at,) * days),)


def ticks(highest: int, *, lowest: int = 0) -> tuple[int, ...]:
    """Return some seven round values, zero among them, from at most `lowest` to at least `highest`."""
    step = next(step for step in _round_steps() if step * 6 >= max(highest, 1) - min(lowest, 0))
    below = -(min(lowest, 0) // step)
    return tuple(range(-below * step, max(1, -(-highest // step)) * step + 1, step))


def _round_steps() -> Iterator[int]:
    """Yield 1, 2, 5, 10, 20, 25, 50, 100, 200, 250 and so on."""
    yield from (1, 2, 5)
    for power in count(1):
        yield from (factor * 10**power // 10 for factor in (10, 20, 25, 50))
