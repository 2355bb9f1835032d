"""What one entry of a plan does to the months of a year, for the bridge from the baseline to the wallets."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Literal

from reconciler.forecast.when import Month

Stage = Literal["growth", "governance", "boundaries"]
"""The pass of planning that it belongs to: what grows demand, what changes its cost, what staying available costs."""

OfMonth = Callable[[Month], Decimal]
_PLACES = Decimal("0.0001")


@dataclass(frozen=True, slots=True)
class Record:
    """How far an entry was to be by now, and how far it is, both as shares moved since it began; and that in words."""

    planned: Decimal
    realized: Decimal
    told: str

    @property
    def weight(self) -> Decimal:
        """How much of the saving to count: the realized share of what was planned by now, 0 to 1, at four decimals."""
        ratio = (self.realized / self.planned).quantize(_PLACES, ROUND_HALF_EVEN)
        return min(max(ratio, Decimal(0)), Decimal(1))


def record(planned: float, realized: float, told: str, *, least: float) -> Record | None:
    """Return the record of what was to have moved by `planned`; None where that is less than can be told apart."""
    if abs(planned) < least:
        return None
    return Record(Decimal(repr(planned)), Decimal(repr(realized)), told)


@dataclass(frozen=True, slots=True)
class Part:
    """One entry: it multiplies what a month costs by `factor` and adds `added` major units to it; None: it does not.

    `what` says what it is, `reason` why, in the plan's own words. `uncounted` says why it cannot be put into money;
    then it does nothing. `record` is None where nothing tells yet how far it came.
    """

    stage: Stage
    name: str
    what: str
    reason: str = ""
    factor: OfMonth | None = None
    added: OfMonth | None = None
    record: Record | None = None
    uncounted: str = ""

    def times(self, month: Month) -> Decimal:
        return self.factor(month) if self.factor and not self.uncounted else Decimal(1)

    def plus(self, month: Month) -> Decimal:
        return self.added(month) if self.added and not self.uncounted else Decimal(0)

    def weighed(self, month: Month) -> Decimal:
        """Return the factor as far as the record makes it likely: of a saving its weight, of what costs more all."""
        factor = self.times(month)
        return factor if self.record is None or factor >= 1 else 1 + self.record.weight * (factor - 1)
