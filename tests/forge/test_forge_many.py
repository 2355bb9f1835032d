"""More of everything than one page of GitHub holds, and a pull request that changes 150 teams."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from forge.github_standin import ACTIONS, State, user
from forge.merge_desk import MergeDesk, merge_desk

from reconciler.findings import ExitCode

pytestmark = pytest.mark.slow

TEAMS = [f"t{number:03d}" for number in range(150)]
MANY = 130


def _team(name: str) -> str:
    wallets = f"wallets:\n  prod: {{team_id: team_{name}, monthly: 100.00}}\n"
    return f'version: 1\nteam: {name}\nowners: ["@acme/everybody"]\n{wallets}'


@pytest.fixture
def desk(tmp_path: Path, github: State, github_url: str, capsys: pytest.CaptureFixture[str]) -> Iterator[MergeDesk]:
    files = {f"budgets/teams/{name}.yaml": _team(name) for name in TEAMS}
    github.members |= {("acme/everybody", f"person-{number:03d}") for number in range(MANY)}
    with merge_desk(tmp_path, github, github_url, capsys, files=files, is_applied=False) as made:
        for name in TEAMS:
            made.desk.keeptrusts("POST", "/v1/teams", name=name)
        made.desk.apply()
        yield made


def _crowded(github: State, head: str) -> None:
    """Put so much around pull request 128 that what counts is on no first page."""
    for number in range(MANY):
        github.review(128, f"visitor-{number}", "COMMENTED")
        github.comment(128, f"visitor-{number}", "Why?")
        check = {
            "id": github.next_id(),
            "name": f"lint-{number}",
            "head_sha": head,
            "status": "completed",
            "conclusion": "success",
            "app": {"slug": "linter"},
            "output": {},
            "annotations": [],
        }
        github.checks.append(check)
        issue = {"id": 5000 + number, "number": 5000 + number, "title": "t", "state": "open", "body": "Ours?"}
        github.issues.append({**issue, "user": user(ACTIONS)})


def test_a_change_of_150_teams_is_shown_approved_and_applied_with_more_of_everything_than_a_page(
    desk: MergeDesk,
) -> None:
    def raised() -> None:
        for name in TEAMS:
            desk.repository.edit(f"budgets/teams/{name}.yaml", "100.00", "101.00")

    small = [lambda: desk.repository.write({"notes.txt": str(len(desk.repository.head))}) for _ in range(MANY)]
    pull = desk.opened(128, *small, raised, shown=False)
    pull.commits[0] = (pull.commits[0][0], "person-129")
    _crowded(desk.github, pull.head)
    desk.shown(128)
    assert len(desk.github.ours(128)) == 1
    desk.shown(128)
    assert len(desk.github.ours(128)) == 1, "the comment is found again behind 130 others"

    desk.approved(128, "person-129")
    desk.merged(128)
    assert desk.told() == ExitCode.REFUSED, "person-129 wrote the first of 131 commits"
    assert "person-129 wrote it" in desk.landing(128)["refused"]["t000"]
    desk.approved(128, "person-128")
    assert desk.told() == ExitCode.DONE, desk.desk.output
    assert {desk.funded(f"team_{name}") for name in (TEAMS[0], TEAMS[75], TEAMS[149])} == {101.0}
    assert desk.merges["pending"] == 0


def test_an_issue_behind_130_others_is_found_again(
    tmp_path: Path, github: State, github_url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with merge_desk(tmp_path, github, github_url, capsys) as desk:
        desk.desk.by_hand(10.0)
        desk.opened(128, desk.target("10500.00", "10900.00"), shown=False)
        assert desk.desk.kt("drift", "--as-of", "2026-06-18", "--issue") == ExitCode.DRIFT
        (ours,) = desk.github.issues
        _crowded(desk.github, desk.github.pulls[128].head)
        desk.github.issues.sort(key=lambda issue: -issue["id"])
        desk.desk.by_hand(10.0, kind="reclaim")
        assert desk.desk.kt("drift", "--as-of", "2026-06-18", "--issue") == ExitCode.DONE, desk.desk.output
        assert ours["state"] == "closed"
        assert len(desk.github.issues) == MANY + 1
