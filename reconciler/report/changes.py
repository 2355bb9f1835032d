"""Changes in a report: money to the cent, and the managed objects kind by kind."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from decimal import Decimal
from typing import NamedTuple

from reconciler.model.change import Allocate, ObjectChange, Reclaim
from reconciler.model.kinds.billing_budget import BILLING_BUDGETS, BillingBudget
from reconciler.model.kinds.managed_kind import ManagedKind, V
from reconciler.model.plan import Plan
from reconciler.report import wording
from reconciler.report.difference import differences
from reconciler.report.document import Column, Move, Row, Setting, Table
from reconciler.report.spans import Cell, safe_name, safe_place

_WORDS = {"reclaim": "take back"}


def moves(plan: Plan) -> tuple[Move, ...]:
    """Return every move of money, in the order in which it will be made."""
    return tuple(_move(change) for change in plan.changes if isinstance(change, Allocate | Reclaim))


def _move(change: Allocate | Reclaim) -> Move:
    stuck = change.unreclaimable if isinstance(change, Reclaim) else Decimal(0)
    return Move(
        name=safe_place(change.team, change.environment),
        wallet=safe_name(change.wallet, 64),
        verb=change.kind,
        amount=wording.exact(change.amount),
        funded=wording.exact(change.funded_before),
        target=wording.exact(change.target),
        remark=f"{wording.exact(stuck)} more is spent or held for requests under way, and stays" if stuck else "",
    )


def move_table(listed: tuple[Move, ...]) -> Table:
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
            Row(
                tuple(
                    Cell(text)
                    for text in (m.name, m.wallet, _WORDS.get(m.verb, m.verb), m.amount, m.funded, m.target, m.remark)
                )
            )
            for m in listed
        ),
    )
    return table if any(move.remark for move in listed) else table.without("remark")


def object_changes(plan: Plan, kind: ManagedKind[V]) -> tuple[ObjectChange, ...]:
    """Return the changes of objects of `kind`, in the order in which they will be made."""
    return tuple(c for c in plan.changes if isinstance(c, ObjectChange) and c.managed is kind)


class LimitChange(NamedTuple):
    """A hard limit that is switched on or off, or gets another amount, and `whose` traffic it stops. None: no limit."""

    name: str
    whose: str
    scope: tuple[str, str]
    before: Decimal | None
    after: Decimal | None


def limit_changes(plan: Plan) -> tuple[LimitChange, ...]:
    """Return the hard limits that are others after the plan; one that only gets another name is not."""
    found = [(c, _hard(c.before), _hard(c.after)) for c in object_changes(plan, BILLING_BUDGETS)]
    same = {_what(old) for _, old, _ in found if old} & {_what(new) for _, _, new in found if new}
    return tuple(_limit_changes(found, same))


def _limit_changes(
    found: list[tuple[ObjectChange, BillingBudget | None, BillingBudget | None]], same: set[tuple[object, ...]]
) -> Iterator[LimitChange]:
    for change, *sides in found:
        old, new = (None if side is None or _what(side) in same else side for side in sides)
        if known := new or old:
            before, after = (side.amount if side else None for side in (old, new))
            scope = known.scope_type, known.scope_id
            told = (
                safe_place(change.team, change.environment) if change.environment else " ".join(map(safe_name, scope))
            )
            yield LimitChange(change.name, told, scope, before, after)


def _hard(side: object) -> BillingBudget | None:
    return side if isinstance(side, BillingBudget) and side.hard_limit else None


def _what(limit: BillingBudget) -> tuple[object, ...]:
    return limit.scope_type, limit.scope_id, limit.period, limit.amount


def object_settings(plan: Plan, kind: ManagedKind[V]) -> tuple[Setting, ...]:
    """Return every object of `kind` that changes, with its team where two have one name."""
    listed = object_changes(plan, kind)
    often = Counter(change.name for change in listed)
    return tuple(
        Setting(
            safe_name(c.name) + (f" ({safe_name(c.team)})" if c.team and often[c.name] > 1 else ""),
            kind.noun,
            c.verb,
            differences(kind, *c.documents()),
        )
        for c in listed
    )
