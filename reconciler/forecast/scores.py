"""Scores: how wrong forecasts were, in the measures that forecasters use.

WAPE = Σ|P50 − actual| / Σ actual; where nothing was paid in the end, as a share of the usual months. CRPS is the
continuous ranked probability score of the paths (for a point forecast the absolute error), as a share of the same.
Brier = mean (p − outcome)². Expected calibration error = Σ nₖ|p̄ₖ − ōₖ|/n over ten bins of probability.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from reconciler.forecast.panel import Floats
from reconciler.model.outlook import MethodScore, ReliabilityStep

BINS = 10
SOLID_BIN = 30
"""Bins with fewer forecasts say little: their gap is shown and not judged."""


@dataclass(frozen=True, slots=True)
class MonthScore:
    """How one forecast of one month's end did; money in units that make series comparable."""

    series: str
    actual: float
    point: float
    crps: float
    inside_80: bool
    inside_95: bool
    above_90: bool


@dataclass(frozen=True, slots=True)
class Chance:
    """A forecast probability, and whether it happened."""

    probability: float
    happened: bool


class Score(MethodScore):
    """Scores of one method over many origins. Coverage is None for methods without an interval."""

    wape: float
    crps: float

    @property
    def largest_gap(self) -> float:
        """The largest gap among bins with enough forecasts to judge."""
        return max((entry.gap for entry in self.reliability if entry.count >= SOLID_BIN), default=0.0)


def crps(paths: Floats, actual: float) -> float:
    """Return the CRPS of an ensemble: E|X − y| − E|X − X'|/2, from the sorted paths."""
    ordered = np.sort(paths)
    count = len(ordered)
    weights = 2.0 * np.arange(1, count + 1) - count - 1.0
    return float(np.abs(ordered - actual).mean() - (weights * ordered).sum() / count**2)


def score_paths(paths: Floats, actual: float, *, series: str, scale: float) -> MonthScore:
    """Return the score of simulated month ends, in units of `scale`."""
    low95, low80, middle, high80, high95 = np.quantile(paths, [0.025, 0.1, 0.5, 0.9, 0.975])
    return MonthScore(
        series=series,
        actual=actual / scale,
        point=float(middle) / scale,
        crps=crps(paths, actual) / scale,
        inside_80=bool(low80 <= actual <= high80),
        inside_95=bool(low95 <= actual <= high95),
        above_90=bool(actual > high80),
    )


def score_point(point: float, actual: float, *, series: str, scale: float) -> MonthScore:
    """Return the score of a single number; its interval is the number itself."""
    return MonthScore(series, actual / scale, point / scale, abs(point - actual) / scale, False, False, actual > point)


def summary(months: Sequence[MonthScore], chances: Sequence[Chance] = (), *, interval: bool = True) -> Score:
    """Return the scores of one method over its origins."""
    actual, count = sum(month.actual for month in months), len(months)
    base = actual if actual > 0 else float(count)
    errors = [abs(month.point - month.actual) / month.actual for month in months if month.actual > 0]
    bins = reliability(chances)
    return Score(
        origins=count,
        wape=sum(abs(month.point - month.actual) for month in months) / base if count else 0.0,
        crps=sum(month.crps for month in months) / base if count else 0.0,
        median_error=float(np.median(errors)) if errors else None,
        bias=sum(month.point - month.actual for month in months) / actual if actual > 0 else None,
        cov80=sum(month.inside_80 for month in months) / count if interval and count else None,
        cov95=sum(month.inside_95 for month in months) / count if interval and count else None,
        above_p90=sum(month.above_90 for month in months) / count if interval and count else None,
        brier=sum((c.probability - c.happened) ** 2 for c in chances) / len(chances) if chances else None,
        calibration_error=sum(b.count * b.gap for b in bins) / len(chances) if chances else None,
        reliability=bins,
    )


def reliability(chances: Sequence[Chance]) -> tuple[ReliabilityStep, ...]:
    """Return the reliability table: forecasts grouped by tenths of probability, empty bins left out."""
    groups: dict[int, list[Chance]] = {}
    for chance in chances:
        groups.setdefault(min(int(chance.probability * BINS), BINS - 1), []).append(chance)
    return tuple(
        ReliabilityStep(
            low=number / BINS,
            to=(number + 1) / BINS,
            count=len(group),
            forecast=sum(chance.probability for chance in group) / len(group),
            happened=sum(chance.happened for chance in group) / len(group),
        )
        for number, group in sorted(groups.items())
    )
