"""Organizations of wallets that move together: the sum of their forecasts, months ahead, against what came."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import numpy as np
from gates import Gate
from generated_worlds import DRIFT, FIRST, LAST, World, timeline
from mechanism_scores import ALL, PATHS, fitted

from reconciler.forecast.draws import draw, seed_of
from reconciler.forecast.paths import simulate
from reconciler.forecast.scores import MonthScore, score_paths, summary

ORGANIZATIONS = 60
WALLETS = 12
MONTHS = (0, 1, 3, 6, 12)
TOGETHER = 0.25
"""The share of the variance of the drift that all wallets of an organization have in common."""
LEAST, MOST = 0.70, 0.95


def organization(number: int, *, seeds: int) -> list[World]:
    """Return wallets as of one day; their levels drift, in part together."""
    random = np.random.default_rng([seeds, 4, number])
    as_of = FIRST + timedelta(days=int(random.integers(0, (LAST - FIRST).days)))
    common = np.cumsum(random.normal(0, DRIFT * np.sqrt(TOGETHER / (1 - TOGETHER)), 900))
    wallets = []
    for _ in range(WALLETS):
        line = timeline(random, as_of=as_of, history=(120, 400), ahead=max(MONTHS))
        line.gross *= np.exp(common[400 + line.offset] - common[400])
        wallets.append(line.world())
    return wallets


def judge_sums(*, seeds: int, count: int = ORGANIZATIONS) -> Iterator[Gate]:
    """Print how the sums do, and yield their gates."""
    months: dict[int, list[MonthScore]] = {month: [] for month in MONTHS}
    for number in range(count):
        wallets = organization(number, seeds=seeds)
        days = wallets[0].window(max(MONTHS))[1]
        own = [seed_of("worlds", f"organization {number}", f"wallet {place}") for place in range(WALLETS)]
        draws = draw(own, shared_seed=seed_of("worlds", f"organization {number}"), paths=PATHS, weeks=-(-days // 7))
        paths = simulate(fitted(wallets, ALL), draws, days=days).sum(axis=0)
        future = np.sum([wallet.future[:days] for wallet in wallets], axis=0)
        daily = sum(wallet.daily for wallet in wallets)
        for month, scores in months.items():
            low, high = wallets[0].window(month)
            actual = float(future[low:high].sum())
            scores.append(score_paths(paths[:, low:high].sum(axis=1), actual, series="", scale=daily * (high - low)))
    print(f"sums of {WALLETS} wallets: {count} organizations whose wallets drift in part together")
    for month, scores in months.items():
        found = summary(scores)
        print(f"  month {month:<43} {count:4d}  {found.cov80 or 0:5.2f} {found.cov95 or 0:5.2f} {found.wape:5.2f}")
        name = f"sum of {WALLETS} wallets, month {month}: cov80"
        yield Gate(name, found.cov80 or 0.0, low=LEAST, high=MOST, count=count, is_goal=True)
