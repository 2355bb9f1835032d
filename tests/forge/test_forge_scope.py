"""A plan for the teams of one pull request, shown, refreshed and approved: other teams have no say in it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from forge.budget_repository import ORGANIZATION, SUPPORT, BudgetRepository
from forge.host import Host
from forge.sandbox_desk import DAY, SandboxDesk, sandbox_desk

from reconciler.findings import ExitCode

SHADOW = "version: 1\nteam: shadow\nwallets:\n  prod: {team_id: team_shadow, monthly: 300.00}\n"


@pytest.fixture
def desk(tmp_path: Path, host: Host, capsys: pytest.CaptureFixture[str]) -> Iterator[SandboxDesk]:
    """Yield a desk with two teams, applied, and pull request 128, which changes Support and was shown."""
    files = {
        "budgets/org.yaml": ORGANIZATION,
        "budgets/teams/support.yaml": SUPPORT,
        "budgets/teams/shadow.yaml": SHADOW,
    }
    repository = BudgetRepository.create(tmp_path, files)
    with sandbox_desk(repository, host.state, host.url, capsys) as made:
        made.apply()
        made.opened("10500.00", "10600.00")
        made.variables |= host.of_test_merge
        usage = str(repository.folder.parent / "usage.csv")
        assert made.kt("plan", "--as-of", DAY, "--usage", usage, "--output", "../pr.json") == 0, made.errors
        assert made.kt("pr", "comment", "--plan", "../pr.json", "--pr", "128") == 0, made.errors
        repository.git("switch", "--quiet", "main")
        made.variables |= dict.fromkeys(host.of_test_merge, "")
        yield made


def state(desk: SandboxDesk) -> tuple[str, list[str]]:
    assert desk.kt("pr", "refresh", "--as-of", DAY, "--format", "json") == 0, desk.errors
    (found,) = json.loads(desk.output)["pull_requests"]
    return found["state"], found["teams"]


def test_the_comment_says_which_teams_it_is_about(desk: SandboxDesk) -> None:
    (comment,) = desk.github.ours(128)
    assert "This plan is about 1 of 2 teams, support, by what differs from" in comment
    assert "The other team was neither read nor forecast." in comment


def test_what_happens_to_another_team_does_not_make_the_plan_stale(desk: SandboxDesk) -> None:
    desk.by_hand(50.0, team="team_shadow")
    assert state(desk) == ("current", [])
    desk.by_hand(50.0)
    assert state(desk) == ("stale", ["support"])


def test_its_merge_is_approved_for_the_same_teams(desk: SandboxDesk) -> None:
    desk.by_hand(50.0, team="team_shadow")
    desk.github.members |= {("acme/support-leads", "lena")}
    desk.github.review(128, "lena")
    merge = desk.repository.merge("change")
    desk.github.merge(128, merge)
    desk.variables |= desk.host.of_push(merge)
    usage = str(desk.repository.folder.parent / "usage.csv")
    assert desk.kt("plan", "--as-of", DAY, "--usage", usage, "--output", "../merged.json") == 0, desk.errors
    saved = json.loads((desk.repository.folder.parent / "merged.json").read_text(encoding="utf-8"))
    assert saved["scope"]["teams"] == ["support"]
    assert desk.kt("apply", "--as-of", DAY, "--plan", "../merged.json", "--require-approval") == ExitCode.DONE, (
        desk.errors
    )
    assert desk.drift() == ExitCode.DRIFT
    assert {item["team"] for item in desk.items()} == {"shadow"}
