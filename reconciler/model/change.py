"""Changes: a closed union of data. What to do, to what, from what to what; no closures, no prose."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from reconciler.model.frozen import Frozen
from reconciler.model.money import Amount
from reconciler.model.operation import operation_period
from reconciler.model.period import Period


class MoneyChange(Frozen):
    """Money to move between the pool and a team wallet.

    `amount` is what is to be moved now; for a reclaim it is at most what is unspent and unreserved, and
    `unreclaimable` is the rest of the excess. `op` is the operation id that goes into the ledger.
    """

    team: str
    environment: str
    wallet: str
    amount: Amount
    currency: str
    target: Amount
    funded_before: Amount
    funded_after: Amount
    op: str
    position: str = ""

    @property
    def period(self) -> Period:
        """The period that `funded_before` and `funded_after` speak of."""
        return operation_period(self.op)


class Allocate(MoneyChange):
    kind: Literal["allocate"] = "allocate"


class Reclaim(MoneyChange):
    """Takes money back.

    `carried_from` names the period whose unspent rest is taken back when a new one opens. Such a reclaim counts for
    that period, so the funding of the plan's own period is the same before and after it.
    """

    kind: Literal["reclaim"] = "reclaim"
    unreclaimable: Amount
    carried_from: Period | None = None

    @property
    def period(self) -> Period:
        """The period that `funded_before` and `funded_after` speak of: the one that opens, if a rest is taken back."""
        return self.carried_from.plus(1) if self.carried_from else super().period


class BillingBudgetChange(Frozen):
    """A change of the billing budget `key` (`scope type/scope id/name`)."""

    team: str
    environment: str | None
    key: str
    position: str = ""


class CreateBillingBudget(BillingBudgetChange):
    kind: Literal["create_billing_budget"] = "create_billing_budget"
    before: None = None
    after: dict[str, Any]


class UpdateBillingBudget(BillingBudgetChange):
    kind: Literal["update_billing_budget"] = "update_billing_budget"
    before: dict[str, Any]
    after: dict[str, Any]


class DeleteBillingBudget(BillingBudgetChange):
    kind: Literal["delete_billing_budget"] = "delete_billing_budget"
    before: dict[str, Any]
    after: None = None


class ExportScheduleChange(Frozen):
    """A change of the export schedule named `key`. Schedules belong to the organization: `team` is empty."""

    team: Literal[""] = ""
    key: str
    position: str = ""


class CreateExportSchedule(ExportScheduleChange):
    kind: Literal["create_export_schedule"] = "create_export_schedule"
    before: None = None
    after: dict[str, Any]


class UpdateExportSchedule(ExportScheduleChange):
    kind: Literal["update_export_schedule"] = "update_export_schedule"
    before: dict[str, Any]
    after: dict[str, Any]


class DeleteExportSchedule(ExportScheduleChange):
    kind: Literal["delete_export_schedule"] = "delete_export_schedule"
    before: dict[str, Any]
    after: None = None


Change = Annotated[
    Allocate
    | Reclaim
    | CreateBillingBudget
    | UpdateBillingBudget
    | DeleteBillingBudget
    | CreateExportSchedule
    | UpdateExportSchedule
    | DeleteExportSchedule,
    Field(discriminator="kind"),
]
