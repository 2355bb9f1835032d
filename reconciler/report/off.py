"""How wrong forecasts were, in the words of every page that says it."""

from __future__ import annotations

from reconciler.model.track_record import RangeAlarm, TrackRecord
from reconciler.report.wording import counted

EVEN = 0.005
"""Below half a percent, no side is named."""


def track_record_words(found: TrackRecord) -> str:
    """Return how wrong forecasts were, and whether that is known of those that people acted on."""
    forecasts, months = counted(found.forecasts, "forecast"), counted(found.months, "month")
    if found.source == "log":
        told = f"How wrong we were: {forecasts} that people acted on, for {months}, against what came."
    else:
        told = (
            "How wrong we would have been: forecasts that people acted on are of fewer than three whole months so far,"
            f" so the past {months} of the wallets that change here were forecast again, {forecasts} in all."
        )
    return (
        f"{told} {within_words(found.within, found.forecasts)}{off_words(found.median_error, found.bias)}."
        f"{_alarm_words(found.alarm)}"
    )


def _alarm_words(alarm: RangeAlarm | None) -> str:
    """Return what is wrong with the range and what to do about it, as a sentence after others."""
    return f" Warning: {alarm.message}; {alarm.hint}." if alarm else ""


def within_words(within: int, forecasts: int) -> str:
    """Return how often months ended in their range, beside how often they should; there is a forecast."""
    share = f"{within / forecasts:.0%}"
    return f"In {within:,} of {forecasts:,} ({share}) the month ended within the 80% range, where 80% should"


def off_words(median_error: float | None, bias: float | None) -> str:
    """Return how far the middle was off, and to which side, as the end of a sentence; nothing without spend."""
    if median_error is None or bias is None:
        return ""
    return f"; the middle figure was {median_error:.0%} off in the middle case, and on the whole {side_words(bias)}"


def side_words(bias: float) -> str:
    if abs(bias) < EVEN:
        return "neither too high nor too low"
    return f"{abs(bias):.0%} too {'high' if bias > 0 else 'low'}"
