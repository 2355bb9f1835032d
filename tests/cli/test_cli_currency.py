"""A currency in org.yaml that the organization has no money of."""

from __future__ import annotations

import json

from cli.journal_desk import AS_OF, Desk


def mistyped(desk: Desk) -> None:
    path = desk.clone / "budgets" / "org.yaml"
    path.write_text(path.read_text().replace("USD", "EUR"))
    team = desk.clone / "budgets" / "teams" / "alpha.yaml"
    team.write_text(
        team.read_text()
        + "billing_budgets:\n  - {name: alpha, amount: 900, alert_percentages: [80], hard_limit: false}\n"
    )


def test_a_mistyped_currency_is_refused_and_nothing_is_planned_or_written_in_it(desk: Desk) -> None:
    assert desk.applied().code == 0
    assert desk.plan().code == 0
    mistyped(desk)
    moved = desk.world.ledger("t-alpha")
    former = desk.kt("apply", *AS_OF, "--plan", "plan.json", "--settle", "0")
    assert former.code == 4
    assert "the plan is in USD, and org.yaml says `currency: EUR`" in former.err
    planned = desk.plan()
    assert planned.code == 4
    said = " ".join(planned.out.split())
    assert "org.yaml says `currency: EUR`, and the organization wallets are in JPY and USD" in said
    assert "write `currency: JPY` or `currency: USD` in org.yaml" in said
    assert "stale-wallet" not in said
    assert json.loads((desk.clone / "plan.json").read_text())["changes"] == []
    refused = desk.kt("apply", *AS_OF, "--plan", "plan.json", "--settle", "0")
    assert refused.code == 4
    assert "the organization wallets are in JPY and USD" in refused.err
    assert desk.world.ledger("t-alpha") == moved
    assert not desk.world.budgets


def test_an_opened_month_in_a_mistyped_currency_is_refused(desk: Desk) -> None:
    mistyped(desk)
    refused = desk.kt("apply", *AS_OF, "--period", "2026-06", "--settle", "0", "--budgets", desk.clone / "budgets")
    assert refused.code == 4
    assert "the organization wallets are in JPY and USD" in refused.err
    assert not desk.world.accounts
