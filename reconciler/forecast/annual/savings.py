"""What there is to save: another point of the cache, and traffic on a cheaper model that the team uses already."""

from __future__ import annotations

from decimal import Decimal

from reconciler.forecast.observed import Model, Observed
from reconciler.forecast.windows import DAYS_OF_A_MONTH
from reconciler.model.annual import RouteInput
from reconciler.model.money import cents

IN_USE = 0.05
"""From this share of the tokens on, a model is one that the team works with."""
CHEAPER = 0.8
MOVED = 0.1


def cache_point(seen: Observed) -> Decimal | None:
    """Return the money a month that one more point of the cache hit rate saves; None where nothing tells."""
    rate = seen.cache_hit_rate
    if rate is None or rate >= 1.0 or seen.cost <= 0:
        return None
    return _money(seen, seen.cost / (1.0 - rate) * 0.01)


def route(seen: Observed) -> RouteInput | None:
    """Return what a tenth of the dearest model's tokens would save on the cheapest of those in use.

    None where no other is at least a fifth cheaper a token: there is nothing to move to.
    """
    tokens = sum(model.tokens for model in seen.models)
    priced = [model for model in seen.models if model.price is not None]
    used = [model for model in priced if model.tokens >= IN_USE * tokens]
    source = max(priced, key=lambda model: (model.cost, model.name), default=None)
    target = min(used, key=lambda model: (model.price, model.name), default=None)
    ratio = _ratio(source, target)
    if source is None or target is None or ratio is None or ratio > CHEAPER:
        return None
    return RouteInput(
        source=source.name, target=target.name, ratio=ratio, tenth=_money(seen, source.cost * MOVED * (1.0 - ratio))
    )


def _ratio(source: Model | None, target: Model | None) -> float | None:
    if source is None or target is None or not source.price or target.price is None:
        return None
    return target.price / source.price


def _money(seen: Observed, amount: float) -> Decimal:
    """Return money of the days that were seen as that of a month."""
    return cents(repr(amount / seen.days * DAYS_OF_A_MONTH))
