"""A pull request that moves no money today shows everything that merging it changes, and who must approve it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from forge.budget_repository import ORGANIZATION, SUPPORT, BudgetRepository
from forge.github_standin import Pull
from forge.host import Host
from forge.sandbox_desk import DAY, SandboxDesk, sandbox_desk

pytestmark = pytest.mark.slow

TEAM, ORG = "budgets/teams/support.yaml", "budgets/org.yaml"


@pytest.fixture
def desk(tmp_path: Path, host: Host, capsys: pytest.CaptureFixture[str]) -> Iterator[SandboxDesk]:
    """Yield a desk with a team, applied, whose branch `change` is checked out."""
    repository = BudgetRepository.create(tmp_path, {ORG: ORGANIZATION, TEAM: SUPPORT})
    with sandbox_desk(repository, host.state, host.url, capsys) as made:
        made.apply()
        repository.branch("change")
        yield made


def shown(desk: SandboxDesk, *edits: tuple[str, str, str]) -> tuple[str, dict[str, Any]]:
    """Plan and show a pull request with these edits; return its comment and its plan."""
    repository = desk.repository
    for edit in edits:
        repository.edit(*edit)
    commit = repository.commit("Change")
    repository.push(128)
    base = repository.git("rev-parse", "main")
    desk.github.pulls[128] = Pull(128, "alice", [(commit, "alice")], base, head_ref="change")
    desk.variables |= desk.host.of_test_merge
    usage = str(repository.folder.parent / "usage.csv")
    assert desk.kt("plan", "--as-of", DAY, "--usage", usage, "--output", "../pr.json") == 0, desk.errors
    assert desk.kt("pr", "comment", "--plan", "../pr.json", "--pr", "128") == 0, desk.errors
    (comment,) = desk.github.ours(128)
    return comment, json.loads((repository.folder.parent / "pr.json").read_text(encoding="utf-8"))


def test_other_owners_and_a_threshold_that_lets_everything_pass_are_shown(desk: SandboxDesk) -> None:
    edits = (
        (ORG, '"@acme/finance"]\napp', '"@mallory"]\napp'),
        (ORG, "finance_above: 1000.00", "finance_above: 900000.00"),
    )
    comment, plan = shown(desk, *edits)
    headline = comment.splitlines()[1]
    assert headline.startswith("### Budget plan: the owners and finance threshold of the organization change")
    assert "no changes" not in comment
    assert "no money moves" not in comment
    assert "- **The organization**, owners: @&#8203;acme/finance → **@&#8203;mallory**" in comment
    assert (
        "USD 1,000.00 → **USD 900,000.00**; up to USD 900,000.00 in one run or month moves without finance" in comment
    )
    assert "`budgets/org.yaml:6:9`, to be approved by `acme/finance`" in comment
    assert "**Approve:** `acme/finance` (the organization's settings change)." in comment
    assert plan["changes"] == []
    assert {item["key"]: item["position"] for item in plan["later"]["settings"]} == {
        "owners": "budgets/org.yaml:6:9",
        "approvals.finance_above": "budgets/org.yaml:7:28",
    }


def test_what_is_taken_back_from_each_wallet_on_the_first_is_shown_in_money(desk: SandboxDesk) -> None:
    comment, plan = shown(desk, (ORG, "owners:", "unused: reclaim\nowners:"))
    assert "about USD 10,500 of unused money goes back to the organization wallet on 1 July" in comment.splitlines()[1]
    assert "support / prod USD 10,500.00" in comment
    (item,) = plan["later"]["expectations"]
    assert (item["name"], item["amount"], item["wallets"]) == ("unused money", "10500.00", {"team_support": "10500.00"})


def test_much_more_in_a_later_month_is_shown_with_finance_to_approve_it(desk: SandboxDesk) -> None:
    comment, plan = shown(desk, (TEAM, "monthly: 10500.00", "monthly: 10500.00, overrides: {2026-08: 90000.00}"))
    assert "Later: *support / prod* USD 10,500 → **90,000** (79,500 more), August 2026." in comment
    assert (
        "`acme/finance` (USD 79,500.00 move, above USD 1,000.00) and `acme/support-leads` (budget of support)."
        in comment
    )
    assert [item["period"] for item in plan["later"]["targets"]] == ["2026-08"]


def test_other_owners_of_a_team_are_approved_by_those_of_before(desk: SandboxDesk) -> None:
    comment, _ = shown(desk, (TEAM, "@acme/support-leads", "@mallory"))
    assert "### Budget plan: the owners of support change; June 2026 stays as it is" in comment
    assert "to be approved by `acme/support-leads`" in comment
    assert "**Approve:** `acme/support-leads` (budget of support)." in comment


def test_what_cannot_be_compared_is_never_called_no_change(desk: SandboxDesk) -> None:
    desk.repository.git("switch", "--quiet", "main")
    desk.repository.edit(TEAM, "monthly: 10500.00", "monthly: many")
    desk.repository.commit("Break it")
    desk.repository.git("push", "--quiet", "origin", "main")
    desk.repository.git("switch", "--quiet", "change")
    desk.repository.git("merge", "--quiet", "--no-edit", "main")
    comment, plan = shown(
        desk, (TEAM, "monthly: many", "monthly: 10500.00"), (ORG, '["@acme/finance"]', '["@mallory"]')
    )
    assert "### Budget plan: June 2026 stays as it is; what else changes cannot be told" in comment
    assert "owners, limits and later months may change without being shown" in comment
    assert plan["later"] is None
