"""Backtest: the forecast on the user's own past, beside the usual guesses, in measures that can be checked by hand."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pytest
from forecast.forecast_world import AS_OF, UsageBuilder, steady

from reconciler.forecast.backtest import ScoreSheet, backtest, better_method
from reconciler.forecast.naive import naive_rest
from reconciler.forecast.scores import Chance, MonthScore, crps, reliability, score_paths, score_point, summary


def month(point: float, actual: float = 10.0) -> MonthScore:
    return score_point(point, actual, series="s", scale=1.0)


def test_the_naive_methods_are_what_their_names_say() -> None:
    history = np.arange(1.0, 41.0)
    assert naive_rest("run_rate", history, elapsed=4, days=2).tolist() == [38.5, 38.5]
    assert naive_rest("run_rate", history, elapsed=0, days=1).tolist() == [26.5]
    assert naive_rest("mean_28_days", history, elapsed=4, days=1).tolist() == [26.5]
    assert naive_rest("linear_30_days", history, elapsed=4, days=2).tolist() == pytest.approx([41, 42])
    assert naive_rest("linear_30_days", history[:1], elapsed=0, days=2).tolist() == [1, 1]
    assert naive_rest("run_rate", np.array([np.nan]), elapsed=1, days=1).tolist() == [0]
    assert (naive_rest("linear_30_days", history[::-1], elapsed=1, days=60) >= 0).all()


def test_crps_of_one_path_is_the_absolute_error_and_spread_is_rewarded_when_wrong() -> None:
    assert crps(np.array([3.0]), 5.0) == 2
    assert crps(np.array([0.0, 2.0]), 1.0) == pytest.approx(0.5)
    assert crps(np.array([2.0, 8.0]), 5.0) < crps(np.array([8.0, 8.0]), 5.0)


def test_scores_add_up_over_origins() -> None:
    paths = np.linspace(0, 20, 1001)
    months = [score_paths(paths, 10, series="s", scale=1.0), score_paths(paths, 19, series="s", scale=1.0)]
    score = summary(months, [Chance(0.25, happened=False), Chance(1.0, happened=True)])
    assert score.origins == 2
    assert (score.cov80, score.cov95, score.above_p90) == (0.5, 1.0, 0.5)
    assert score.wape == pytest.approx(9 / 29)
    assert score.brier == pytest.approx(0.0625 / 2)
    assert [(entry.low, entry.count, entry.gap) for entry in score.reliability] == [(0.2, 1, 0.25), (0.9, 1, 0.0)]
    assert score.calibration_error == pytest.approx(0.125)
    assert score.largest_gap == 0
    assert summary([]).origins == 0
    assert summary([month(8)], interval=False).cov80 is None


def test_the_largest_gap_is_judged_where_there_is_enough_to_judge() -> None:
    many = [Chance(0.55, happened=number % 5 == 0) for number in range(40)]
    score = summary([month(10)], many)
    assert score.largest_gap == pytest.approx(0.35)
    assert len(reliability(many)) == 1


def test_a_backtest_scores_each_wallet_and_all_of_them() -> None:
    usage = UsageBuilder()
    usage.series("team_support", AS_OF - timedelta(days=382), steady(382, noise=0.3))
    usage.series("team_dev", AS_OF - timedelta(days=100), steady(100, noise=0.2))
    usage.series("team_new", AS_OF - timedelta(days=10), steady(10))
    report = backtest(usage.build(), as_of=AS_OF, organization="org_acme")
    assert [wallet.wallet for wallet in report.wallets] == ["team_dev", "team_support"]
    own, naive = report.overall.scores["forecast"], report.overall.scores["run_rate"]
    assert own.origins == sum(wallet.scores["forecast"].origins for wallet in report.wallets)
    assert own.crps < naive.crps
    assert naive.cov80 is None
    assert own.cov80 is not None
    assert own.cov80 > 0.6
    assert report.overall.date_error_days is not None
    assert report == backtest(usage.build(), as_of=AS_OF, organization="org_acme")


def test_a_backtest_looks_only_at_what_was_known() -> None:
    costs = steady(382, noise=0.1)
    usage = UsageBuilder().series("team_support", AS_OF - timedelta(days=382), costs).build()
    costs[-10:] *= 50  # this month: it is not over, so it is not scored
    changed = UsageBuilder().series("team_support", AS_OF - timedelta(days=382), costs).build()
    one, other = (backtest(table, as_of=AS_OF, organization="o") for table in (usage, changed))
    assert one == other


def test_silent_wallets_are_not_scored() -> None:
    usage = UsageBuilder().row(date(2025, 6, 1), "team_support", -1.0, credits=-1.0)
    usage.series("team_old", date(2025, 6, 1), [5.0])
    usage.series("team_x", AS_OF - timedelta(days=5), steady(5))
    assert backtest(usage.build(), as_of=AS_OF, organization="o", wallets=["team_support"]).wallets == ()
    assert backtest(usage.build(), as_of=AS_OF, organization="o").overall.date_error_days is None


def record(forecast: list[float], run_rate: list[float]) -> ScoreSheet:
    made = ScoreSheet()
    for own, other in zip(forecast, run_rate, strict=True):
        made.add("forecast", month(own))
        made.add("run_rate", month(other))
        made.add("mean_28_days", month(99))
        made.add("linear_30_days", month(99))
    return made


def test_a_naive_method_is_named_only_when_it_was_better_in_both_halves() -> None:
    assert better_method(record([14.0] * 12, [11.0] * 12)) == "run_rate"
    assert better_method(record([14.0] * 12, [11.0] * 6 + [15.0] * 6)) is None
    assert better_method(record([14.0] * 11, [11.0] * 11)) is None
    assert better_method(record([10.0] * 12, [10.0] * 12)) is None
    assert better_method(ScoreSheet()) is None
