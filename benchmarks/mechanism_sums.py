"""Organizations of wallets that move together: the sum of their forecasts, months ahead, against what came."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta

import numpy as np
from gates import Gate
from generated_worlds import DRIFT, FIRST, LAST, Floats, World, timeline
from mechanism_scores import ALL, PATHS, fitted

from reconciler.forecast.beside import order_beside
from reconciler.forecast.common import Common, common_of
from reconciler.forecast.draws import draw, seed_of, shared_score
from reconciler.forecast.paths import simulate
from reconciler.forecast.scores import MonthScore, score_paths, summary

ORGANIZATIONS = 60
WALLETS = 12
MONTHS = (0, 1, 3, 6, 12)
TOGETHER = {"apart": 0.0, "in part together": 0.25, "mostly together": 0.7}
"""The share of the variance of the drift that all wallets of an organization have in common."""
LEAST, MOST = 0.70, 0.90


def organization(number: int, *, seeds: int, together: float) -> list[World]:
    """Return wallets as of one day; their levels drift, in part together."""
    random = np.random.default_rng([seeds, 4, number])
    as_of = FIRST + timedelta(days=int(random.integers(0, (LAST - FIRST).days)))
    common = np.cumsum(random.normal(0, DRIFT * np.sqrt(together / (1 - together)), 900))
    wallets = []
    for _ in range(WALLETS):
        line = timeline(random, as_of=as_of, history=(120, 400), ahead=max(MONTHS))
        line.gross *= np.exp(common[400 + line.offset] - common[400])
        wallets.append(line.world())
    return wallets


def judge_sums(*, seeds: int, count: int = ORGANIZATIONS) -> Iterator[Gate]:
    """Print how the sums do, and yield their gates: as they are added, and if the paths were added as they come."""
    print(f"sums of {WALLETS} wallets: {count} organizations a row, cov80 cov95 WAPE CRPS | paths as they come")
    for name, together in TOGETHER.items():
        added: dict[int, list[MonthScore]] = {month: [] for month in MONTHS}
        plain: dict[int, list[MonthScore]] = {month: [] for month in MONTHS}
        for number in range(count):
            _judge(organization(number, seeds=seeds, together=together), number, added, plain)
        for month in MONTHS:
            own, old = summary(added[month]), summary(plain[month])
            told = f"wallets that drift {name}, month {month}"
            print(
                f"  {told:<48} {count:4d}  {own.cov80 or 0:5.2f} {own.cov95 or 0:5.2f} {own.wape:5.2f} {own.crps:6.3f}"
                f" | {old.cov80 or 0:5.2f} {old.cov95 or 0:5.2f} {old.wape:5.2f} {old.crps:6.3f}"
            )
            yield Gate(
                f"sum of {WALLETS} {told}: cov80", own.cov80 or 0.0, low=LEAST, high=MOST, count=count, is_goal=True
            )


def _judge(
    wallets: Sequence[World], number: int, added: dict[int, list[MonthScore]], plain: dict[int, list[MonthScore]]
) -> None:
    days = wallets[0].window(max(MONTHS))[1]
    own = [seed_of("worlds", f"organization {number}", f"wallet {place}") for place in range(WALLETS)]
    shared = seed_of("worlds", f"organization {number}")
    paths = simulate(fitted(wallets, ALL), draw(own, shared_seed=shared, paths=PATHS, weeks=-(-days // 7)), days=days)
    common = common_of([wallet.history for wallet in wallets])
    year = _beside(paths, days, common, shared)
    future = np.sum([wallet.future[:days] for wallet in wallets], axis=0)
    daily = sum(wallet.daily for wallet in wallets)
    for month in MONTHS:
        low, high = wallets[0].window(month)
        near = year if month else _beside(paths, high, common, shared)
        for found, scores in ((near, added), (paths, plain)):
            total = found[:, :, low:high].sum(axis=(0, 2))
            actual = float(future[low:high].sum())
            scores[month].append(score_paths(total, actual, series="", scale=daily * (high - low)))


def _beside(paths: Floats, days: int, common: Common, shared: int) -> Floats:
    """Return the paths of wallets, float64[wallets, paths, days], in the order in which those of `days` are added."""
    score = shared_score(shared, paths=PATHS, weeks=-(-days // 7))
    totals = paths[:, :, :days].sum(axis=2)
    orders = [order_beside(total, score, variance=common.over(days)) for total in totals]
    return np.stack([own[order] for own, order in zip(paths, orders, strict=True)])
