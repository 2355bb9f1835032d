"""What the forecast must reach on generated mechanisms, and what it should."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from gates import Gate
from mechanism_scores import Measured

Limit = tuple[str, str, float]
AT_LEAST: tuple[Limit, ...] = (
    ("launch x10 to x100, 2-5 days old", "cov95", 0.85),
    ("launch x10 to x100, 7-14 days old", "cov80", 0.85),
    ("launch x10 to x100, 7-14 days old", "cov95", 0.93),
    ("launch x2 to x3, 2-5 days old", "cov95", 0.62),
    ("drop to 1/5 to 1/20, 2-5 days old", "cov80", 0.65),
    ("restart after silence, 1-7 days", "cov80", 0.75),
    ("daily credits 5-60%", "cov80", 0.78),
    ("daily credits 60-100%", "cov80", 0.78),
    ("in a Christmas dip", "cov80", 0.65),
    ("after Christmas", "cov80", 0.80),
    ("the month after a Christmas dip", "cov80", 0.85),
    ("outage still on, 1-4 days, month 0", "cov95", 0.85),
    ("outage still on, 1-4 days, month 1", "cov80", 0.85),
)
AT_MOST: tuple[Limit, ...] = (
    ("restart after silence, 1-7 days", "wape", 0.35),
    ("daily credits 5-60%", "wape", 1.0),
    ("daily credits 60-100%", "wape", 1.0),
    ("charge on the last day", "wape", 0.40),
    ("charge on a fixed day", "wape", 0.55),
    ("outage still on, 1-4 days, month 0", "wape", 1.3),
)
GOALS: tuple[Limit, ...] = (
    ("launch x2 to x3, 2-5 days old", "cov95", 0.90),
    ("columns: price to 50-85%, 2-14 days old", "cov80", 0.75),
    ("columns: price to 120-200%, 2-14 days old", "cov80", 0.75),
    ("columns: cache ramp to -45% in 30 days, month 0", "cov80", 0.60),
    ("columns: cache ramp to -45% in 30 days, month 1", "cov80", 0.60),
    ("columns: a cache that fills up, month 0", "cov80", 0.75),
    ("columns: a cache that fills up, month 1", "cov80", 0.75),
    ("columns: another cache at once", "cov80", 0.75),
    ("columns: launch x2 to x3 of a new workload", "cov95", 0.90),
    ("quarter end, next month", "cov80", 0.80),
    ("monthly credit", "cov80", 0.78),
    ("burst x3 to x10, 2-5 days old, of 6-12 days", "cov95", 0.85),
)
MONTHS_AHEAD = (1, 3, 6, 12)
MONTHS_COVERAGE = (0.75, 0.95)
"""What the 80% range of each of these months should hold, of generated wallets and of the series."""
CONTROL_COVERAGE = (0.78, 0.90)
AS_BEFORE = 0.02
CONTROL_LOSS = 1.03
MEAN_LOSS = 1.01
FALSE_CALLS = 0.05
HAPPENED = ("control: x1/5 to x5, 25-60 days ago", "control: one credit")
TOLD = 0.5
"""The share of worlds in which what happened should be told."""
TELLING = (
    "launch x10 to x100, 2-5 days old",
    "launch x10 to x100, 7-14 days old",
    "drop to 1/5 to 1/20, 2-5 days old",
    "stopped, silent 14-29 days",
    "daily credits 5-60%",
    "charge on the last day",
    "charge on a fixed day",
    "quarter end, next month",
    "columns: price to 50-85%, 2-14 days old",
    "columns: cache ramp to -45% in 30 days, month 0",
)


def gates_of(found: Mapping[str, tuple[Measured, Measured]]) -> list[Gate]:
    """Return the gates of the rows that were measured, each as it is now and as it was by the method before.

    A control may cover what it covered before.
    """
    return [*_limits(found), *_silence(found), *_controls(found), *_series(found), *_ahead(found), *_told(found)]


def _limits(found: Mapping[str, tuple[Measured, Measured]]) -> Iterator[Gate]:
    for limits, low, is_goal in ((AT_LEAST, True, False), (AT_MOST, False, False), (GOALS, True, True)):
        for name, measure, limit in limits:
            if name in found:
                score = found[name][0].score
                yield Gate(
                    f"{name}: {measure}",
                    float(getattr(score, measure)),
                    low=limit if low else None,
                    high=None if low else limit,
                    count=score.origins,
                    is_goal=is_goal,
                )


def _silence(found: Mapping[str, tuple[Measured, Measured]]) -> Iterator[Gate]:
    for name, measure, what in (
        ("stopped, silent 14-29 days", "no_middle", "P50 is 0"),
        ("stopped, silent 30-60 days", "no_middle", "P50 is 0"),
        ("stopped, silent 30-60 days", "no_p90", "P90 is 0"),
    ):
        if name in found:
            own = found[name][0]
            yield Gate(f"{name}: {what}", float(getattr(own, measure)), low=1.0, count=own.score.origins)


def _controls(found: Mapping[str, tuple[Measured, Measured]]) -> Iterator[Gate]:
    """Yield for each control what it covers and loses, where not by far what it did before; and their mean loss."""
    losses = []
    for own, before in (pair for pair in found.values() if pair[0].row.is_control):
        count, covered = own.score.origins, before.score.cov80 or 0.0
        low, high = min(CONTROL_COVERAGE[0], covered - AS_BEFORE), max(CONTROL_COVERAGE[1], covered + AS_BEFORE)
        yield Gate(f"{own.name}: cov80", own.score.cov80 or 0.0, low=low, high=high, count=count)
        losses.append(own.score.crps / before.score.crps)
        yield Gate(f"{own.name}: CRPS / before", losses[-1], high=CONTROL_LOSS, count=count)
        if own.name not in HAPPENED:
            told = max(own.told.values(), default=0.0)
            yield Gate(f"{own.name}: told of what did not happen", told, high=FALSE_CALLS, count=count, is_goal=True)
    if losses:
        yield Gate("controls: mean CRPS / before", sum(losses) / len(losses), high=MEAN_LOSS, count=len(losses))


def _series(found: Mapping[str, tuple[Measured, Measured]]) -> Iterator[Gate]:
    for own, before in (pair for name, pair in found.items() if name.startswith("series, month")):
        count = own.score.origins
        yield Gate(f"{own.name}: CRPS / before", own.score.crps / before.score.crps, high=MEAN_LOSS, count=count)


def _ahead(found: Mapping[str, tuple[Measured, Measured]]) -> Iterator[Gate]:
    low, high = MONTHS_COVERAGE
    for name, (own, _) in found.items():
        if own.row.months == MONTHS_AHEAD or name.startswith("series, month"):
            count = own.score.origins
            yield Gate(f"{name}: cov80", own.score.cov80 or 0.0, low=low, high=high, count=count, is_goal=True)


def _told(found: Mapping[str, tuple[Measured, Measured]]) -> Iterator[Gate]:
    for own, _ in (found[name] for name in TELLING if name in found):
        share = max(own.told.values(), default=0.0)
        yield Gate(f"{own.name}: told", share, low=TOLD, count=own.score.origins, is_goal=True)
