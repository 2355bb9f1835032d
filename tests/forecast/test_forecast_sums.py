"""Sums of wallets: how far wallets move together is learned from them, and moves no figure of a single one."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import numpy.typing as npt
import pytest
from forecast.forecast_world import AS_OF, UsageBuilder, ask, question

from reconciler.forecast.beside import order_beside
from reconciler.forecast.common import TOGETHER, Common, common_of
from reconciler.forecast.draws import shared_score
from reconciler.forecast.long_run import WALK

Floats = npt.NDArray[np.float64]
DAYS = 392
STEP = 0.01


def wallets(count: int, *, together: float, seed: int = 3) -> list[Floats]:
    """Return the days of wallets whose levels walk by 1% a day, of which so much is the same walk."""
    random = np.random.default_rng(seed)
    shared = np.sqrt(together) * random.normal(0, STEP, DAYS).cumsum()
    own = np.sqrt(1 - together) * random.normal(0, STEP, (count, DAYS)).cumsum(axis=1)
    return list(100 * np.exp(shared + own + random.normal(0, 0.2, (count, DAYS))))


def test_wallets_that_move_together_are_told_from_those_that_do_not() -> None:
    apart, mostly = (common_of(wallets(60, together=part)).variance for part in (0.0, 0.7))
    assert apart < 0.2 * STEP**2
    assert 0.35 * STEP**2 < mostly < STEP**2


def test_days_off_that_all_share_are_no_walk() -> None:
    histories = wallets(60, together=0.0)
    for history in histories:
        history[200:203] *= 0.1
    assert common_of(histories).variance < 0.2 * STEP**2


@pytest.mark.parametrize("histories", [[], [np.ones(40)]], ids=["none", "short"])
def test_without_a_past_a_quarter_of_the_usual_walk_is_shared(histories: list[Floats]) -> None:
    assert common_of(histories).variance == pytest.approx(TOGETHER * WALK**2)


def test_one_wallet_says_how_it_walks_and_shares_a_quarter_of_it() -> None:
    assert 0.1 * STEP**2 < common_of(wallets(1, together=0.0)).variance < 0.25 * (WALK**2 + STEP**2)


def test_a_new_order_keeps_every_path_and_shares_as_much_as_it_should() -> None:
    random = np.random.default_rng(5)
    score = shared_score(1, paths=500, weeks=20)
    totals = np.exp(random.normal(5, 0.2, (2, 500)))
    for share in (0.0, 0.3, 0.8):
        orders = [order_beside(total, score, variance=share * 0.2**2) for total in totals]
        assert all(np.array_equal(np.sort(order), np.arange(500)) for order in orders)
        one, other = (np.log(total[order]) for total, order in zip(totals, orders, strict=True))
        assert np.corrcoef(one, other)[0, 1] == pytest.approx(share, abs=0.1)


def test_paths_that_do_not_differ_stay_where_they_are() -> None:
    score = shared_score(1, paths=100, weeks=5)
    for total in (np.zeros(100), np.full(100, 7.0)):
        assert np.array_equal(order_beside(total, score, variance=1.0), np.arange(100))


def test_what_is_shared_grows_with_the_days_and_with_a_short_past() -> None:
    assert Common(1e-4, 300).over(30) < Common(1e-4, 300).over(90) < Common(1e-4, 100).over(90)


def test_a_year_is_wider_where_its_wallets_move_together_and_no_wallet_is() -> None:
    spread = {}
    for together in (0.0, 0.9):
        usage, asked = UsageBuilder(), []
        for number, days in enumerate(wallets(8, together=together, seed=4)):
            name = f"team_{number}"
            usage.series(name, AS_OF - timedelta(days=DAYS), days)
            asked.append(question(name, team=name, charted=False))
        forecast = ask(usage.build(), *asked)
        assert forecast.year is not None
        low, middle, high = (float(forecast.year.quantiles[key]) for key in ("0.1", "0.5", "0.9"))
        spread[together] = (high - low) / middle
        assert forecast.wallets[0] == ask(usage.build(), asked[0]).wallets[0]
    assert spread[0.9] > 1.1 * spread[0.0]
