"""Which assumptions of a plan the data do not bear out, in one line each: a reviewer reads no others."""

from __future__ import annotations

import re
from decimal import Decimal

from reconciler.model.assumption import Assumption
from reconciler.model.plan import Plan
from reconciler.report import wording
from reconciler.report.document import Column, Row, Table
from reconciler.report.spans import DASH, Cell, safe_name, visible

_SPENDING = frozenset({"baseline", "growth"})
"""Assumptions of spend: it may be higher or lower than planned, and a saving can only come short."""
_ALL = "baseline"
"""What a team spends in all, against its plan with what has moved so far: other rows are a part of its difference."""
_NO_ASSUMPTION = frozenset({"wallets", "alert"})
_PART = re.compile(r"[,;] | in the | over the ")


def failing_table(plan: Plan) -> Table:
    """Return what the plans of teams that change assume and the data do not show, with what that costs by year's end.

    Wallets and alerts are no assumptions: the table of wallets and the alerts tell of them.
    """
    changed = {change.team for change in plan.changes}
    failing = [
        (team.team, row)
        for team in plan.assumptions
        if team.team in changed
        for row in team.assumptions
        if row.name not in _NO_ASSUMPTION and _fails(row)
    ]
    failing.sort(key=lambda item: ((cost := item[1].year_cost or Decimal(0)) <= 0, -abs(cost), item[0]))
    parts = {team for team, row in failing if row.name != _ALL}
    rows = [
        Row((Cell(f"{safe_name(team)}, {_assumed(row)}"), Cell(_first(row.observed)), _cost(row, others=team in parts)))
        for team, row in failing
    ]
    year = safe_name(plan.year_money.name if plan.year_money else "the year", 24)
    columns = (
        Column("plan", "Assumed, and not seen"),
        Column("observed", "Seen"),
        Column("cost", f"{year}, if it stays so", "right"),
    )
    return Table(columns, tuple(rows))


def _fails(row: Assumption) -> bool:
    return row.verdict in (("ahead", "behind") if row.name in _SPENDING else ("behind", "short"))


def _assumed(row: Assumption) -> str:
    return f"{row.name.replace('_', ' ')} {visible(row.plan, 160) if row.name == _ALL else _first(row.plan)}"


def _first(text: str) -> str:
    """Return the first part of what a planning table says, which has the figure; all of it is in that table."""
    return visible(_PART.split(text, maxsplit=1)[0], 80) or DASH


def _cost(row: Assumption, *, others: bool) -> Cell:
    """Return what a row costs; the baseline's is all of a team's difference, what its `others` cost is in it."""
    if row.year_cost is None:
        return Cell("not known")
    amount = wording.whole(abs(row.year_cost))
    whole = " in all, its other rows included" if others and row.name == _ALL else ""
    return Cell(f"{amount} {'more' if row.year_cost > 0 else 'less'} spent{whole}", strong=row.year_cost > 0)
