"""What a team's plan expects otherwise than before: growth, new demand and the like, with the later money they mean."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from decimal import Decimal
from itertools import zip_longest

from reconciler.model.later import LaterExpectation
from reconciler.model.money import ZERO, Money, cents
from reconciler.model.percent import percent_text
from reconciler.model.period import Period
from reconciler.model.team import AnnualPlan, PlannedDemand

Months = Callable[[Period], Decimal]


def expected(plan: AnnualPlan, period: Period) -> Decimal | None:
    """Return what a plan by itself expects stable demand to cost in `period`: its baseline, grown; None without one.

    What the cache and other models save is left out: that depends on prices.
    """
    if plan.baseline_monthly is None:
        return None
    factor = Decimal(1)
    for step in plan.growth:
        factor *= 1 + step.rate if step.starts <= period else 1
    return cents(plan.baseline_monthly * factor)


class PlanComparison:
    """One team's plan before and after."""

    def __init__(
        self, team: str, old: AnnualPlan, new: AnnualPlan, currencies: tuple[str, str], periods: Sequence[Period]
    ) -> None:
        self._team, self._old, self._new = team, old, new
        self._before, self._after = currencies
        self._periods = periods

    def items(self) -> Iterator[LaterExpectation]:
        """Yield what differs, in a fixed order. What reads alike on both sides is left out."""
        old, new = self._old, self._new
        if old.baseline_monthly != new.baseline_monthly:
            was, will = _amount(old.baseline_monthly, self._before), _amount(new.baseline_monthly, self._after)
            yield from self._base("baseline_monthly", "baseline", was, will, old, new)
        if old.growth != new.growth:
            start = old.model_copy(update={"baseline_monthly": new.baseline_monthly})
            yield from self._base("growth", "growth", _growth(old), _growth(new), start, new)
        yield from self._demand()
        for key, (name, word) in _PRICED.items():
            was, will = word(old, self._before), word(new, self._after)
            if getattr(old, key) != getattr(new, key) and was != will:
                yield self._item(key, name, was, will, None)

    def _base(
        self, key: str, name: str, before: str, after: str, old: AnnualPlan, new: AnnualPlan
    ) -> Iterator[LaterExpectation]:
        """Yield a change of what stable demand costs; in money where both plans have a baseline, or get one."""
        if before == after:
            return
        if new.baseline_monthly is None and old.baseline_monthly is None:
            yield self._item(key, name, before, after, None)
            return
        yield self._item(
            key, name, before, after, lambda month: (expected(new, month) or ZERO) - (expected(old, month) or ZERO)
        )

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
                    yield self._item("planned_demand", f"planned demand, {reason}", *told, _added(was, will))

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
    if piece is None:
        return ""
    until = f" until {piece.until}" if piece.until else ""
    lane = "" if piece.lane == "standard" else f", {piece.lane}"
    return f"{_amount(piece.monthly, currency)} a month from {piece.starts}{until}{lane}"


def _added(was: PlannedDemand | None, will: PlannedDemand | None) -> Months:
    return lambda month: _costs(will, month) - _costs(was, month)


def _costs(piece: PlannedDemand | None, month: Period) -> Decimal:
    if piece is None or month < piece.starts or (piece.until is not None and month > piece.until):
        return ZERO
    return piece.monthly


def _growth(plan: AnnualPlan) -> str:
    return ", ".join(f"{percent_text(step.rate)} from {step.starts} ({step.reason})" for step in plan.growth)


def _cache(plan: AnnualPlan, _: str) -> str:
    rate = plan.cache_hit_rate
    if rate is None:
        return ""
    since = f" since {rate.since}" if rate.since else ""
    return f"{percent_text(rate.start)} to {percent_text(rate.target)}{since} by {rate.by}"


def _mix(plan: AnnualPlan, _: str) -> str:
    moves = (
        f"{percent_text(move.share)} of {move.source} to {move.target}"
        f"{f' since {move.since}' if move.since else ''} by {move.by} ({move.reason})"
        for move in plan.provider_mix
    )
    return ", ".join(moves)


def _fallback(plan: AnnualPlan, _: str) -> str:
    return (
        f"{percent_text(plan.fallback.share)} at {plan.fallback.price_ratio} times the price" if plan.fallback else ""
    )


def _limits(plan: AnnualPlan, currency: str) -> str:
    return ", ".join(
        f"{_amount(limit.daily, currency)} a day from {limit.starts} ({limit.reason})" for limit in plan.rate_limits
    )


_PRICED: Mapping[str, tuple[str, Callable[[AnnualPlan, str], str]]] = {
    "cache_hit_rate": ("cache hit rate", _cache),
    "provider_mix": ("provider mix", _mix),
    "fallback": ("fallback", _fallback),
    "rate_limits": ("rate limits", _limits),
}
"""What changes the price of demand: what that is in money depends on the usage."""
