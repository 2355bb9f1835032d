"""What the last weeks of usage show beside the money: cache hits, models and their prices, lanes, fallbacks."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date

import numpy as np
import numpy.typing as npt

from reconciler.forecast.windows import LONG_WINDOW_DAYS, WINDOW_DAYS
from reconciler.model.usage import NANO, DailyUsage, Nanos, tells

Rows = npt.NDArray[np.intp]
Floats = npt.NDArray[np.float64]
_Counts = Callable[[DailyUsage, Rows], tuple[Nanos, Nanos]]
"""Of each of some rows a part and the whole that it is a part of."""

MUCH_PREMIUM = 0.25
"""From this share of the cost on, the premium lane is to be looked at before money is given."""


@dataclass(frozen=True, slots=True)
class Model:
    """One model's cost in major units and its tokens. `name` is `provider/model`.

    `hit_cost` and `hit_tokens` are what of both the cache answered.
    """

    name: str
    cost: float
    tokens: int
    hit_cost: float = 0.0
    hit_tokens: int = 0

    @property
    def price(self) -> float | None:
        """The unit price, per token that the cache did not answer; None where nothing was paid for."""
        cost, tokens = self.cost - self.hit_cost, self.tokens - self.hit_tokens
        return cost / tokens if tokens > 0 and cost > 0 else None


@dataclass(frozen=True, slots=True)
class Observed:
    """Sums over some wallets and days; money in major units. `absent` are columns that some exports do not have."""

    days: int
    cost: float = 0.0
    requests: int = 0
    cache_hits: int = 0
    fallbacks: int = 0
    fallback_cost: float = 0.0
    premium_cost: float = 0.0
    models: tuple[Model, ...] = ()
    workloads: tuple[tuple[str, int], ...] = ()
    """Workload and what it cost, in billionths, the dearest first."""
    absent: frozenset[str] = frozenset()

    @property
    def cache_hit_rate(self) -> float | None:
        """The share of requests that the cache answered; None where the usage does not tell."""
        return self.cache_hits / self.requests if self.requests and tells(self.absent, "cache_hit") else None

    @property
    def premium_share(self) -> float | None:
        """The share of the cost in the premium lane; None where the usage does not tell."""
        return self.premium_cost / self.cost if self.cost > 0 and tells(self.absent, "lane") else None

    @property
    def fallback_premium(self) -> float | None:
        """The extra cost of fallbacks as a share of what the same traffic would cost without: share·(ratio − 1).

        None where the usage does not tell.
        """
        if not tells(self.absent, "fallback"):
            return None
        usual = self.requests - self.fallbacks - self.cache_hits
        if not self.fallbacks or usual <= 0 or self.cost <= self.fallback_cost:
            return 0.0
        ratio = (self.fallback_cost / self.fallbacks) / ((self.cost - self.fallback_cost) / usual)
        return max(self.fallbacks / (self.fallbacks + usual) * (ratio - 1.0), 0.0)

    def model(self, name: str) -> Model | None:
        """Return the model written `provider/model`; a name without provider matches any provider's."""
        found = [model for model in self.models if name in (model.name, model.name.partition("/")[2])]
        return max(found, key=lambda model: model.cost, default=None)

    def price_of(self, name: str) -> float | None:
        """Return the unit price of a model, per token; None where nothing was paid for it."""
        model = self.model(name)
        return model.price if model else None

    def share_of(self, name: str) -> float:
        model = self.model(name)
        return model.cost / self.cost if model and self.cost > 0 else 0.0


@dataclass(frozen=True, slots=True, eq=False)
class Observations:
    """The rows of the last 90 known days, grouped by wallet, so that each wallet's are found without a search."""

    usage: DailyUsage | None
    end: np.datetime64
    rows: npt.NDArray[np.intp]
    wallets: dict[str, slice]
    _found: dict[tuple[tuple[str, ...], int], Observed] = field(default_factory=dict)
    _older: dict[tuple[date, date], Observations] = field(default_factory=dict)
    _errors: dict[tuple[tuple[str, ...], date, date], float] = field(default_factory=dict)

    def of(self, wallets: Iterable[str], *, days: int = WINDOW_DAYS) -> Observed:
        """Return the sums over `wallets` and the last `days` known days."""
        key = (tuple(wallets), days)
        if key not in self._found:
            self._found[key] = self._observed(*key)
        return self._found[key]

    def between(self, wallets: Iterable[str], start: date, end: date) -> Observed:
        """Return the sums over `wallets` and the days in [start, end), which may be long ago."""
        return self._days(start, end).of(wallets, days=(end - start).days)

    def rows_between(self, wallets: Sequence[str], start: date, end: date) -> Rows:
        """Return the rows of `wallets` of the days in [start, end), which may be long ago."""
        return self._days(start, end).rows_of(wallets, (end - start).days)

    def _days(self, start: date, end: date) -> Observations:
        if (start, end) not in self._older:
            self._older[start, end] = observations(self.usage, known_until=end, days=(end - start).days)
        return self._older[start, end]

    def hit_rate_error(self, wallets: Sequence[str], start: date, end: date) -> float:
        """Return the standard error of the cache hit rate of the days in [start, end), by these days."""
        key = (tuple(wallets), start, end)
        if key not in self._errors:
            self._errors[key] = share_error(*self.hits_by_day(wallets, start, end))
        return self._errors[key]

    def hits_by_day(self, wallets: Sequence[str], start: date, end: date) -> tuple[Floats, Floats]:
        """Return float64[days] of the requests that the cache answered in [start, end), and of all requests."""
        return self._by_day(wallets, start, end, lambda usage, rows: (usage.cache_hits[rows], usage.requests[rows]))

    def tokens_by_day(
        self, wallets: Sequence[str], start: date, end: date, model: str, other: str
    ) -> tuple[Floats, Floats]:
        """Return float64[days] of a model's tokens in [start, end), and of those of both."""

        def count(usage: DailyUsage, rows: Rows) -> tuple[Nanos, Nanos]:
            return _tokens_of(usage, rows, model), _tokens_of(usage, rows, model, other)

        return self._by_day(wallets, start, end, count)

    def _by_day(self, wallets: Sequence[str], start: date, end: date, count: _Counts) -> tuple[Floats, Floats]:
        days = (end - start).days
        rows = self.rows_between(wallets, start, end)
        if self.usage is None:
            return np.zeros(days), np.zeros(days)
        return _daily(self.usage, rows, start, days, count)

    def workloads_of(self, wallet: str, *, days: int = WINDOW_DAYS) -> tuple[tuple[str, int], ...]:
        """Return the workloads of a wallet and what they cost, in billionths, the dearest first."""
        rows = self.rows_of((wallet,), days)
        if self.usage is None or not len(rows):
            return ()
        return _workloads(self.usage, rows, self.usage.cost[rows] - self.usage.credits[rows])

    def rows_of(self, wallets: Sequence[str], days: int) -> Rows:
        """Return the rows of `wallets` of the last `days` known days."""
        parts = [self.rows[self.wallets[wallet]] for wallet in wallets if wallet in self.wallets]
        if self.usage is None or not parts:
            return np.zeros(0, dtype=np.intp)
        rows = np.concatenate(parts)
        return rows[self.usage.day[rows] >= self.end - np.timedelta64(days, "D")]

    def _observed(self, wallets: Sequence[str], days: int) -> Observed:
        rows, usage = self.rows_of(wallets, days), self.usage
        if usage is None or not len(rows):
            return Observed(days)
        gross = usage.cost[rows] - usage.credits[rows]
        return Observed(
            days=days,
            cost=float(gross.sum()) / NANO,
            requests=int(usage.requests[rows].sum()),
            cache_hits=int(usage.cache_hits[rows].sum()),
            fallbacks=int(usage.fallbacks[rows].sum()),
            fallback_cost=float(usage.fallback_cost[rows].sum()) / NANO,
            premium_cost=float(gross[usage.lane[rows] == "premium"].sum()) / NANO,
            models=_models(usage, rows, gross),
            workloads=_workloads(usage, rows, gross),
            absent=usage.source.absent,
        )


def observations(usage: DailyUsage | None, *, known_until: date, days: int = LONG_WINDOW_DAYS) -> Observations:
    """Return what `usage` shows of the last `days` before `known_until`."""
    end = np.datetime64(known_until, "D")
    if usage is None:
        return Observations(None, end, np.zeros(0, dtype=np.intp), {})
    recent = np.flatnonzero((usage.day < end) & (usage.day >= end - np.timedelta64(days, "D")))
    names, codes = np.unique(usage.wallet[recent], return_inverse=True)
    order = np.argsort(codes, kind="stable")
    bounds = np.searchsorted(codes[order], np.arange(len(names) + 1))
    slices = {str(name): slice(int(bounds[row]), int(bounds[row + 1])) for row, name in enumerate(names)}
    return Observations(usage, end, recent[order], slices)


def is_named(usage: DailyUsage, rows: Rows, name: str) -> npt.NDArray[np.bool_]:
    """Return which rows are of the model written `provider/model`; a name without provider is any provider's."""
    provider, _, model = name.partition("/")
    return np.asarray(
        (usage.model[rows] == name) | (usage.model[rows] == model) & (usage.provider[rows] == provider) & bool(provider)
    )


def _tokens_of(usage: DailyUsage, rows: Rows, *names: str) -> Nanos:
    """Return the tokens of each row that is of one of the models `names`, written as `Model.name`; 0 of others."""
    provider, model = usage.provider[rows], usage.model[rows]
    whole = np.where(provider == "", model, np.char.add(np.char.add(provider, "/"), model))
    return np.where(np.isin(whole, names), usage.input_tokens[rows] + usage.output_tokens[rows], 0)


def _daily(usage: DailyUsage, rows: Rows, start: date, days: int, count: _Counts) -> tuple[Floats, Floats]:
    """Return float64[days] of both counts from `start` on."""
    day = (usage.day[rows] - np.datetime64(start, "D")).astype(np.int64)
    part, whole = (np.bincount(day, weights=each, minlength=days).astype(np.float64) for each in count(usage, rows))
    return part, whole


def share_error(part: Floats, whole: Floats) -> float:
    """Return the standard error of a share by its days, float64[days], as that of a ratio of their sums."""
    days, total = len(part), max(float(whole.sum()), 1.0)
    off = part - float(part.sum()) / total * whole
    return float(np.sqrt((off * off).sum() * days / max(days - 1, 1))) / total


def _models(usage: DailyUsage, rows: npt.NDArray[np.intp], gross: Nanos) -> tuple[Model, ...]:
    provider_of, model_of = usage.provider[rows], usage.model[rows]
    pairs = sorted({(p, m) for p, m in zip(provider_of.tolist(), model_of.tolist(), strict=True) if m})
    tokens = usage.input_tokens[rows] + usage.output_tokens[rows]
    models = []
    for provider, model in pairs:
        chosen = (provider_of == provider) & (model_of == model)
        name = f"{provider}/{model}" if provider else model
        cost, count = float(gross[chosen].sum()) / NANO, int(tokens[chosen].sum())
        models.append(Model(name, cost, count, *_answered(usage, rows[chosen])))
    return tuple(models)


def _answered(usage: DailyUsage, rows: Rows) -> tuple[float, int]:
    """Return the cost and the tokens of what the cache answered; nothing where the usage does not tell."""
    if usage.apart is None:
        return 0.0, 0
    told = usage.apart
    return float(told.hit_cost[rows].sum()) / NANO, int((told.hit_input[rows] + told.hit_output[rows]).sum())


def _workloads(usage: DailyUsage, rows: npt.NDArray[np.intp], gross: Nanos) -> tuple[tuple[str, int], ...]:
    totals: dict[str, int] = {}
    for name, nanos in zip(usage.workload[rows].tolist(), gross.tolist(), strict=True):
        totals[name] = totals.get(name, 0) + nanos
    return tuple(sorted(totals.items(), key=lambda item: (-item[1], item[0])))
