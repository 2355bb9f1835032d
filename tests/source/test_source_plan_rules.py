"""What a plan costs, month by month, and the months in which the wallets do not pay for it."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from source.trees import write_tree

from reconciler.findings import Finding
from reconciler.model.period import FiscalYear, Period
from reconciler.model.team import AnnualPlan
from reconciler.source.load import load
from reconciler.source.plan_rules import planned_spend

YEAR = FiscalYear("FY2027", Period(2026, 6))


def plan(**fields: Any) -> AnnualPlan:
    return AnnualPlan.model_validate({"baseline_monthly": "1000.00", **fields})


def growth(rate: str, month: str) -> dict[str, str]:
    return {"reason": "more", "rate": rate, "from": month}


def findings(tmp_path: Path, plan: str, wallet: str = "monthly: 1000.00") -> list[Finding]:
    text = f"version: 1\nteam: web\nplan:\n{plan}wallets:\n  prod: {{team_id: web, {wallet}}}\n"
    return list(load(write_tree(tmp_path, {"teams/web.yaml": text})).findings)


@pytest.mark.parametrize(
    ("fields", "month", "spend"),
    [
        ({}, "2026-06", "1000"),
        ({"growth": [growth("10%", "2026-08")]}, "2026-07", "1000"),
        ({"growth": [growth("10%", "2026-08")]}, "2026-08", "1100"),
        ({"growth": [growth("10%", "2026-08"), growth("10%", "2026-09")]}, "2026-09", "1210"),
        ({"growth": [growth("-50%", "2026-06")]}, "2026-06", "500"),
        ({"cache_hit_rate": {"from": "20%", "to": "40%", "by": "2026-10"}}, "2026-06", "1000"),
        ({"cache_hit_rate": {"from": "20%", "to": "40%", "by": "2026-10"}}, "2026-08", "875"),
        ({"cache_hit_rate": {"from": "20%", "to": "40%", "by": "2026-10"}}, "2027-01", "750"),
        ({"cache_hit_rate": {"from": "20%", "to": "40%", "by": "2026-10", "since": "2026-09"}}, "2026-09", "1000"),
        ({"cache_hit_rate": {"from": "20%", "to": "40%", "by": "2026-06"}}, "2026-06", "750"),
        ({"cache_hit_rate": {"from": "100%", "to": "50%", "by": "2026-07"}}, "2026-09", "1000"),
        ({"planned_demand": [{"reason": "new", "monthly": 50, "from": "2026-09"}]}, "2026-08", "1000"),
        ({"planned_demand": [{"reason": "new", "monthly": 50, "from": "2026-09"}]}, "2026-09", "1050"),
        (
            {"planned_demand": [{"reason": "new", "monthly": 50, "from": "2026-09", "until": "2026-09"}]},
            "2026-10",
            "1000",
        ),
    ],
)
def test_planned_spend_counts_growth_cache_and_demand(fields: dict[str, Any], month: str, spend: str) -> None:
    assert Decimal(spend) == planned_spend(plan(**fields), Period.parse(month), YEAR)


def test_the_worst_month_and_the_number_of_short_months_are_named(tmp_path: Path) -> None:
    text = "  baseline_monthly: 1000.00\n  growth: [{reason: a, rate: 10%, from: 2027-04}]\n"
    text += "  planned_demand: [{reason: b, monthly: 5.00, from: 2026-09, until: 2026-09}]\n"

    [finding] = findings(tmp_path, text)

    assert (finding.code, finding.position.line, finding.position.column) == ("wallets-below-plan", 4, 21)
    assert finding.message == (
        "the plan needs USD 1,100.00 in 2027-04 (baseline, growth and planned demand), and the wallets get"
        " USD 1,000.00: USD 100.00 too little; short in 3 months of FY2027, first in 2026-09, where months that are"
        " over count too"
    )
    assert finding.hint == "raise the wallets by 100.00 a month, or correct the plan"


def test_once_the_day_is_known_months_that_are_over_are_short_no_more(tmp_path: Path) -> None:
    team = (
        "version: 1\nteam: web\nplan:\n  baseline_monthly: 1000.00\n"
        "  planned_demand: [{reason: a, monthly: 70.00, from: 2026-06, until: 2026-07},"
        " {reason: b, monthly: 5.00, from: 2026-09, until: 2026-10}]\n"
        "wallets:\n  prod: {team_id: web, monthly: 1000.00}\n"
    )
    root = write_tree(tmp_path, {"teams/web.yaml": team})

    [told] = load(root, since=Period(2026, 8)).findings

    assert "USD 1,005.00 in 2026-09" in told.message
    assert told.message.endswith("USD 5.00 too little; short in 2 months of FY2027 from 2026-08 on, first in 2026-09")
    assert "USD 1,070.00 in 2026-06" in load(root).findings[0].message
    assert load(root, since=Period(2026, 11)).findings == ()
    assert load(root, since=Period(2027, 7)).findings == ()


def test_an_override_pays_for_a_seasonal_month(tmp_path: Path) -> None:
    text = "  baseline_monthly: 1000.00\n"
    text += "  planned_demand: [{reason: b, monthly: 5.00, from: 2026-09, until: 2026-09}]\n"

    assert findings(tmp_path / "paid", text, "monthly: 1000.00, overrides: {2026-09: 1005.00}") == []
    [finding] = findings(tmp_path / "low", text, "monthly: 1005.00, overrides: {2026-11: 999.99}")
    assert "USD 1,000.00 in 2026-11" in finding.message
    assert "1 month of FY2027" in finding.message
    assert "USD 0.01 too little" in finding.message


def test_a_cache_that_gets_worse_costs_more(tmp_path: Path) -> None:
    [finding] = findings(
        tmp_path,
        "  baseline_monthly: 1000.00\n  cache_hit_rate: {from: 50%, to: 0%, by: 2026-07}\n",
        "monthly: 1999.99",
    )

    assert "needs USD 2,000.00 in 2026-07 (baseline and cache improvement)" in finding.message


def test_what_is_not_counted_is_said(tmp_path: Path) -> None:
    [finding] = findings(
        tmp_path,
        "  baseline_monthly: 1000.01\n  provider_mix: [{reason: r, from: a/b, to: c/d, share: 90%, by: 2026-07}]\n",
    )

    assert "(baseline; provider mix not counted)" in finding.message


def test_growth_beyond_all_measure_is_a_finding_and_no_crash(tmp_path: Path) -> None:
    steps = ", ".join(["{reason: a, rate: 999999%, from: 2026-06}"] * 2000)

    [finding] = findings(tmp_path, f"  baseline_monthly: 1000.00\n  growth: [{steps}]\n")

    assert "e+8003 in 2026-06" in finding.message
    assert finding.hint == "correct the plan"


def test_a_plan_without_a_baseline_or_wallets_is_not_compared(tmp_path: Path) -> None:
    assert findings(tmp_path / "one", "  growth: [{reason: a, rate: 10%, from: 2026-06}]\n") == []
    root = write_tree(tmp_path / "two", {"teams/a.yaml": "version: 1\nteam: a\nplan: {baseline_monthly: 5}\n"})
    assert load(root).findings == ()


def test_a_damaged_wallet_is_not_counted_as_missing(tmp_path: Path) -> None:
    assert [finding.code for finding in findings(tmp_path, "  baseline_monthly: 1000.00\n", "monthly: 5.")] == [
        "number-notation"
    ]
