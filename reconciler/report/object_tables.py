"""The managed objects that a plan changes, a table for each kind; alerts have one of their own."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence

from reconciler.model.change import ObjectChange
from reconciler.model.forecast import AlertForecast
from reconciler.model.kinds.billing_budget import BILLING_BUDGETS, is_hard
from reconciler.model.kinds.managed_kind import ManagedKind, V
from reconciler.model.kinds.registry import kinds
from reconciler.model.plan import Plan
from reconciler.report import wording
from reconciler.report.changes import object_changes, object_settings
from reconciler.report.difference import value
from reconciler.report.document import Column, ObjectTable, Row, Setting, Table
from reconciler.report.spans import DASH, Cell, Span, Words, safe_name, shift, strong, words

_LISTED = 3
_CERTAIN = 0.05
"""Two probabilities nearer to each other than this are told as one."""


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
    for change, setting in zip(object_changes(plan, BILLING_BUDGETS), listed, strict=True):
        effect = "; ".join(dict.fromkeys((*_plain_effects(change, setting, plan), *_alert_effects(change, alerts))))
        fields = (_field(change, "amount"), _field(change, "alert_percentages"))
        rows.append(Row((Cell(setting.name), *fields, Cell(effect or DASH))))
    return Table(columns, tuple(rows))


def _field(change: ObjectChange, key: str) -> Cell:
    """Return one value with from and to; money in whole units, because none of it moves."""
    before, after = (None if side is None else _short(key, side.get(key)) for side in change.documents())
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


def _alert_effects(change: ObjectChange, alerts: Alerts) -> Iterator[str]:
    for environment, alert in alerts.get((change.team, change.name), ()):
        if change.environment in (None, environment) and (effect := _alert_effect(alert)):
            yield f"{alert.percentage}% {effect}"


def _plain_effects(change: ObjectChange, setting: Setting, plan: Plan) -> Iterator[str]:
    """Yield what becomes of the billing budget itself, besides its amount and percentages."""
    match change.verb:
        case "create":
            yield "new, with a hard limit" if is_hard(change.after) else "new"
        case "delete":
            renamed = [other for other in object_changes(plan, BILLING_BUDGETS) if _is_rename(change, other)]
            yield f"renamed to {safe_name(renamed[0].name)} (a delete and a create)" if renamed else "deleted"
        case "update":
            for label, cell in setting.differences:
                if label == "hard limit":
                    yield "hard limit on: it will stop traffic" if cell.new == "on" else "hard limit off"
                elif label not in ("amount", "alerts"):
                    yield f"{label} {cell.now} → {cell.new}"


def _is_rename(old: ObjectChange, other: ObjectChange) -> bool:
    before, after = old.before, other.after
    if old.team != other.team or other.before is not None or before is None or after is None:
        return False
    return before.model_copy(update={"name": ""}) == after.model_copy(update={"name": ""})


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


_OWN: Mapping[str, Callable[[Plan, Sequence[Setting]], Table]] = {BILLING_BUDGETS.name: budget_table}


def all_settings(plan: Plan) -> tuple[Setting, ...]:
    """Return every object that changes, in the order in which it will be written."""
    return tuple(setting for kind in kinds() for setting in object_settings(plan, kind))


def object_tables(plan: Plan) -> tuple[ObjectTable, ...]:
    """Return a table for each kind of which objects change; those of teams matter more than the organization's."""
    return tuple(
        ObjectTable(kind.noun, _OWN.get(kind.name, _usual(kind))(plan, settings), rank=3 if kind.of_teams else 4)
        for kind in kinds()
        if (settings := object_settings(plan, kind))
    )


def _usual(kind: ManagedKind[V]) -> Callable[[Plan, Sequence[Setting]], Table]:
    columns = (Column("name", kind.noun.capitalize()), Column("verb", "Merging will"), Column("what", "What changes"))

    def table(_: Plan, listed: Sequence[Setting]) -> Table:
        told = ((s.name, s.verb, "; ".join(_told(label, cell) for label, cell in s.differences)) for s in listed)
        return Table(columns, tuple(Row(tuple(map(Cell, cells))) for cells in told))

    return table


def _told(label: str, cell: Cell) -> str:
    return f"{label} {cell.now} → {cell.new}" if cell.changes else f"{label} {cell.new}"


def object_lines(plan: Plan) -> tuple[Words, ...]:
    """Return one sentence for each kind of which objects change: which, and what becomes of each."""
    found = ((kind, object_settings(plan, kind)) for kind in kinds())
    return tuple(words(strong(f"{_several(kind)}:"), " ", *_pieces(listed)) for kind, listed in found if listed)


def _several(kind: ManagedKind[V]) -> str:
    return wording.several(kind.noun).capitalize()


def _pieces(listed: Sequence[Setting]) -> Iterator[str | Words]:
    for place, setting in enumerate(listed[:_LISTED]):
        yield " · " if place else ""
        yield f"{setting.name} "
        yield _became(setting)
    if len(listed) > _LISTED:
        yield f" · and {len(listed) - _LISTED:,} more"


def _became(setting: Setting) -> Words:
    if setting.verb == "delete":
        return words(strong("deleted"))
    told = [words(f"{'' if label == 'amount' else f'{label} '}", *_fromto(cell)) for label, cell in setting.differences]
    pieces = [piece for part in told for piece in (", ", part)][1:]
    return words(strong("new"), ", " if pieces else "", *pieces) if setting.verb == "create" else words(*pieces)


def _fromto(cell: Cell) -> tuple[str | Span, ...]:
    now, new = (text.removesuffix(".00") for text in (cell.now, cell.new))
    return (f"{now} → ", strong(new)) if cell.changes else (new,)
