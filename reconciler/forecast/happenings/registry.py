"""The finders that there are, in the order in which they look."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping

from reconciler.forecast.happenings.calendar_charges import find_charges
from reconciler.forecast.happenings.columns import find_columns
from reconciler.forecast.happenings.credits import find_credits
from reconciler.forecast.happenings.happening import Happening
from reconciler.forecast.happenings.holidays import find_holidays
from reconciler.forecast.happenings.mechanism import Mechanism
from reconciler.forecast.happenings.silence import find_silence
from reconciler.forecast.happenings.together import find_together
from reconciler.forecast.panel import Panel

Finder = Callable[[Panel], tuple[Happening, Panel]]
"""Looks for what one mechanism did; returns the panel that the rest is fitted on."""

_FINDERS: Mapping[Mechanism, Finder] = {
    Mechanism.CREDITS: find_credits,
    Mechanism.CHARGES: find_charges,
    Mechanism.COLUMNS: find_columns,
    Mechanism.TOGETHER: find_together,
    Mechanism.HOLIDAYS: find_holidays,
    Mechanism.SILENCE: find_silence,
}


def find(panel: Panel, mechanisms: Collection[Mechanism]) -> tuple[tuple[Happening, ...], Panel]:
    """Return what the finders of `mechanisms` found, and the panel without it."""
    found: list[Happening] = []
    for mechanism, finder in _FINDERS.items():
        if mechanism in mechanisms:
            happening, panel = finder(panel)
            found.append(happening)
    return tuple(found), panel
