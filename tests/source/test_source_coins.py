"""Amounts with decimals are findings in a currency that has none."""

from __future__ import annotations

from pathlib import Path

from reconciler.source.load import load

ORG = """\
version: 1
organization: org_acme
currency: {currency}
fiscal_year: {{name: FY2027, starts: 2026-06}}
environments: [prod]
annual_target: 1000000.5
guards: {{largest_change: 10.01}}
waivers:
  - {{guard: largest-change-percent, team: support, max: 12.50, until: 2026-07-01, reason: r, approved_by: a}}
  - {{guard: largest-change, team: support, max: 700.07, until: 2026-07-01, reason: r, approved_by: a}}
"""
TEAM = """\
version: 1
team: support
plan:
  baseline_monthly: 99.5
  planned_demand: [{reason: a, monthly: 1.00, from: 2026-07}, {reason: b, monthly: 60.06, from: 2026-08}]
  rate_limits: [{reason: c, daily: 8.80, from: 2026-08}]
wallets:
  prod:
    team_id: team_support
    monthly: 1000.50
    overrides: {2026-11: 2000.25, 2026-12: {amount: 900.75, demand: 1000.25}}
billing_budgets:
  - {name: monthly, amount: 900.01}
"""


def findings(folder: Path, currency: str) -> list[str]:
    teams = folder / "budgets" / "teams"
    teams.mkdir(parents=True)
    (folder / "budgets" / "org.yaml").write_text(ORG.format(currency=currency))
    (teams / "support.yaml").write_text(TEAM)
    found = load(folder / "budgets").findings
    return [f"{item.position.line} {item.message} {item.hint}" for item in found if item.code == "no-such-coin"]


def test_every_amount_with_decimals_in_yen_is_found_at_its_place(tmp_path: Path) -> None:
    found = findings(tmp_path, "JPY")
    assert len(found) == 10
    assert "10 1,000.50 cannot be paid: JPY has no decimals write `1000` or `1001`" in found
    assert "11 900.75 cannot be paid: JPY has no decimals write `900` or `901`" in found
    assert {line for line in found if any(amount in line for amount in ("60.06", "8.80", "700.07"))} == {
        "5 60.06 cannot be paid: JPY has no decimals write `60` or `61`",
        "6 8.80 cannot be paid: JPY has no decimals write `8` or `9`",
        "10 700.07 cannot be paid: JPY has no decimals write `700` or `701`",
    }


def test_a_currency_with_cents_takes_them(tmp_path: Path) -> None:
    assert findings(tmp_path, "EUR") == []
