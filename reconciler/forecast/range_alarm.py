"""The alarm when the 80% range no longer holds what it says, by the forecasts that people acted on."""

from __future__ import annotations

from decimal import Decimal
from math import sqrt

from reconciler.model.forecast_log import Calibration
from reconciler.model.track_record import RangeAlarm

LEAST_MONTH_ENDS = 20
NARROW, RIGHT, WIDE = 0.70, 0.80, 0.90
_SIDE = Decimal("0.02")
"""A bias below this part of the spend names no side."""


def range_alarm(found: Calibration) -> RangeAlarm | None:
    """Return what is wrong with the range; None where it holds 70% to 90%, or of fewer than 20 months of wallets."""
    if found.coverage is None or found.month_ends < LEAST_MONTH_ENDS or NARROW <= found.coverage <= WIDE:
        return None
    held = f"the 80% range held {found.coverage:.0%} of the forecasts, over {found.month_ends} month ends of wallets"
    if found.coverage < NARROW:
        return RangeAlarm(
            code="range-too-narrow",
            month_ends=found.month_ends,
            coverage=found.coverage,
            message=f"{held}: it {_sure(found)} too narrow{_side(found)}",
            hint="leave more room than it says until that is over; see in `kt-budgets backtest --logged` which team is"
            " furthest off, ask what changed there, and write what is known into its plan",
        )
    return RangeAlarm(
        code="range-too-wide",
        month_ends=found.month_ends,
        coverage=found.coverage,
        message=f"{held}: it {_sure(found)} wider than it has to be",
        hint="a target at its upper end holds more money than the team needs; a lower `--probability` of"
        " `kt-budgets recommend` frees it",
    )


def is_beyond_chance(found: Calibration) -> bool:
    """Tell whether so many month ends would hardly be held so often by a range that is right."""
    doubt = 2 * sqrt(RIGHT * (1 - RIGHT) / found.month_ends)
    return abs((found.coverage or 0.0) - RIGHT) > doubt


def _sure(found: Calibration) -> str:
    return "is" if is_beyond_chance(found) else "may be"


def _side(found: Calibration) -> str:
    if not found.spent or abs(found.bias) < _SIDE * abs(found.spent):
        return ""
    return f", and its middle too {'high' if found.bias > 0 else 'low'}"
