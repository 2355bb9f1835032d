"""What wallets may spend over the fiscal year if a plan is applied, and if it is not."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from pydantic import Field

from reconciler.model.change import Allocate, Change, Reclaim
from reconciler.model.frozen import Frozen
from reconciler.model.later import LaterTarget
from reconciler.model.money import ZERO, Amount
from reconciler.model.period import Period
from reconciler.model.year_targets import YearTargets


class YearMoney(Frozen):
    """The sum over the wallets in git: months that are over with what was spent where that is known, others' targets.

    What wallets carry over into the present month is added, and what of that month stays beyond its targets. What the
    sum is without the plan is that sum less what the plan moves, and less what later months get otherwise.
    """

    name: str = Field(description="The fiscal year's name.")
    annual_target: Amount | None = Field(description="Money for the fiscal year; null where org.yaml names none.")
    applied: Amount = Field(
        description="Money that wallets may spend over the fiscal year if the plan is applied: what they spent in"
        " months that are over, where usage shows it, what they carry over, the targets of the others, and what of this"
        " month is beyond its targets, and spent or not taken back."
    )
    not_applied: Amount | None = Field(
        description="The same if it is not applied; null where there is no commit to compare later months with."
    )
    moved: Amount = Field(ZERO, description="Money that the plan moves now into the year; below zero: out of it.")
    carried: Amount | None = Field(
        None,
        description="Money of `applied` that wallets hold from earlier months, or, where not every ledger was read,"
        " beyond the targets of this one; null where nothing tells, and in a plan of an earlier version.",
    )
    carried_at_least: bool = Field(
        False, description="Whether wallets may hold more than `carried`: not every ledger was read."
    )
    stays: Amount = Field(
        ZERO,
        description="Money of `applied` that is beyond the targets of this month: it is spent already, or the plan does"
        " not take it back.",
    )
    lacks: Amount = Field(
        ZERO,
        description="Money of the targets of this month, or of the one that the plan opens, that is not in `applied`:"
        " the plan does not give it.",
    )
    goes_back: Amount = Field(
        ZERO,
        description="Money that wallets hold from earlier months, and that is not in `applied`: what is left of it goes"
        " back when the next month opens.",
    )


def year_money(
    targets: YearTargets,
    changes: Iterable[Change],
    later: Iterable[LaterTarget] | None,
    *,
    period: Period,
    target: Decimal | None,
) -> YearMoney | None:
    """Return the money of the year that holds `period`; None outside of it.

    `later` is what later months get otherwise; None where nothing tells.
    """
    if period not in targets.year:
        return None
    rest, moved, unchanged = targets.rest, sum(map(_signed, changes), ZERO), None
    if later is not None:
        ahead = ((item.after or ZERO) - (item.before or ZERO) for item in later if item.period in targets.year)
        unchanged = targets.total - moved - sum(ahead, ZERO) + rest.now - rest.kept
    return YearMoney(
        name=targets.year.name,
        annual_target=target,
        applied=targets.total,
        not_applied=unchanged,
        moved=moved - min(rest.taken, max(rest.now - rest.kept, ZERO)),
        carried=rest.told,
        carried_at_least=rest.at_least,
        stays=rest.stays,
        lacks=rest.lacks,
        goes_back=rest.back,
    )


def _signed(change: Change) -> Decimal:
    """Return what a change adds to its month; what earlier months left in a wallet is no money of that month."""
    match change:
        case Allocate():
            return change.amount
        case Reclaim(carried_from=None):
            return -change.amount
        case _:
            return ZERO
