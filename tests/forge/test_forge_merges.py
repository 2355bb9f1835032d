"""Several merges, and what may go wrong with them: hidden files, an old run started again, one that was cancelled."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from forge.budget_repository import ORGANIZATION, SUPPORT, BudgetRepository
from forge.github_standin import Pull
from forge.host import Host
from forge.sandbox_desk import DAY, SandboxDesk, sandbox_desk

from reconciler.findings import ExitCode

pytestmark = pytest.mark.slow

HIDDEN = """\
version: 1
team: shadow
wallets:
  prod: {team_id: team_shadow, monthly: 0.00, overrides: {2026-07: 50000.00}}
"""
SUPPORT_FILE = "budgets/teams/support.yaml"


@pytest.fixture
def desk(tmp_path: Path, host: Host, capsys: pytest.CaptureFixture[str]) -> Iterator[SandboxDesk]:
    files = {"budgets/org.yaml": ORGANIZATION, SUPPORT_FILE: SUPPORT}
    repository = BudgetRepository.create(tmp_path, files)
    host.state.members |= {("acme/support-leads", "lena"), ("acme/finance", "bob"), ("acme/platform", "pat")}
    with sandbox_desk(repository, host.state, host.url, capsys) as made:
        made.apply()
        yield made


def usage(desk: SandboxDesk) -> str:
    return str(desk.repository.folder.parent / "usage.csv")


def merged(desk: SandboxDesk, number: int, edit: Callable[[], None], *approvers: str) -> str:
    """Open a pull request, show its plan, have it approved, and return its merge commit."""
    repository = desk.repository
    base, branch = repository.head, f"change-{number}"
    repository.branch(branch)
    edit()
    commit = repository.commit("Change")
    repository.push(number)
    patches = repository.patches(base, commit)
    desk.github.pulls[number] = Pull(number, "alice", [(commit, "alice")], base, head_ref=branch, patches=patches)
    desk.variables |= desk.host.of_test_merge
    made = desk.kt("plan", "--as-of", DAY, "--usage", usage(desk), "--output", "../pr.json")
    assert made == ExitCode.DONE, desk.errors
    assert desk.kt("pr", "comment", "--plan", "../pr.json", "--pr", str(number)) == ExitCode.DONE, desk.errors
    desk.variables |= dict.fromkeys(desk.host.of_test_merge, "")
    for person in approvers:
        desk.github.review(number, person)
    merge = repository.merge(branch)
    desk.github.merge(number, merge)
    return merge


def apply(desk: SandboxDesk, merge: str) -> int:
    """Do what the workflow does after a merge, and return the exit code of what stopped it."""
    desk.repository.git("checkout", "--quiet", merge)
    desk.variables |= desk.host.of_push(merge)
    try:
        made = desk.kt("plan", "--as-of", DAY, "--usage", usage(desk), "--output", "../merged.json")
        return made or desk.kt("apply", "--as-of", DAY, "--plan", "../merged.json", "--require-approval")
    finally:
        desk.variables |= dict.fromkeys(desk.host.of_push(merge), "")
        desk.repository.git("switch", "--quiet", "main")


def scope(desk: SandboxDesk) -> Any:
    return json.loads((desk.repository.folder.parent / "merged.json").read_text(encoding="utf-8"))["scope"]


def funded(desk: SandboxDesk) -> float:
    wallets = desk.keeptrusts("GET", "/v1/wallets")["data"]
    (support,) = [wallet["id"] for wallet in wallets if wallet.get("scope_id") == "team_support"]
    signs = {"allocate": 1, "reclaim": -1}
    entries = desk.keeptrusts("GET", f"/v1/wallets/{support}/transactions?limit=200")["data"]
    return float(sum(signs.get(entry["type"], 0) * entry["amount"] for entry in entries))


def target(desk: SandboxDesk, before: str, after: str) -> Callable[[], None]:
    return lambda: desk.repository.edit(SUPPORT_FILE, f"monthly: {before}", f"monthly: {after}")


@pytest.mark.parametrize("how", ["plain", "left out of archives", "behind a link"])
def test_a_team_cannot_be_hidden_from_those_who_must_approve_it(desk: SandboxDesk, how: str) -> None:
    repository = desk.repository

    def edit() -> None:
        if how == "behind a link":
            repository.write({"budgets/.notes/shadow.yaml": HIDDEN})
            (repository.folder / "budgets/teams/shadow.yaml").symlink_to("../.notes/shadow.yaml")
            return
        repository.write({"budgets/teams/shadow.yaml": HIDDEN})
        if how == "left out of archives":
            repository.write({"budgets/teams/.gitattributes": "shadow.yaml export-ignore\n"})

    merge = merged(desk, 128, edit)
    assert apply(desk, merge) == ExitCode.REFUSED, desk.output + desk.errors
    assert "ask @acme/finance to approve that commit" in desk.errors


def test_a_file_that_git_changes_on_its_way_out_is_not_what_was_approved(desk: SandboxDesk) -> None:
    def edit() -> None:
        desk.repository.write({"budgets/teams/.gitattributes": "support.yaml ident\n"})
        desk.repository.edit(SUPPORT_FILE, "version: 1\n", "# $Id$\nversion: 1\n")

    merge = merged(desk, 128, edit)
    (desk.repository.folder / SUPPORT_FILE).unlink()
    desk.repository.git("checkout", "--", SUPPORT_FILE)
    desk.variables |= desk.host.of_push(merge)
    made = desk.kt("plan", "--as-of", DAY, "--usage", usage(desk), "--output", "../merged.json")
    assert made == ExitCode.DONE, desk.errors
    assert desk.kt("pr", "approval", "--merge-sha", merge, "--plan", "../merged.json") == ExitCode.REFUSED
    assert "made from other files than those of" in desk.errors


def test_an_old_run_that_is_started_again_does_not_undo_what_came_after_it(desk: SandboxDesk) -> None:
    first = merged(desk, 128, target(desk, "10500.00", "12500.00"), "lena", "bob")
    assert apply(desk, first) == ExitCode.DONE, desk.errors
    second = merged(desk, 129, target(desk, "12500.00", "10500.00"), "lena", "bob")
    assert apply(desk, second) == ExitCode.DONE, desk.errors
    assert funded(desk) == 10500.0

    assert apply(desk, first) == ExitCode.REFUSED
    assert "which was applied after it" in desk.errors
    assert funded(desk) == 10500.0
    desk.repository.git("checkout", "--quiet", first)
    made = desk.kt("plan", "--as-of", DAY, "--usage", usage(desk), "--output", "../old.json")
    assert made == ExitCode.REFUSED
    assert "this would undo what came in between" in desk.errors


def test_a_merge_whose_run_was_cancelled_stops_the_next_one_until_it_is_run_again(desk: SandboxDesk) -> None:
    shadow = HIDDEN.replace("monthly: 0.00, overrides: {2026-07: 50000.00}", "monthly: 300.00")
    cancelled = merged(desk, 128, target(desk, "10500.00", "10600.00"), "lena")
    following = merged(desk, 129, lambda: desk.repository.write({"budgets/teams/shadow.yaml": shadow}), "bob", "lena")

    assert apply(desk, following) == ExitCode.STALE
    assert scope(desk)["teams"] == ["shadow", "support"]
    assert f"if an earlier merge was not applied, run its {desk.host.pipeline} again first" in desk.errors
    assert apply(desk, cancelled) == ExitCode.DONE, desk.errors
    assert apply(desk, following) == ExitCode.DONE, desk.errors
    assert desk.drift() == ExitCode.DONE


def test_by_hand_git_s_values_are_put_back_for_every_team(desk: SandboxDesk) -> None:
    desk.by_hand(700.0)
    desk.variables |= desk.host.by_hand
    assert desk.kt("plan", "--as-of", DAY, "--usage", usage(desk), "--output", "../merged.json") == ExitCode.DONE
    assert scope(desk) is None
    assert desk.kt("pr", "approval", "--last-applied") == ExitCode.DONE, desk.errors
    assert desk.kt("apply", "--as-of", DAY, "--plan", "../merged.json") == ExitCode.DONE, desk.errors
    assert funded(desk) == 10500.0
    desk.repository.edit(SUPPORT_FILE, "10500.00", "99999.00")
    desk.repository.commit("Never approved")
    assert desk.kt("pr", "approval", "--last-applied") == ExitCode.REFUSED
