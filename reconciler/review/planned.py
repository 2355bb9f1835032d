"""What the plan has for some days: its base, the weeks before the year, with what every lever was to make of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from decimal import Decimal

import numpy as np

from reconciler.forecast.calendar import DayRange
from reconciler.forecast.levers.cache_hit_rate import Cache, hit_rate
from reconciler.forecast.levers.growth import Growth
from reconciler.forecast.levers.mix_progress import moved
from reconciler.forecast.levers.planned_demand import NewDemand
from reconciler.forecast.levers.resilience_margin import ResilienceMargin
from reconciler.forecast.when import Month
from reconciler.forecast.windows import DAYS_OF_A_MONTH, WEEK
from reconciler.model.period import Period
from reconciler.model.team import AnnualPlan, ProviderMixMove
from reconciler.review.account import Account, Known
from reconciler.review.side import NONE, Model, Side
from reconciler.review.traffic import Bools, Floats, Unit

BASE_WEEKS = 8
FEWEST_WEEKS = 2
WITHIN_WEEKS = 4
"""Weeks at the beginning of the usage that stand for the base, where the usage begins after the year has."""

Prices = Mapping[str, Decimal]
"""What a token costs by model, input and output alike, over the whole organization."""


@dataclass(frozen=True, slots=True)
class Base:
    """The days [start, end) that the plan is held to start from. `is_before`: they are before the fiscal year."""

    start: date
    end: date
    is_before: bool

    @property
    def days(self) -> int:
        return (self.end - self.start).days


def base_of(first_day: date, until: date, year: Period) -> Base | None:
    """Return the base: up to `BASE_WEEKS` whole weeks before the year, else the first weeks of the usage.

    None where fewer than `FEWEST_WEEKS` are known.
    """
    weeks = min((year.first - first_day).days // WEEK, BASE_WEEKS)
    if weeks >= FEWEST_WEEKS:
        return Base(year.first - timedelta(weeks=weeks), year.first, is_before=True)
    start = max(first_day, year.first)
    weeks = min((until - start).days // WEEK, WITHIN_WEEKS)
    return Base(start, start + timedelta(weeks=weeks), is_before=False) if weeks >= FEWEST_WEEKS else None


@dataclass(frozen=True, slots=True, eq=False)
class Planned:
    """A team's plan over its base. `weekdays` float64[7] is what a weekday costs, of a mean of 1.

    `seasons` are months for which the wallets have an override, each with how much more that is than what they usually
    have: demand that the plan knows to be seasonal.
    """

    plan: AnnualPlan
    year: Period
    base: Base
    sides: Mapping[Unit, Side]
    fallback_rate: Mapping[Unit, Decimal]
    credit_rate: Mapping[Unit, Decimal]
    weekdays: Floats
    usual: Decimal
    """What a month of the base cost as a baseline says it: before growth, with the planned cache at its start."""
    scale: Decimal
    cache_base: Decimal
    prices: Prices
    tells_cache: bool = True
    seasons: Mapping[Period, Decimal] = field(default_factory=dict)
    left_out: frozenset[date] = frozenset()

    def part(self, month: Period, start: date, end: date) -> Decimal:
        """Return which part of a month's plan falls on the days of [start, end) that are known, by weekdays."""
        left_out = sum(float(self.weekdays[day.weekday()]) for day in self.left_out if start <= day < end)
        return Decimal(repr((self._weight(start, end) - left_out) / self._weight(month.first, month.end)))

    def calendar(self, month: Period) -> float:
        """Return by how much a month's weekdays alone make it dearer than a mean month, as a factor."""
        return self._weight(month.first, month.end) / DAYS_OF_A_MONTH

    def _weight(self, start: date, end: date) -> float:
        return float(sum(self.weekdays[(start + timedelta(days=day)).weekday()] for day in range((end - start).days)))

    def account(self, unit: Unit, month: Period, part: Decimal) -> Account:
        """Return what the plan has for a unit in a part of a month."""
        base = self.sides.get(unit)
        if base is None or not base.requests:
            return Account(Side(NONE))
        when = Month(month, self.year)
        requests = base.requests * self.scale * self._grown(when) * self._asked(when) * part
        side = replace(base.with_requests(requests), paid=self._paid(base, when))
        side = self._mixed(side, when) if side.is_known else side
        fallback = self.plan.fallback
        away = self.credit_rate[unit]
        rate = fallback.share * (fallback.price_ratio - 1) * (1 + away) if fallback else self.fallback_rate[unit]
        return Account(side, side.cost * rate, side.cost * away, side.cost * away)

    def new_demand(self, month: Period, part: Decimal) -> Decimal:
        """Return the money of planned new demand, the part of it that is in the base included."""
        when = Month(month, self.year)
        return NewDemand().monthly(self.plan, when) * ResilienceMargin().factor(self.plan, when) * part

    def demand_in_base(self, part: Decimal) -> Decimal:
        """Return the money of planned new demand that the base holds already; a stated baseline holds none."""
        return NONE if self.plan.baseline_monthly is not None else self.new_demand_before() * part

    def new_demand_before(self) -> Decimal:
        """Return what a month of planned new demand was to cost in the base."""
        return Decimal(repr(float(np.mean(NewDemand().monthly(self.plan, self._base_days())))))

    def _grown(self, when: Month) -> Decimal:
        """Return growth since the base."""
        before = self.grown_before()
        grown = Growth().factor(self.plan, when) * self.seasons.get(when.period, Decimal(1))
        return grown / before if before > 0 else NONE

    def grown_by(self, month: Period) -> Decimal:
        """Return by how much demand is planned to be more than in the base, as a share."""
        return self._grown(Month(month, self.year)) - 1

    def growth_in(self, month: Period) -> Decimal:
        """Return which share of a month's planned spend is growth since the plan's baseline."""
        grown = Growth().factor(self.plan, Month(month, self.year))
        return 1 - 1 / grown if grown > 0 else NONE

    def grown_before(self) -> Decimal:
        """Return what growth had made of demand in the base."""
        if self.base.is_before:
            return Decimal(1)
        return Decimal(repr(float(np.mean(Growth().factor(self.plan, self._base_days())))))

    def _base_days(self) -> DayRange:
        return DayRange(self.base.start, self.base.days, self.year)

    def _asked(self, when: Month) -> Decimal:
        """Return what a cache that the usage does not show leaves of requests: those that it answers are not in it."""
        rate = self.plan.cache_hit_rate
        return Cache().factor(self.plan, when) if rate and not self.tells_cache else Decimal(1)

    def _paid(self, base: Side, when: Month) -> Decimal:
        """Return the share of requests that the cache does not answer: the team's as planned, the unit's in step."""
        rate, paid = self.plan.cache_hit_rate, base.paid or NONE
        if rate is None or self.cache_base >= 1 or not self.tells_cache:
            return paid
        return min(paid * (1 - hit_rate(rate, when)) / (1 - self.cache_base), Decimal(1))

    def _mixed(self, side: Side, when: Month) -> Side:
        """Return a side with the traffic of every planned move on its new model, at that model's price."""
        shares, prices = dict(side.shares or {}), dict(side.prices or {})
        for source in sorted({move.source for move in self.plan.provider_mix}):
            moves = [move for move in self.plan.provider_mix if move.source == source]
            gone = sum((self._gone(move) for move in moves), NONE)
            for model in [model for model in shares if is_model(model, source)]:
                whole = shares[model] / (1 - gone) if gone < 1 else NONE
                for move in moves:
                    self._move(move, model, whole * (moved(move, when) - self._gone(move)), shares, prices)
        return replace(side, shares=shares, prices=prices)

    def _move(
        self,
        move: ProviderMixMove,
        model: Model,
        share: Decimal,
        shares: dict[Model, Decimal],
        prices: dict[Model, Decimal],
    ) -> None:
        """Move a share of a model's to a move's target, where that has a price: its own, else the organization's."""
        target = next((each for each in prices if is_model(each, move.target) and each[1] == model[1]), None)
        target = target or next((each for each in prices if is_model(each, move.target)), (move.target, model[1]))
        price = prices.get(target)
        if price is None:
            ratio = self._ratio(model[0], move.target)
            if ratio is None:
                return
            price = prices[model] * ratio
        prices[target] = price
        shares[model] -= share
        shares[target] = shares.get(target, NONE) + share

    def _ratio(self, source: str, target: str) -> Decimal | None:
        """Return how much dearer one model is than another in the organization, None where nothing tells."""
        before, after = self.prices.get(source), _price(self.prices, target)
        return after / before if before and after is not None else None

    def _gone(self, move: ProviderMixMove) -> Decimal:
        """Return what of a move was done in the base."""
        if self.base.is_before:
            return NONE
        return Decimal(repr(float(np.mean(moved(move, self._base_days())))))


def unpriced_moves(planned: Planned) -> tuple[str, ...]:
    """Return the models of planned moves that nothing tells the price of: these moves are left out."""
    own = {model for side in planned.sides.values() for model in side.prices or {}}
    return tuple(
        sorted(
            {
                move.target
                for move in planned.plan.provider_mix
                if not any(is_model(model, move.target) for model in own)
                and _price(planned.prices, move.target) is None
            }
        )
    )


def planned_of(
    plan: AnnualPlan,
    known: Known,
    base: Base,
    year: Period,
    prices: Prices,
    *,
    tells_cache: bool = True,
    seasons: Mapping[Period, Decimal] | None = None,
) -> Planned:
    """Return the plan over its base; `tells_cache` is whether the usage says which requests the cache answered."""
    days = known.seen.mask(base.start, base.end)
    sides = {unit: known.side(unit, days) for unit in known.seen.units}
    weekdays = _weekdays(known, base)
    first = known.seen.start.toordinal()
    weight = float(weekdays[[(first + at - 1) % 7 for at in np.flatnonzero(days)]].sum()) if days.any() else 0.0
    month = Decimal(repr(DAYS_OF_A_MONTH / weight)) if weight else NONE
    monthly = {unit: side.with_requests(side.requests * month) for unit, side in sides.items()}
    shares = {unit: _beside(known, unit, side, days) for unit, side in sides.items()}
    requests = sum((side.requests for side in sides.values()), NONE)
    paid = sum((side.requests * (side.paid or NONE) for side in sides.values()), NONE)
    cache_base = 1 - paid / requests if requests else NONE
    planned = Planned(
        plan,
        year,
        base,
        monthly,
        {unit: fallback for unit, (fallback, _) in shares.items()},
        {unit: credit for unit, (_, credit) in shares.items()},
        weekdays,
        NONE,
        Decimal(1),
        cache_base,
        prices,
        tells_cache,
        seasons or {},
        known.seen.left_out,
    )
    usual, baseline = _usual(planned), plan.baseline_monthly
    scale = baseline / usual if baseline is not None and usual > 0 else Decimal(1)
    return replace(planned, usual=usual, scale=scale)


def _beside(known: Known, unit: Unit, side: Side, days: Bools) -> tuple[Decimal, Decimal]:
    """Return what fallbacks and credits were of the cost of some days, as shares of it."""
    account = known.account(unit, days, side)
    cost, away = account.side.cost, known.seen.units[unit].money("credits", days)
    return (account.fallback / cost, away / cost) if cost else (NONE, NONE)


def _usual(planned: Planned) -> Decimal:
    """Return what a month of the base cost as a baseline says it: without fallbacks where the plan has its own."""
    rate, is_apart = planned.plan.cache_hit_rate, planned.plan.fallback is not None
    within = {unit: NONE if is_apart else rate for unit, rate in planned.fallback_rate.items()}
    beside = {unit: 1 + within[unit] + planned.credit_rate[unit] for unit in planned.sides}
    cost = sum((side.cost * beside[unit] for unit, side in planned.sides.items()), NONE)
    known = rate is not None and rate.start < 1 and planned.cache_base < 1 and planned.tells_cache
    start = (1 - rate.start) / (1 - planned.cache_base) if rate and known else Decimal(1)
    grown = planned.grown_before()
    return cost * start / grown if grown > 0 else NONE


def _weekdays(known: Known, base: Base) -> Floats:
    """Return what each weekday costs in the base, of a mean of 1; all alike where nothing was spent."""
    days = known.seen.mask(base.start, base.end)
    total = sum(
        (traffic.ordinary * ~known.away[unit] for unit, traffic in known.seen.units.items()), np.zeros(len(days))
    )
    means = np.asarray([float(total[days & (known.seen.weekdays == day)].mean()) for day in range(7)])
    return means / means.mean() if means.mean() > 0 else np.ones(7)


def _price(prices: Prices, name: str) -> Decimal | None:
    return next((price for model, price in sorted(prices.items()) if is_model((model, ""), name)), None)


def is_model(model: Model, name: str) -> bool:
    """Return whether a model is the one that a plan names, with its provider or without."""
    return name in (model[0], model[0].partition("/")[2])
