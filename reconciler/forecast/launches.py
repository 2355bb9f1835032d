"""Launches: a workload that was not there before makes it likely that the level is new since its first day."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from reconciler.model.usage import DailyUsage, Nanos

Ints = npt.NDArray[np.intp]
NEWEST, OLDEST = 2, 21
"""Days for which a new workload has been there; after that the level has followed."""
FEWEST_DAYS_BEFORE = 28
PART = 0.2
"""It counts from this part of what has been spent since on."""

STAYS = 0.6
"""So much of what was there before is there beside it: else it is that, by another name."""


@dataclass(frozen=True, slots=True)
class Launch:
    """The workload `name` was not there until `days` ago."""

    name: str
    days: int


def find_launch(usage: DailyUsage, rows: Ints, gross: Nanos, age: Ints) -> Launch | None:
    """Return the new workload that costs most; None where there is none, or where workloads are not told.

    `gross` and `age`, in days before now, are those of `rows`.
    """
    names = usage.workload[rows]
    fresh = {*names[age < OLDEST].tolist()}.difference(names[age >= OLDEST].tolist(), [""])
    if not fresh or age.max() < OLDEST + FEWEST_DAYS_BEFORE:
        return None
    found = [(float(gross[names == name].sum()), name, int(age[names == name].max()) + 1) for name in fresh]
    for cost, name, days in sorted(found, reverse=True):
        since, before = age < days, (age >= days) & (age < days + FEWEST_DAYS_BEFORE)
        whole, usual = float(gross[since].sum()), float(gross[before].sum()) / FEWEST_DAYS_BEFORE * days
        goes_on = whole - cost >= STAYS * usual
        if days >= NEWEST and goes_on and cost >= PART * whole > 0:
            return Launch(name, days)
    return None


def launched_days(launches: Sequence[Launch | None]) -> Ints:
    """Return int[series]: for how many days a new workload has been there, 0 where there is none."""
    return np.array([0 if launch is None else launch.days for launch in launches], dtype=np.intp)
