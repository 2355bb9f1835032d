"""A large forecast is worked out on several processors, and is the same to the last bit wherever it was."""

from __future__ import annotations

import sys
from datetime import timedelta
from pathlib import Path

import pytest
from forecast.forecast_world import AS_OF, JUNE, UsageBuilder, organization, question, steady, team

from reconciler.app.processors import COMMAND, FEWEST_AWAITED, FEWEST_WALLETS, WALLETS_EACH, shard_runner
from reconciler.forecast.context import forecast_context
from reconciler.forecast.project import project
from reconciler.forecast.question import Forecast
from reconciler.forecast.shard import ShardRunner, one_by_one
from reconciler.forecast.sharding import MOST_WALLETS, sharded

EACH = 16
WALLETS = 2 * EACH + 9
UNANSWERED = "another process did not answer"
MANY = FEWEST_WALLETS
NAMES = tuple(f"team_{number:04d}" for number in range(WALLETS))


def look_ahead(run_shards: ShardRunner = one_by_one) -> Forecast:
    """Return the forecast of several parts, of fewer wallets than usual; a few of these have a history."""
    builder = UsageBuilder()
    for name in NAMES[::20]:
        builder.series(name, AS_OF - timedelta(days=60), steady(60))
    teams = {name: team(name, prod=(name, 1000.0)) for name in NAMES}
    asked = [question(name, team=name, targets={"2026-07": 900.0}) for name in NAMES]
    context = forecast_context(
        builder.build(), asked, organization=organization(), period=JUNE, as_of=AS_OF, teams=teams
    )
    with pytest.MonkeyPatch.context() as parts:
        parts.setattr("reconciler.forecast.sharding.MOST_WALLETS", EACH)
        return project(asked, context, run_shards=run_shards)


@pytest.fixture(scope="module")
def alone() -> Forecast:
    return look_ahead()


@pytest.mark.parametrize("processors", [2, 3])
def test_a_forecast_is_the_same_on_any_number_of_processors(
    processors: int, alone: Forecast, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level("DEBUG"), shard_runner(MANY, processors=processors) as run_shards:
        assert look_ahead(run_shards) == alone
    assert UNANSWERED not in caplog.text


@pytest.mark.parametrize(
    "command",
    [
        ("no-such-program-as-this",),
        ("false",),
        ("echo", "no answer"),
        (sys.executable, "-c", "import sys; sys.stdin.read(9)"),
    ],
    ids=["cannot-start", "ends-at-once", "answers-something-else", "ends-while-it-is-told"],
)
def test_what_another_process_does_not_answer_is_worked_out_here(
    command: tuple[str, ...], alone: Forecast, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level("DEBUG"), shard_runner(MANY, processors=2, command=command) as run_shards:
        assert look_ahead(run_shards) == alone
    assert UNANSWERED in caplog.text


def test_a_process_that_hangs_is_not_waited_for(alone: Forecast, caplog: pytest.LogCaptureFixture) -> None:
    hangs = (sys.executable, "-c", "import signal; signal.pause()")
    with caplog.at_level("DEBUG"), shard_runner(MANY, processors=2, command=hangs, patience=0.1) as run_shards:
        assert look_ahead(run_shards) == alone
    assert UNANSWERED in caplog.text


def test_files_of_the_current_folder_are_not_run_in_another_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, alone: Forecast
) -> None:
    trace = tmp_path / "trace"
    for name in ("pickle", "logging", "numpy", "reconciler"):
        (tmp_path / f"{name}.py").write_text(f"open({str(trace)!r}, 'a').write({name!r})\n")
    monkeypatch.chdir(tmp_path)
    with shard_runner(MANY, processors=2, command=COMMAND) as run_shards:
        assert look_ahead(run_shards) == alone
    assert not trace.exists()


@pytest.mark.parametrize(("wallets", "processors"), [(MANY - 1, 4), (MANY, 1)])
def test_few_wallets_and_one_processor_need_no_other_process(wallets: int, processors: int) -> None:
    with shard_runner(wallets, processors=processors) as run_shards:
        assert not run_shards.others


def test_a_part_holds_whole_teams_and_every_question_once() -> None:
    sizes = [3, MOST_WALLETS - 3, 1, MOST_WALLETS + 5, 2]
    asked = [
        question(f"k{team}-{wallet}", team=f"t{team}") for team, size in enumerate(sizes) for wallet in range(size)
    ]
    mixed = asked[::2] + asked[1::2]
    parts = sharded([each.wallet for each in mixed])
    assert sorted(place for part in parts for place in part) == list(range(len(mixed)))
    holders = [{mixed[place].wallet.team for place in part} for part in parts]
    assert [sorted(names) for names in holders] == [["t0", "t1"], ["t2"], ["t3"], ["t4"]]
    assert all(part == sorted(part) for part in parts)


def test_a_process_that_ends_after_some_answers_leaves_the_rest_to_others(
    alone: Forecast, caplog: pytest.LogCaptureFixture
) -> None:
    once = (sys.executable, "-P", "-c", "from reconciler.app.processors import answer; answer()")
    with caplog.at_level("DEBUG"), shard_runner(MANY, processors=2, command=once) as run_shards:
        assert look_ahead(run_shards) == alone
        assert look_ahead(run_shards) == alone
    assert UNANSWERED in caplog.text


def test_there_is_a_process_for_each_processor_that_has_enough_to_do() -> None:
    with shard_runner(4 * WALLETS_EACH, processors=64, command=("false",)) as run_shards:
        assert len(run_shards.others) == 3


@pytest.mark.parametrize(
    ("wallets", "others"), [(FEWEST_WALLETS - 1, 0), (FEWEST_AWAITED - 1, 1), (FEWEST_AWAITED, 2), (10**6, 2)]
)
def test_who_waits_for_many_ledgers_leaves_its_processor_to_another_process(wallets: int, others: int) -> None:
    with shard_runner(wallets, reading=True, processors=2, command=("false",)) as run_shards:
        assert len(run_shards.others) == others


def test_one_processor_forecasts_while_it_waits_for_many_ledgers() -> None:
    with shard_runner(FEWEST_AWAITED, reading=True, processors=1, command=("false",)) as run_shards:
        assert len(run_shards.others) == 1
