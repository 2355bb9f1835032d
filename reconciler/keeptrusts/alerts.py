"""Billing budgets and export schedules on the wire: read into the model, and written back with unknown keys kept."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from typing import Any, Literal, TypeVar

from reconciler.keeptrusts.exact_json import encode
from reconciler.keeptrusts.fields import FieldError, Item, number
from reconciler.model.billing_budget import AlertPercentage, BillingBudget, BillingBudgetKey
from reconciler.model.live import LiveBillingBudget, LiveExportSchedule, Unreadable
from reconciler.model.organization import ExportSchedule

SCHEDULES = "/v1/exports/schedules"

Found = TypeVar("Found")


def sorted_out(
    items: Iterable[Item], made: Callable[[Item], Found], *, kind: Literal["billing_budget", "export_schedule"]
) -> tuple[list[Found], tuple[Unreadable, ...]]:
    """Return what `made` makes of each item, and those of which it makes nothing: they must not hide the others."""
    found, unreadable = [], []
    for item in items:
        try:
            found.append(made(item))
        except FieldError as error:
            unreadable.append(_unreadable(item, kind, error.reason))
    return found, tuple(unreadable)


def _unreadable(item: Item, kind: Literal["billing_budget", "export_schedule"], reason: str) -> Unreadable:
    scope = item.object("scope") or item
    return Unreadable(
        kind=kind,
        id=item.words("id"),
        name=item.words("name"),
        scope_type=scope.words("type", "scope_type", "scope").lower(),
        scope_id=scope.words("id", "scope_id") if scope is not item else item.words("scope_id"),
        reason=reason,
    )


def listed_as(item: Item) -> str:
    """Return what an alert or a schedule is told apart by: its id, or all of it where it has none."""
    return item.words("id") or encode(dict(sorted(item.data.items())))


def live_billing_budget(item: Item, *, organization: str) -> LiveBillingBudget:
    """Return the billing budget that `item` describes; an organization's needs no scope id of its own."""
    scope = item.object("scope") or item
    kind = scope.word("type", "scope_type", "scope")
    fields = {
        "scope_type": kind,
        "scope_id": scope.optional_text("id", "scope_id") if scope is not item else item.optional_text("scope_id"),
        "name": item.text("name"),
        "amount": item.amount("amount"),
        "currency": item.currency(),
        "period": (item.optional_text("period") or "monthly").lower(),
        "alert_percentages": _percentages(item),
        "hard_limit": item.flag("hard_limit", default=False),
    }
    if not fields["scope_id"]:
        fields["scope_id"] = organization if kind == "organization" else scope.refuse("id", "is missing")
    document = {**item.data, "amount": fields["amount"]}
    return LiveBillingBudget(item.text("id"), BillingBudget.model_validate(fields), document)


def by_key(
    budgets: Iterable[LiveBillingBudget],
) -> tuple[dict[BillingBudgetKey, LiveBillingBudget], tuple[LiveBillingBudget, ...]]:
    """Return billing budgets by key, and the surplus ones that share a key with an older one."""
    chosen: dict[BillingBudgetKey, LiveBillingBudget] = {}
    oldest_first = sorted(budgets, key=_age)
    surplus = tuple(budget for budget in oldest_first if chosen.setdefault(budget.budget.key, budget) is not budget)
    return dict(sorted(chosen.items())), surplus


def live_export_schedule(item: Item) -> LiveExportSchedule:
    """Return the export schedule that `item` describes."""
    target = item.object("s3") or item
    fields = {
        "name": item.text("name"),
        "cron": item.optional_text("cron"),
        "window": item.optional_text("window").lower(),
        "type": (item.optional_text("type") or "events").lower(),
        "format": (item.optional_text("format") or "json").lower(),
        "s3": {
            "bucket": target.optional_text("s3_bucket", "bucket"),
            "prefix": target.optional_text("s3_prefix", "prefix"),
        },
        "enabled": item.flag("enabled", default=True),
    }
    return LiveExportSchedule(item.text("id"), ExportSchedule.as_found(fields), item.data)


def billing_budget_body(document: Mapping[str, Any]) -> dict[str, Any]:
    """Return a billing budget as Keeptrusts takes it: `scope` as an object, the amount as a number.

    Takes the model's flat keys, the wire's own, or both: the flat ones are what is wanted and win.
    """
    body = {name: value for name, value in document.items() if name not in ("scope_type", "scope_id")}
    scope = dict(body["scope"]) if isinstance(body.get("scope"), Mapping) else {}
    if "scope_type" in document:
        scope["type"] = document["scope_type"]
    if "scope_id" in document:
        scope["id"] = document["scope_id"]
    body["scope"] = scope
    body["amount"] = Item("the billing budget to send", document).amount("amount")
    return body


def export_schedule_body(document: Mapping[str, Any]) -> dict[str, Any]:
    """Return an export schedule as Keeptrusts takes it, `s3` as `s3_bucket` and `s3_prefix`."""
    body = {name: value for name, value in document.items() if name != "s3"}
    if isinstance(target := document.get("s3"), Mapping):
        body["s3_bucket"] = target["bucket"]
        body["s3_prefix"] = target.get("prefix", "")
    return body


def _percentages(item: Item) -> tuple[AlertPercentage, ...]:
    listed = item.raw("alert_percentages")
    if listed is None:
        return ()
    if not isinstance(listed, list):
        item.refuse("alert_percentages", "is no list")
    numbers = {number(value) for value in listed}
    if None in numbers:
        item.refuse("alert_percentages", "holds something else than numbers")
    return tuple(sorted(_percentage(found) for found in numbers if found is not None))


def _percentage(found: Decimal) -> AlertPercentage:
    return int(found) if found == int(found) else found.normalize()


def _age(budget: LiveBillingBudget) -> tuple[str, str]:
    return str(budget.document.get("created_at") or "~"), budget.id
