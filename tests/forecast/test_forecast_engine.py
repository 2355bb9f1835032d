"""The method, part by part: weeks, month ends, levels, regimes, trends, residuals and random numbers."""

from __future__ import annotations

from datetime import date

import numpy as np
import numpy.typing as npt
import pytest
from forecast.forecast_world import steady

from reconciler.forecast.draws import draw, seed_of
from reconciler.forecast.fit import Fit, fit, fit_pool
from reconciler.forecast.panel import future_phases, is_month_end, make_panel
from reconciler.forecast.paths import simulate
from reconciler.forecast.shape import fit_shape

END = np.datetime64("2026-06-17", "D")
BLOCKS = [0.743523411097237, 0.8325945672474573, 0.8835534140597793, 0.9253593418854089]
SHOCKS = [0.15433541526428407, 0.04456571175022812, -0.15433541526428407, -0.04456571175022812]
Floats = npt.NDArray[np.float64]


def fitted(values: Floats, *, end: np.datetime64 = END) -> Fit:
    return fit(make_panel([values], np.array([end])))


def paths_of(values: Floats, *, days: int = 30, end: np.datetime64 = END, paths: int = 500) -> Floats:
    draws = draw([seed_of("test")], shared_seed=1, paths=paths, weeks=-(-days // 7))
    return np.asarray(simulate(fitted(values, end=end), draws, days=days)[0])


def middle(values: Floats, *, days: int = 30) -> float:
    """The median of the simulated mean day."""
    return float(np.median(paths_of(values, days=days).mean(axis=1)))


def test_a_weekday_profile_lands_on_its_weekdays() -> None:
    week = np.tile([200.0, 100, 100, 100, 100, 50, 50], 30)  # oldest first, ends with the two cheap days
    days = np.median(paths_of(week, days=7), axis=0)
    assert days[0] == pytest.approx(200, rel=0.1)
    assert days[5:] == pytest.approx([50, 50], rel=0.1)
    assert future_phases(8).tolist() == [6, 5, 4, 3, 2, 1, 0, 6]


def test_month_ends_cost_more_only_where_two_were_seen() -> None:
    days = np.arange(np.datetime64("2026-01-10"), np.datetime64("2026-06-18"))
    costs = np.where(is_month_end(days), 500.0, 100.0)
    ahead = np.median(paths_of(costs, days=13), axis=0)
    assert ahead[9] == pytest.approx(100, rel=0.15)
    assert ahead[10:] == pytest.approx(500, rel=0.2)
    once = fit_shape(make_panel([costs[-40:]], np.array([END])))
    assert once.month_end[0] == 1


def test_the_level_is_not_biased_by_noise() -> None:
    ends = [middle(steady(200, noise=0.5, seed=seed)) for seed in range(20)]
    assert float(np.mean(ends)) == pytest.approx(100 * np.exp(0.125), rel=0.1)


def test_one_runaway_day_hardly_moves_the_level_and_stays_in_the_pool() -> None:
    costs = steady(120, noise=0.05)
    costs[-10] = 3000
    assert middle(costs) == pytest.approx(100, rel=0.35)
    assert paths_of(costs).max() > 1500


def test_an_outage_does_not_lower_the_level() -> None:
    costs = steady(120, noise=0.1)
    costs[-3:-1] = 0
    assert middle(costs) == pytest.approx(100, rel=0.06)


@pytest.mark.parametrize("factor", [0.5, 2.0])
def test_a_price_cut_or_a_launch_is_followed_within_a_week(factor: float) -> None:
    costs = steady(200, noise=0.1)
    costs[-8:] *= factor
    assert middle(costs) == pytest.approx(100 * factor, rel=0.1)
    assert fitted(costs).shift.days[0] in range(6, 11)


def test_a_change_that_may_be_noise_makes_the_forecast_wider_not_certain() -> None:
    costs = steady(200, noise=0.25)
    costs[-5:] *= 1.5
    learned = fitted(costs)
    calm = paths_of(steady(200, noise=0.25)).sum(axis=1)
    doubtful = paths_of(costs).sum(axis=1)
    assert 0 < learned.shift.probability[0] < 1
    assert np.ptp(np.quantile(doubtful, [0.1, 0.9])) > np.ptp(np.quantile(calm, [0.1, 0.9]))


def test_growth_that_has_lasted_goes_on_for_a_while() -> None:
    growing = steady(200, noise=0.05) * np.exp(0.008 * (np.arange(200) - 199))
    assert middle(growing) == pytest.approx(100 * np.exp(0.008 * 15), rel=0.08)
    assert fitted(growing).trend.slope[0] == pytest.approx(0.056, rel=0.2)


def test_an_intermittent_wallet_keeps_its_silent_days() -> None:
    batch = np.tile([0.0, 0, 0, 0, 0, 0, 70], 40)
    paths = paths_of(batch, days=28)
    assert float(np.median(paths.sum(axis=1))) == pytest.approx(280, rel=0.15)
    assert float(np.median((paths < 3).mean(axis=1))) > 0.8


def test_unknown_days_are_left_out_and_do_not_shift_the_week() -> None:
    week = np.tile([200.0, 100, 100, 100, 100, 50, 50], 30)
    week[-12:-8] = np.nan
    assert np.median(paths_of(week, days=7), axis=0)[0] == pytest.approx(200, rel=0.12)
    assert fitted(week).history_days[0] == 206


def test_histories_of_any_length_have_a_forecast() -> None:
    for days in (0, 1, 2, 6, 7, 8, 13, 29, 500):
        paths = paths_of(steady(days), days=5)
        assert np.isfinite(paths).all()
        assert (paths >= 0).all()
    assert paths_of(np.zeros(40)).max() == 0
    assert paths_of(np.full(40, np.nan)).max() == 0


def test_residuals_are_whole_weeks_with_mean_one() -> None:
    panel = make_panel([steady(200, noise=0.4), np.full(3, 5.0)], np.array([END, END]))
    pool = fit_pool(panel.values, fit_shape(panel).over(panel), tamed=panel.values)
    assert pool.weeks.shape[2] == 7
    assert pool.weeks[0, : pool.count[0]].mean() == pytest.approx(1, rel=0.03)
    assert pool.weeks[1, 0].tolist() == [1.0] * 7


def test_series_do_not_influence_each_other() -> None:
    alone = paths_of(steady(150))
    panel = make_panel([steady(300, seed=3), steady(150)], np.array([END, END]))
    draws = draw([5, seed_of("test")], shared_seed=1, paths=500, weeks=5)
    assert np.allclose(simulate(fit(panel), draws, days=30)[1], alone)


def test_the_beginning_of_a_path_does_not_depend_on_the_horizon() -> None:
    assert np.array_equal(paths_of(steady(100), days=20), paths_of(steady(100), days=90)[:, :20])


def test_shocks_come_in_mirrored_pairs_of_variance_one() -> None:
    draws = draw([1, 2], shared_seed=3, paths=20000, weeks=2)
    assert np.array_equal(draws.shock[:, :10000], -draws.shock[:, 10000:])
    assert draws.shock.std() == pytest.approx(1, abs=0.05)
    assert draws.walk.std() == pytest.approx(1, abs=0.02)
    assert 0.15 < float(np.mean(draws.walk[0, 0] * draws.walk[1, 0])) < 0.35
    assert seed_of("a", date(2026, 6, 1)) != seed_of("a", date(2026, 6, 2))


def test_the_random_numbers_of_a_wallet_are_the_same_everywhere() -> None:
    draws = draw([seed_of("org_acme", "team_support", date(2026, 6, 18))], shared_seed=0, paths=4, weeks=1)
    assert draws.block[0, 0] == pytest.approx(BLOCKS)
    assert draws.shock[0] == pytest.approx(SHOCKS)


def test_a_longer_horizon_is_more_uncertain() -> None:
    paths = paths_of(steady(300), days=360)

    def relative_width(low: int, high: int) -> float:
        band = np.quantile(paths[:, low:high].sum(axis=1), [0.1, 0.5, 0.9])
        return float((band[2] - band[0]) / band[1])

    assert relative_width(330, 360) > 1.5 * relative_width(0, 30)
