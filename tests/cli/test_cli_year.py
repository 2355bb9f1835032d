"""`kt-budgets year`: the planning table of all teams on the example, beside the figures of the planning template."""

from __future__ import annotations

import csv
import io
import shutil
import subprocess
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from published import document_of

from reconciler.app.planning.scope import budgets_since
from reconciler.app.session import settings
from reconciler.app.year.year import YearRequest, plan_year
from reconciler.findings import UsageError
from reconciler.report.annual_page import YearPage
from reconciler.report.screen import Screen
from reconciler.settings import Settings

pytestmark = pytest.mark.slow

Golden = Callable[[str, str], None]
ROOT = Path(__file__).parents[2]

TEMPLATE = """\
| Support | $12,000 | 18% | From 14% to 28% | More low-cost drafting traffic | $14,500 | $12,500 |
| Engineering | $26,000 | 10% | From 8% to 15% | Separate dev and prod lanes | $29,000 | $27,000 |
| Finance | $4,500 | 12% | From 22% to 30% | Keep current route mix | $5,200 | $4,700 |
| Legal Ops | $6,800 | 8% | From 10% to 16% | Keep premium review lane | $7,400 | $6,900 |
"""
"""The planning template of the example's teams, as people write it by hand."""
MIX = {
    "Support": "Drafting moves to the low-cost lane",
    "Engineering": "Dev and prod get lanes of their own",
    "Finance": "Keep the current mix",
    "Legal Ops": "Keep the premium lane, 73% of the spend: contract review",
}
"""The same, in the words of the example's own plans and usage."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a repository that holds the example's budgets, and one change that is not committed."""
    folder = tmp_path_factory.mktemp("year")
    shutil.copytree(ROOT / "budgets", folder / "budgets")
    team = folder / "budgets" / "teams" / "finance.yaml"
    now = team.read_text()
    team.write_text(now.replace("rate: 12%", "rate: 22%").replace("monthly: 500.00", "monthly: 600.00"))
    named = ("-c", "user.name=lead", "-c", "user.email=lead@example.org")
    for arguments in (("init", "-q"), ("add", "."), (*named, "commit", "-qm", "Begin")):
        subprocess.run(["git", *arguments], cwd=folder, check=True)
    team.write_text(now)
    return folder


@pytest.fixture(scope="module")
def asked(folder: Path, example_export: Path) -> Settings:
    return settings(budgets=folder / "budgets", usage=(str(example_export),), as_of=date(2026, 6, 18))


@pytest.fixture(scope="module")
def page(asked: Settings) -> YearPage:
    """Return the year of the example, worked out once."""
    return plan_year(asked, YearRequest(since="HEAD"), offline=True)


@pytest.fixture
def found(page: YearPage) -> dict[str, Any]:
    return document_of(page.rendered("json"))


def template() -> dict[str, list[str]]:
    rows = ([cell.strip() for cell in line.strip("|").split("|")] for line in TEMPLATE.splitlines())
    return {row[0]: [cell.replace("$", "") for cell in row] for row in rows}


def test_the_planning_table_is_that_of_the_template(page: YearPage) -> None:
    text = page.rendered("markdown")
    lines = [line.strip("| ").split(" | ") for line in text.splitlines() if line.startswith("| ")]
    headings, *rows = lines[: len(template()) + 1]
    assert headings == [
        "Team",
        "Baseline monthly spend",
        "Planned growth",
        "Target cache improvement",
        "Planned provider mix change",
        "Monthly wallet target",
        "Billing budget alert",
    ]
    assert {row[0]: [*row[:4], *row[5:]] for row in rows} == {
        name: [*row[:4], *row[5:]] for name, row in template().items()
    }
    assert {row[0]: row[4] for row in rows} == MIX


@pytest.mark.parametrize("width", [80, 120])
def test_the_text_says_all_of_it_in_its_width(width: int, page: YearPage, golden: Golden) -> None:
    text = page.rendered("text", Screen(width=width))
    golden(f"report/year-{width}.txt", text)
    assert max(map(len, text.splitlines())) <= width


def test_every_bridge_adds_up_and_the_teams_add_up_to_the_whole(found: dict[str, Any]) -> None:
    bridges = [team["bridge"] for team in found["teams"]]
    for one in (*bridges, found["total"]["bridge"], found["before"]["bridge"]):
        for side in ("planned", "weighed"):
            assert sum(Decimal(step[side]) for step in one["steps"]) == Decimal(one["wallets"])
    for key in ("baseline", "planned", "weighed", "wallets"):
        assert sum(Decimal(one[key]) for one in bridges) == Decimal(found["total"]["bridge"][key])
    assert (found["total"]["wallets"], found["total"]["left"]) == ("675700.00", "24300.00")


def test_the_inputs_are_twelve_months_of_every_team_and_teams_without_yaml_are_named(found: dict[str, Any]) -> None:
    assert found["uncovered"] == [{"team_id": "team_marketing", "spent": "2004.97"}]
    assert (found["evidence_from"], found["evidence_to"]) == ("2025-06", "2026-05")
    for team in found["teams"]:
        months = team["inputs"]["months"]
        assert len(months) == 12
        whole, workloads = (
            sum((Decimal(one["spent"]) for one in listed), Decimal(0)) for listed in (months, team["inputs"]["seasons"])
        )
        assert abs(whole - workloads) < Decimal("0.10")
        assert [row["name"] for row in team["judgements"]][-2:] == ["wallets", "alert"]


def test_the_table_as_rows_has_every_step_with_its_team(page: YearPage) -> None:
    rows = list(csv.DictReader(io.StringIO(page.rendered("csv"))))
    assert sum(Decimal(row["planned"]) for row in rows) == Decimal("675700.00")
    assert {row["alert"] for row in rows if row["team"] == "support"} == {"12500.00"}


def test_a_year_is_shown_before_a_change_and_after_it(page: YearPage, found: dict[str, Any], asked: Settings) -> None:
    (change,) = found["before"]["teams"]
    assert change["team"] == "finance"
    assert (change["wallets_before"], change["wallets_after"]) == ("63600.00", "62400.00")
    assert Decimal(change["planned_before"]) > Decimal(change["planned_after"])
    assert "63,600.00 -> 62,400.00" in page.rendered("text")
    with pytest.raises(UsageError, match="`nowhere` is no commit of this repository"):
        budgets_since(asked, "nowhere")
