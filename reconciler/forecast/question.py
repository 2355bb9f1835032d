"""What is asked of the forecast, and what it answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from reconciler.findings import Finding, Origin
from reconciler.model.assumption import TeamAssumptions, UnitPrice
from reconciler.model.desired import DesiredWallet
from reconciler.model.forecast import WalletForecast, YearForecast
from reconciler.model.kinds.billing_budget import BillingBudget
from reconciler.model.money import ZERO, Money
from reconciler.model.outcome import LeftAsFound
from reconciler.model.period import Period
from reconciler.model.purse import Purse
from reconciler.model.team import AnnualPlan


@dataclass(frozen=True, slots=True)
class WalletQuestion:
    """One wallet to look ahead for, under its live and its desired money.

    `plan` is the team's: its rates apply to each of the team's wallets, its planned demand to the first one.
    `live` and `desired` are its money on the two sides. `targets` are the months to look at.
    The alerts are the billing budgets that watch this wallet; those in `alerts_undeclared` are on either side, because
    git neither declares nor deletes them; `alerts_elsewhere` are so too, in another currency. `charted`: the days of
    the month are wanted too.
    `settled` is what the ledger says was spent on the day as_of already, and `reserved` what it holds for calls under
    way: neither is in the money left any more. `booked` is what the ledger settled in the period: alerts go by that
    where the usage shows less.
    `pool_pays`: the organization wallet holds free money, so that spend goes on where this wallet is empty.
    `unpaid_since` is set where the money left does not know of the days from there to as_of: there is no ledger.
    `funded` is what the period is funded with on the desired side: None where the plan brings it to its target, else it
    is more, because that is spent, or what it was found with, because the plan leaves the wallet alone (`left_out`).
    From one that `stays` no plan takes back what it was found with.
    """

    wallet: DesiredWallet
    plan: AnnualPlan
    live_target: Money
    desired_target: Money
    live: Purse
    desired: Purse
    targets: Mapping[Period, Money]
    alerts_live: tuple[BillingBudget, ...] = ()
    alerts_desired: tuple[BillingBudget, ...] = ()
    alerts_undeclared: tuple[BillingBudget, ...] = ()
    alerts_elsewhere: tuple[BillingBudget, ...] = ()
    charted: bool = True
    settled: Decimal = ZERO
    reserved: Decimal = ZERO
    booked: Decimal = ZERO
    pool_pays: bool = False
    unpaid_since: date | None = None
    funded: Decimal | None = None
    left_out: LeftAsFound | None = None
    stays: bool = False

    @property
    def funded_then(self) -> Decimal:
        """What the period is funded with on the desired side."""
        return self.desired_target.amount if self.funded is None else self.funded

    def with_target(self, target: Decimal) -> Purse:
        """Return the desired money under another target, as the plan with it leaves the wallet."""
        if target == self.desired_target.amount:
            return self.desired
        funded = max(target, self.live_target.amount) if self.stays else target
        return self.desired.plus(funded - self.funded_then)

    def target_for(self, more: Decimal) -> Decimal:
        """Return the target that gives the wallet `more` than it has on the desired side; never one below nothing."""
        return max(self.funded_then + more, ZERO)

    @property
    def team_origin(self) -> Origin:
        return Origin(self.wallet.origin.path)


@dataclass(frozen=True, slots=True)
class Forecast:
    """The answers, one wallet a question and in the same order. `year` is None outside the fiscal year.

    `warnings` are about a wallet or a team of the YAML, by code. `prices` is the snapshot that provider-mix moves were
    priced with.
    """

    wallets: tuple[WalletForecast, ...]
    year: YearForecast | None = None
    assumptions: tuple[TeamAssumptions, ...] = ()
    warnings: tuple[Finding, ...] = ()
    prices: tuple[UnitPrice, ...] = ()
