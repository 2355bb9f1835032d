"""One side of a comparison: what a workload's ordinary traffic was made of, and what it cost."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal

Model = tuple[str, str]
"""A model as `provider/model`, and the lane it ran in: each pair has a price of its own."""

NONE = Decimal(0)
DIGITS = 50
"""Decimal digits that are worked with: what rounding loses is far below a cent, whatever the order of additions."""


@dataclass(frozen=True, slots=True)
class Side:
    """Ordinary traffic of one workload over some days.

    It cost `requests` · `paid` · `tokens` · Σ share · price: how many requests, which part of them the cache did not
    answer, the tokens of one that it did not, and which model took which share of those at which price a token. Without
    paid traffic only `requests` are known: the rest is None or empty.
    """

    requests: Decimal
    paid: Decimal | None = None
    tokens: Decimal | None = None
    shares: Mapping[Model, Decimal] | None = None
    prices: Mapping[Model, Decimal] | None = None

    @property
    def price(self) -> Decimal:
        """The mean price of a token."""
        return mean_price(self.shares or {}, self.prices or {})

    @property
    def cost(self) -> Decimal:
        return self.requests * (self.paid or NONE) * (self.tokens or NONE) * self.price

    @property
    def is_known(self) -> bool:
        return self.tokens is not None

    def with_requests(self, requests: Decimal) -> Side:
        return replace(self, requests=requests)


def mean_price(shares: Mapping[Model, Decimal], prices: Mapping[Model, Decimal]) -> Decimal:
    return sum((share * prices[model] for model, share in shares.items()), NONE)


def completed(side: Side, other: Side) -> Side:
    """Return `side` with what it does not know taken from the other: then that has not changed.

    A workload that stopped, or that the cache answered whole, has no tokens, shares or prices of its own. A model that
    is on the other side alone has that side's price here, so that its coming or going is a change of the mix.
    """
    if not side.is_known:
        paid = other.paid if side.paid is None else side.paid
        return replace(side, paid=paid, tokens=other.tokens, shares=other.shares, prices=other.prices)
    return replace(side, prices={**(other.prices or {}), **(side.prices or {})})


def summed(sides: Iterable[Side]) -> Side:
    """Return the sides of one workload taken together, each weighed by its requests, paid requests and tokens."""
    every = [side for side in sides if side.requests]
    known = [side for side in every if side.is_known]
    requests = sum((side.requests for side in every), NONE)
    paid = sum((side.requests * (side.paid or NONE) for side in every), NONE)
    tokens: dict[Model, Decimal] = {}
    cost: dict[Model, Decimal] = {}
    for side in known:
        volume = side.requests * (side.paid or NONE) * (side.tokens or NONE)
        for model, share in (side.shares or {}).items():
            tokens[model] = tokens.get(model, NONE) + volume * share
            cost[model] = cost.get(model, NONE) + volume * share * (side.prices or {})[model]
    whole = sum(tokens.values(), NONE)
    if not whole or not paid:
        return Side(requests, paid / requests if requests else None)
    prices = {model: cost[model] / count for model, count in tokens.items() if count}
    return Side(requests, paid / requests, whole / paid, {model: tokens[model] / whole for model in prices}, prices)
