"""What a plan costs, month by month, and the months in which the wallets do not pay for it."""

from __future__ import annotations

from pathlib import Path

from source.trees import ORGANIZATION, write_tree

from reconciler.findings import Finding
from reconciler.model.period import Period
from reconciler.source.load import load


def findings(tmp_path: Path, plan: str, wallet: str = "monthly: 1000.00") -> list[Finding]:
    text = f"version: 1\nteam: web\nplan:\n{plan}wallets:\n  prod: {{team_id: web, {wallet}}}\n"
    return list(load(write_tree(tmp_path, {"teams/web.yaml": text})).findings)


def test_the_worst_month_and_the_number_of_short_months_are_named(tmp_path: Path) -> None:
    text = "  baseline_monthly: 1000.00\n  growth: [{reason: a, rate: 10%, from: 2027-04}]\n"
    text += "  planned_demand: [{reason: b, monthly: 5.00, from: 2026-09, until: 2026-09}]\n"

    [finding] = findings(tmp_path, text)

    assert (finding.code, finding.position.line, finding.position.column) == ("wallets-below-plan", 4, 21)
    assert finding.message == (
        "the annual plan needs USD 1,100.00 in 2027-04 (baseline, growth and planned demand), and the wallets get"
        " USD 1,000.00: USD 100.00 too little; short in 3 months of FY2027, first in 2026-09, where months that are"
        " over count too"
    )
    assert finding.hint == "raise the wallets by 100.00 a month, or correct the annual plan"


def test_by_how_much_to_raise_can_be_paid_in_the_organization_s_coins(tmp_path: Path) -> None:
    yen = ORGANIZATION.replace("currency: USD", "currency: JPY")
    team = (
        "version: 1\nteam: web\nplan: {{baseline_monthly: 1000, growth: [{{reason: a, rate: 0.01%, from: 2026-06}}]}}\n"
    )
    team += "wallets:\n  prod: {{team_id: web, monthly: {monthly}}}\n"
    root = write_tree(tmp_path, {"org.yaml": yen, "teams/web.yaml": team.format(monthly="1000")})
    [finding] = load(root).findings
    assert finding.hint == "raise the wallets by 1.00 a month, or correct the annual plan"
    (root / "teams" / "web.yaml").write_text(team.format(monthly="1001.00"), encoding="utf-8")
    assert load(root).findings == ()


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

    assert "needs USD 2,000.00 in 2026-08 (baseline and cache improvement)" in finding.message


def test_what_is_not_counted_is_said(tmp_path: Path) -> None:
    moved = "  baseline_monthly: 1000.01\n  provider_mix: [{reason: r, from: a/b, to: c/d, share: 90%, by: 2026-07}]\n"
    [mix] = findings(tmp_path / "mix", moved)
    more = "  fallback: {share: 3%, price_ratio: 2}\n  rate_limits: [{reason: r, daily: 10.00, from: 2026-07}]\n"
    [all_of_it] = findings(tmp_path / "all", moved + more)

    assert "(baseline; provider mix not counted)" in mix.message
    assert "(baseline and fallback; provider mix and rate limits not counted)" in all_of_it.message


def test_a_cache_that_is_reached_by_a_month_is_not_all_there_on_its_first_day(tmp_path: Path) -> None:
    """Half of December's days lie before the middle of it, when the last of seven months is half done."""
    text = "  baseline_monthly: 10000.00\n  cache_hit_rate: {from: 14%, to: 28%, by: 2026-12}\n"
    wallet = "monthly: 12000.00, overrides: {2026-12: 8400.00}"
    [finding] = findings(tmp_path, text, wallet)

    assert "needs USD 8,484.62 in 2026-12" in finding.message


def test_wallets_that_are_enough_only_if_all_savings_come_are_told(tmp_path: Path) -> None:
    text = "  baseline_monthly: 10000.00\n  cache_hit_rate: {from: 14%, to: 28%, by: 2026-06}\n"
    [finding] = findings(tmp_path / "tight", text, "monthly: 8400.00, overrides: {2026-06: 9200.00}")

    assert finding.code == "year-rests-on-savings"
    assert finding.message == (
        "the wallets get USD 101,600.00 over FY2027, which is enough only if all planned savings come: the annual plan"
        " needs USD 101,251.94 if they do, and USD 110,625.97 if half of each does"
    )
    assert findings(tmp_path / "roomy", text, "monthly: 9300.00") == []


def test_growth_beyond_all_measure_is_a_finding_and_no_crash(tmp_path: Path) -> None:
    steps = ", ".join(["{reason: a, rate: 999999%, from: 2026-06}"] * 2000)

    [finding] = findings(tmp_path, f"  baseline_monthly: 1000.00\n  growth: [{steps}]\n")

    assert "e+8003 in 2026-06" in finding.message
    assert finding.hint == "correct the annual plan"


def test_a_plan_without_a_baseline_or_wallets_is_not_compared(tmp_path: Path) -> None:
    assert findings(tmp_path / "one", "  growth: [{reason: a, rate: 10%, from: 2026-06}]\n") == []
    root = write_tree(tmp_path / "two", {"teams/a.yaml": "version: 1\nteam: a\nplan: {baseline_monthly: 5}\n"})
    assert [found.code for found in load(root).findings] == ["no-wallets"]


def test_a_damaged_wallet_is_not_counted_as_missing(tmp_path: Path) -> None:
    assert [finding.code for finding in findings(tmp_path, "  baseline_monthly: 1000.00\n", "monthly: 5.")] == [
        "number-notation"
    ]


def test_the_cure_names_the_override_of_a_short_month_and_cures(tmp_path: Path) -> None:
    text = "  baseline_monthly: 3300.00\n"
    short = "monthly: 3200.00, overrides: {2026-09: 2000.00, 2026-12: 3300.00}"
    [finding] = findings(tmp_path / "short", text, short)
    assert finding.hint == (
        "raise the wallets by 100.00 a month, and where 2026-09 has its money already, write `2026-09: {amount:"
        " 2000.00, demand: usual}`, else raise what `overrides` has for 2026-09 by 1300.00, or correct the annual plan"
    )
    cured = "monthly: 3300.00, overrides: {2026-09: 3300.00, 2026-12: 3300.00}"
    assert findings(tmp_path / "cured", text, cured) == []
    [alone] = findings(tmp_path / "alone", text, "monthly: 3300.00, overrides: {2026-09: -50%}")
    assert alone.hint == (
        "where 2026-09 has its money already, write `2026-09: {amount: 1650.00, demand: usual}`, else raise what"
        " `overrides` has for 2026-09 by 1650.00, or correct the annual plan"
    )
    for own in ("-50%", "0.00", "1650.00"):
        [asked] = findings(tmp_path / own, text, f"monthly: 3300.00, overrides: {{2026-09: {own}}}")
        assert asked.hint is not None
        correction = asked.hint.split("`")[1]
        assert findings(tmp_path / f"{own}s", text, f"monthly: 3300.00, overrides: {{{correction}}}") == []
    assert findings(tmp_path / "held", text, "monthly: 3300.00, overrides: {2026-09: {amount: 0, demand: usual}}") == []
    short = "monthly: 3200.00, overrides: {2026-09: {amount: 0, demand: usual}}"
    [others] = findings(tmp_path / "others", text, short)
    assert others.message.startswith("the annual plan needs USD 3,300.00 in 2026-06 ")
    assert others.hint == "raise the wallets by 100.00 a month, or correct the annual plan"
