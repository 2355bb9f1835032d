"""Billing budgets: soft alerts over spend, identified by scope and name."""

from __future__ import annotations

from typing import Literal, NamedTuple

from reconciler.model.frozen import Frozen
from reconciler.model.money import Amount

ScopeType = Literal["organization", "team", "user", "agent"]


class BillingBudgetKey(NamedTuple):
    """What identifies a billing budget. A rename is a delete and a create."""

    scope_type: str
    scope_id: str
    name: str

    def __str__(self) -> str:
        return f"{self.scope_type}/{self.scope_id}/{self.name}"


class BillingBudget(Frozen):
    """What an alert *is*. Two are equal when no change is needed: no ids, no timestamps, no positions."""

    scope_type: ScopeType
    scope_id: str
    name: str
    amount: Amount
    currency: str
    period: Literal["monthly", "weekly", "daily"] = "monthly"
    alert_percentages: tuple[int, ...]
    hard_limit: bool = False

    @property
    def key(self) -> BillingBudgetKey:
        return BillingBudgetKey(self.scope_type, self.scope_id, self.name)
