"""What models cost: each its own money, fallbacks and credits included, so that they add up to all that was spent."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal

from reconciler.model.money import cents, in_cents
from reconciler.model.review import ReviewModel
from reconciler.review.account import Account, Known
from reconciler.review.planned import Planned
from reconciler.review.side import NONE, Model
from reconciler.review.traffic import Bools, Unit

ByModel = dict[Model, Decimal]

UNNAMED: Model = ("", "")
"""Money that no model is named for."""


def together(parts: Iterable[ByModel]) -> ByModel:
    total: ByModel = {}
    for part in parts:
        for model, amount in part.items():
            total[model] = total.get(model, NONE) + amount
    return total


def spent_on(known: Known, days: Bools) -> ByModel:
    """Return what each model cost on some days."""
    return together(traffic.by_model("cost", days) for traffic in known.seen.units.values())


def planned_on(known: Known, planned: Planned, unit: Unit, account: Account) -> ByModel:
    """Return what the plan has for each model in a unit's planned `account`.

    Fallbacks and credits are on the models that they were on in the base, and on none where there were none.
    """
    traffic, side = known.seen.units[unit], account.side
    base = known.seen.mask(planned.base.start, planned.base.end)
    volume = side.requests * (side.paid or NONE) * (side.tokens or NONE)
    ordinary = {model: volume * share * (side.prices or {})[model] for model, share in (side.shares or {}).items()}
    fallbacks = traffic.by_model("fallback_cost", base)
    away = _fallback_share(planned, traffic.count("direct", base), traffic.count("fallbacks", base))
    away = away if sum(fallbacks.values(), NONE) else NONE
    kept = {model: amount * (1 - away) for model, amount in ordinary.items()}
    moved = _split(side.cost * away + account.fallback, fallbacks)
    return together((kept, moved, _split(account.one_off, traffic.by_model("credits", base))))


def _fallback_share(planned: Planned, direct: Decimal, fallbacks: Decimal) -> Decimal:
    """Return which share of the paid requests the plan has on a fallback: its own, else that of the base."""
    if planned.plan.fallback is not None:
        return planned.plan.fallback.share
    return fallbacks / (direct + fallbacks) if fallbacks else NONE


def _split(amount: Decimal, weights: ByModel) -> ByModel:
    whole = sum(weights.values(), NONE)
    if not whole:
        return {UNNAMED: amount}
    return {model: amount * weight / whole for model, weight in weights.items()}


def model_rows(before: Mapping[Model, Decimal], now: Mapping[Model, Decimal]) -> tuple[ReviewModel, ...]:
    """Return the models of which either side has any money, in cents that add up, the largest difference first."""
    first, second = (in_cents(side, cents(sum(side.values(), NONE))) for side in (before, now))
    rows = []
    for model, lane in {**first, **second}:
        plan, actual = (side.get((model, lane), cents(NONE)) for side in (first, second))
        if plan or actual:
            rows.append(ReviewModel(model=model, lane=lane, plan=plan, actual=actual, difference=actual - plan))
    return tuple(sorted(rows, key=lambda row: (-abs(row.difference), row.model, row.lane)))
