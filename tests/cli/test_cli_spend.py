"""`kt-budgets spend` against the example organization: three surfaces that agree, and an export that lost days."""

from __future__ import annotations

import csv
import json
import shutil
from collections.abc import Callable, Iterator
from datetime import date
from decimal import Decimal
from io import StringIO
from pathlib import Path
from typing import Any

import duckdb
import pytest
from cli.conftest import Result, Run

from reconciler.findings import ExitCode
from reconciler.sandbox.server import Sandbox, running
from reconciler.settings import overlaid

BUDGETS = Path(__file__).parents[2] / "budgets"
DAY = "2026-06-18"
Ask = Callable[..., Result]


@pytest.fixture(scope="module")
def acme() -> Iterator[Sandbox]:
    with running(scenario="acme", as_of=date.fromisoformat(DAY)) as sandbox:
        yield sandbox


@pytest.fixture
def ask(kt: Run, acme: Sandbox) -> Iterator[Ask]:
    with overlaid(KEEPTRUSTS_API_URL=acme.url, KEEPTRUSTS_API_TOKEN=acme.read_token):
        yield lambda command, *options: kt(command, "--budgets", BUDGETS, "--as-of", DAY, *options)


def without(export: Path, folder: Path, condition: str) -> tuple[Path, Decimal]:
    """Write the export without some of its rows; return it, and their money."""
    file, rest = folder / "lossy.parquet", f"FROM '{export}' WHERE NOT ({condition})"
    duckdb.execute(f"COPY (SELECT * {rest}) TO '{file}' (FORMAT parquet)")
    found = duckdb.execute(f"SELECT sum(cost) FROM '{export}' WHERE {condition}").fetchone()
    assert found is not None
    return file, Decimal(found[0])


def test_dashboard_export_and_ledger_agree_and_every_view_has_the_same_sum(ask: Ask, example_export: Path) -> None:
    done = ask("spend", "--usage", example_export, "--format", "json")
    found = json.loads(done.out)
    assert (done.code, found["agrees"], found["disagreements"]) == (ExitCode.DONE, True, [])
    total = {found["total"][surface] for surface in ("spend", "export", "ledger")}
    assert len(total) == 1
    assert Decimal(found["paid_elsewhere"]) > 0, "finance/dev has no wallet of its own yet"
    for view in ("wallets", "teams", "workloads", "models"):
        cents = sum(Decimal(row["export"]) for row in found[view]) - Decimal(found["total"]["export"])
        assert abs(cents) <= Decimal("0.01") * len(found[view]), view
    assert [row["wallet"] if "wallet" in row else row["key"] for row in found["wallets"]][-1] == "team_marketing"


def test_an_export_that_lost_days_of_a_wallet_is_named_with_money_and_the_day(
    ask: Ask, example_export: Path, tmp_path: Path
) -> None:
    lost = "team_id = 'team_support' AND timestamp >= '2026-06-10' AND timestamp < '2026-06-18'"
    export, money = without(example_export, tmp_path, lost)
    (found,) = json.loads(ask("spend", "--usage", export, "--format", "json").out)["disagreements"]
    assert (found["between"], found["wallet"]) == (["spend", "export"], "team_support")
    assert Decimal(found["amount"]) == -round(money, 2)
    assert (found["since"], found["until"], found["days"]) == ("2026-06-10", "2026-06-17", 8)
    words = " ".join(ask("spend", "--usage", export).out.split())
    assert f"support / prod: the export shows USD {money:,.2f} less than the dashboard" in words
    assert "since 10 June, on 8 days until 17 June" in words


def test_a_forecast_on_numbers_that_disagree_says_so_and_one_on_numbers_that_agree_does_not(
    ask: Ask, example_export: Path, tmp_path: Path
) -> None:
    lost = "team_id = 'team_support' AND timestamp >= '2026-06-10' AND hour(timestamp::TIMESTAMP) >= 12"
    export, _ = without(example_export, tmp_path, lost)

    def codes(usage: Path) -> list[str]:
        done = ask("forecast", "--usage", usage, "--wallet", "support", "--format", "json")
        notices: list[dict[str, Any]] = json.loads(done.out)["notices"]
        return [notice["code"] for notice in notices if "support/prod" in notice["message"]]

    assert codes(export) == ["spend-disagrees", "shift"], "half of each day is missing since then"
    assert codes(example_export) == []


def test_csv_has_every_row_of_every_view(ask: Ask, example_export: Path) -> None:
    rows = list(csv.DictReader(StringIO(ask("spend", "--usage", example_export, "--format", "csv").out)))
    assert {row["by"] for row in rows} == {"total", "wallet", "team", "workload", "model"}
    assert {row["ledger"] for row in rows if row["by"] == "model"} == {""}, "no ledger knows models"


def test_a_month_to_come_is_refused_and_on_a_first_the_month_before_is_looked_at(
    ask: Ask, example_export: Path
) -> None:
    refused = ask("spend", "--usage", example_export, "--period", "2026-07")
    assert refused.code == ExitCode.USAGE
    assert "2026-07 is still to come" in refused.err
    first = ask("spend", "--usage", example_export, "--as-of", "2026-06-01", "--format", "json")
    assert json.loads(first.out)["first_day"] == "2026-05-01"


@pytest.mark.parametrize(
    "command",
    ["spend", "review", "backtest", "usage export", "evidence pull", "forecast", "year", "recommend", "plan", "drift"],
)
def test_no_figure_is_made_of_what_another_organization_spent(
    kt: Run, acme: Sandbox, command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    shutil.copytree(BUDGETS, "budgets")
    settings = Path("budgets/org.yaml")
    settings.write_text(settings.read_text().replace("org_acme ", "org_other "))
    with overlaid(KEEPTRUSTS_API_URL=acme.url, KEEPTRUSTS_API_TOKEN=acme.read_token):
        done = kt(*command.split(), "--as-of", DAY)
    assert (done.code, done.out) == (ExitCode.REMOTE, "")
    assert "the token belongs to organization `org_acme`, and the YAML is for `org_other`" in done.err
