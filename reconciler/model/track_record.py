"""How forecasts came out before: the record beside a plan, and what is wrong with its range."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from reconciler.model.frozen import Frozen


class RangeAlarm(Frozen):
    """The 80% range of forecasts that people acted on held too few months of wallets, or too many."""

    code: Literal["range-too-narrow", "range-too-wide"] = Field(description="What is wrong with the range; stable.")
    month_ends: int = Field(description="How many different months of wallets were looked at.")
    coverage: float = Field(description="The part of the forecasts whose range held what was spent, 0 to 1.")
    message: str = Field(description="What is wrong, as a sentence.")
    hint: str = Field(description="What to do about it.")


class TrackRecord(Frozen):
    """How forecasts came out before: those in the log, or those that a backtest makes of the past."""

    source: Literal["log", "backtest"] = Field(
        description="`log`: forecasts that people acted on. `backtest`: forecasts of the past, made now."
    )
    months: int = Field(description="Of how many different months.")
    forecasts: int = Field(description="How many forecasts.")
    within: int = Field(description="How many of them held what was spent in their 80% range.")
    median_error: float | None = Field(
        description="How far the middle (0.5) was off in the middle case, as a part of what was spent; null: no spend."
    )
    bias: float | None = Field(
        description="Sum of the middles less what was spent, as a part of that; above 0: too high. Null: no spend."
    )
    alarm: RangeAlarm | None = Field(
        None, description="What is wrong with the 80% range, by the log; null where nothing is, or too little is known."
    )
