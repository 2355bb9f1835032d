"""`kt-budgets backtest` from files: scores beside the naive methods, and plain words about who was better."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cli.conftest import Run
from cli.outlook_world import World, make_world, steady, write_usage


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    return make_world(tmp_path_factory.mktemp("world"))


def scored(kt: Run, world: World, *options: object, usage: Path | None = None) -> dict[str, Any]:
    done = kt("backtest", *world.options(usage=usage), "--format", "json", *options)
    assert done.code == 0, done.err
    read: dict[str, Any] = json.loads(done.out)
    return read


@pytest.mark.parametrize("width", [80, 120])
def test_the_text_shows_scores_reliability_and_wallets(
    width: int, world: World, kt: Run, golden: Callable[[str, str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    done = kt("backtest", *world.options())

    assert done.code == 0, done.err
    golden(f"report/forecast-backtest-{width}.txt", done.out)
    assert max(map(len, done.out.splitlines())) <= width


def test_the_json_has_every_score_of_every_method(world: World, kt: Run) -> None:
    read = scored(kt, world, "--months", "6")

    assert read["format"] == "kt-budgets.backtest/1"
    assert [(one["team"], one["environment"]) for one in read["wallets"]] == [
        ("finance", "prod"),
        ("support", "prod"),
        ("support", "dev"),
    ]
    methods = read["overall"]["methods"]
    assert set(methods) == {"forecast", "run_rate", "mean_28_days", "linear_30_days"}
    own = methods["forecast"]
    assert own["origins"] == 3 * 6 * 4
    assert own["wape"] < methods["run_rate"]["wape"]
    assert 0 <= own["cov80"] <= own["cov95"] <= 1
    assert sum(entry["count"] for entry in own["reliability"]) > 0
    assert methods["run_rate"]["cov80"] is None


def test_a_wallet_is_tested_alone(world: World, kt: Run) -> None:
    (alone,) = scored(kt, world, "--months", "2", "--wallet", "support/dev")["wallets"]

    assert alone == scored(kt, world, "--months", "2")["wallets"][2]


def test_a_naive_method_that_was_better_is_named(world: World, kt: Run, tmp_path: Path) -> None:
    usage = tmp_path / "line.csv"
    write_usage(usage, {"team_finance": lambda day: 10.0 + 1.5 * day}, flat=True)
    done = kt("backtest", *world.options(usage=usage))
    words = " ".join(done.out.split())

    assert "finance / prod: 30-day line was nearer, WAPE 0.000 against" in words
    assert "so by a tenth in both halves of the time; see in `kt-budgets forecast` what is unusual about it." in words
    shown = kt("backtest", *world.options(usage=usage), "--months", "1").out
    assert "few forecasts" in " ".join(shown.split())


def test_too_short_a_past_is_said(world: World, kt: Run, tmp_path: Path) -> None:
    usage = tmp_path / "short.csv"
    write_usage(usage, {"team_finance": steady(50.0)}, days=20)

    assert "There is nothing to test on" in kt("backtest", *world.options(usage=usage)).out
    assert scored(kt, world, usage=usage)["wallets"] == []


@pytest.mark.parametrize(
    ("options", "code", "said"),
    [
        (("--wallet", "support/pro"), 2, "did you mean `support/prod`?"),
        (("--months", "0"), 2, "1<=x<=24"),
    ],
)
def test_what_is_wrong_is_said(options: tuple[str, ...], code: int, said: str, world: World, kt: Run) -> None:
    done = kt("backtest", *world.options(), *options)

    assert (done.code, done.out) == (code, "")
    assert said in done.err
