"""The managed objects that a plan changes, a table for each kind. What a kind shows beyond the usual is named here."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from reconciler.model.kinds.billing_budget import BILLING_BUDGETS
from reconciler.model.kinds.managed_kind import ManagedKind, V
from reconciler.model.kinds.registry import kinds
from reconciler.model.plan import Plan
from reconciler.report.budget_table import budget_table
from reconciler.report.changes import object_settings
from reconciler.report.document import Column, ObjectTable, Row, Setting, Table
from reconciler.report.spans import Cell

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
