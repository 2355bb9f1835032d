"""What the YAML expects otherwise than before: growth, new demand and the like, with the later money that they mean."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from decimal import Decimal
from itertools import zip_longest

from reconciler.model.desired import Desired
from reconciler.model.money import ZERO, Money, cents
from reconciler.model.organization import OrganizationBudget
from reconciler.model.percent import percent_text
from reconciler.model.period import Period
from reconciler.model.plan import LaterExpectation
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


def changed_expectations(
    before: Desired, after: Desired, *, teams: Collection[str], periods: Sequence[Period]
) -> Iterator[LaterExpectation]:
    """Yield what the plans of `teams`, and the organization, expect otherwise in `periods`, in a fixed order.

    A team that is new, or leaves, is told by its targets.
    """
    yield from _of_organization(before.organization, after.organization, periods)
    currency = after.organization.currency
    for team in sorted(set(teams) & set(before.teams) & set(after.teams)):
        old, new = before.teams[team].plan, after.teams[team].plan
        if old != new:
            yield from _Comparison(team, old, new, currency, periods).items()


def _of_organization(
    old: OrganizationBudget, new: OrganizationBudget, periods: Sequence[Period]
) -> Iterator[LaterExpectation]:
    def target(of: OrganizationBudget) -> str:
        return "" if of.annual_target is None else str(Money(of.annual_target, of.currency))

    told: tuple[tuple[str, Callable[[OrganizationBudget], str]], ...] = (
        ("currency", lambda of: of.currency),
        ("fiscal year", lambda of: f"{of.fiscal_year.name} from {of.fiscal_year.starts}"),
        ("annual target", target),
        ("unused money", lambda of: of.unused),
        ("resilience margin", lambda of: percent_text(of.forecast.resilience_margin)),
    )
    for name, word in told:
        if word(old) != word(new):
            yield LaterExpectation(team="", name=name, before=word(old), after=word(new), period=periods[0])


class _Comparison:
    """One team's plan before and after."""

    def __init__(self, team: str, old: AnnualPlan, new: AnnualPlan, currency: str, periods: Sequence[Period]) -> None:
        self._team, self._old, self._new = team, old, new
        self._currency, self._periods = currency, periods

    def items(self) -> Iterator[LaterExpectation]:
        old, new = self._old, self._new
        if old.baseline_monthly != new.baseline_monthly:
            was, will = self._amount(old.baseline_monthly), self._amount(new.baseline_monthly)
            yield from self._base("baseline", was, will, old, new)
        if old.growth != new.growth:
            start = old.model_copy(update={"baseline_monthly": new.baseline_monthly})
            yield from self._base("growth", _growth(old), _growth(new), start, new)
        yield from self._demand()
        for name, word in self._priced():
            if word(old) != word(new):
                yield self._item(name, word(old), word(new), None)

    def _base(self, name: str, before: str, after: str, old: AnnualPlan, new: AnnualPlan) -> Iterator[LaterExpectation]:
        """Yield a change of what stable demand costs; in money where both plans have a baseline, or get one."""
        if before == after:
            return
        if new.baseline_monthly is None and old.baseline_monthly is None:
            yield self._item(name, before, after, None)
            return
        yield self._item(
            name, before, after, lambda month: (expected(new, month) or ZERO) - (expected(old, month) or ZERO)
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
                    yield self._item(
                        f"planned demand, {reason}", self._piece(was), self._piece(will), _added(was, will)
                    )

    def _item(self, name: str, before: str, after: str, months: Months | None) -> LaterExpectation:
        """Return the item, with its money from the first month that differs to the last one that does."""
        facts = {"team": self._team, "name": name, "before": before, "after": after}
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

    def _priced(self) -> tuple[tuple[str, Callable[[AnnualPlan], str]], ...]:
        return (
            ("cache hit rate", _cache),
            ("provider mix", _mix),
            ("fallback", _fallback),
            (
                "rate limits",
                lambda plan: ", ".join(f"{self._amount(x.daily)} a day from {x.starts}" for x in plan.rate_limits),
            ),
        )

    def _amount(self, amount: Decimal | None) -> str:
        return "" if amount is None else str(Money(amount, self._currency))

    def _piece(self, piece: PlannedDemand | None) -> str:
        if piece is None:
            return ""
        until = f" until {piece.until}" if piece.until else ""
        lane = "" if piece.lane == "standard" else f", {piece.lane}"
        return f"{self._amount(piece.monthly)} a month from {piece.starts}{until}{lane}"


def _added(was: PlannedDemand | None, will: PlannedDemand | None) -> Months:
    return lambda month: _costs(will, month) - _costs(was, month)


def _costs(piece: PlannedDemand | None, month: Period) -> Decimal:
    if piece is None or month < piece.starts or (piece.until is not None and month > piece.until):
        return ZERO
    return piece.monthly


def _growth(plan: AnnualPlan) -> str:
    return ", ".join(f"{percent_text(step.rate)} from {step.starts}" for step in plan.growth)


def _cache(plan: AnnualPlan) -> str:
    rate = plan.cache_hit_rate
    if rate is None:
        return ""
    since = f" since {rate.since}" if rate.since else ""
    return f"{percent_text(rate.start)} to {percent_text(rate.target)}{since} by {rate.by}"


def _mix(plan: AnnualPlan) -> str:
    moves = (
        f"{percent_text(move.share)} of {move.source} to {move.target}"
        f"{f' since {move.since}' if move.since else ''} by {move.by}"
        for move in plan.provider_mix
    )
    return ", ".join(moves)


def _fallback(plan: AnnualPlan) -> str:
    return (
        f"{percent_text(plan.fallback.share)} at {plan.fallback.price_ratio} times the price" if plan.fallback else ""
    )
