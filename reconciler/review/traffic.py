"""What daily usage says of each workload, day by day, with hits, fallbacks and credits told apart from paid traffic."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

import numpy as np
import numpy.typing as npt

from reconciler.model.usage import NANO, DailyUsage, Nanos
from reconciler.review.side import NONE, Model, Side

Unit = tuple[str, str]
"""A wallet and a workload in it; the empty workload is what none claims."""

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

PARTS = 100
"""Tokens are counted in hundredths, so that output counts by its own price."""


@dataclass(frozen=True, slots=True, eq=False)
class Traffic:
    """One unit over consecutive days; counts [days], those of models [models, days]. Money in billionths, exact.

    `direct` are requests that were paid for as usual: no cache hit, no fallback, no credit. `volume` and `paid` are
    their tokens, output weighed by its price, and their cost; where the export has no tokens for what was paid,
    `counts_tokens` is False and a request counts as one token. `cost`, `credits` and `fallback_cost` are of models.
    """

    models: tuple[Model, ...]
    direct: Ints
    volume: Ints
    paid: Nanos
    hits: Ints
    fallbacks: Ints
    cost: Nanos
    credits: Nanos
    hit_cost: Nanos
    fallback_cost: Nanos
    counts_tokens: bool

    @property
    def requests(self) -> Ints:
        return np.asarray(self.direct.sum(axis=0) + self.hits + self.fallbacks)

    @property
    def ordinary(self) -> Floats:
        """What each day would have cost without fallbacks and credits, in major units."""
        direct = self.direct.sum(axis=0).astype(np.float64)
        paid = self.paid.sum(axis=0).astype(np.float64) / NANO
        each = paid.sum() / direct.sum() if direct.sum() else 0.0
        return np.asarray(paid + self.fallbacks * each + self.hit_cost.astype(np.float64) / NANO)

    def side(self, days: Bools) -> Side:
        """Return the ordinary traffic of the days of a mask.

        Hits that are not free count as paid requests in part: as many as would have cost the same.
        """
        direct, hits, fallbacks = (_total(each[..., days]) for each in (self.direct, self.hits, self.fallbacks))
        requests = direct + hits + fallbacks
        if not requests:
            return Side(NONE)
        paid = _total(self.paid[:, days])
        extra = _total(self.hit_cost[days]) * direct / paid if paid else NONE
        volumes = {model: _total(row[days]) for model, row in zip(self.models, self.volume, strict=True)}
        whole = sum(volumes.values(), NONE)
        share = (direct + fallbacks + extra) / requests
        if not direct or not whole:
            return Side(requests, share)
        costs = {model: _total(row[days]) / NANO for model, row in zip(self.models, self.paid, strict=True)}
        present = {model: volume for model, volume in volumes.items() if volume}
        return Side(
            requests,
            share,
            whole / direct,
            {model: volume / whole for model, volume in present.items()},
            {model: costs[model] / volume for model, volume in present.items()},
        )

    def money(self, name: str, days: Bools) -> Decimal:
        """Return the sum of one of the columns of money of models over the days of a mask, in major units."""
        return sum(self.by_model(name, days).values(), NONE)

    def by_model(self, name: str, days: Bools) -> dict[Model, Decimal]:
        """Return the same model by model."""
        amounts: Nanos = getattr(self, name)
        return {model: _total(row[days]) / NANO for model, row in zip(self.models, amounts, strict=True)}

    def count(self, name: str, days: Bools) -> Decimal:
        counts: Ints = getattr(self, name)
        return _total(counts[..., days])


def _total(numbers: Nanos) -> Decimal:
    return Decimal(int(numbers.sum()))


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """All units of one team over the days [start, end); on those `left_out` the usage says nothing of anybody."""

    start: date
    end: date
    units: dict[Unit, Traffic]
    left_out: frozenset[date] = frozenset()

    @property
    def weekdays(self) -> Ints:
        first = self.start.toordinal()
        return np.asarray([(day - 1) % 7 for day in range(first, self.end.toordinal())], dtype=np.int64)

    def mask(self, start: date, end: date) -> Bools:
        """Return which days of [start, end) are known."""
        days = np.arange(self.start.toordinal(), self.end.toordinal())
        known = (days >= start.toordinal()) & (days < end.toordinal())
        known[[(day - self.start).days for day in self.left_out]] = False
        return np.asarray(known)

    def first_seen(self, workload: str) -> date | None:
        """Return the first day of a workload in any wallet."""
        found = [np.flatnonzero(unit.requests) for (_, name), unit in self.units.items() if name == workload]
        first = min((int(days[0]) for days in found if len(days)), default=None)
        return None if first is None else date.fromordinal(self.start.toordinal() + first)


def seen(usage: DailyUsage, wallets: Collection[str], start: date, end: date) -> Seen:
    """Return what `usage` shows of some wallets in [start, end)."""
    own = np.isin(usage.wallet, sorted(wallets))
    rows = np.flatnonzero(own & (usage.day >= np.datetime64(start)) & (usage.day < np.datetime64(end)))
    days = (end - start).days
    units = {unit: _traffic(usage, chosen, start, days) for unit, chosen in _units(usage, rows)}
    return Seen(start, end, units, usage.source.left_out(start, end))


def _units(usage: DailyUsage, rows: npt.NDArray[np.intp]) -> Iterator[tuple[Unit, npt.NDArray[np.intp]]]:
    found: dict[Unit, list[int]] = {}
    pairs = zip(usage.wallet[rows].tolist(), usage.workload[rows].tolist(), strict=True)
    for row, unit in zip(rows.tolist(), pairs, strict=True):
        found.setdefault(unit, []).append(row)
    for unit in sorted(found):
        yield unit, np.asarray(found[unit], dtype=np.intp)


def _traffic(usage: DailyUsage, rows: npt.NDArray[np.intp], start: date, days: int) -> Traffic:
    at = (usage.day[rows] - np.datetime64(start)).astype(np.int64)
    zero = np.zeros(len(rows), dtype=np.int64)
    apart = usage.apart
    hit_cost = apart.hit_cost[rows] if apart else zero
    credit_rows = apart.credit_rows[rows] if apart else zero
    hits, fallbacks = usage.cache_hits[rows], usage.fallbacks[rows]
    direct = (usage.requests[rows] - hits - fallbacks - credit_rows).clip(min=0)
    inputs = usage.input_tokens[rows] - (apart.hit_input[rows] + apart.fallback_input[rows] if apart else zero)
    outputs = usage.output_tokens[rows] - (apart.hit_output[rows] + apart.fallback_output[rows] if apart else zero)
    paid = usage.cost[rows] - usage.credits[rows] - usage.fallback_cost[rows] - hit_cost
    models, codes = _models(usage, rows)
    volume = PARTS * inputs + round(PARTS * _output_weight(codes, at, inputs, outputs, paid)) * outputs
    counts_tokens = not bool(((paid > 0) & (volume <= 0)).any())
    shape = (len(models), days)
    return Traffic(
        models,
        direct=_added(shape, (codes, at), direct),
        volume=_added(shape, (codes, at), volume.clip(min=0) if counts_tokens else direct),
        paid=_added(shape, (codes, at), paid),
        hits=_added((days,), (at,), hits),
        fallbacks=_added((days,), (at,), fallbacks),
        cost=_added(shape, (codes, at), usage.cost[rows]),
        credits=_added(shape, (codes, at), usage.credits[rows]),
        hit_cost=_added((days,), (at,), hit_cost),
        fallback_cost=_added(shape, (codes, at), usage.fallback_cost[rows]),
        counts_tokens=counts_tokens,
    )


def _models(usage: DailyUsage, rows: npt.NDArray[np.intp]) -> tuple[tuple[Model, ...], npt.NDArray[np.intp]]:
    columns = (usage.provider[rows].tolist(), usage.model[rows].tolist(), usage.lane[rows].tolist())
    named = [(f"{p}/{m}" if p and m else m or p, lane) for p, m, lane in zip(*columns, strict=True)]
    models = tuple(sorted(set(named)))
    places = {model: place for place, model in enumerate(models)}
    return models, np.asarray([places[model] for model in named], dtype=np.intp)


def _added(shape: tuple[int, ...], where: tuple[npt.NDArray[np.int64], ...], amounts: Nanos) -> Nanos:
    total = np.zeros(shape, dtype=amounts.dtype)
    np.add.at(total, where, amounts)
    return total


MOST_WEIGHT, SURE = 12.0, 0.1


def _output_weight(codes: npt.NDArray[np.intp], at: Ints, inputs: Ints, outputs: Ints, paid: Nanos) -> float:
    """Return how much dearer a token of output is than one of input, as the days of the dearest model show it.

    Longer answers are then more tokens, not another price. It is 1 where days do not tell: where prices change, or
    input and output always come in the same proportion.
    """
    money = paid.astype(np.float64)
    if not len(codes) or money.sum() <= 0:
        return 1.0
    dearest = int(np.argmax(np.bincount(codes, weights=money)))
    for part in (
        codes == dearest,
        (codes == dearest) & (at < np.median(at)),
        (codes == dearest) & (at >= np.median(at)),
    ):
        columns = np.column_stack([inputs[part], outputs[part]]).astype(np.float64)
        weight = _ratio(columns, money[part])
        if weight is not None:
            return weight
    return 1.0


def _ratio(columns: Floats, money: Floats) -> float | None:
    """Return the ratio of the two prices that explain what days cost, None where they are not told surely."""
    if len(money) < 10 or not (columns.sum(axis=0) > 0).all():
        return None
    scale = columns.mean(axis=0)
    scaled = columns / scale
    gram = scaled.T @ scaled
    if np.linalg.cond(gram) > 1e8:
        return None
    price = np.linalg.solve(gram, scaled.T @ money)
    rest = money - scaled @ price
    spread = np.linalg.inv(gram) * (rest @ rest) / (len(money) - 2)
    if (price <= 0).any() or (np.sqrt(np.diag(spread)) > SURE * price).any():
        return None
    ratio = float(price[1] / scale[1] / (price[0] / scale[0]))
    return ratio if 1.0 <= ratio <= MOST_WEIGHT else None
