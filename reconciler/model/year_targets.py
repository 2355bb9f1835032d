"""What all wallets may cost over the fiscal year: targets, and what was spent where that is known."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from reconciler.model.carried import YearRest
from reconciler.model.money import Money, in_cents
from reconciler.model.period import FiscalYear, Period
from reconciler.model.wallet_ref import WalletRef
from reconciler.model.yaml_types import LARGEST_AMOUNT

ANNUAL_TARGET_EXCEEDED = "annual-target-exceeded"


@dataclass(frozen=True, slots=True)
class YearTargets:
    """The sum of `teams` teams over `year`, of which `spent` is what the months in `over` really cost.

    `by_target` are months that are over too, of which no usage tells it: they are in the sum with their targets, as
    every month is where `over` is None because nobody says what day it is. `gone` is what teams that left spent in
    other months than those in `over`, and `rest` what wallets carry over into the present one, which they keep where
    `keeps`. `whole`: every wallet is in the sum. `exact` is what each wallet's part is before it is rounded.
    """

    year: FiscalYear
    currency: str
    total: Decimal
    teams: int
    over: tuple[Period, ...] | None = None
    spent: Decimal = Decimal(0)
    by_target: tuple[Period, ...] = ()
    gone: Decimal = Decimal(0)
    rest: YearRest = field(default_factory=YearRest)
    keeps: bool = False
    whole: bool = True
    exact: Mapping[WalletRef, Decimal] = field(default_factory=dict)

    def by_wallet(self) -> dict[WalletRef, Decimal]:
        """Return the sum wallet by wallet, in cents; those of teams that left are among them."""
        return in_cents(self.exact, self.total)

    def sentence(self, target: Decimal) -> str:
        """Return that the sum is above `target`, and how months that are over were counted."""
        gone = f"; besides, teams that left spent {money(self.gone, self.currency)}" if self.gone else ""
        more = " and what they hold beyond these" if self.rest.at_least else " and what they carry over"
        more = f"{more if self.rest.kept else ''}{' and what is spent or stays beyond them' if self.rest.stays else ''}"
        least = "" if self.whole and not self.rest.at_least else "at least "
        return (
            f"the targets of the wallets of {self.teams} team{'s' if self.teams != 1 else ''}"
            f"{more} add up to {least}"
            f"{money(self.total, self.currency)} in {self.year.name},"
            f" {money(self.total - target, self.currency)} above the annual target of"
            f" {money(target, self.currency)}; {self.counted()}{gone}"
        )

    def cure(self, target: Decimal) -> str:
        """Return what makes them equal."""
        excess = money(self.total - target, self.currency)
        takes_back = ", or write `unused: reclaim`, which takes back what is carried over"
        reclaim = takes_back if self.rest.kept and self.keeps else ""
        return f"raise the annual target to {self.total:.2f}, or lower wallets by {excess} over the year{reclaim}"

    def counted(self) -> str:
        """Return how months that are over are counted, and what is carried over."""
        if self.over is None:
            before = "; what wallets hold from before the year is not counted" if self.keeps else ""
            return f"each month counts with its target in the YAML, also where it is over{before}"
        return "; ".join((self._over(self.over), *self._rest()))

    def _over(self, over: tuple[Period, ...]) -> str:
        told = []
        if over:
            spent = money(self.spent, self.currency)
            told.append(f"{_months(over)} with what was spent, {spent}")
        if self.by_target:
            told.append(f"{_months(self.by_target)} with the targets, for no usage shows all of it")
        return f"of months that are over, {' and '.join(told)}" if told else "no month of it is over"

    def _rest(self) -> Iterator[str]:
        """Yield what is carried over and what stays, and what of it is not counted again or not at all."""
        rest = self.rest
        if rest.kept:
            kept = money(rest.kept, self.currency)
            least = f"at least {kept} is held beyond the targets of this month"
            yield least if rest.at_least else f"{kept} is carried over from earlier months"
        elif rest.at_least:
            yield "what wallets carry over from earlier months is not known and not counted"
        if rest.stays:
            stays = money(rest.stays, self.currency)
            yield f"{stays} of this month is beyond its targets, and spent or not taken back"
        if rest.lacks:
            lacks = money(rest.lacks, self.currency)
            yield f"{lacks} of the targets is not counted, for nothing gives it to the wallets that lack it"
        if rest.in_targets:
            within = money(rest.in_targets, self.currency)
            yield f"{within} that wallets carry over is in the targets of months of which no usage shows all"
        if rest.back:
            back = money(rest.back, self.currency)
            yield f"{back} that wallets carry over is not counted, for what is left of it goes back when a month opens"


def money(amount: Decimal, currency: str) -> str:
    """Return an amount as sentences write it; one that no plan can mean is written as a power of ten."""
    if amount > LARGEST_AMOUNT * 1000:
        return f"{currency} {amount:.1e}".strip()
    return str(Money(amount, currency)).strip()


def _months(periods: tuple[Period, ...]) -> str:
    first, last = periods[0], periods[-1]
    return f"{first}" if first == last else f"{first} to {last}"
