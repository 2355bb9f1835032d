"""Billing budgets: soft alerts over spend, identified by scope and name."""

from __future__ import annotations

from decimal import Decimal
from typing import NamedTuple

from reconciler.model.frozen import Frozen
from reconciler.model.money import Amount

AlertPercentage = int | Decimal
"""A whole number is an int. YAML offers no other; somebody else's billing budget may hold a fraction."""


class BillingBudgetKey(NamedTuple):
    """What identifies a billing budget. A rename is a delete and a create."""

    scope_type: str
    scope_id: str
    name: str

    def __str__(self) -> str:
        return f"{self.scope_type}/{self.scope_id}/{self.name}"


class BillingBudget(Frozen):
    """What an alert *is*. Two are equal when no change is needed: no ids, no timestamps, no positions.

    Scope types, periods and percentages are open here: somebody else's budget may use what YAML does not offer.
    """

    scope_type: str
    scope_id: str
    name: str
    amount: Amount
    currency: str
    period: str = "monthly"
    alert_percentages: tuple[AlertPercentage, ...]
    hard_limit: bool = False

    @property
    def key(self) -> BillingBudgetKey:
        return BillingBudgetKey(self.scope_type, self.scope_id, self.name)
