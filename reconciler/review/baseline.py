"""A baseline that is off: the weeks that the plan starts from cost something else, and the days since do as well."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from decimal import Decimal

from reconciler.review.account import Known
from reconciler.review.planned import Planned
from reconciler.review.side import NONE
from reconciler.review.span import Span


def as_it_was(known: Known, planned: Planned, span: Span, new: Iterable[str]) -> Planned:
    """Return the plan over a baseline as far from its own as both the base and the days since say.

    Weeks that were low by chance or by season prove no baseline wrong: where later days come to what the plan has, it
    holds. What they are beyond both is a change since (decision 0130). `new` are workloads that planned new demand is
    held against.
    """
    if planned.plan.baseline_monthly is None or planned.usual <= 0:
        return planned
    whole = planned.usual * planned.grown_before()
    base = 1 - planned.new_demand_before() / whole
    since = _since(known, replace(planned, scale=Decimal(1)), span, is_demand_apart=any(new))
    if since is None:
        return planned
    low, high = sorted((planned.scale, base))
    return replace(planned, scale=min(max(since, low), high))


def _since(known: Known, unscaled: Planned, span: Span, *, is_demand_apart: bool) -> Decimal | None:
    """Return how many times the requests that the base alone leads to came on all known days since, by what they cost.

    Of a span before the plan, on the days of that span. None where none were to come.
    """
    days = replace(span, start=unscaled.base.end, end=known.seen.end)
    usual, came = NONE, NONE
    for month, start, end in (days if days.start < days.end and span.end > days.start else span).months():
        part = unscaled.part(month, start, end)
        mask = known.seen.mask(start, end)
        for unit in known.seen.units:
            side = unscaled.account(unit, month, part).side
            if side.requests:
                usual += side.cost * Decimal(repr(unscaled.calendar(month)))
                came += known.side(unit, mask).requests * side.cost / side.requests
        came -= NONE if is_demand_apart else unscaled.new_demand(month, part)
    return came / usual if usual > 0 else None
