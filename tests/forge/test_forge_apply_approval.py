"""`kt-budgets apply --require-approval`, from the command line: no money moves without the owners' word on it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from forge.budget_repository import BudgetRepository
from forge.github_standin import Pull, State
from forge.sandbox_desk import DAY, SandboxDesk, sandbox_desk

from reconciler.findings import ExitCode

pytestmark = pytest.mark.slow

RAISE = ("10500.00", "12500.00")


@pytest.fixture
def desk(tmp_path: Path, github: State, github_url: str, capsys: pytest.CaptureFixture[str]) -> Iterator[SandboxDesk]:
    repository = BudgetRepository.small(tmp_path)
    github.members |= {("acme/support-leads", "lena"), ("acme/finance", "bob"), ("acme/platform", "pat")}
    with sandbox_desk(repository, github, github_url, capsys) as made:
        made.apply()
        yield made


def ledger(desk: SandboxDesk) -> list[dict[str, Any]]:
    """Every movement of every wallet."""
    wallets = desk.keeptrusts("GET", "/v1/wallets")["data"]
    return [
        entry
        for wallet in wallets
        for entry in desk.keeptrusts("GET", f"/v1/wallets/{wallet['id']}/transactions?limit=200")["data"]
    ]


def funded(desk: SandboxDesk) -> float:
    signs = {"allocate": 1, "reclaim": -1}
    (support,) = [
        wallet["id"]
        for wallet in desk.keeptrusts("GET", "/v1/wallets")["data"]
        if wallet.get("scope_id") == "team_support"
    ]
    entries = desk.keeptrusts("GET", f"/v1/wallets/{support}/transactions?limit=200")["data"]
    return float(sum(signs.get(entry["type"], 0) * entry["amount"] for entry in entries))


def usage(desk: SandboxDesk) -> str:
    return str(desk.repository.folder.parent / "usage.csv")


def shown(desk: SandboxDesk) -> None:
    """Plan the pull request that is checked out and show it, as its workflow does."""
    assert desk.kt("plan", "--as-of", DAY, "--usage", usage(desk), "--output", "../pr.json") == 0, desk.errors
    assert desk.kt("pr", "comment", "--plan", "../pr.json", "--pr", "128") == 0, desk.errors


def asked(desk: SandboxDesk, *, author: str = "alice") -> Pull:
    """Open pull request 128, which raises Support's wallet, and show its plan."""
    pull = desk.opened(*RAISE)
    pull.author, pull.commits = author, [(sha, author) for sha, _ in pull.commits]
    shown(desk)
    return pull


def merged(desk: SandboxDesk) -> str:
    """Merge the pull request, and plan what was merged."""
    commit = desk.repository.merge("change")
    desk.github.merge(128, commit)
    assert desk.kt("plan", "--as-of", DAY, "--usage", usage(desk), "--output", "../merged.json") == 0, desk.errors
    return commit


def apply(desk: SandboxDesk, *options: str) -> int:
    return desk.kt("apply", "--as-of", DAY, "--plan", "../merged.json", "--require-approval", *options)


def refused(desk: SandboxDesk, code: ExitCode = ExitCode.REFUSED) -> str:
    """Run apply, which must refuse without a write, and return what it says."""
    before, runs = ledger(desk), sorted(path.name for path in (desk.repository.folder.parent / "journal").rglob("*"))
    assert apply(desk) == code, desk.output + desk.errors
    assert ledger(desk) == before
    assert sorted(path.name for path in (desk.repository.folder.parent / "journal").rglob("*")) == runs
    return desk.errors


def test_what_its_owners_approved_is_applied_once(desk: SandboxDesk) -> None:
    asked(desk)
    desk.github.review(128, "lena")
    desk.github.review(128, "bob")
    merged(desk)

    assert apply(desk) == ExitCode.DONE, desk.errors
    assert funded(desk) == 12500.0
    before = ledger(desk)
    assert apply(desk, "--format", "json") == ExitCode.DONE, desk.errors
    assert {outcome["status"] for outcome in json.loads(desk.output)["outcomes"]} <= {"already_applied"}
    assert ledger(desk) == before


def test_without_an_approval_nothing_moves_and_who_must_approve_is_said(desk: SandboxDesk) -> None:
    asked(desk)
    merged(desk)

    words = refused(desk)
    assert "lacks an approval of its last commit" in words
    assert "ask @acme/support-leads to approve that commit" in words


def test_all_that_is_missing_is_said_at_once(desk: SandboxDesk) -> None:
    asked(desk)
    commit = merged(desk)

    options = ("--merge-sha", commit, "--plan", "../merged.json", "--as-of", DAY, "--format", "json")
    assert desk.kt("pr", "approval", *options) == ExitCode.REFUSED
    assert "also by @acme/finance (USD 2,000.00 move, above USD 1,000.00)" in desk.errors
    assert "ask @acme/finance to approve that commit" in desk.errors
    assert "ask @acme/support-leads to approve that commit" in json.loads(desk.output)["hint"]


def test_with_one_of_two_approvals_the_other_is_asked_for(desk: SandboxDesk) -> None:
    asked(desk)
    desk.github.review(128, "lena")
    merged(desk)

    words = refused(desk)
    assert "ask @acme/finance to approve that commit" in words
    assert "above USD 1,000.00" in words


def test_an_approval_of_an_older_head_is_none(desk: SandboxDesk) -> None:
    pull = asked(desk)
    desk.github.review(128, "lena")
    desk.github.review(128, "bob")
    desk.repository.edit("budgets/teams/support.yaml", "12500.00}", "12600.00}")
    pull.commits.append((desk.repository.commit("More"), "alice"))
    desk.repository.push(128)
    shown(desk)
    merged(desk)

    assert f"lena approved the older commit {pull.commits[0][0][:12]}" in refused(desk)


def test_nobody_approves_their_own(desk: SandboxDesk) -> None:
    asked(desk, author="lena")
    desk.github.review(128, "lena")
    merged(desk)

    words = refused(desk)
    assert "lena wrote it and cannot approve it" in words
    assert "ask @acme/finance to approve that commit" in words


def test_the_organizations_owners_stand_in_for_a_sole_owner_and_it_is_said(desk: SandboxDesk) -> None:
    asked(desk, author="lena")
    desk.github.review(128, "bob")
    commit = merged(desk)

    assert desk.kt("pr", "approval", "--merge-sha", commit, "--plan", "../merged.json", "--as-of", DAY) == 0
    assert "approved by bob instead (support: its plan, wallets or alerts change)" in desk.output
    assert "@acme/support-leads has nobody who may approve what these authors wrote" in desk.output
    options = ("--merge-sha", commit, "--plan", "../merged.json", "--as-of", DAY, "--format", "json")
    assert desk.kt("pr", "approval", *options) == 0, desk.errors
    assert json.loads(desk.output)["stood_in"] == [
        {
            "team": "support",
            "owners": ["@acme/support-leads"],
            "reason": "support: its plan, wallets or alerts change",
            "approved_by": ["bob"],
            "why": "@acme/support-leads has nobody who may approve what these authors wrote",
        }
    ]
    assert apply(desk) == ExitCode.DONE, desk.errors


def test_an_owner_who_asked_for_changes_stops_it(desk: SandboxDesk) -> None:
    asked(desk)
    desk.github.review(128, "lena")
    desk.github.review(128, "bob", "CHANGES_REQUESTED")
    merged(desk)

    assert "bob asked for changes" in refused(desk)


def test_a_commit_that_was_pushed_to_the_branch_is_refused(desk: SandboxDesk) -> None:
    desk.repository.edit("budgets/teams/support.yaml", *RAISE)
    desk.repository.commit("Straight in")
    assert desk.kt("plan", "--as-of", DAY, "--usage", usage(desk), "--output", "../merged.json") == 0, desk.errors

    words = refused(desk)
    assert "it was pushed directly, or merged elsewhere" in words
    assert "bring the change in through a pull request" in words


def test_a_plan_that_nobody_recorded_is_refused(desk: SandboxDesk) -> None:
    asked(desk)
    desk.github.checks.clear()
    desk.github.review(128, "lena")
    desk.github.review(128, "bob")
    merged(desk)

    assert "no plan was recorded by github-actions" in refused(desk)


def test_a_plan_that_moved_since_its_approval_is_stale(desk: SandboxDesk) -> None:
    asked(desk)
    desk.github.review(128, "lena")
    desk.github.review(128, "bob")
    desk.by_hand(300.0)
    merged(desk)

    words = refused(desk, ExitCode.STALE)
    assert "the plan of support is not the one that was recorded for that commit" in words
    assert "open a pull request that changes these teams" in words


def test_a_merge_of_another_pull_request_is_no_approval_of_this_plan(desk: SandboxDesk) -> None:
    asked(desk)
    desk.github.review(128, "lena")
    desk.github.review(128, "bob")
    commit = merged(desk)
    desk.variables["GITHUB_SHA"] = desk.repository.git("rev-parse", f"{commit}^1")

    assert "pushed directly" in refused(desk)


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("GITHUB_TOKEN", "", "GITHUB_TOKEN"),
        ("GITHUB_TOKEN", "ghp_nobody", "GITHUB_TOKEN"),
        ("GITHUB_REPOSITORY", "", "GITHUB_REPOSITORY"),
        ("GITHUB_API_URL", "http://127.0.0.1:9", "gave no answer"),
    ],
)
def test_where_github_cannot_be_asked_nothing_moves(desk: SandboxDesk, name: str, value: str, words: str) -> None:
    asked(desk)
    merged(desk)
    desk.variables[name] = value
    before = ledger(desk)

    assert apply(desk) in (ExitCode.REMOTE, ExitCode.USAGE)
    assert words in desk.errors
    assert ledger(desk) == before


def test_without_the_option_the_same_plan_is_applied(desk: SandboxDesk) -> None:
    asked(desk)
    merged(desk)

    assert desk.kt("apply", "--as-of", DAY, "--plan", "../merged.json") == ExitCode.DONE, desk.errors
    assert funded(desk) == 12500.0
