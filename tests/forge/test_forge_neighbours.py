"""The comment says what other pull requests do to the same money, before anything of it hurts."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from forge.budget_repository import ORGANIZATION, SUPPORT, BudgetRepository
from forge.github_standin import Pull
from forge.host import Host
from forge.sandbox_desk import DAY, SandboxDesk, sandbox_desk

from reconciler.app.change_request import neighbours
from reconciler.report.escape import inline
from reconciler.report.spans import Span, reference

SHADOW = "version: 1\nteam: shadow\nwallets:\n  prod: {team_id: team_shadow, monthly: 300.00}\n"
TEAM, OTHER = "budgets/teams/support.yaml", "budgets/teams/shadow.yaml"


@pytest.fixture
def desk(tmp_path: Path, host: Host, capsys: pytest.CaptureFixture[str]) -> Iterator[SandboxDesk]:
    """Yield a desk with two teams, applied."""
    files = {"budgets/org.yaml": ORGANIZATION, TEAM: SUPPORT, OTHER: SHADOW}
    repository = BudgetRepository.create(tmp_path, files)
    with sandbox_desk(repository, host.state, host.url, capsys) as made:
        made.apply()
        yield made


def opened(desk: SandboxDesk, number: int, *edits: tuple[str, str, str]) -> Pull:
    """Open a pull request from main, and go back to main."""
    repository = desk.repository
    base = repository.git("rev-parse", "main")
    repository.branch(f"change-{number}")
    for name, old, new in edits:
        if old:
            repository.edit(name, old, new)
        else:
            repository.write({name: new})
    commit = repository.commit(f"Change {number}")
    repository.push(number)
    repository.git("switch", "--quiet", "main")
    pull = Pull(number, "alice", [(commit, "alice")], base, head_ref=f"change-{number}")
    desk.github.pulls[number] = pull
    return pull


def comment(desk: SandboxDesk, number: int) -> str:
    """Plan a pull request as its forge tests it, merged onto main, show it, and return the comment."""
    repository = desk.repository
    repository.git("switch", "--quiet", "--detach", "main")
    repository.git("merge", "--quiet", "--no-ff", "--no-edit", f"change-{number}")
    desk.variables |= desk.host.of_test_merge
    usage = str(repository.folder.parent / "usage.csv")
    assert desk.kt("plan", "--as-of", DAY, "--usage", usage, "--output", "../pr.json") == 0, desk.errors
    assert desk.kt("pr", "comment", "--plan", "../pr.json", "--pr", str(number)) == 0, desk.errors
    repository.git("switch", "--quiet", "main")
    (found,) = desk.github.ours(number)
    return found


def test_who_changes_the_same_wallet_is_named_with_what_all_of_them_ask_of_the_pool(desk: SandboxDesk) -> None:
    opened(desk, 128, (TEAM, "10500.00", "10600.00"))
    opened(desk, 129, (TEAM, "monthly: 10500.00}", "monthly: 10500.00, overrides: {2026-09: 1.00}}"))
    opened(desk, 130, (OTHER, "300.00", "90000.00"))
    opened(desk, 131, ("README.md", "", "Words"))
    opened(desk, 132, (OTHER, "300.00", "200.00"))
    opened(desk, 133, (OTHER, "monthly: 300.00", "monthly: many"))
    said = comment(desk, 128)
    assert f"**Other {desk.host.request}s and the same money**" in said
    assert f"- {desk.host.sign}133 changes budgets too; it conflicts, or its YAML has errors" in said
    assert f"- {desk.host.sign}129 is open and changes the same wallet: **support / prod**." in said
    for number in (130, 131, 132):
        assert f"{desk.host.sign}{number}" not in said
    assert f"If the 3 other open {desk.host.request}s that change budgets are merged as well, USD 89,700 more" in said
    assert "**the organization wallet is short of USD 600**" in said


def test_a_pull_request_that_merges_and_changes_the_same_wallet_is_told(desk: SandboxDesk) -> None:
    opened(desk, 128, (TEAM, "monthly: 10500.00", "monthly: 10600.00"))
    opened(desk, 129, (TEAM, "version: 1\nteam: support", "version: 1\nteam: support\nstate: absent"))
    said = comment(desk, 128)
    assert f"- {desk.host.sign}129 is open and changes the same wallet: **support / prod**." in said
    assert (
        "the pool" not in said.partition(f"**Other {desk.host.request}s")[2].partition("**\n\n")[2].partition("\n\n")[0]
    )


def test_two_changes_of_the_organization_are_told(desk: SandboxDesk) -> None:
    opened(desk, 128, ("budgets/org.yaml", "owners:", "annual_target: 5.00\nowners:"))
    opened(desk, 129, ("budgets/org.yaml", "version: 1\n", "version: 1\nunused: reclaim\n"))
    assert f"- {desk.host.sign}129 is open and changes the organization's settings" in comment(desk, 128)


def test_what_is_merged_and_not_applied_is_told_with_its_pull_request(desk: SandboxDesk) -> None:
    opened(desk, 127, (OTHER, "300.00", "400.00"))
    opened(desk, 128, (TEAM, "10500.00", "10600.00"))
    desk.github.merge(127, desk.repository.merge("change-127"))
    said = comment(desk, 128)
    assert f"- {desk.host.sign}127 is **merged and not applied yet** (shadow)." in said


def test_nothing_is_said_where_nobody_else_changes_anything(desk: SandboxDesk) -> None:
    opened(desk, 128, (TEAM, "10500.00", "10600.00"))
    said = comment(desk, 128)
    assert f"Other {desk.host.request}s" not in said
    head, base = desk.repository.git("rev-parse", "change-128", "main").split()
    assert f"for commit `{head[:7]}` merged onto `{base[:7]}`" in said
    assert f"The apply {desk.host.pipeline} does it right after the merge" in said


def test_more_than_are_looked_at_are_said_to_be_more(desk: SandboxDesk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(neighbours, "MOST", 1)
    opened(desk, 128, (TEAM, "10500.00", "10600.00"))
    for number in (129, 130):
        opened(desk, number, (TEAM, "10500.00", f"{number}.00"))
    said = comment(desk, 128)
    assert f"newest open {desk.host.request}s that touch the budgets were looked at" in said
    assert f"{desk.host.sign}130" in said
    assert f"{desk.host.sign}129" not in said


def test_what_cannot_be_fetched_is_said_and_stops_nothing(desk: SandboxDesk) -> None:
    opened(desk, 128, (TEAM, "10500.00", "10600.00"))
    opened(desk, 129, (TEAM, "10500.00", "10700.00"))
    desk.repository.git("push", "--quiet", "origin", ":refs/pull/129/head", ":refs/merge-requests/129/head")
    assert f"Other open {desk.host.request}s could not be looked at" in comment(desk, 128)


def test_only_a_number_becomes_a_reference() -> None:
    assert inline((reference(128),)) == "#128"
    assert inline((reference(128, "!"),)) == "!128"
    assert inline((Span("#12a @mallory", "reference"),)) == "#&#8203;12a @&#8203;mallory"
