"""What a team's plan expects otherwise than before: growth, new demand and the like, with the later money they mean."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal
from functools import partial
from itertools import zip_longest

from reconciler.forecast.levers.lever import Lever
from reconciler.forecast.levers.planned_demand import cost_of, told_of
from reconciler.forecast.levers.registry import levers, planned_spend
from reconciler.forecast.when import Month
from reconciler.model.later import LaterExpectation
from reconciler.model.money import ZERO, Money, cents
from reconciler.model.period import Period
from reconciler.model.team import AnnualPlan, PlannedDemand

Months = Callable[[Period], Decimal]
PIECES = "planned_demand"
"""Of this each piece is told by itself."""


class PlanComparison:
    """One team's plan before and after."""

    def __init__(
        self,
        team: str,
        plans: tuple[AnnualPlan, AnnualPlan],
        currencies: tuple[str, str],
        periods: Sequence[Period],
        *,
        year: Period,
    ) -> None:
        """Compare the plans before and after in `periods`; `year` is the fiscal year's first month."""
        self._team, self._year = team, year
        self._old, self._new = plans
        self._before, self._after = currencies
        self._periods = periods

    def items(self) -> Iterator[LaterExpectation]:
        """Yield what differs, in a fixed order. What reads alike on both sides is left out.

        The money of each is beyond that of the ones before it, so that together they are what the plan needs more.
        """
        old, new = self._old, self._new
        base = _amount(old.baseline_monthly, self._before), _amount(new.baseline_monthly, self._after)
        done = old.model_copy(update={"baseline_monthly": new.baseline_monthly})
        if old.baseline_monthly != new.baseline_monthly:
            yield from self._scaled("baseline_monthly", "baseline", base, old, done)
        for lever in levers():
            was, will = (getattr(plan, lever.key, None) for plan in (old, new))
            if was == will:
                continue
            told = (self._told(lever, old, self._before), self._told(lever, new, self._after))
            start, done = done, done.model_copy(update={lever.key: will})
            if lever.key == PIECES:
                yield from self._demand()
            elif lever.counted:
                yield from self._scaled(lever.key, lever.word, told, start, done)
            elif told[0] != told[1]:
                yield self._item(lever.key, lever.word, *told, None)

    def _told(self, lever: Lever, plan: AnnualPlan, currency: str) -> str:
        return lever.told(plan, lambda amount: _amount(amount, currency))

    def _scaled(
        self, key: str, name: str, told: tuple[str, str], old: AnnualPlan, new: AnnualPlan
    ) -> Iterator[LaterExpectation]:
        """Yield a change of what stable demand costs; in money where either plan has a baseline."""
        if told[0] == told[1]:
            return
        if new.baseline_monthly is None and old.baseline_monthly is None:
            yield self._item(key, name, *told, None)
            return
        yield self._item(key, name, *told, lambda month: self._needed(new, month) - self._needed(old, month))

    def _needed(self, plan: AnnualPlan, month: Period) -> Decimal:
        return cents(planned_spend(plan, Month(month, self._year)))

    def _demand(self) -> Iterator[LaterExpectation]:
        """Yield each piece of planned demand that differs; pieces of one reason are compared in their order."""
        reasons = dict.fromkeys(piece.reason for piece in (*self._old.planned_demand, *self._new.planned_demand))
        for reason in reasons:
            old, new = (
                [piece for piece in plan.planned_demand if piece.reason == reason] for plan in (self._old, self._new)
            )
            for was, will in zip_longest(old, new):
                if was != will:
                    told = _piece(was, self._before), _piece(will, self._after)
                    yield self._item(PIECES, f"planned demand, {reason}", *told, partial(self._added, was, will))

    def _added(self, was: PlannedDemand | None, will: PlannedDemand | None, month: Period) -> Decimal:
        before, after = (cost_of(piece, Month(month, self._year)) if piece else ZERO for piece in (was, will))
        return after - before

    def _item(self, key: str, name: str, before: str, after: str, months: Months | None) -> LaterExpectation:
        """Return the item, with its money from the first month that differs to the last one that does."""
        facts = {"team": self._team, "name": name, "before": before, "after": after, "key": f"plan.{key}"}
        moved = {month: months(month) for month in self._periods} if months else {}
        differing = [month for month, amount in moved.items() if amount]
        if not differing:
            return LaterExpectation(**facts, period=self._periods[0], monthly=ZERO if months else None)
        return LaterExpectation(
            **facts,
            period=differing[0],
            until=differing[-1],
            monthly=moved[differing[0]],
            total=sum(moved.values(), ZERO),
        )


def _amount(amount: Decimal | None, currency: str) -> str:
    return "" if amount is None else str(Money(amount, currency))


def _piece(piece: PlannedDemand | None, currency: str) -> str:
    return told_of(piece, lambda amount: _amount(amount, currency)) if piece else ""
