"""What one entry of a plan does to the months of a year, for the bridge from the baseline to the wallets."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from reconciler.forecast.belief import Belief, Record
from reconciler.forecast.when import Month

Stage = Literal["growth", "governance", "boundaries"]
"""The pass of planning that it belongs to: what grows demand, what changes its cost, what staying available costs."""

OfMonth = Callable[[Month], Decimal]


@dataclass(frozen=True, slots=True)
class Part:
    """One entry: it multiplies what a month costs by `factor` and adds `added` major units to it; None: it does not.

    Where it has a `limit`, that is the most that a month may cost with all other entries.
    `what` says what it is, `reason` why, in the plan's own words. `uncounted` says why it cannot be put into money;
    then it does nothing. `record` is None where nothing tells yet how far it came. `belief` is how much of it comes, if
    it is the promise of a saving; None: all of it is counted.
    """

    stage: Stage
    name: str
    what: str
    reason: str = ""
    factor: OfMonth | None = None
    added: OfMonth | None = None
    limit: OfMonth | None = None
    record: Record | None = None
    belief: Belief | None = None
    uncounted: str = ""

    def times(self, month: Month) -> Decimal:
        return self.factor(month) if self.factor and not self.uncounted else Decimal(1)

    def plus(self, month: Month) -> Decimal:
        return self.added(month) if self.added and not self.uncounted else Decimal(0)

    def weighed(self, month: Month) -> Decimal:
        """Return the factor as far as the record makes it likely: of a saving its weight, of what costs more all."""
        factor = self.times(month)
        return factor if self.belief is None or factor >= 1 else 1 + self.belief.weight * (factor - 1)
