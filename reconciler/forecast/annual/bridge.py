"""The bridge: from the baseline over growth and governance to what the wallets hold, in steps that add up to the cent.

Each pass works on what the one before comes to: growth on the baseline, governance on what has grown. Planned demand
comes beside them, in its own lane. A limit takes off what a month of all of them costs beyond it. Every step has two
amounts: as planned, and as weighed by its track record.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from math import prod
from typing import Literal

from reconciler.forecast.annual.split import contributions
from reconciler.forecast.levers.part import Part, Stage
from reconciler.forecast.when import Month
from reconciler.model.annual import BridgeStep, YearBridge
from reconciler.model.money import ZERO, cents, in_cents
from reconciler.model.period import FiscalYear, Period

NO_RECORD = "too early to tell"

_Times = Callable[[Part, Month], Decimal]


def bridge(
    baseline: Decimal,
    parts: Sequence[Part],
    year: FiscalYear,
    *,
    wallets: Decimal,
    begins: Period | None = None,
) -> YearBridge:
    """Return the year of one team: a `baseline` of each month, in cents, and what its `wallets` may spend to end at.

    Where it `begins` within the year, the months before cost nothing.
    """
    months = [Month(period, year.starts) for period in year.periods if begins is None or period >= begins]
    base = baseline * len(months)
    planned = _amounts(baseline, parts, months, Part.times)
    weighed = _amounts(baseline, parts, months, Part.weighed)
    total = cents(wallets)
    steps = [_base(base), *map(_step, parts, planned, weighed)]
    steps.sort(key=lambda step: (PASSES.index(step.stage), step.lever, step.what, step.reason))
    room = _room(total - base - sum(planned, ZERO), total - base - sum(weighed, ZERO))
    return YearBridge(
        baseline=base,
        planned=base + sum(planned, ZERO),
        weighed=base + sum(weighed, ZERO),
        wallets=total,
        steps=(*steps, room),
    )


def baseline_of(cost: Decimal, parts: Sequence[Part], month: Month) -> Decimal:
    """Return the baseline, in cents, with which `month` costs `cost`: without what `parts` have come to by then.

    What limits took off is not known to anybody.
    """
    open_ended = [part for part in parts if part.limit is None]
    nothing, one = (
        baseline + sum(_of_month(baseline, open_ended, month, Part.times), Decimal(0))
        for baseline in (Decimal(0), Decimal(1))
    )
    times = one - nothing
    return cents(max((cost - nothing) / times, Decimal(0))) if times > 0 else cost


PASSES = ("baseline", "growth", "governance", "boundaries")


def _amounts(baseline: Decimal, parts: Sequence[Part], months: Sequence[Month], times: _Times) -> list[Decimal]:
    """Return what each part adds over all months, in cents; what all come to is rounded once.

    Which of equal remainders gets a cent follows from what the parts say and not from their order.
    """
    sums = [Decimal(0)] * len(parts)
    for month in months:
        for place, amount in enumerate(_of_month(baseline, parts, month, times)):
            sums[place] += amount
    places = sorted(range(len(parts)), key=lambda place: (parts[place].what, parts[place].reason, sums[place]))
    found = in_cents({place: sums[place] for place in places}, cents(sum(sums, Decimal(0))))
    return [found[place] for place in range(len(parts))]


def _of_month(baseline: Decimal, parts: Sequence[Part], month: Month, times: _Times) -> list[Decimal]:
    amounts = [part.plus(month) for part in parts]
    reached, beside = baseline, sum(amounts, Decimal(0))
    stages: tuple[Stage, ...] = ("growth", "governance", "boundaries")
    for stage in stages:
        if stage == "boundaries":
            reached += beside
        places = [place for place, part in enumerate(parts) if part.stage == stage]
        factors = [times(parts[place], month) for place in places]
        for place, share in zip(places, contributions(factors), strict=True):
            amounts[place] += reached * share
        reached *= prod(factors, start=Decimal(1))
    limits = [(part.limit(month), part.what, part.reason, place) for place, part in enumerate(parts) if part.limit]
    if limits:
        most, *_, place = min(limits)
        amounts[place] -= max(reached - most, Decimal(0))
    return amounts


def _base(amount: Decimal) -> BridgeStep:
    what = "what stable demand costs"
    return BridgeStep(stage="baseline", lever="", what=what, reason="", planned=amount, weighed=amount)


def _step(part: Part, planned: Decimal, weighed: Decimal) -> BridgeStep:
    belief = part.belief if planned < 0 else None
    told = part.record.told if part.record else NO_RECORD
    return BridgeStep(
        stage=part.stage,
        lever=part.name,
        what=part.what,
        reason=part.reason,
        planned=planned,
        weighed=weighed,
        weight=float(belief.weight) if belief else None,
        record=told if belief else "",
        uncounted=part.uncounted,
    )


def _room(planned: Decimal, weighed: Decimal) -> BridgeStep:
    what = "room that the wallets leave"
    return BridgeStep(stage="boundaries", lever="wallets", what=what, reason="", planned=planned, weighed=weighed)


def together(bridges: Sequence[YearBridge]) -> YearBridge:
    """Return the bridge of several teams, with a step for each pass: the sum of theirs."""
    steps = [step for one in bridges for step in one.steps]
    return YearBridge(
        baseline=sum((one.baseline for one in bridges), ZERO),
        planned=sum((one.planned for one in bridges), ZERO),
        weighed=sum((one.weighed for one in bridges), ZERO),
        wallets=sum((one.wallets for one in bridges), ZERO),
        steps=tuple(_summed(what, [step for step in steps if _sum_of(step) == what]) for what in _SUMS),
    )


_SUMS: Mapping[str, Literal["baseline", "growth", "governance", "boundaries"]] = {
    "what stable demand costs": "baseline",
    "growth and planned demand": "growth",
    "cache, models and other savings": "governance",
    "what staying available costs": "boundaries",
    "room that the wallets leave": "boundaries",
}


def _sum_of(step: BridgeStep) -> str:
    if step.lever == "wallets":
        return "room that the wallets leave"
    return next(what for what, stage in _SUMS.items() if stage == step.stage)


def _summed(what: str, steps: Sequence[BridgeStep]) -> BridgeStep:
    return BridgeStep(
        stage=_SUMS[what],
        lever="",
        what=what,
        reason="",
        planned=sum((step.planned for step in steps), ZERO),
        weighed=sum((step.weighed for step in steps), ZERO),
    )
