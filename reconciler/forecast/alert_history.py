"""Whether an alert tells of something: not where spend passes it in each month, and the money lasts all the same."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from reconciler.forecast.history import Spending
from reconciler.model.period import Period
from reconciler.model.wallet_ref import WalletRef

PRESSURE_MONTHS = 3
PRESSURE_GROWTH = 0.05
"""From so much on, as a share over those months, spend that passes its alerts is growth."""


@dataclass(frozen=True, slots=True)
class LastMonths:
    """What `wallet` spent in the whole months before `period`."""

    known: Spending
    wallet: WalletRef
    period: Period

    def over(self, threshold: Decimal) -> int:
        """Return for how many of the last whole months, one after the other, spend passed `threshold`."""
        if self.wallet not in self.known.wallets:
            return 0
        for months in range(PRESSURE_MONTHS):
            if self._spent(months) < threshold:
                return months
        return PRESSURE_MONTHS

    def reached(self, target: Decimal) -> int:
        """Return in how many of those months spend reached `target`: nobody says that it lasts then."""
        return sum(self._spent(months) >= target for months in range(PRESSURE_MONTHS))

    @property
    def growth(self) -> float:
        """How much more a day of the last whole month cost than one of the first of those looked at, as a share."""
        spend, months = self.known.of(self.wallet), (self.period.plus(-PRESSURE_MONTHS), self.period.plus(-1))
        first, last = (float(spend.between(month.first, month.end)) / month.days for month in months)
        return last / first - 1.0 if first > 0 else 0.0

    def is_rule(self, threshold: Decimal, target: Decimal) -> bool:
        """Whether spend passes `threshold` as a rule, and the money of `target` lasts."""
        is_passed = self.over(threshold) == PRESSURE_MONTHS and not self.reached(target)
        return is_passed and self.growth < PRESSURE_GROWTH

    def _spent(self, months: int) -> Decimal:
        month = self.period.plus(-1 - months)
        return self.known.of(self.wallet).between(month.first, min(month.end, self.known.known_until))
