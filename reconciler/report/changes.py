"""Changes in a report: money to the cent, billing budgets with what their alerts will do, export schedules."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal

from reconciler.model.change import (
    Allocate,
    CreateBillingBudget,
    CreateExportSchedule,
    DeleteBillingBudget,
    DeleteExportSchedule,
    Reclaim,
    UpdateBillingBudget,
    UpdateExportSchedule,
)
from reconciler.model.forecast import AlertForecast
from reconciler.model.plan import Plan
from reconciler.report import wording
from reconciler.report.difference import differences, value
from reconciler.report.document import Column, Move, Row, Setting, Table
from reconciler.report.spans import DASH, Cell, name, shift

BudgetChange = CreateBillingBudget | UpdateBillingBudget | DeleteBillingBudget
ScheduleChange = CreateExportSchedule | UpdateExportSchedule | DeleteExportSchedule

_CERTAIN = 0.05
"""Two probabilities nearer to each other than this are told as one."""


def wallet_name(change: Allocate | Reclaim) -> str:
    return f"{name(change.team)} / {name(change.environment)}"


def moves(plan: Plan) -> tuple[Move, ...]:
    """Return every move of money, in the order in which it will be made."""
    return tuple(_move(change) for change in plan.changes if isinstance(change, Allocate | Reclaim))


def _move(change: Allocate | Reclaim) -> Move:
    stuck = change.unreclaimable if isinstance(change, Reclaim) else Decimal(0)
    return Move(
        name=wallet_name(change),
        wallet=name(change.wallet, 64),
        verb=change.kind,
        amount=wording.exact(change.amount),
        funded=wording.exact(change.funded_before),
        target=wording.exact(change.target),
        remark=f"{wording.exact(stuck)} more is spent or reserved and stays" if stuck else "",
    )


def move_table(listed: tuple[Move, ...]) -> Table:
    """Return the moves as a table to the cent."""
    columns = (
        Column("name", "Wallet"),
        Column("id", "Keeptrusts team"),
        Column("verb", "Merging will"),
        Column("amount", "Amount", "right"),
        Column("funded", "Funded before", "right"),
        Column("target", "Target", "right"),
        Column("remark", "Remark"),
    )
    table = Table(
        columns,
        tuple(
            Row(tuple(Cell(text) for text in (m.name, m.wallet, m.verb, m.amount, m.funded, m.target, m.remark)))
            for m in listed
        ),
    )
    return table if any(move.remark for move in listed) else table.without("remark")


def budget_changes(plan: Plan) -> tuple[BudgetChange, ...]:
    return tuple(c for c in plan.changes if isinstance(c, BudgetChange))


def schedule_changes(plan: Plan) -> tuple[ScheduleChange, ...]:
    return tuple(c for c in plan.changes if isinstance(c, ScheduleChange))


def budget_settings(plan: Plan) -> tuple[Setting, ...]:
    """Return every billing budget that changes, in the order in which it will be written."""
    named = _budget_names(plan)
    return tuple(
        Setting(named[c.key], "billing budget", _verb(c), differences(c.before, c.after)) for c in budget_changes(plan)
    )


def schedule_settings(plan: Plan) -> tuple[Setting, ...]:
    """Return every export schedule that changes, in the order in which it will be written."""
    return tuple(
        Setting(name(c.key), "export schedule", _verb(c), differences(c.before, c.after))
        for c in schedule_changes(plan)
    )


def _verb(change: BudgetChange | ScheduleChange) -> str:
    return change.kind.split("_", 1)[0]


def _plain_name(change: BudgetChange) -> str:
    return str((change.after or change.before or {}).get("name") or change.key.split("/", 2)[-1])


def _budget_names(plan: Plan) -> dict[str, str]:
    """Return what each billing budget is called, with its team where two have one name."""
    listed = budget_changes(plan)
    often = Counter(_plain_name(change) for change in listed)
    return {
        change.key: name(_plain_name(change)) + (f" ({name(change.team)})" if often[_plain_name(change)] > 1 else "")
        for change in listed
    }


def budget_table(plan: Plan, listed: Sequence[Setting]) -> Table:
    """Return the billing budgets that change, with what that does to their alerts."""
    columns = (
        Column("name", "Billing budget"),
        Column("amount", "Amount", "right"),
        Column("alerts", "Alerts"),
        Column("effect", "What changes"),
    )
    alerts = _alerts(plan)
    rows = []
    for change, setting in zip(budget_changes(plan), listed, strict=True):
        effect = "; ".join(dict.fromkeys((*_plain_effects(change, setting, plan), *_alert_effects(change, alerts))))
        fields = (_field(change, "amount"), _field(change, "alert_percentages"))
        rows.append(Row((Cell(setting.name), *fields, Cell(effect or DASH))))
    return Table(columns, tuple(rows))


def _field(change: BudgetChange, key: str) -> Cell:
    """Return one value with from and to; money in whole units, because none of it moves."""
    before, after = (None if side is None else _short(key, side.get(key)) for side in (change.before, change.after))
    if before is None or after is None:
        return Cell(after or before or DASH)
    return shift(before, after)


def _short(key: str, item: object) -> str:
    return value(key, item).removesuffix(".00") if key == "amount" else value(key, item)


Alerts = Mapping[tuple[str, str], Sequence[tuple[str, AlertForecast]]]


def _alerts(plan: Plan) -> Alerts:
    """Return every alert of git with its environment, by team and billing budget, lowest percentage first."""
    found: defaultdict[tuple[str, str], list[tuple[str, AlertForecast]]] = defaultdict(list)
    for forecast in plan.impact:
        for alert in sorted(forecast.alerts, key=lambda alert: alert.percentage):
            if alert.declared:
                found[forecast.team, alert.name].append((forecast.environment, alert))
    return found


def _alert_effects(change: BudgetChange, alerts: Alerts) -> Iterator[str]:
    for environment, alert in alerts.get((change.team, _plain_name(change)), ()):
        if change.environment in (None, environment) and (effect := _alert_effect(alert)):
            yield f"{alert.percentage}% {effect}"


def _plain_effects(change: BudgetChange, setting: Setting, plan: Plan) -> Iterator[str]:
    """Yield what becomes of the billing budget itself, besides its amount and percentages."""
    match change:
        case CreateBillingBudget(after=after):
            yield "new, with a hard limit" if after.get("hard_limit") else "new"
        case DeleteBillingBudget():
            renamed = [other for other in budget_changes(plan) if _is_rename(change, other)]
            yield f"renamed to {name(_plain_name(renamed[0]))} (a delete and a create)" if renamed else "deleted"
        case UpdateBillingBudget():
            for label, cell in setting.differences:
                if label == "hard limit":
                    yield "hard limit on: it will stop traffic" if cell.new == "on" else "hard limit off"
                elif label not in ("amount", "alerts"):
                    yield f"{label} {cell.now} → {cell.new}"


def _is_rename(old: DeleteBillingBudget, other: BudgetChange) -> bool:
    if not isinstance(other, CreateBillingBudget) or other.team != old.team:
        return False
    return {**old.before, "name": ""} == {**other.after, "name": ""}


def _alert_effect(alert: AlertForecast) -> str:
    live, desired = alert.live, alert.desired
    if desired is None:
        return ""
    fires = desired.date.get("0.5")
    if live is None:
        chance = f"fires with {wording.probability(desired.probability)}"
        return f"fires around {wording.long_day(fires)}" if fires else chance
    fired = live.date.get("0.5")
    if fires and fired and fires != fired:
        days = (fires - fired).days
        return f"fires {wording.counted(abs(days), 'day')} {'later' if days > 0 else 'earlier'}"
    if abs(desired.probability - live.probability) < _CERTAIN:
        return ""
    return f"fires with {wording.probability(desired.probability)} instead of {wording.probability(live.probability)}"


def schedule_table(listed: Sequence[Setting]) -> Table:
    """Return the export schedules that change."""
    columns = (Column("name", "Export schedule"), Column("verb", "Merging will"), Column("what", "What changes"))
    rows = [
        Row((Cell(s.name), Cell(s.verb), Cell("; ".join(_told(label, cell) for label, cell in s.differences))))
        for s in listed
    ]
    return Table(columns, tuple(rows))


def _told(label: str, cell: Cell) -> str:
    return f"{label} {cell.now} → {cell.new}" if cell.changes else f"{label} {cell.new}"
