"""The worlds that the forecast is judged on: what happens there is what their names say, and they never change."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import forecast_commands
import mechanisms
import numpy as np
import pytest
from gates import Gate
from generated_worlds import ROUGH, World, lingering
from mechanism_dates import dates
from mechanism_gates import AT_LEAST, AT_MOST, GOALS, gates_of
from mechanism_scores import made_worlds, measure, worlds_of
from mechanism_silence import LADDER, ladder, silent
from mechanism_sums import judge_sums, organization
from mechanism_together import judge_together
from real_series import Series, months_ahead
from world_rows import ROWS, Row

FEW = 6


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_worlds_are_whole_and_always_the_same(row: Row) -> None:
    worlds, again = made_worlds(row, seeds=1, count=FEW), made_worlds(row, seeds=1, count=FEW + 1)
    for world, same in zip(worlds, again, strict=False):
        assert np.array_equal(world.history, same.history)
        assert np.array_equal(world.future, same.future)
        assert world.history.shape == world.credits.shape
        assert world.window(max(row.months))[1] <= len(world.future)
        assert np.isfinite(world.history).all()
        assert (world.history >= 0).all()
    other = made_worlds(row, seeds=2, count=1)[0]
    assert not np.array_equal(other.history, worlds[0].history)


def test_rough_worlds_have_noise_that_lingers() -> None:
    noise = np.random.default_rng(1).normal(size=4000)
    rough = lingering(noise, 0.6)
    assert np.corrcoef(rough[1:], rough[:-1])[0, 1] == pytest.approx(0.6, abs=0.05)
    assert rough.std() == pytest.approx(1.0, abs=0.05)
    usual = one("control: usual")
    token = ROUGH.set(True)
    try:
        assert not np.array_equal(one("control: usual").history, usual.history)
    finally:
        ROUGH.reset(token)


def one(name: str) -> World:
    return worlds_of(next(row for row in ROWS if row.name == name), seeds=1, count=1)[0]


def test_a_stopped_wallet_is_silent_and_stays_so() -> None:
    world = one("stopped, silent 14-29 days")
    assert not world.history[-14:].any()
    assert world.history[: -world.age].all()
    assert not world.future.any()


def test_a_launch_lasts() -> None:
    world = one("launch x10 to x100, 2-5 days old")
    before = float(np.median(world.history[: -world.age]))
    assert np.median(world.history[-world.age :]) > 4 * before
    assert np.median(world.future) > 4 * before


def test_a_charge_on_the_last_day_is_within_the_rest_of_each_month() -> None:
    world = one("charge on the last day")
    low, high = world.window(0)
    assert world.future[low:high].argmax() == high - 1


def test_credits_come_off_what_is_judged_and_not_off_the_history() -> None:
    world = one("daily credits 60-100%")
    assert world.credits[-1] > 0.4 * world.history[-1]
    assert np.median(world.future) < 0.6 * np.median(world.history[-28:])


def test_what_a_wallet_exports_says_what_its_days_cost_and_what_its_cache_does() -> None:
    row = next(row for row in ROWS if row.name == "columns: another cache at once")
    (made,), (read,) = made_worlds(row, seeds=4, count=1), worlds_of(row, seeds=4, count=1)
    assert read.history.sum() == pytest.approx(made.history.sum(), rel=0.05)
    assert read.index is not None
    assert read.index.ramp is not None
    assert read.index.ramp.since == pytest.approx(made.age, abs=2)


def test_every_gate_is_about_a_row_that_is_measured() -> None:
    names = {
        found.name
        for row in ROWS
        for found in measure(row, made_worlds(row, seeds=1, count=1))
        if found.score.origins == 1
    }
    assert {name for limits in (AT_LEAST, AT_MOST, GOALS) for name, _, _ in limits} <= names


def test_a_run_prints_every_row_and_returns_its_gates(capsys: pytest.CaptureFixture[str]) -> None:
    gates = mechanisms.run(seeds="tuning", count=FEW, ablate=True, only="launch x2 to x3, 2-5")
    printed = capsys.readouterr().out
    assert "6 worlds a row, seeds tuning" in printed
    assert "launch x2 to x3, 2-5 days old" in printed
    assert "none" in printed
    assert [(gate.count, gate.is_goal) for gate in gates] == [(FEW, False), (FEW, True)]


def test_the_money_of_a_usual_wallet_runs_out_when_it_should() -> None:
    row = next(row for row in ROWS if row.name == "control: usual")
    found = dates(row, worlds_of(row, seeds=1, count=30), seeds=1)
    assert found.worlds >= found.warned > 0
    assert found.inside > 0.7
    assert abs(found.expected - found.happened) < 0.2


def test_the_silence_of_a_wallet_is_the_end_of_its_history() -> None:
    world = one("control: usual")
    assert not silent(world, 3).history[-3:].any()
    assert np.array_equal(silent(world, 3).history[:-3], world.history[:-3])
    assert np.array_equal(silent(world, 0).history, world.history)
    middles, highs = ladder(seeds=1, count=3)
    assert middles.shape == highs.shape == (len(LADDER), 3)
    assert (middles <= highs).all()


def test_an_organization_is_judged_by_the_sum_of_its_wallets(capsys: pytest.CaptureFixture[str]) -> None:
    wallets = organization(0, seeds=1, together=0.25)
    assert len(wallets) == 12
    assert len({(wallet.as_of, len(wallet.future)) for wallet in wallets}) == 1
    assert [gate.count for gate in judge_sums(seeds=1, count=1)] == [1] * 15
    assert "sums of 12 wallets: 1 organizations" in capsys.readouterr().out


def test_wallets_that_dip_on_the_same_days_are_judged_with_their_event_and_without(
    capsys: pytest.CaptureFixture[str],
) -> None:
    gates = {gate.name: gate for gate in judge_together(seeds=1, count=1)}
    assert len(gates) == 5
    assert gates["nothing that is shared: told"].value == 0
    assert "each wallet by itself" in capsys.readouterr().out


def test_a_series_is_judged_some_months_ahead_where_the_month_is_there_as_a_whole() -> None:
    series = Series("source", "name", date(2026, 1, 1), np.arange(181.0) + 1)
    worlds = list(months_ahead(series, month=1, count=3))
    assert [len(world.history) >= 28 for world in worlds] == [True] * 3
    for world in worlds:
        low, high = world.window(1)
        assert high <= len(world.future)
        assert world.future[low] - world.history[-1] == low + 1
    assert not list(months_ahead(series, month=6, count=3))


def test_a_goal_that_is_missed_fails_nothing() -> None:
    missed: Any = {"name": "x", "value": 0.1, "low": 0.5}
    assert Gate(**missed).fails
    assert not Gate(**missed, is_goal=True).fails
    assert str(Gate(**missed, is_goal=True)).startswith("  goal    x")
    assert not Gate("y", 0.6, low=0.5, high=0.7).fails


def test_a_control_must_cover_what_it_should_and_lose_nothing() -> None:
    row = next(row for row in ROWS if row.name == "control: steady")
    found = measure(row, worlds_of(row, seeds=2, count=FEW))[0]
    cover, loss, told, mean = gates_of({found.name: (found, found)})
    assert (cover.low, cover.high) == (0.78, max(0.90, (found.score.cov80 or 0.0) + 0.02))
    assert loss.value == mean.value == 1.0
    assert (loss.fails, mean.fails, told.passed) == (False, False, True)


def test_the_coverage_of_each_month_ahead_is_printed_with_its_number_of_worlds() -> None:
    row = next(row for row in ROWS if row.name == "growth")
    found = measure(row, worlds_of(row, seeds=1, count=2))
    printed = [str(gate) for gate in gates_of({one.name: (one, one) for one in found})]
    assert all(f"growth, month {month}: cov80" in line for month, line in zip((1, 3, 6, 12), printed, strict=True))
    assert all(line.endswith("and at most 0.950 (goal)   n 2") for line in printed)


@pytest.mark.slow
def test_the_command_line_forecasts_the_same_worlds(capsys: pytest.CaptureFixture[str]) -> None:
    assert forecast_commands.main(["--seeds", "1", "--worlds", "3", "--rows", "control: steady"]) == 0
    printed = capsys.readouterr().out
    assert printed.startswith("3 wallets of one organization as of 2026-06-11, seeds 1, month end")
    assert "control: steady" in printed
    assert "  0 alerts at the wallet's whole money" in printed


def test_a_wallet_runs_out_on_the_day_that_spends_more_than_it_has() -> None:
    days = np.ones(40)
    world = World(date(2026, 6, 11), days, 0 * days, days[:25], 1.0, age=0)
    wallet = forecast_commands.Wallet("", world, 20.0)
    assert wallet.month[-1] == 30
    assert (wallet.first_day(1.0), wallet.first_day(0.5)) == (date(2026, 6, 21), date(2026, 6, 11))
    assert wallet.first_day(2.0) is None


def test_an_export_holds_what_is_spent_and_what_comes_back(tmp_path: Path) -> None:
    world = one("daily credits 60-100%")
    forecast_commands.write_organization(tmp_path, [forecast_commands.Wallet("", world, 1.0)])
    rows = [line.split(",") for line in (tmp_path / "usage.csv").read_text().splitlines()[1:]]
    spent = sum(float(row[3]) for row in rows)
    assert spent == pytest.approx(float((world.history - world.credits).sum()), rel=1e-6)
    assert rows[-1][1] == f"{world.as_of - timedelta(days=1)}T12:00:00Z"
    assert min(float(row[3]) for row in rows) < 0
