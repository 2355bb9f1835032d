"""What wallets hold from earlier months as the present one begins, and what of it they may still spend."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import NamedTuple

from reconciler.model.money import ZERO
from reconciler.model.wallet_ref import WalletRef


class Rest(NamedTuple):
    """One wallet's money from earlier months: what of it can be spent by the YAML, and what `now`, without a plan.

    Of the others, a plan has `taken` its part back, and what is still there goes `back` when the next month opens.
    What `stays` is money of the present month beyond its target: it is spent, or nothing takes it back; what it `lacks`
    of its target nothing gives it. So it is of a later month that a plan opens.
    """

    kept: Decimal = ZERO
    now: Decimal = ZERO
    taken: Decimal = ZERO
    back: Decimal = ZERO
    stays: Decimal = ZERO
    lacks: Decimal = ZERO


@dataclass(frozen=True, slots=True)
class Carried:
    """The rest of each wallet that has one. `at_least`: wallets may hold more, for some ledgers were not read."""

    rests: Mapping[WalletRef, Rest] = field(default_factory=dict)
    at_least: bool = False


@dataclass(frozen=True, slots=True)
class YearRest:
    """All wallets' rests in the sum of a year: `kept` and `stays` are in it, `now` without a plan; `lacks` is not.

    What is `in_targets` is in the sum already, with the targets of months of which no usage tells.
    """

    kept: Decimal = ZERO
    now: Decimal = ZERO
    taken: Decimal = ZERO
    back: Decimal = ZERO
    stays: Decimal = ZERO
    lacks: Decimal = ZERO
    in_targets: Decimal = ZERO
    at_least: bool = False

    @property
    def told(self) -> Decimal | None:
        """What is in the sum; None where nothing tells."""
        return None if self.at_least and not self.kept else self.kept
