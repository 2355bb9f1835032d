"""What a month costs now is at today's prices: in the year and in next year's draft."""

from __future__ import annotations

import json
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from cli.conftest import Run

from reconciler.model.period import Period
from reconciler.source.load import load

ORGANIZATION = """\
version: 1
organization: org_acme
currency: USD
fiscal_year: {name: FY2026, starts: 2026-02}
environments: [prod]
"""
TEAM = """\
version: 1
team: beta
plan: {%s}
wallets:
  prod: {team_id: team_beta, monthly: 3800.00}
"""
CHANGED, AS_OF = date(2026, 6, 11), date(2026, 7, 15)


def export(*, price: float, hits: int = 0, once: int = 0) -> str:
    """Return an export of 10 requests a day at 10.00 each, since June at 10.00 times `price`; `hits` of them hit then.

    On the 10th of May there are `once` more.
    """
    rows, day = ["id,timestamp,team_id,provider,model,input_tokens,output_tokens,cost,cache_hit\n"], date(2025, 12, 1)
    while day < AS_OF:
        for number in range(10 + (once if day == date(2026, 5, 10) else 0)):
            is_hit = day >= CHANGED and number < hits
            cost = 0.0 if is_hit else 10.0 * (price if day >= CHANGED else 1.0)
            rows.append(
                f"{day}-{number},{day}T01:00:00Z,team_beta,openai,big,900,100,{cost:.2f},{str(is_hit).lower()}\n"
            )
        day += timedelta(1)
    return "".join(rows)


def drafted(
    kt: Run, folder: Path, usage: str, *, plan: str = "baseline_monthly: 3000.00", more: str = ""
) -> tuple[dict[str, Any], Path]:
    """Return a team's year, and the file of its draft."""
    (folder / "budgets" / "teams").mkdir(parents=True)
    (folder / "budgets" / "org.yaml").write_text(ORGANIZATION, encoding="utf-8")
    (folder / "budgets" / "teams" / "beta.yaml").write_text(TEAM % plan + more, encoding="utf-8")
    (folder / "usage.csv").write_text(usage, encoding="utf-8")
    options = ("--budgets", folder / "budgets", "--usage", folder / "usage.csv", "--as-of", str(AS_OF))
    done = kt("year", *options, "--format", "json", "--draft", folder / "next")
    assert done.code == 0, done.err
    team: dict[str, Any] = json.loads(done.out)["teams"][0]
    return team, folder / "next" / "teams" / "beta.yaml"


@pytest.mark.parametrize(
    ("price", "words"), [(1.5, "50% more"), (0.5, "50% less")], ids=["dearer", "cheaper"]
)  # fmt: skip
def test_a_month_costs_what_it_does_at_todays_prices(kt: Run, tmp_path: Path, price: float, words: str) -> None:
    team, file = drafted(kt, tmp_path, export(price=price))
    now = Decimal(f"{3000 * price:.2f}")
    inputs = team["inputs"]
    assert [Decimal(figure) for figure in (inputs["run_rate"], inputs["usual_rate"])] == [now, now]
    assert Decimal(inputs["wallets"][0]["run_rate"]) == now
    assert [month["spent"] for month in inputs["months"]][-3:-1] == ["3000.00", "3100.00"]
    budgets = load(tmp_path / "next").desired
    assert budgets is not None
    assert budgets.teams["beta"].plan.baseline_monthly == now
    assert budgets.teams["beta"].wallets["prod"].usual(Period(2027, 2)) >= Decimal(str(3100 * price))
    told = file.read_text(encoding="utf-8")
    assert f"# at today's prices: it pays {words} for a token of openai/big since 2026-06-11\n" in told
    assert f"# it costs {now:,.2f} a month at today's prices; 3,800.00 this year\n" in told


def test_where_no_price_changed_a_month_costs_what_it_did_and_no_price_is_named(kt: Run, tmp_path: Path) -> None:
    team, file = drafted(kt, tmp_path, export(price=1.0))
    assert team["inputs"]["run_rate"] == "3000.00"
    assert "today's prices" not in file.read_text(encoding="utf-8")
    assert "# it costs 3,000.00 a month now; " in file.read_text(encoding="utf-8")


def test_a_cache_that_answers_more_lowers_what_a_month_costs_where_the_draft_starts_from_it(
    kt: Run, tmp_path: Path
) -> None:
    team, file = drafted(kt, tmp_path, export(price=1.0, hits=4))
    assert float(team["inputs"]["run_rate"]) == pytest.approx(1800, rel=0.02)
    assert "has 40% of its requests answered by the cache, 0% before" in file.read_text(encoding="utf-8")


@pytest.mark.parametrize("price", [1.0, 1.2], ids=["the same", "dearer"])
def test_alerts_that_a_price_brought_do_not_look_like_growth(kt: Run, tmp_path: Path, price: float) -> None:
    alert = "billing_budgets: [{name: monthly, amount: 2500.00, alert_percentages: [80], hard_limit: false}]\n"
    team, _ = drafted(kt, tmp_path, export(price=price), more=alert)
    (held,) = team["inputs"]["limits"]
    assert (held["alerted"], held["exhausted"], held["verdict"]) == (6, 0, "holds")


def test_what_stands_out_once_is_left_out_at_todays_prices_too(kt: Run, tmp_path: Path) -> None:
    team, _ = drafted(kt, tmp_path, export(price=1.5, once=300), plan="")
    assert float(team["inputs"]["usual_rate"]) == pytest.approx(4500, rel=0.01)
    assert float(team["baseline_monthly"]) == pytest.approx(4500, rel=0.01)
