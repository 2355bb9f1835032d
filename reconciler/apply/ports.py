"""What apply needs from the world, as protocols: the client, the sandbox and tests all fit."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from reconciler.model.billing_budget import BillingBudgetKey
from reconciler.model.live import Live, LiveBillingBudget, LiveExportSchedule, LiveWallet, Pool
from reconciler.model.money import Money
from reconciler.model.period import Period
from reconciler.model.write import WriteResult


class LedgerReader(Protocol):
    """Reads what a write must be checked against. Every method reads afresh and raises RemoteError unless whole."""

    def wallet(self, key: str, currency: str, period: Period) -> LiveWallet:
        """Return the wallet of team `key` with its whole ledger since `period` began, without an upper bound."""

    def pool(self, currency: str) -> Pool | None:
        """Return the organization wallet, None when the token cannot see it."""

    def billing_budgets(self) -> Mapping[BillingBudgetKey, LiveBillingBudget]:
        """Return every billing budget by key."""

    def export_schedules(self) -> Mapping[str, LiveExportSchedule] | None:
        """Return every export schedule by name, None when this deployment does not offer schedules."""


class LiveReader(LedgerReader, Protocol):
    """Reads single things before a write, and the whole live state for the comparison before and after a run."""

    def live(self, *, organization: str, wallets: Mapping[str, str], period: Period) -> Live:
        """Return everything; `wallets` maps the team ids that are asked for to their currency. Some may be `unread`."""


class Writer(Protocol):
    """The writes. None of them retries; each sends at most one request."""

    def allocate(self, wallet: str, amount: Money, *, description: str, operation: str) -> WriteResult: ...

    def reclaim(self, wallet: str, amount: Money, *, description: str, operation: str) -> WriteResult: ...

    def create_billing_budget(self, document: Mapping[str, Any]) -> WriteResult: ...

    def replace_billing_budget(self, id: str, document: Mapping[str, Any]) -> WriteResult: ...

    def delete_billing_budget(self, id: str) -> WriteResult: ...

    def create_export_schedule(self, document: Mapping[str, Any]) -> WriteResult: ...

    def replace_export_schedule(self, id: str, document: Mapping[str, Any]) -> WriteResult: ...

    def delete_export_schedule(self, id: str) -> WriteResult: ...
