"""Proposals: what twelve months of usage say of a team's plan, each figure with where it comes from.

The baseline is the middle one of the last three whole months, of a younger team of as many as there are; what a wallet
cost that has likely stopped does not count, as in a draft of the next year. The cache hit rate is that of the last 28
days, as the planning table has it. Shares of models and seasonal months are proposed as comments: nobody has decided
them.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_EVEN, ROUND_UP, Decimal

from reconciler.forecast.annual.run_rate import begun, recent
from reconciler.forecast.annual.stopped import stopped_wallets
from reconciler.forecast.annual.todays_prices import Today, at_todays_prices
from reconciler.forecast.history import spending, whole_months
from reconciler.forecast.observed import Observations, observations
from reconciler.forecast.windows import LONG_WINDOW_DAYS, WINDOW_DAYS
from reconciler.model.money import payable
from reconciler.model.percent import percent_text
from reconciler.model.period import FiscalYear, Period
from reconciler.model.usage import DailyUsage
from reconciler.model.wallet_ref import WalletRef
from reconciler.plan.importing.draft import Draft
from reconciler.plan.importing.wallets import WalletDraft

_YEAR = 12
_SEASONAL = Decimal("1.25")
"""How much dearer than the middle month a month is that is told."""
_MODELS = 6
_WHOLE_TENS = Decimal(10)


@dataclass(frozen=True, slots=True)
class Figure:
    """A key of `plan:` with its value as YAML, and where that comes from. Without a key it is a comment alone.

    `note` is to be said beside the value wherever it is proposed.
    """

    reason: str
    key: str = ""
    literal: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Seasonal:
    """A month that a wallet's usage says needs more than usual; `reason` says which month was that dear."""

    month: Period
    amount: Decimal
    reason: str


@dataclass(frozen=True, slots=True)
class Proposals:
    """By team what `plan:` may say, and by wallet the months that may need more."""

    plans: Mapping[str, tuple[Figure, ...]]
    seasons: Mapping[WalletRef, tuple[Seasonal, ...]]


NOTHING = Proposals({}, {})


def proposals_of(
    usage: DailyUsage,
    draft: Draft,
    wallets: Mapping[str, Sequence[WalletRef]],
    *,
    as_of: date,
    currency: str,
    year: FiscalYear,
    empty: Collection[WalletRef] = (),
) -> Proposals:
    """Return what `usage` says of the teams in `wallets`, which maps each to all of its wallets, and of new wallets.

    Wallets that are `empty` hold no money now: that they are silent says nothing.
    """
    known = whole_months(usage, [key for keys in wallets.values() for key in keys], as_of=as_of)
    spent = spending(usage, as_of=as_of)
    seen = observations(usage, known_until=spent.known_until)
    stopped, plans = stopped_wallets(spent, known, empty=empty), {}
    for team, keys in wallets.items():
        today = at_todays_prices({key: known[key] for key in keys if key in known}, spent, seen, cache=True)
        today = today.without_stopped({key: stopped.get(key) for key in keys})
        plans[team] = tuple(_plan(today, seen, keys, currency, year))
    seasons = {
        wallet.key: tuple(_seasons(known.get(wallet.key, {}), wallet, as_of, year))
        for wallet in draft.wallets
        if wallet.key not in stopped
    }
    return Proposals(
        {team: figures for team, figures in plans.items() if any(figure.key for figure in figures)},
        {key: months for key, months in seasons.items() if months},
    )


def _plan(
    today: Today,
    seen: Observations,
    keys: Sequence[WalletRef],
    currency: str,
    year: FiscalYear,
) -> Iterator[Figure]:
    months = begun(today.months)
    rate = today.rate_of(months, keys)
    if rate is None or (sum(months.values()) <= 0 and not today.stopped):
        return
    middle, last = payable(rate, currency), recent(months)
    each = ", ".join(f"{month} {months[month]:,.2f}" for month in last)
    which = "the middle one of what the last whole months cost" if len(last) > 1 else "what the last whole month cost"
    unseen = [key for key in keys if key not in today.wallets]
    stopped = [f"{key} is {why}: what it cost before does not count" for key, why in today.stopped.items()]
    reasons = [f"{which}: {each}"] if last else []
    reasons += [f"there is no usage of {', '.join(unseen)}"] if unseen else []
    reason = "; ".join((*stopped, *reasons, *today.told))
    yield Figure(reason, "baseline_monthly", f"{middle:.2f}", "; ".join(stopped))
    yield from _cache(seen, keys, year)
    yield from _mix(seen, keys)


def _cache(seen: Observations, keys: Sequence[WalletRef], year: FiscalYear) -> Iterator[Figure]:
    found = seen.of(keys, days=WINDOW_DAYS)
    if found.cache_hit_rate is None:
        return
    rate = percent_text(Decimal(repr(found.cache_hit_rate)).quantize(Decimal("0.001"), ROUND_HALF_EVEN))
    seen_in = f"{found.cache_hits:,} of {found.requests:,} requests of the last {WINDOW_DAYS} days"
    literal = f"{{from: {rate}, to: {rate}, by: {year.periods[-1]}}}"
    yield Figure(f"{seen_in}; raise `to` if it is to improve", "cache_hit_rate", literal)


def _mix(seen: Observations, keys: Sequence[WalletRef]) -> Iterator[Figure]:
    found = seen.of(keys, days=LONG_WINDOW_DAYS)
    if found.cost <= 0:
        return
    shares = [(model.name, model.cost / found.cost) for model in sorted(found.models, key=lambda m: (-m.cost, m.name))]
    told = ", ".join(f"{name} {share:.0%}" for name, share in shares[:_MODELS] if share >= 0.005)
    yield Figure(f"shares of the cost of the last {LONG_WINDOW_DAYS} days, for `provider_mix`: {told}")


def _seasons(
    months: Mapping[Period, Decimal], wallet: WalletDraft, as_of: date, year: FiscalYear
) -> Iterator[Seasonal]:
    """Yield the months to come of the fiscal year whose like was dear, where there was usage for all twelve months."""
    months = begun(months)
    if len(months) < _YEAR:
        return
    middle = sorted(months.values())[(len(months) - 1) // 2]
    monthly, overrides = wallet.funding.amounts
    for month, spent in sorted(months.items()):
        again = month.plus(_YEAR)
        if (
            middle <= 0
            or spent < middle * _SEASONAL
            or again not in year
            or again <= Period.of(as_of)
            or again in overrides
        ):
            continue
        amount = (monthly * spent / middle / _WHOLE_TENS).quantize(Decimal(1), ROUND_UP) * _WHOLE_TENS
        yield Seasonal(again, amount, f"{month} cost {spent / middle:.2f} times the middle month of the past year")
