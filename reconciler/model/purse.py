"""A wallet's money: what it holds as of now, and what the months bring that open before the period is over."""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal

from reconciler.model.money import ZERO
from reconciler.model.period import Period


@dataclass(frozen=True, slots=True)
class Opening:
    """A month that opens: what is left is kept or taken back, then `added` comes in (or goes, where it is negative)."""

    period: Period
    added: Decimal
    keeps: bool = True


@dataclass(frozen=True, slots=True)
class Purse:
    """The money of one wallet on one side of the comparison, exact: nothing of it is rounded to cents.

    `left` can be spent as of as_of, and `gone` is what of the period's own money is spent or reserved before that.
    `openings` are the months after that of as_of, to the period, one after the other; none while the period is on.
    """

    left: Decimal
    gone: Decimal = ZERO
    openings: tuple[Opening, ...] = ()

    @property
    def held(self) -> Decimal:
        """What can be spent as of as_of: never below nothing, for a debt is not carried on."""
        return max(self.left, ZERO)

    @property
    def is_empty(self) -> bool:
        """Whether there is no money, and none is to come."""
        return self.left <= 0 and all(opening.added <= 0 for opening in self.openings)

    def plus(self, amount: Decimal) -> Purse:
        if not self.openings:
            return replace(self, left=self.left + amount)
        *earlier, last = self.openings
        return replace(self, openings=(*earlier, replace(last, added=last.added + amount)))
