"""What all wallets may cost over the fiscal year: targets, and what was spent where that is known."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from reconciler.model.money import Money
from reconciler.model.period import FiscalYear, Period
from reconciler.model.yaml_types import LARGEST_AMOUNT

ANNUAL_TARGET_EXCEEDED = "annual-target-exceeded"


@dataclass(frozen=True, slots=True)
class YearTargets:
    """The sum of `teams` teams over `year`, of which `spent` is what the months in `over` really cost.

    `by_target` are months that are over too, of which no usage tells it: they are in the sum with their targets, as
    every month is where `over` is None because nobody says what day it is. `whole`: every wallet is in the sum.
    """

    year: FiscalYear
    currency: str
    total: Decimal
    teams: int
    over: tuple[Period, ...] | None = None
    spent: Decimal = Decimal(0)
    by_target: tuple[Period, ...] = ()
    whole: bool = True

    def sentence(self, target: Decimal) -> str:
        """Return that the sum is above `target`, and how months that are over were counted."""
        least = "" if self.whole else "at least "
        return (
            f"the targets of the wallets of {self.teams} team{'s' if self.teams != 1 else ''} add up to {least}"
            f"{money(self.total, self.currency)} in {self.year.name},"
            f" {money(self.total - target, self.currency)} above the annual target of"
            f" {money(target, self.currency)}; {self._counted()}"
        )

    def cure(self, target: Decimal) -> str:
        """Return what makes them equal."""
        excess = money(self.total - target, self.currency)
        return f"raise the annual target to {self.total:.2f}, or lower wallets by {excess} over the year"

    def _counted(self) -> str:
        if self.over is None:
            return "each month counts with its target in the YAML, also where it is over"
        told = []
        if self.over:
            spent = money(self.spent, self.currency)
            told.append(f"{_months(self.over)} with what was spent, {spent}")
        if self.by_target:
            told.append(f"{_months(self.by_target)} with the targets, for no usage shows all of it")
        return f"of months that are over, {' and '.join(told)}" if told else "no month of it is over"


def money(amount: Decimal, currency: str) -> str:
    """Return an amount as sentences write it; one that no plan can mean is written as a power of ten."""
    if amount > LARGEST_AMOUNT * 1000:
        return f"{currency} {amount:.1e}".strip()
    return str(Money(amount, currency)).strip()


def _months(periods: tuple[Period, ...]) -> str:
    first, last = periods[0], periods[-1]
    return f"{first}" if first == last else f"{first} to {last}"
