"""Usage that leaves days out: what the ledgers settled stands for them, and nothing stands for them in silence."""

from __future__ import annotations

import csv
import json
import re
import shutil
from collections.abc import Callable, Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest
from cli.conftest import Run

from reconciler.sandbox.faults import parse_faults
from reconciler.sandbox.server import running
from reconciler.settings import overlaid

BUDGETS = Path(__file__).parents[2] / "budgets"
DAY = "2026-06-18"
Ask = Callable[..., dict[str, Any]]


@pytest.fixture(scope="module")
def acme() -> Iterator[dict[str, str]]:
    with running(scenario="acme", as_of=date.fromisoformat(DAY)) as sandbox:
        yield {"KEEPTRUSTS_API_URL": sandbox.url, "KEEPTRUSTS_API_TOKEN": sandbox.read_token}


@pytest.fixture
def ask(kt: Run) -> Ask:
    def asked(*options: object, as_of: str = DAY) -> dict[str, Any]:
        done = kt("forecast", "--budgets", BUDGETS, "--as-of", as_of, "--format", "json", *options)
        assert done.code == 0, done.err
        read: dict[str, Any] = json.loads(done.out)
        return read

    return asked


@pytest.fixture
def without(example_export: Path, tmp_path: Path) -> Callable[[str], Path]:
    """Write the example's export without the rows of a condition."""

    def written(condition: str) -> Path:
        file = tmp_path / "lossy.parquet"
        query = f"COPY (SELECT * FROM '{example_export}' WHERE NOT ({condition})) TO '{file}' (FORMAT parquet)"
        duckdb.execute(query)
        return file

    return written


def spent(found: dict[str, Any]) -> dict[str, Decimal]:
    return {each["wallet"]: Decimal(each["spend_to_date"]) for each in found["wallets"]}


def told(found: dict[str, Any], code: str) -> list[str]:
    return [notice["message"] for notice in found["notices"] if notice["code"] == code]


WEEK = "timestamp >= '2026-06-08' AND timestamp < '2026-06-13'"
BEFORE = "timestamp < '2026-06-11'"


@pytest.mark.parametrize(
    ("lost", "code", "words"),
    [
        (
            WEEK,
            "usage-gap",
            "usage: no team has an event from 8 to 12 June 2026, and there are some before and after: an export of"
            " these days may be missing; what the ledgers settled then counts instead",
        ),
        (
            BEFORE,
            "usage-begins-late",
            "usage: the usage begins on 11 June 2026: what was spent from 1 to 10 June is not in it; what the ledgers"
            " settled then counts instead",
        ),
        ("team_id = 'team_support'", "", ""),
    ],
)
def test_what_usage_leaves_out_of_the_month_is_what_the_ledgers_settled(
    lost: str,
    code: str,
    words: str,
    ask: Ask,
    acme: dict[str, str],
    example_export: Path,
    without: Callable[[str], Path],
) -> None:
    with overlaid(**acme):
        whole, lossy = ask("--usage", example_export), ask("--usage", without(lost))
    owning = spent(whole).keys() - {"team_finance_dev"}
    apart = {key: abs(spent(whole)[key] - spent(lossy)[key]) for key in owning}
    assert max(apart.values()) < Decimal("0.05"), "a ledger has whole cents, an export more"
    assert max(spent(whole).values()) > 1000
    assert told(lossy, code) == [words] * bool(code)
    assert told(whole, "usage-gap") == told(whole, "usage-begins-late") == []


def test_without_a_ledger_days_that_are_left_out_are_in_no_figure_and_said(
    ask: Ask, without: Callable[[str], Path]
) -> None:
    (gap,) = told(ask("--offline", "--usage", without(WEEK)), "usage-gap")
    assert gap.endswith("may be missing; what was spent on them is in no figure")
    (late,) = told(ask("--offline", "--usage", without(BEFORE)), "usage-begins-late")
    assert late == "usage: the usage begins on 11 June 2026: what was spent from 1 to 10 June is in no figure"


def test_a_gap_is_told_however_old_it_is_for_the_forecast_learns_from_these_days(
    ask: Ask, without: Callable[[str], Path]
) -> None:
    across = without("timestamp >= '2026-05-29' AND timestamp < '2026-06-04'")
    (gap,) = told(ask("--offline", "--usage", across), "usage-gap")
    assert "from 29 May to 3 June 2026" in gap
    older = without("timestamp >= '2026-04-20' AND timestamp < '2026-04-28'")
    found = ask("--offline", "--usage", older)
    (gap,) = told(found, "usage-gap")
    assert "from 20 to 27 April 2026" in gap
    assert gap.endswith("what was spent on them is in no figure")
    assert told(found, "censored-days") == told(found, "right-sizing") == []


def test_of_a_gap_over_two_months_the_ledgers_stand_for_this_one(
    ask: Ask, acme: dict[str, str], without: Callable[[str], Path]
) -> None:
    with overlaid(**acme):
        (gap,) = told(ask("--usage", without("timestamp >= '2026-05-29' AND timestamp < '2026-06-04'")), "usage-gap")
    assert gap.endswith(
        "what the ledgers settled then counts instead in June; what was spent on other days is in no figure"
    )


@pytest.fixture
def since_january(tmp_path: Path) -> Path:
    """The example's budgets with a fiscal year that began in January."""
    folder = tmp_path / "budgets"
    shutil.copytree(BUDGETS, folder)
    (folder / "org.yaml").write_text((BUDGETS / "org.yaml").read_text().replace("starts: 2026-06", "starts: 2026-01"))
    return folder


APRIL = "timestamp >= '2026-04-20' AND timestamp < '2026-04-28'"


def test_months_that_are_over_count_with_what_the_dashboard_shows_of_days_that_are_left_out(
    kt: Run, acme: dict[str, str], example_export: Path, without: Callable[[str], Path], since_january: Path
) -> None:
    """The lossy export lacks eight days of April: the year is that of the whole export, but for parts of cents."""
    lossy = without(APRIL)

    def asked(command: str, usage: Path, *options: object) -> Any:
        done = kt(command, "--budgets", since_january, "--as-of", DAY, "--usage", usage, "--format", "json", *options)
        assert done.code == 0, done.err
        return json.loads(done.out)

    with overlaid(**acme):
        whole, filled = (asked("year", usage) for usage in (example_export, lossy))
        looked = asked("forecast", lossy)
        plans = [asked("plan", usage, "--first-apply") for usage in (example_export, lossy)]
    year, other = (each["total"] for each in (whole, filled))
    assert (other["spent_months"], other["target_months"]) == (year["spent_months"], year["target_months"])
    assert "2026-04" in other["spent_months"]
    assert abs(Decimal(other["wallets"]) - Decimal(year["wallets"])) < 1
    assert abs(Decimal(other["forecast"]["spent"]) - Decimal(year["forecast"]["spent"])) < 1
    assert other["forecast"]["days_left_out"] == looked["year"]["days_left_out"] == 0
    assert looked["year"]["spent"] == other["forecast"]["spent"] == plans[1]["year"]["spent"]
    assert plans[1]["year_money"]["applied"] == other["wallets"]
    assert looked["year"]["within_probability"] is not None
    assert Decimal(filled["uncovered_spent"]) == pytest.approx(Decimal(whole["uncovered_spent"]), abs=1)
    (gap,) = told(looked, "usage-gap")
    assert gap.endswith("what the dashboard shows for them counts in the sums of the year instead")


def test_a_year_without_some_days_says_how_many_and_how_sure_nobody_is(
    kt: Run, without: Callable[[str], Path], since_january: Path
) -> None:
    options = ("--budgets", since_january, "--as-of", DAY, "--usage", without(APRIL), "--offline")
    done = kt("forecast", *options, "--format", "json")
    assert done.code == 0, done.err
    found = json.loads(done.out)["year"]
    assert (found["days_left_out"], found["within_probability"]) == (8, None)
    for command in ("forecast", "year"):
        said = " ".join(kt(command, *options).out.split())
        assert "without what was spent on 8 days, which no usage shows" in said
        assert "sure to stay within it" not in said
        assert "than the middle forecast" not in said


def test_a_dashboard_that_does_not_know_the_days_around_a_gap_tells_nothing_of_it(
    kt: Run, without: Callable[[str], Path], since_january: Path
) -> None:
    with (
        running(scenario="empty", as_of=date.fromisoformat(DAY)) as sandbox,
        overlaid(KEEPTRUSTS_API_URL=sandbox.url, KEEPTRUSTS_API_TOKEN=sandbox.read_token),
    ):
        options = ("--budgets", since_january, "--as-of", DAY, "--usage", without(APRIL), "--format", "json")
        done = kt("forecast", *options)
    assert done.code == 0, done.err
    found = json.loads(done.out)
    assert found["year"]["days_left_out"] == 8
    (gap,) = told(found, "usage-gap")
    assert gap.endswith("what was spent on them is in no figure")


@pytest.mark.parametrize("command", ["forecast", "year", "plan"])
def test_a_dashboard_that_tells_nothing_of_days_left_out_is_named_beside_the_figure_of_the_year(
    kt: Run, without: Callable[[str], Path], since_january: Path, command: str
) -> None:
    faults = parse_faults([{"fault": "garble", "route": "/v1/spend", "text": "no JSON"}])
    with (
        running(scenario="acme", as_of=date.fromisoformat(DAY), faults=faults) as sandbox,
        overlaid(KEEPTRUSTS_API_URL=sandbox.url, KEEPTRUSTS_API_TOKEN=sandbox.read_token),
    ):
        done = kt(command, "--budgets", since_january, "--as-of", DAY, "--usage", without(APRIL))
    assert done.code == 0, done.err
    said = " ".join(done.out.split())
    assert "without what was spent on 8 days, which no usage shows; the dashboard was asked and told nothing" in said


NOTHING = "id,timestamp,team_id,cost\n"
LATER = NOTHING + "a,2026-06-25T10:00:00Z,team_support,5\n"


@pytest.mark.parametrize("usage", [None, NOTHING, LATER])
def test_where_nothing_tells_of_the_month_so_far_its_days_are_no_days_without_spend(
    usage: str | None, ask: Ask, tmp_path: Path
) -> None:
    options: list[object] = ["--offline"]
    if usage is not None:
        (tmp_path / "usage.csv").write_text(usage, encoding="utf-8")
        options += ["--usage", tmp_path / "usage.csv"]
    late, early = (
        {each["wallet"]: float(each["month_end"]["quantiles"]["0.5"]) for each in ask(*options, as_of=day)["wallets"]}
        for day in ("2026-06-20", "2026-06-01")
    )
    assert len(late) == 8
    for key, amount in late.items():
        assert amount == pytest.approx(early[key], rel=0.1), key


def test_the_year_says_from_which_day_on_nobody_knows_what_was_spent(ask: Ask) -> None:
    assert ask("--offline", as_of="2026-08-20")["year"]["known_from"] == "2026-08-01"


def test_silence_that_the_dashboard_confirms_is_no_gap(kt: Run, tmp_path: Path) -> None:
    days = [day for day in range(1, 31) if not 10 <= day <= 20]

    def gap(cost: str) -> list[str]:
        rows = [f"{day},2026-06-{day:02}T10:00:00Z,team_support,{cost}\n" for day in days]
        (tmp_path / "usage.csv").write_text(NOTHING + "".join(rows), encoding="utf-8")
        with (
            running(scenario="empty", as_of=date(2026, 7, 1)) as sandbox,
            overlaid(KEEPTRUSTS_API_URL=sandbox.url, KEEPTRUSTS_API_TOKEN=sandbox.read_token),
        ):
            options = ("--budgets", BUDGETS, "--as-of", "2026-07-01", "--usage", tmp_path / "usage.csv")
            done = kt("forecast", *options, "--format", "json")
        assert done.code == 0, done.err
        return told(json.loads(done.out), "usage-gap")

    assert gap("0.01") == [], "the dashboard shows the same: nothing"
    assert len(gap("9.00")) == 1, "the dashboard shows something else"


def test_what_was_spent_in_a_month_that_no_usage_reaches_is_a_dash_and_null(
    kt: Run, ask: Ask, without: Callable[[str], Path], tmp_path: Path
) -> None:
    usage = without("timestamp >= '2026-05-29'")
    options = ("--offline", "--usage", usage)
    assert {each["spend_to_date"] for each in ask(*options)["wallets"]} == {None}
    assert {each["spend_to_date"] for each in ask(*options, as_of="2026-06-01")["wallets"]} == {"0.00"}
    as_text, as_table = (
        kt("forecast", "--budgets", BUDGETS, "--as-of", DAY, *options, "--format", form).out for form in ("text", "csv")
    )
    assert re.search(r"support / prod +12,500 +- +1", as_text)
    (row,) = [row for row in csv.DictReader(as_table.splitlines()) if (row["wallet"], row["period"]) == SUPPORT_JUNE]
    assert row["spend_to_date"] == ""
    saved = tmp_path / "plan.json"
    planned = kt("plan", "--budgets", BUDGETS, "--as-of", DAY, "--sandbox", "--usage", usage, "--output", saved)
    assert planned.code == 0, planned.err
    shown = kt("show", saved, "--format", "markdown").out
    assert re.search(r"\| run rate for the month +\| [0-9]", shown)
    assert "| spent so far" not in shown


SUPPORT_JUNE = ("team_support", "2026-06")
