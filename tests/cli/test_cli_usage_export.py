"""`kt-budgets usage export`: whatever the format, the money is that of the events, to the last digit."""

from __future__ import annotations

import csv
import re
import zipfile
from decimal import Decimal
from pathlib import Path

import pytest
from cli.conftest import Run
from cli.journal_desk import AS_OF, ORG, team
from pyarrow import parquet

from reconciler.findings import ExitCode

EVENTS = """\
id,timestamp,team_id,provider,model,input_tokens,output_tokens,cost
e1,2026-05-31T23:59:59Z,t-alpha,openai,gpt-4o,100,20,1.000001
e2,2026-06-01T00:00:00Z,t-alpha,openai,gpt-4o,100,20,2.5
e3,2026-06-01T10:00:00Z,t-alpha,openai,gpt-4o,,,-0.75
e4,2026-06-02T10:00:00Z,t-other,,,,,0.000000001
e5,2026-06-02T10:00:00Z,t-alpha,openai,"=HYPERLINK(""x"")",1,1,3
"""
TOTAL = Decimal("5.750001001")


@pytest.fixture
def usage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "budgets" / "teams").mkdir(parents=True)
    (tmp_path / "budgets" / "org.yaml").write_text(ORG)
    (tmp_path / "budgets" / "teams" / "alpha.yaml").write_text(team("500"))
    (tmp_path / "events.csv").write_text(EVENTS)
    monkeypatch.chdir(tmp_path)
    return tmp_path / "events.csv"


def test_csv_and_focus_have_every_digit_and_credits_are_charges_of_their_own(kt: Run, usage: Path) -> None:
    plain = list(csv.DictReader(kt("usage", "export", *AS_OF, "--usage", usage).out.splitlines()))
    assert sum(Decimal(row["cost"]) for row in plain) == TOTAL
    assert {row["team"] for row in plain} == {"alpha", ""}
    focus = list(csv.DictReader(kt("usage", "export", *AS_OF, "--usage", usage, "--format", "focus").out.splitlines()))
    for name in ("BilledCost", "EffectiveCost", "ListCost", "ContractedCost"):
        assert sum(Decimal(row[name]) for row in focus) == TOTAL
    assert [Decimal(row["BilledCost"]) for row in focus if row["ChargeCategory"] == "Credit"] == [Decimal("-0.75")]
    assert {row["ChargePeriodEnd"] for row in focus if row["ChargePeriodStart"] == "2026-05-31T00:00:00Z"} == {
        "2026-06-01T00:00:00Z"
    }
    assert all(row["ProviderName"] and row["ServiceName"] and row["ChargeDescription"] for row in focus)


def test_a_month_that_is_asked_for_is_all_that_is_written(kt: Run, usage: Path) -> None:
    def days(*asked: object) -> set[str]:
        return {
            row["day"]
            for row in csv.DictReader(kt("usage", "export", *AS_OF, "--usage", usage, *asked).out.splitlines())
        }

    assert days() == {"2026-05-31", "2026-06-01", "2026-06-02"}
    assert days("--period", "2026-05") == {"2026-05-31"}
    assert days("--period", "2026-06") == {"2026-06-01", "2026-06-02"}
    nothing = kt("usage", "export", *AS_OF, "--usage", usage, "--period", "2026-04")
    assert (nothing.code, len(nothing.out.splitlines())) == (0, 1)
    assert "there is no usage of 2026-04" in nothing.err
    still = kt("usage", "export", *AS_OF, "--usage", usage, "--period", "2026-07")
    assert (still.code, "2026-07 is still to come on 2026-06-18" in still.err) == (ExitCode.USAGE, True)
    assert kt("usage", "export", *AS_OF, "--usage", usage, "--period", "2026-05", "--format", "parquet").code == 0
    assert parquet.read_table("usage-2026-05.parquet")["cost"].to_pylist() == [Decimal("1.000001")]


def test_parquet_has_money_as_exact_decimals(kt: Run, usage: Path) -> None:
    assert kt("usage", "export", *AS_OF, "--usage", usage, "--format", "parquet", "--output", "u.parquet").code == 0
    table = parquet.read_table("u.parquet")
    assert sum(table["cost"].to_pylist()) == TOTAL


@pytest.mark.parametrize(
    ("column", "told", "cure"),
    [
        ("timestamp", "`timestamp` is no moment", "say under `usage: columns:`"),
        ("cost", "`cost` is no plain amount", "say under `usage: columns:`"),
        ("team_id", "`team_id` is empty", "say under `usage: columns:`"),
        ("currency", "its currency is not that of org.yaml", "name an export in the currency of org.yaml"),
        ("", "not the columns that the header names", "with the same columns in each row"),
    ],
)
@pytest.mark.parametrize("command", ["usage export", "forecast", "review"])
def test_an_export_of_which_no_row_can_be_used_is_no_spend_of_nothing(
    kt: Run, usage: Path, command: str, column: str, told: str, cure: str
) -> None:
    event = {"id": "e", "timestamp": "2026-06-01T00:00:00Z", "team_id": "t-alpha", "cost": "2.5", "currency": "USD"}
    event |= {column: {"cost": "free", "currency": "EUR"}.get(column, " ")} if column else {}
    rows = [",".join([f"e{number}", *list(event.values())[1 : None if column else 3]]) for number in range(3)]
    usage.write_text("\n".join([",".join(name for name in event if name), *rows, ""]))
    done = kt(*command.split(), *AS_OF, "--usage", usage)
    assert (done.code, done.out) == (ExitCode.USAGE, "")
    assert f"events.csv:2: nothing of the usage that was named can be used, 3 rows in all: {told}" in done.err
    assert f"hint: {cure}" in done.err.replace("make the export again, ", "")


def test_a_workbook_has_living_sums_and_no_formula_of_anybody_else(kt: Run, usage: Path) -> None:
    done = kt("usage", "export", *AS_OF, "--usage", usage, "--format", "xlsx")
    assert (done.code, done.out) == (0, "")
    with zipfile.ZipFile("usage-2026-06-18.xlsx") as book:
        sums, rows = (book.read(f"xl/worksheets/sheet{number}.xml").decode() for number in (1, 2))
    assert "<f>" not in rows
    assert re.findall(r"<f>(SUMIFS\(.*?)</f><v>([0-9.]+)</v>", sums)
    (last,) = re.findall(r'<c r="D4"[^>]*><f>SUM\(D2:D3\)</f><v>([0-9.]+)</v>', sums)
    assert Decimal(last) == TOTAL
