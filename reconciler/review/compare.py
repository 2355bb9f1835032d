"""One team's days held against its plan, or against other days: the difference, split exactly into its causes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal, localcontext

import numpy as np

from reconciler.model.money import cents
from reconciler.model.review import CauseName as Cause
from reconciler.review.account import Account, Known, is_burst
from reconciler.review.baseline import as_it_was
from reconciler.review.models import UNNAMED, ByModel, planned_on, spent_on, together
from reconciler.review.one_offs import LONGEST
from reconciler.review.planned import Planned
from reconciler.review.side import DIGITS, NONE, Side, completed, summed
from reconciler.review.span import Span
from reconciler.review.split import CAUSES, split
from reconciler.review.standard_errors import standard_errors
from reconciler.review.traffic import Bools, Floats, Unit

Amounts = dict[Cause, Decimal]

OWN_NOISE = 0.05
SILENT = 14

RHYTHM, FEWEST = 182, 14
"""From so many of the last days, and from no fewer, weekdays are told."""


@dataclass(frozen=True, slots=True)
class Pair:
    """One unit in one part of the days: what it was held against, the same over a baseline as it was, and what came."""

    unit: Unit
    reference: Account
    start: Account
    actual: Account
    calendar: Decimal = Decimal(1)
    """How many times as much its days usually ask for as those that it is held against, by number and weekdays."""
    is_new: bool = False

    @property
    def credits(self) -> Decimal:
        """What of the one-off is credits: above zero where fewer came."""
        return NONE if self.is_new else self.actual.credits - self.start.credits

    @property
    def effects(self) -> Amounts:
        if self.is_new:
            return {**dict.fromkeys(CAUSES, NONE), "new_workload": self.actual.total - self.reference.total}
        effects: Amounts = dict.fromkeys(CAUSES, NONE)
        effects.update(split(self.start.side, self.actual.side).items())
        as_many_days = self.start.side.with_requests(self.start.side.requests * self.calendar)
        more = split(as_many_days, self.actual.side)["demand"]
        effects["calendar"], effects["demand"] = effects["demand"] - more, more
        effects["fallback"] = self.actual.fallback - self.start.fallback
        effects["one_off"] = self.actual.one_off - self.start.one_off
        effects["baseline"] = self.start.total - self.reference.total
        return effects


@dataclass(frozen=True, slots=True)
class UnitEffects:
    """What one workload in one wallet did. `sides` are its ordinary traffic, reference and actual."""

    unit: Unit
    reference: Decimal
    actual: Decimal
    effects: Amounts
    sides: tuple[Side, Side]
    is_new: bool


@dataclass(frozen=True, slots=True)
class Comparison:
    """All of a team. `noise` is the standard error of each effect, in money. `reference` and `actual` are exact, not in
    cents yet."""

    reference: Decimal
    actual: Decimal
    effects: Amounts
    noise: Mapping[Cause, float]
    units: tuple[UnitEffects, ...]
    credits: Decimal = NONE
    """What of the one-off is credits: above zero where fewer came."""
    models: tuple[ByModel, ByModel] = ({}, {})
    """What each model was to cost, or cost before, and what it cost: they add up to `reference` and `actual`."""
    baseline: Decimal | None = None
    """What the plan's baseline would be as it was, None where it is not off."""
    demand: Amounts = field(default_factory=dict)
    """What planned new demand, which is in no workload's reference, takes off the effect that it is held against."""
    invested: Decimal | None = None
    """Money of growth and new demand that is in `reference`; None where that is another period."""


def against_plan(known: Known, planned: Planned, span: Span) -> Comparison:
    """Return how the days of `span` differ from the plan, month by month."""
    with localcontext(prec=DIGITS):
        pairs, demand, held, grown = [], NONE, NONE, NONE
        models: ByModel = {}
        new = _new_workloads(known, planned.base.end, span)
        started = as_it_was(known, planned, span, new)
        for month, start, end in span.months():
            part = planned.part(month, start, end)
            days, calendar = known.seen.mask(start, end), Decimal(repr(planned.calendar(month)))
            for unit in known.seen.units:
                reference = planned.account(unit, month, part)
                start_of = started.account(unit, month, part)
                pair = _pair(known, unit, days, (reference, start_of), calendar, is_new=unit[1] in new)
                grown += reference.total * planned.growth_in(month)
                pairs.append(pair)
                models = together((models, planned_on(known, planned, unit, pair.reference)))
            demand += planned.new_demand(month, part)
            held += planned.demand_in_base(part)
        base = known.seen.mask(planned.base.start, planned.base.end)
        after = known.seen.mask(span.start, span.end)
        spread = standard_errors(known, _costs(pairs), after, base)
        found = _comparison(pairs, spread, demand - held, bursts=_bursts(known, new))
        models = together((models, {UNNAMED: demand - held}))
        baseline = None if started.scale == planned.scale else started.scale * started.usual
        both = (models, spent_on(known, after))
        return replace(found, invested=grown + demand, models=both, baseline=baseline)


def against_period(known: Known, span: Span, other: Span) -> Comparison:
    """Return how the days of `span` differ from those of `other`."""
    with localcontext(prec=DIGITS):
        before, after = known.seen.mask(other.start, other.end), known.seen.mask(span.start, span.end)
        new = _new_workloads(known, other.end, span)
        pairs, calendar = [], Decimal(repr(_more_days(known, before, after)))
        for unit in known.seen.units:
            raw = known.side(unit, after)
            reference = known.account(unit, before, raw)
            pairs.append(_pair(known, unit, after, (reference, reference), calendar, is_new=unit[1] in new))
        spread = {**standard_errors(known, _costs(pairs), after, before), "baseline": 0.0}
        found = _comparison(pairs, spread, NONE, bursts=_bursts(known, new))
        return replace(found, models=(spent_on(known, before), spent_on(known, after)))


def _pair(
    known: Known, unit: Unit, days: Bools, held: tuple[Account, Account], calendar: Decimal, *, is_new: bool
) -> Pair:
    actual = known.account(unit, days, held[0].side)
    reference, start = (replace(each, side=completed(each.side, actual.side)) for each in held)
    return Pair(unit, reference, start, actual, calendar, is_new=is_new)


def _new_workloads(known: Known, since: date, span: Span) -> frozenset[str]:
    """Return the workloads that were first seen after what they are held against, and are in the span."""
    names = {name for _, name in known.seen.units if name}
    firsts = {name: known.seen.first_seen(name) for name in names}
    return frozenset(name for name, first in firsts.items() if first is not None and since <= first < span.end)


def _bursts(known: Known, new: Iterable[str]) -> frozenset[str]:
    """Return the new workloads that were there for some days and went again."""
    return frozenset(
        name
        for name in new
        if all(
            is_burst(traffic, longest=LONGEST, silent=SILENT)
            for (_, workload), traffic in known.seen.units.items()
            if workload == name
        )
    )


def _more_days(known: Known, before: Bools, after: Bools) -> float:
    """Return how many times as much the days of `after` usually cost as those of `before`, by weekdays alone."""
    weekdays = known.seen.weekdays
    usual = _rhythm(known, int(np.flatnonzero(before | after).max(initial=0)))
    whole = usual[weekdays[before]].sum()
    return float(usual[weekdays[after]].sum() / whole) if whole > 0 else 1.0


def _rhythm(known: Known, last: int) -> Floats:
    """Return float64[7], what each weekday costs in the weeks up to a day, of the seven days that it is amidst.

    So a change of level is no weekday's. All alike where fewer than two weeks tell.
    """
    total = sum((traffic.ordinary for traffic in known.seen.units.values()), np.zeros(len(known.seen.weekdays)))
    days = np.arange(3, last - 2)[-RHYTHM:]
    around = np.convolve(total, np.ones(7), "valid")[days - 3] if len(days) else days
    days, around = days[around > 0], around[around > 0]
    if len(days) < FEWEST:
        return np.ones(7)
    weekdays, part = known.seen.weekdays[days], total[days] / around
    return np.asarray([np.median(part[weekdays == day]) if (weekdays == day).any() else 1 / 7 for day in range(7)])


def _costs(pairs: Iterable[Pair]) -> dict[Unit, float]:
    """Return what each unit's ordinary traffic costs, in the middle between both sides."""
    cost: dict[Unit, float] = {}
    for pair in pairs:
        cost[pair.unit] = cost.get(pair.unit, 0.0) + float(pair.start.side.cost + pair.actual.side.cost) / 2
    return cost


def _comparison(
    pairs: Iterable[Pair], spread: dict[Cause, float], planned: Decimal, *, bursts: frozenset[str]
) -> Comparison:
    """Return the sums; `planned` is the money of planned new demand.

    That is held against new workloads where there are any, else against demand.
    """
    pairs = tuple(pairs)
    units = tuple(_by_unit(pairs, bursts))
    effects: Amounts = {cause: sum((unit.effects[cause] for unit in units), NONE) for cause in CAUSES}
    against: Cause = "new_workload" if any(unit.is_new for unit in units) else "demand"
    effects[against] -= planned
    for cause in ("new_workload", "one_off"):
        spread[cause] = OWN_NOISE * abs(float(effects[cause]))
    return Comparison(
        sum((unit.reference for unit in units), NONE) + planned,
        sum((unit.actual for unit in units), NONE),
        effects,
        spread,
        units,
        sum((pair.credits for pair in pairs), NONE),
        demand={**dict.fromkeys(CAUSES, NONE), against: -planned} if cents(planned) else {},
    )


def _by_unit(pairs: Iterable[Pair], bursts: frozenset[str]) -> Iterator[UnitEffects]:
    grouped: dict[Unit, list[Pair]] = {}
    for pair in pairs:
        grouped.setdefault(pair.unit, []).append(pair)
    for unit, own in grouped.items():
        reference, actual = (sum((getattr(pair, side).total for pair in own), NONE) for side in ("reference", "actual"))
        if not any(pair.reference.total or pair.actual.total for pair in own):
            continue
        each = [pair.effects for pair in own]
        effects: Amounts = {cause: sum((one[cause] for one in each), NONE) for cause in CAUSES}
        if unit[1] in bursts:
            effects["one_off"], effects["new_workload"] = effects["one_off"] + effects["new_workload"], NONE
        sides = (summed(pair.start.side for pair in own), summed(pair.actual.side for pair in own))
        yield UnitEffects(unit, reference, actual, effects, sides, own[0].is_new)
