"""The plan's growth, cache and mix, each by itself: window, starting point and distance, like with like."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal

from reconciler.forecast.words import points, share, signed_share
from reconciler.model.review import ReviewVerdict
from reconciler.model.team import ProviderMixMove
from reconciler.review.compare import Comparison
from reconciler.review.planned import Planned, is_model
from reconciler.review.side import NONE, Side, summed
from reconciler.review.span import Span


def verdicts(planned: Planned, comparison: Comparison, span: Span) -> Iterator[ReviewVerdict]:
    """Yield a verdict on each assumption that the plan makes and the usage shows."""
    sides = [unit.sides for unit in comparison.units if not unit.is_new]
    reference, actual = summed(side for side, _ in sides), summed(side for _, side in sides)
    if planned.plan.growth and (growth := _growth(planned, reference, actual, span)) is not None:
        yield growth
    if planned.plan.cache_hit_rate is not None and planned.tells_cache and actual.paid is not None:
        yield _cache(planned, reference, actual, span)
    base = summed(planned.sides.values())
    for move in planned.plan.provider_mix:
        if (verdict := _move(planned, move, (base, reference, actual), span)) is not None:
            yield verdict


def _growth(planned: Planned, reference: Side, actual: Side, span: Span) -> ReviewVerdict | None:
    usual = NONE
    requests = sum((side.requests for side in planned.sides.values()), NONE)
    for month, first, end in span.months():
        usual += requests * planned.part(month, first, end) * Decimal(repr(planned.calendar(month)))
    if not usual or not reference.requests:
        return None
    grown = float(_weighted(planned, span))
    observed = float(actual.requests / usual) - 1
    start = f"requests of {_base(planned)}, the same weekdays"
    told = (
        f"requests {signed_share(observed)} on those of {_base(planned)}, weekdays alike; planned {signed_share(grown)}"
    )
    return _verdict("growth", span, start, grown, observed, told)


def _weighted(planned: Planned, span: Span) -> Decimal:
    """Return planned growth over the days of a span, each month by its days."""
    parts = [((end - start).days, planned.grown_by(month)) for month, start, end in span.months()]
    return sum((days * grown for days, grown in parts), NONE) / sum(days for days, _ in parts)


def _cache(planned: Planned, reference: Side, actual: Side, span: Span) -> ReviewVerdict:
    plan, seen = float(1 - (reference.paid or NONE)), float(1 - (actual.paid or NONE))
    start = f"{share(planned.cache_base)} in {_base(planned)}"
    told = f"the cache answered {share(seen)} of requests, from {start}; planned {share(plan)}"
    return _verdict("cache_hit_rate", span, start, plan, seen, told)


def _move(planned: Planned, move: ProviderMixMove, sides: tuple[Side, Side, Side], span: Span) -> ReviewVerdict | None:
    before, reference, actual = (_source(side, move.source) for side in sides)
    if not before:
        return None
    plan, seen = float(1 - reference / before), float(1 - actual / before)
    start = f"{share(before)} of tokens on {move.source} in {_base(planned)}"
    told = f"{share(seen)} of the tokens of {move.source} moved away, from {start}; planned {share(plan)}"
    return _verdict("provider_mix", span, start, plan, seen, told)


def _source(side: Side, name: str) -> Decimal:
    return sum((part for model, part in (side.shares or {}).items() if is_model(model, name)), NONE)


def _base(planned: Planned) -> str:
    return f"the {planned.base.days} days to {planned.base.end - timedelta(days=1)}"


def _verdict(assumption: str, span: Span, start: str, planned: float, observed: float, told: str) -> ReviewVerdict:
    off = observed - planned
    way = "above" if off > 0 else "below"
    return ReviewVerdict.model_validate(
        {
            "assumption": assumption,
            "window": f"{span.words}: the {span.days} days to {span.end - timedelta(days=1)}",
            "start": start,
            "planned": round(planned, 6),
            "observed": round(observed, 6),
            "distance": round(off, 6),
            "sentence": f"{told}: {points(off)} {way} the plan",
        }
    )
