"""What can happen to a wallet beyond its level and its calendar; each can be left out, to show what it is worth."""

from __future__ import annotations

from enum import StrEnum


class Mechanism(StrEnum):
    """One thing that the forecast looks for; `benchmarks/forecast_gates.py --mechanisms` leaves each out in turn."""

    COLUMNS = "columns"
    TAMING = "taming"
    SILENCE = "silence"
    CREDITS = "credits"
    CHARGES = "charges"
    SHIFTS = "shifts"
    TOGETHER = "together"
    HOLIDAYS = "holidays"
    QUARTERS = "quarters"
    GROWTH = "growth"
    SEASON = "season"
