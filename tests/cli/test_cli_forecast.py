"""`kt-budgets forecast` from files: what it prints, in every format, and what stops it."""

from __future__ import annotations

import csv
import io
import json
import os
import subprocess
import sys
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from cli.conftest import Run
from cli.outlook_world import COLUMNS, FINANCE, SUPPORT, World, make_world, steady, write_budgets, write_usage

from reconciler.app.schemas import schemas
from reconciler.findings import ExitCode
from reconciler.model.outlook import ForecastDocument

pytestmark = pytest.mark.slow

Golden = Callable[[str, str], None]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    return make_world(tmp_path_factory.mktemp("world"))


@pytest.fixture
def own_world(tmp_path: Path, world: World) -> World:
    """A world whose budgets a test may change; the usage is shared."""
    own = World(tmp_path)
    write_budgets(own)
    own.usage.symlink_to(world.usage)
    return own


def document(kt: Run, world: World, *options: object, **more: Any) -> dict[str, Any]:
    done = kt("forecast", *world.options(**more), "--format", "json", *options)
    assert done.code == 0, done.err
    read: dict[str, Any] = json.loads(done.out)
    return read


@pytest.mark.parametrize("width", [80, 120])
def test_the_text_has_a_row_a_wallet_its_pictures_the_months_and_the_year(
    width: int, world: World, kt: Run, golden: Golden, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    done = kt("forecast", *world.options())

    assert done.code == 0
    golden(f"report/forecast-files-{width}.txt", done.out)
    assert max(map(len, done.out.splitlines())) <= width
    assert "no token was given: nothing was read from Keeptrusts" in done.err


def test_the_json_is_what_the_schema_says(world: World, kt: Run) -> None:
    read = document(kt, world)

    assert set(read) == {"format", "notices", "usage", "wallets", "year"}
    jsonschema.validate(read, schemas()["forecast.schema.json"])
    wallets = ForecastDocument.model_validate(read).wallets
    assert [(found.team, found.environment) for found in wallets] == [
        ("finance", "prod"),
        ("support", "prod"),
        ("support", "dev"),
    ]


def test_rows_and_money_that_were_left_out_are_told_in_every_format(own_world: World, kt: Run) -> None:
    lines = own_world.usage.read_text(encoding="utf-8").splitlines(keepends=True)
    place = lines[0].split(",").index("cost")
    spoiled = own_world.folder / "spoiled.csv"
    missing = Decimal(0)
    with spoiled.open("w", encoding="utf-8") as file:
        for number, line in enumerate(lines):
            values = line.split(",")
            if number and number % 7 == 0:
                missing += Decimal(values[place])
                values[place] = f"${values[place]}"
            file.write(",".join(values))
    read = document(kt, own_world, usage=spoiled)
    (doubt,) = read["usage"]["doubts"]
    assert (doubt["code"], doubt["row"], doubt["rows"]) == ("bad-cost", 8, (len(lines) - 1) // 7)
    assert Decimal(doubt["cost"]) == missing.quantize(Decimal("0.01"))
    assert read["usage"]["left_out"]["month_share"] == doubt["month_share"] > 0.05
    words = f"{doubt['rows']} rows (first: row 8), USD {missing:,.2f}, USD {Decimal(doubt['month_cost']):,.2f} of it in"
    assert words in next(notice["message"] for notice in read["notices"] if notice["code"] == "bad-cost")
    text = kt("forecast", *own_world.options(usage=spoiled)).out
    assert words in " ".join(text.split())


def test_a_usage_store_is_used_and_told(world: World, kt: Run, tmp_path: Path) -> None:
    command = ("forecast", *world.options(), "--usage-store", str(tmp_path))
    first, second = kt(*command), kt(*command)
    assert f"usage store {tmp_path}: read 1 of 1 exports, " in first.err
    assert f"usage store {tmp_path}: read 0 of 1 exports, 0.0 MB; 1 unchanged" in second.err
    assert first.out == second.out
    (tmp_path / "manifest.json").write_text("")
    assert f"the usage store {tmp_path} was not used as it is: its list is cut" in kt(*command).err


def test_an_engine_that_there_is_not_is_refused_with_those_that_there_are(world: World, kt: Run) -> None:
    refused = kt("forecast", *world.options(), "--engine", "sparc")
    assert refused.code == 2
    assert "`--engine sparc` is no engine that reads usage" in refused.err
    assert "write duckdb, spark, local[N]" in refused.err


def test_without_a_ledger_each_wallet_holds_its_target_less_what_it_spent(world: World, kt: Run) -> None:
    finance, support, _ = document(kt, world)["wallets"]

    assert finance["desired"]["target"] == finance["desired"]["ceiling"] == "2500.00"
    assert support["live"] == support["desired"]
    assert Decimal(support["desired"]["money_left"]) == 9000 - Decimal(support["spend_to_date"])


def test_a_month_to_come_is_funded_on_top_of_what_is_left(world: World, kt: Run) -> None:
    _, support, _ = document(kt, world, "--period", "2026-07")["wallets"]
    _, june, _ = document(kt, world)["wallets"]

    rest = Decimal(june["desired"]["ceiling"]) - Decimal(june["month_end"]["quantiles"]["0.5"])
    assert float(support["desired"]["ceiling"]) == pytest.approx(float(rest + 9000), abs=100)
    assert support["desired"]["money_left"] == support["desired"]["ceiling"]


def test_a_month_that_is_over_is_exact(world: World, kt: Run) -> None:
    _, support, _ = document(kt, world, "--period", "2026-05")["wallets"]

    assert set(support["month_end"]["quantiles"].values()) == {support["spend_to_date"]}


@pytest.mark.parametrize("command", [["forecast"], ["recommend"], ["whatif", "--growth", "support=+5%"]])
def test_a_month_that_was_over_before_the_usage_begins_is_no_month_of_nothing(
    world: World, kt: Run, command: list[str]
) -> None:
    refused = kt(*command, *world.options(), "--period", "2020-01")
    assert (refused.code, refused.out) == (ExitCode.USAGE, "")
    assert "nothing is known of January 2020: the usage is known from " in refused.err
    assert "`--as-of 2020-01-31`" in refused.err


def test_quantiles_are_in_order_and_the_horizon_is_as_asked(world: World, kt: Run) -> None:
    for wallet in document(kt, world, "--horizon", "5")["wallets"]:
        assert [month["period"] for month in wallet["months"]] == [f"2026-{month:02d}" for month in range(7, 12)]
        for quantiles in (wallet["month_end"]["quantiles"], *(month["quantiles"] for month in wallet["months"])):
            values = [Decimal(value) for _, value in sorted(quantiles.items(), key=lambda item: Decimal(item[0]))]
            assert values == sorted(values)


def test_wallets_are_chosen_by_name_or_by_team_and_stay_the_same(world: World, kt: Run) -> None:
    _, support, dev = document(kt, world)["wallets"]

    assert document(kt, world, "--wallet", "support/dev")["wallets"] == [dev]
    assert document(kt, world, "--wallet", "support")["wallets"] == [support, dev]
    assert "FY2027" not in kt("forecast", *world.options(), "--wallet", "support").out


def test_the_csv_ends_every_line_alike_and_no_cell_is_a_formula(world: World, kt: Run, tmp_path: Path) -> None:
    output = tmp_path / "forecast.csv"
    assert kt("forecast", *world.options(), "--format", "csv", "--output", str(output)).code == 0
    written = output.read_bytes()
    assert b"\r" not in written
    assert written.endswith(b"\n")
    rows = list(csv.reader(io.StringIO(written.decode("utf-8"))))
    assert len({len(row) for row in rows}) == 1
    assert all(cell[:1].isalnum() for row in rows for cell in row if cell)


@pytest.mark.parametrize("first", ["=", "+", "-", "@"])
def test_no_name_that_a_spreadsheet_would_run_comes_from_the_yaml(own_world: World, kt: Run, first: str) -> None:
    file = own_world.team("support")
    text = file.read_text(encoding="utf-8")
    for old, new in (("team_id: team_support,", f'team_id: "{first}1+1",'), ("  prod:", f'  "{first}cmd":')):
        assert old in text
        file.write_text(text.replace(old, new, 1), encoding="utf-8")
        done = kt("forecast", *own_world.options(), "--format", "csv")
        assert done.code == 3
        assert done.out == ""


def test_the_csv_has_a_row_for_each_wallet_and_month(world: World, kt: Run) -> None:
    done = kt("forecast", *world.options(), "--format", "csv")
    rows = list(csv.DictReader(io.StringIO(done.out)))
    _, support, _ = document(kt, world)["wallets"]

    assert len(rows) == 3 * 4
    first, later = rows[4], rows[5]
    assert (first["team"], first["period"], first["q0.5"]) == (
        "support",
        "2026-06",
        support["month_end"]["quantiles"]["0.5"],
    )
    assert float(first["desired_exhaustion_probability"]) == support["desired"]["exhaustion"]["probability"]
    assert (later["period"], later["target"], later["live_target"]) == ("2026-07", "9000.00", "")


def test_order_and_split_of_the_files_do_not_matter(world: World, kt: Run, tmp_path: Path) -> None:
    header, *rows = world.usage.read_text(encoding="utf-8").splitlines(keepends=True)
    folder = tmp_path / "split"
    folder.mkdir()
    for number in range(3):
        (folder / f"{number}.csv").write_text("".join([header, *reversed(rows[number::3])]), encoding="utf-8")

    assert document(kt, world, usage=folder) == document(kt, world)


def test_a_lever_that_the_usage_contradicts_is_a_warning(own_world: World, kt: Run) -> None:
    rate = "{from: 50%, to: 90%, by: 2026-12}"
    write_budgets(own_world, support=SUPPORT.replace("{from: 20%, to: 60%, by: 2026-12}", rate))

    assert "warning cache-behind-plan: support: cache hit rate planned" in kt("forecast", *own_world.options()).out
    done = kt("forecast", *own_world.options(), "--format", "csv")
    assert "warning cache-behind-plan" in done.err
    assert "warning" not in done.out


def test_a_guess_that_was_better_before_moves_no_forecast(own_world: World, kt: Run, tmp_path: Path) -> None:
    usage = tmp_path / "line.csv"
    write_usage(usage, {"team_finance": lambda day: 10.0 + 1.5 * day}, flat=True)

    (wallet,) = document(kt, own_world, "--wallet", "finance/prod", usage=usage)["wallets"]
    assert wallet["method"] == "model"


def test_without_usage_the_plan_is_the_forecast_and_says_so(world: World, kt: Run) -> None:
    done = kt("forecast", "--budgets", world.budgets, "--as-of", "2026-06-18", "--offline")

    assert done.code == 0
    assert "`--offline`: nothing was read from Keeptrusts" in done.err
    assert "(without usage, money by the targets)" in done.out
    assert "warning no-history: support/prod has no usage" in done.out
    assert "is marked" not in done.out


def test_the_first_day_of_a_month_and_of_a_year_are_forecast(world: World, kt: Run) -> None:
    for day in (date(2026, 6, 1), date(2026, 1, 1), date(2026, 2, 28)):
        for wallet in document(kt, world, as_of=day)["wallets"]:
            assert Decimal(wallet["month_end"]["quantiles"]["0.5"]) > 0


def test_the_result_can_go_to_a_file(world: World, kt: Run, tmp_path: Path) -> None:
    done = kt("forecast", *world.options(), "--output", tmp_path / "forecast.txt")

    assert done.out == ""
    assert "█" in (tmp_path / "forecast.txt").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("options", "code", "said"),
    [
        (("--wallet", "support/pro"), 2, "did you mean `support/prod`?"),
        (("--wallet", "suport"), 2, "did you mean `support`?"),
        (("--wallet", "zzz/"), 2, "declared are: finance/prod, support/prod, support/dev"),
        (("--horizon", "0"), 2, "1<=x<=24"),
        (("--offline", "--sandbox"), 2, "contradict each other"),
    ],
)
def test_what_is_wrong_is_said_with_its_cure(
    options: tuple[str, ...], code: int, said: str, world: World, kt: Run
) -> None:
    done = kt("forecast", *world.options(), *options)

    assert done.code == code
    assert done.out == ""
    assert said in done.err


def test_with_neither_token_nor_files_there_is_nothing_to_look_at(world: World, kt: Run) -> None:
    done = kt("forecast", "--budgets", world.budgets, "--format", "json")

    assert done.code == 9
    assert json.loads(done.out)["format"] == "kt-budgets.error/1"
    assert "KEEPTRUSTS_API_TOKEN" in done.err


def test_a_team_that_goes_away_is_forecast_without_money(own_world: World, kt: Run) -> None:
    write_budgets(own_world, finance=FINANCE.replace("team: finance", "team: finance\nstate: absent"))

    finance = document(kt, own_world)["wallets"][0]
    assert finance["desired"]["target"] == "0.00"


def test_a_terminal_without_blocks_gets_pictures_in_ascii(world: World) -> None:
    program = "from reconciler.cli.main import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", program, "forecast", *world.options(), "--wallet", "support/prod"],
        env={**os.environ, "PYTHONIOENCODING": "ascii", "KEEPTRUSTS_API_TOKEN": ""},
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    assert "# spent, = to P10, - to P50, . to P90" in done.stdout


def test_the_year_says_what_it_covers_in_every_output(world: World, kt: Run, tmp_path: Path) -> None:
    usage = tmp_path / "more.csv"
    write_usage(usage, {"team_support": steady(300.0), "team_marketing": steady(1000.0)})
    options = ("--budgets", world.budgets, "--usage", usage, "--as-of", "2026-06-18")

    words = " ".join(kt("forecast", *options).out.split())
    assert "for 2 of the 3 wallets in git" in words
    assert "finance / prod is not in it, because neither usage nor an annual plan says what it will spend." in words
    assert "more was spent in it so far by what git does not cover (team_marketing" in words
    year = json.loads(kt("forecast", *options, "--format", "json").out)["year"]
    assert [one["team_id"] for one in year["uncovered"]] == ["team_marketing"]
    assert float(year["uncovered"][0]["spent"]) == pytest.approx(16_500, rel=0.1)
    assert json.loads(kt("forecast", *options, "--format", "json", "--wallet", "support").out)["year"] is None
    supposed = json.loads(kt("whatif", *options, "--growth", "support=+5%", "--format", "json").out)
    assert supposed["year"]["what_if"]["uncovered"] == year["uncovered"]


def test_usage_that_holds_no_rows_is_said_once_and_first(own_world: World, kt: Run) -> None:
    empty = own_world.folder / "empty.csv"
    empty.write_text(",".join(COLUMNS) + "\n", encoding="utf-8")
    done = kt("forecast", *own_world.options(usage=empty), "--format", "json")
    assert done.code == 0, done.err
    told = [(notice["code"], notice["message"]) for notice in json.loads(done.out)["notices"]]
    assert [code for code, _ in told].count("no-history") == 1
    assert told[0] == (
        "no-history",
        "the usage that was given holds no rows before 2026-06-18 for 3 wallets:"
        " finance/prod, support/dev and support/prod",
    )
    assert "give usage with --usage" not in done.out
