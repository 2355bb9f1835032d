"""Who must approve, and what for: told by `plan`, `show` and dry runs from the rules alone, with no forge to ask."""

from __future__ import annotations

import json

from cli.conftest import Result
from cli.journal_desk import AS_OF, Desk, git

OWNED = "owners: ['@acme/leads']\napprovals: {finance_above: 100, finance: ['@acme/finance']}\n"
LEADS = {"team": "alpha", "owners": ["@acme/leads"], "fallback": ["@acme/leads"]}


def noted(desk: Desk) -> list[dict[str, object]] | None:
    plan = json.loads((desk.clone / "plan.json").read_text(encoding="utf-8"))
    found: list[dict[str, object]] | None = plan["policy_input"]["approvals"]
    return found


def told(result: Result) -> str:
    assert result.code in (0, 10), result.err
    return " ".join(result.out.split())


def test_the_rules_say_who_must_approve_in_text_and_json_and_a_saved_plan_still_says_it(desk: Desk) -> None:
    desk.write("500", org=OWNED)
    sentence = "Approve: `acme/finance` (USD 500.00 move, above USD 100.00) and `acme/leads` (budget of alpha)."
    assert sentence in told(desk.plan())
    assert sentence in told(desk.kt("show", "plan.json"))
    assert noted(desk) == [
        {"reason": "alpha: its plan, wallets or alerts change", **LEADS},
        {
            "reason": "USD 500.00 move, above USD 100.00",
            "owners": ["@acme/finance"],
            "team": None,
            "fallback": ["@acme/leads"],
        },
    ]
    asked = "**Approve:** `acme/finance` (USD 500.00 move, above USD 100.00) and"
    assert asked in desk.kt("show", "plan.json", "--format", "markdown").out
    assert asked in desk.kt("pr", "comment", "--dry-run").out


def test_what_a_change_says_about_its_own_approval_does_not_count(desk: Desk) -> None:
    desk.write("500", org=OWNED)
    desk.applied()
    desk.write("900", org="owners: ['@mallory']\n")
    said = told(desk.plan())
    assert "`acme/leads` (the organization's settings change; budget of alpha)" in said
    assert "`acme/finance` (USD 400.00 move, above USD 100.00)" in said
    assert "mallory" not in said.partition("Approve:")[2]


def test_a_change_of_later_months_alone_is_approved_as_well(desk: Desk) -> None:
    desk.write("500", org=OWNED)
    desk.applied()
    desk.write("[{amount: 500, from: 2026-06}, {amount: 501, from: 2026-09}]", org=OWNED)
    assert "Approve: `acme/leads` (budget of alpha)." in told(desk.plan())


def test_nobody_is_asked_where_nothing_changes(desk: Desk) -> None:
    desk.write("500", org=OWNED)
    desk.applied()
    assert "Approve" not in told(desk.plan())
    assert noted(desk) == []


def test_who_must_approve_is_not_known_where_the_commit_before_cannot_be_read(desk: Desk) -> None:
    desk.write("five dollars")
    broken = git(desk.clone, "rev-parse", "HEAD")
    desk.write("500", org=OWNED)
    desk.chdir(desk.clone)
    assert "Approve" not in told(desk.kt("plan", *AS_OF, "--since", broken))
    assert noted(desk) is None


def test_the_first_budgets_of_a_repository_are_approved_by_their_owners(desk: Desk) -> None:
    git(desk.clone, "rm", "-rq", "budgets")
    git(desk.clone, "commit", "--quiet", "--message", "none")
    desk.write("500", org=OWNED)
    desk.chdir(desk.clone)
    said = told(desk.kt("plan", *AS_OF, "--since", "HEAD~1"))
    assert "`acme/leads` (the organization's settings change; alpha: it is new)" in said


def test_a_dry_run_of_opening_a_month_says_that_nobody_has_to_unless_an_approval_is_required(desk: Desk) -> None:
    desk.write("500", org=OWNED)
    opened = ("apply", "--period", "2026-06", *AS_OF, "--settle", "0", "--dry-run")
    desk.chdir(desk.clone)
    assert "Approve: nobody has to." in told(desk.kt(*opened))
    assert "and `acme/leads` (budget of alpha)" in told(desk.kt(*opened, "--require-approval"))
    facts = json.loads(desk.kt(*opened, "--format", "json").out)["policy_input"]
    assert facts["approvals"] == []
