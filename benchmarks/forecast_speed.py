"""Measure the forecast: 10,000 wallets × 400 days of history × 90 days ahead × 500 paths, and four wallets in a plan.

    python benchmarks/forecast_speed.py [--wallets 10000] [--processes 2] [--statsforecast] [--shards 100000]

Limits: 20 s and 1 GB (all processes together) on two cores; 0.5 s for four wallets with everything that a plan asks;
1.5 times the processor time of the method before, which looks for nothing that happened.
With --statsforecast, AutoETS forecasts some of the same histories in the same run; the forecast must be 50 times as
fast a series, and have the better CRPS. Exits 1 if a limit is missed.
With --shards alone, so many wallets are forecast as a plan does it, with a month of days each: alerts, twelve months,
the year, shard by shard in all processes.
"""

from __future__ import annotations

import argparse
import importlib
import resource
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import numpy as np
import numpy.typing as npt
from memory import peak_megabytes, started_by
from ratio import Ratio

from reconciler.model.wallet_ref import WalletRef

HISTORY_DAYS = 400
DAYS = 90
PATHS = 500
CHUNK = 50
SECONDS = 20.0
MEGABYTES = 1000.0
FOUR_WALLETS_SECONDS = 0.5
BEFORE_RATIO = 1.5
PEER_SERIES = 40
OWN_SERIES = 1000
PEER_RATIO = 50.0
TEXTS = ("workload", "provider", "model", "lane")
INTEGERS = (
    "credits",
    "avoided",
    "requests",
    "input_tokens",
    "output_tokens",
    "cache_hits",
    "fallbacks",
    "fallback_cost",
)
END = date(2026, 6, 17)
Floats = npt.NDArray[np.float64]


def histories(first: int, count: int, *, days: int = HISTORY_DAYS) -> list[Floats]:
    """Return generated histories: a week, a drift, weekly noise, and every fifth series mostly zeros."""
    made = []
    for number in range(first, first + count):
        random = np.random.default_rng([7, number])
        week = random.uniform(0.5, 1.2, 7)
        drift = np.cumsum(random.normal(0, 0.01, days))
        costs = np.exp(random.normal(4, 1) + drift + random.normal(0, 0.25, days)) * week[np.arange(days) % 7]
        made.append(np.where(random.random(days) < 0.7, 0.0, costs) if number % 5 == 0 else costs)
    return made


def forecast_chunk(bounds: tuple[int, int], **asked: Any) -> tuple[Floats, float]:
    """Return quantiles of 30- and 90-day sums of some wallets, and the peak memory of this process in MB."""
    from reconciler.forecast.draws import draw, seed_of
    from reconciler.forecast.fit import fit
    from reconciler.forecast.panel import make_panel
    from reconciler.forecast.paths import simulate

    first, count = bounds
    ends = np.full(count, np.datetime64(END, "D"))
    learned = fit(make_panel(histories(first, count), ends), **asked)
    seeds = [seed_of("benchmark", str(number), END) for number in range(first, first + count)]
    paths = simulate(learned, draw(seeds, shared_seed=1, paths=PATHS, weeks=-(-DAYS // 7)), days=DAYS)
    sums = np.stack([paths[:, :, :30].sum(axis=2), paths.sum(axis=2)])
    quantiles = np.quantile(sums, [0.025, 0.1, 0.5, 0.9, 0.975], axis=2)
    return quantiles, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def time_many(wallets: int, processes: int) -> tuple[float, float]:
    """Return seconds and megabytes for all wallets; the time includes generating the histories."""
    bounds = [(first, min(CHUNK, wallets - first)) for first in range(0, wallets, CHUNK)]
    began = time.perf_counter()
    if processes == 1:
        memory = max(forecast_chunk(part)[1] for part in bounds)
    else:
        with ProcessPoolExecutor(processes) as pool:
            memory = processes * max(peak for _, peak in pool.map(forecast_chunk, bounds))
    return time.perf_counter() - began, memory


def time_before() -> float:
    """Return how many times as long as by the method before a forecast takes: processor time, the least of three."""
    best: dict[str, float] = {}
    for _ in range(3):
        for label, asked in (("now", {}), ("before", {"mechanisms": ()})):
            began = time.process_time()
            for first in range(0, OWN_SERIES // 2, CHUNK):
                forecast_chunk((first, CHUNK), **asked)
            best[label] = min(best.get(label, np.inf), time.process_time() - began)
    return float(best["now"] / best["before"])


def question(number: int) -> Any:
    """Return all that a plan asks about one wallet."""
    from reconciler.findings import Origin
    from reconciler.forecast.project import WalletQuestion
    from reconciler.model.desired import DesiredWallet
    from reconciler.model.kinds.billing_budget import BillingBudget
    from reconciler.model.money import Money
    from reconciler.model.period import Period
    from reconciler.model.purse import Purse
    from reconciler.model.team import AnnualPlan
    from reconciler.model.wallet_target import WalletTarget

    key = f"team_{number}"
    target = Money(Decimal(4000), "USD")
    setting = WalletTarget(team_id=key, monthly=target.amount)
    alert = BillingBudget(
        scope_type="team",
        scope_id=key,
        name="monthly",
        amount=target.amount,
        currency="USD",
        alert_percentages=(80, 100),
    )
    return WalletQuestion(
        wallet=DesiredWallet(
            team=f"team{number}",
            environment="prod",
            key=WalletRef.team(key),
            currency="USD",
            setting=setting,
            origin=Origin(""),
        ),
        plan=AnnualPlan.model_validate({"growth": [{"reason": "more", "rate": "10%", "from": "2026-09"}]}),
        live_target=target,
        desired_target=target,
        live=Purse(target.amount),
        desired=Purse(target.amount),
        targets={Period.of(END).plus(month): target for month in range(1, 13)},
        alerts_live=(alert,),
        alerts_desired=(alert,),
    )


def organization() -> Any:
    from reconciler.model.organization import OrganizationBudget

    return OrganizationBudget.model_validate(
        {
            "version": 1,
            "organization": "org_acme",
            "currency": "USD",
            "annual_target": "700000.00",
            "fiscal_year": {"name": "FY2027", "starts": "2026-06"},
            "environments": ["prod"],
        }
    )


def time_four_wallets() -> float:
    """Return the seconds of one whole forecast of four wallets: alerts, twelve months, the year, the table."""
    from reconciler.forecast.context import forecast_context
    from reconciler.forecast.project import project
    from reconciler.model.period import Period

    as_of = END + timedelta(days=1)
    questions = [question(number) for number in range(1, 5)]
    usage = generated_usage(4)
    began = time.perf_counter()
    period = Period.of(as_of)
    context = forecast_context(usage, questions, organization=organization(), period=period, as_of=as_of, teams={})
    project(questions, context)
    return time.perf_counter() - began


def generated_usage(wallets: int, *, days: int = HISTORY_DAYS) -> Any:
    """Return daily usage of so many wallets."""
    from reconciler.model.usage import NANO, DailyUsage, UsageSource

    costs = np.stack(histories(1, wallets, days=days))
    first = END - timedelta(days=days - 1)
    count = costs.size
    source = UsageSource(
        digest="",
        first_day=first,
        last_day=END,
        last_complete_day=END,
        data_as_of=None,
        rows=count,
        duplicates=0,
        unpriced_rows=0,
        unpriced_share=0.0,
    )
    empty: dict[str, Any] = {name: np.full(count, "", dtype=np.str_) for name in TEXTS}
    empty |= {name: np.zeros(count, dtype=np.int64) for name in INTEGERS}
    return DailyUsage(
        source=source,
        day=np.repeat(np.datetime64(first, "D") + np.arange(days).astype("timedelta64[D]"), wallets),
        wallet=np.tile(np.array([f"team_{number}" for number in range(1, wallets + 1)]), days),
        cost=(costs.T.ravel() * NANO).astype(np.int64),
        **empty,
    )


def print_shards(wallets: int) -> None:
    """Print what a whole forecast of many wallets takes: the time, and the memory of each process."""
    from reconciler.app.processors import shard_runner
    from reconciler.forecast.context import forecast_context
    from reconciler.forecast.project import project
    from reconciler.model.period import Period

    as_of, asked = END + timedelta(days=1), [question(number) for number in range(1, wallets + 1)]
    usage = generated_usage(wallets, days=END.day)
    before = peak_megabytes()
    began, worked = time.perf_counter(), time.process_time()
    with shard_runner(wallets) as run_shards:
        about = {"organization": organization(), "period": Period.of(as_of), "as_of": as_of, "teams": {}}
        made = project(asked, forecast_context(usage, asked, **about), run_shards=run_shards)
        seconds, others = time.perf_counter() - began, [peak_megabytes(each) for each in started_by()]
    ended = resource.getrusage(resource.RUSAGE_CHILDREN)
    processor = time.process_time() - worked + ended.ru_utime + ended.ru_stime
    print(
        f"{len(made.wallets):,} wallets x {END.day} days, in shards: {seconds:.1f} s, {processor:.1f} s of processors"
    )
    print(f"  this process {peak_megabytes():.0f} MB with all answers, {before:.0f} MB before")
    print(f"  the others {', '.join(f'{each:.0f} MB' for each in others)}")


def compare_with_peer() -> bool:
    """Print AutoETS beside the forecast, one process each: time a series, and CRPS of the next month."""
    gates = importlib.import_module("forecast_gates")
    from reconciler.forecast.backtest import ForecastOrigin

    origins = []
    for number, values in enumerate(histories(1, PEER_SERIES, days=HISTORY_DAYS + 30)):
        past, future = values[:HISTORY_DAYS], values[HISTORY_DAYS:]
        scale = max(float(past[-56:].mean()) * 30, 1e-9)
        origins.append(ForecastOrigin(f"generated/{number}", END + timedelta(days=1), past, 0, future, scale))
    score, seconds = gates.peer_scores(origins, gates.peer_python())["AutoETS"]
    own = gates.scored(gates.sheet(origins))["forecast"]
    mine = time_many(OWN_SERIES, 1)[0] / OWN_SERIES
    ratio = seconds / mine
    print(f"  a series: forecast {1000 * mine:.2f} ms, AutoETS {1000 * seconds:.1f} ms, {ratio:.0f} times as long")
    print(f"  (at least {PEER_RATIO:.0f} times; one process each, the forecast {DAYS} days ahead, AutoETS 30)")
    print(f"  CRPS of 30 days: forecast {own.crps:.3f}, AutoETS {score.crps:.3f} ({PEER_SERIES} series)")
    return bool(ratio >= PEER_RATIO and own.crps < score.crps)


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--wallets", type=int, default=10_000)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--statsforecast", action="store_true")
    parser.add_argument("--shards", type=int, default=0, metavar="WALLETS")
    options = parser.parse_args(arguments)
    if options.shards:
        print_shards(options.shards)
        return 0
    time_four_wallets()
    four = min(time_four_wallets() for _ in range(3))
    seconds, memory = time_many(options.wallets, options.processes)
    limit = SECONDS * options.wallets / 10_000
    print(f"{options.wallets} wallets x {HISTORY_DAYS} days x {DAYS} days x {PATHS} paths")
    print(f"  {seconds:.1f} s on {options.processes} processes (at most {limit:.1f})")
    print(f"  {memory:.0f} MB, all processes (at most {MEGABYTES:.0f})")
    print(f"  four wallets in a plan: {four:.3f} s (at most {FOUR_WALLETS_SECONDS})")
    ratio = Ratio("forecast to the method before", time_before(), BEFORE_RATIO)
    print(ratio)
    good = seconds <= limit and memory <= MEGABYTES and four <= FOUR_WALLETS_SECONDS and ratio.holds
    if options.statsforecast:
        good = compare_with_peer() and good
    return 0 if good else 1


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
