"""What a plan comes to with fallbacks is one figure, in `year`, `review` and `validate`, whatever the usage shows."""

from __future__ import annotations

import json
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from cli.conftest import Run

from reconciler.source.load import load

pytestmark = pytest.mark.slow

ORGANIZATION = """\
version: 1
organization: org_acme
currency: USD
fiscal_year: {name: FY2026, starts: 2026-01}
environments: [prod]
"""
TEAM = """\
version: 1
team: echo
plan:
  baseline_monthly: 1000.00
  fallback: {share: 5%, price_ratio: 2}
wallets:
  prod: {team_id: team_echo, monthly: 1040.00}
"""


@pytest.fixture
def budgets(tmp_path: Path) -> Path:
    """Write a plan, and an export of ten requests a day at 3.00; from March on one of them is a fallback at 6.00."""
    (tmp_path / "budgets" / "teams").mkdir(parents=True)
    (tmp_path / "budgets" / "org.yaml").write_text(ORGANIZATION, encoding="utf-8")
    (tmp_path / "budgets" / "teams" / "echo.yaml").write_text(TEAM, encoding="utf-8")
    rows, day = ["id,timestamp,team_id,provider,model,input_tokens,output_tokens,cost,fallback\n"], date(2025, 6, 1)
    while day < date(2026, 6, 1):
        for n in range(10):
            falls = n == 0 and day >= date(2026, 3, 1)
            rows.append(
                f"{day}-{n},{day}T05:00:00Z,team_echo,openai,m,900,100,{6 if falls else 3}.00,{str(falls).lower()}\n"
            )
        day += timedelta(1)
    (tmp_path / "usage.csv").write_text("".join(rows), encoding="utf-8")
    return tmp_path / "budgets"


@pytest.mark.parametrize("as_of", ["2026-03-01", "2026-04-01"], ids=["none-came", "some-came"])
def test_a_plan_comes_to_the_same_before_and_after_fallbacks_come(kt: Run, budgets: Path, as_of: str) -> None:
    """1,000.00 a month and 5% at 2 times the price are 1,050.00."""
    usage = ("--budgets", budgets, "--usage", budgets.parent / "usage.csv", "--as-of", as_of, "--format", "json")
    assert json.loads(kt("year", *usage).out)["total"]["bridge"]["planned"] == "12600.00"
    months = 2 if as_of == "2026-03-01" else 3
    (reviewed,) = json.loads(kt("review", *usage, "--period", "FY2026").out)["teams"]
    assert reviewed["plan"] == f"{months * 1050}.00"
    assert "needs USD 1,050.00 in 2026-01 (baseline and fallback)" in kt("validate", "--budgets", budgets).out


def test_next_years_baseline_holds_no_fallbacks_where_the_plan_has_them_on_top(kt: Run, budgets: Path) -> None:
    """As of June, March to May cost 33.00 a day, 30.00 of it without the fallback; so a month of 31 days 930.00.

    With 5% on top that is 976.50, and less than the 1,023.00 that it costs now: the wallet gets these.
    """
    usage = ("--budgets", budgets, "--usage", budgets.parent / "usage.csv", "--as-of", "2026-06-01")
    done = kt("year", *usage, "--draft", budgets.parent / "next")
    assert done.code == 0, done.err
    drafted = load(budgets.parent / "next").desired
    assert drafted is not None
    echo = drafted.teams["echo"]
    assert [echo.plan.baseline_monthly, echo.wallets["prod"].monthly] == [Decimal(930), Decimal(1030)]
    text = (budgets.parent / "next" / "teams" / "echo.yaml").read_text(encoding="utf-8")
    assert "# without what fallbacks add, 10%: the plan has them on top" in text
