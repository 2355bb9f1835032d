"""What `init` writes, in another repository: a folder of a monorepo, a branch called trunk, every way to merge."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from forge.budget_repository import ORGANIZATION, SUPPORT
from forge.calling_company import CallingCompany
from forge.company import install_command
from forge.github_standin import State
from forge.merge_desk import MergeDesk, merge_desk
from forge.sandbox_desk import DAY
from forge.workflow_shell import Runner
from thorough import drawn

pytestmark = pytest.mark.slow
FOLDER = "finance/ai"
TEAM = f"{FOLDER}/teams/support.yaml"
HOURLY, OFTEN, DAILY = "17,47 * * * *", "43 */3 * * *", "41 6 * * *"
STARTED = "asked by alice in pull request 128: https://github.test/c"


Desks = tuple[MergeDesk, CallingCompany]


@pytest.fixture
def company(tmp_path: Path, github: State, github_url: str, capsys: pytest.CaptureFixture[str]) -> Iterator[Desks]:
    files = {f"{FOLDER}/org.yaml": ORGANIZATION, TEAM: SUPPORT, "src/main.py": "print()\n"}
    with merge_desk(
        tmp_path, github, github_url, capsys, files=files, journal="git:origin", branch="trunk", is_applied=False
    ) as desk:
        desk.desk.variables["KT_BUDGETS_FOLDER"] = FOLDER
        desk.desk.apply()
        install_command(tmp_path, DAY)
        yield desk, CallingCompany(tmp_path, desk.repository, github, github_url, desk.desk.sandbox, budgets=FOLDER)


def went(found: Mapping[str, Runner], *jobs: str) -> Runner:
    """Return how the last of these jobs went, when these ran and no other, and all of them well."""
    assert tuple(found) == jobs
    for runner in found.values():
        assert runner.code == 0, runner.log
    return list(found.values())[-1]


def about_128(desk: MergeDesk) -> dict[str, Any]:
    """Return what GitHub says of pull request 128 with an event, and the merge that it tests it by."""
    pull, repository = desk.github.pulls[128], desk.repository
    repository.git("switch", "--quiet", "--detach", repository.main)
    repository.git("merge", "--quiet", "--no-ff", "--no-edit", pull.head)
    repository.git("push", "--quiet", "--force", "origin", "HEAD:refs/pull/128/merge")
    told = {"number": 128, "head": {"sha": pull.head, "repo": {"full_name": desk.github.repository}}}
    return {"ref": "refs/pull/128/merge", "commit": repository.head, "pull_request": told}


def proposed(desk: MergeDesk, company: CallingCompany) -> None:
    """Open pull request 128, which raises Support, and let it be planned."""
    desk.repository.branch("raise-support")
    desk.repository.edit(TEAM, "10500.00", "10900.00")
    company.pushed("Raise Support")
    went(company.happened("pull_request", action="opened", **about_128(desk)), "look", "validate", "plan", "judge")
    assert "USD 400 more for " in desk.github.ours(128)[0]


def landing(found: Runner) -> tuple[int, str]:
    (one,) = json.loads((found.folder / "merges.json").read_text(encoding="utf-8"))["landings"]
    return one["pull_request"], one["status"]


@pytest.mark.parametrize("how", ["squash", "rebase", "merge"][: drawn(3, sample=1)])
def test_a_raise_goes_from_its_pull_request_to_the_ledger(company: Desks, how: str) -> None:
    desk, house = company
    github = desk.github
    proposed(desk, house)
    github.review(128, "lena")
    went(house.happened("pull_request_review", action="submitted", **about_128(desk)), "look", "judge")
    gates = [check["conclusion"] for check in github.checks if check["name"] == "kt-budgets / approval"]
    assert gates[-1] == "success"

    desk.merged(128, how)
    assert landing(went(house.happened("push"), "money")) == (128, "applied")
    assert desk.funded() == 10900.0

    went(house.happened("schedule", schedule=OFTEN), "look", "judge", "drift", "refresh", "money")
    went(house.happened("schedule", schedule=DAILY), "look", "notify", "money")
    assert (desk.funded(), github.issues) == (10900.0, [])
    assert github.complaints == []


def test_with_the_first_fifteen_lines_alone_all_is_shown_and_nothing_moves(company: Desks) -> None:
    desk, house = company
    house.jobs = ("budgets",)
    proposed(desk, house)
    desk.github.review(128, "lena")
    desk.merged(128, "squash")
    assert house.happened("push") == {}
    install_command(house.place, "2026-06-19")
    went(house.happened("schedule", schedule=OFTEN), "look", "judge", "drift", "refresh")
    assert "128, merged" in desk.github.issues[0]["body"]
    assert desk.funded() == 10500.0


def test_money_is_in_no_run_but_those_of_the_default_branch_that_nobody_s_comment_started(company: Desks) -> None:
    desk, house = company
    proposed(desk, house)
    tip = desk.repository.git("rev-parse", "trunk")
    assert house.happened("push", ref="refs/heads/raise-support", commit=desk.github.pulls[128].head) == {}
    assert house.happened("pull_request", action="labeled", **about_128(desk)) == {}
    said = {"user": {"login": "alice", "type": "User"}, "body": "thank you"}
    assert house.happened("issue_comment", action="created", issue={"number": 128}, comment=said) == {}
    by_hand = {"do": "drift", "options": ""}
    found = went(house.happened("workflow_dispatch", by_hand=by_hand), "look", "drift", "money")
    assert found.finished == ["See what is due"]
    tagged = house.happened("push", ref="refs/tags/trunk", commit=tip)["money"]
    assert (tagged.code, tagged.finished) == (2, ["See what is due"])
    assert "this run is of refs/tags/trunk" in tagged.log[0]
    house.settings = {"KEEPTRUSTS_API_URL": ""}
    went(house.happened("schedule", schedule=HOURLY), "look", "judge")


def test_whatever_asks_for_a_workflow_names_the_one_that_is_there_and_what_it_is_to_do(
    company: Desks, tmp_path: Path
) -> None:
    desk, house = company
    github = desk.github
    proposed(desk, house)
    desk.merged(128)
    install_command(tmp_path, "2026-06-19")
    went(house.happened("workflow_dispatch", by_hand={"do": "drift", "options": ""}), "look", "drift", "money")
    (issue,) = github.issues
    page = "https://github.test/acme/ai-budgets/actions/workflows/budgets.yml"
    assert (
        f"(Run workflow: [budgets.yml]({page}), with `do` = `apply`, `options` = `pull_request=128`)" in issue["body"]
    )
    assert "apply.yml" not in issue["body"]

    github.roles["alice"] = "write"
    alice = {"login": "alice", "type": "User"}
    comment = {"id": 73, "user": alice, "body": "/kt-budgets resume", "html_url": "https://github.test/c"}
    about = {"number": 128, "pull_request": {"url": "x"}}
    went(house.happened("issue_comment", action="created", issue=about, comment=comment), "look", "answer")
    ((started, asked),) = github.dispatches
    assert started == "budgets.yml"
    assert asked["inputs"] == {"do": "resume", "options": f"reason={STARTED}"}
    assert page in github.ours(128)[-1]

    resumed = house.happened("workflow_dispatch", by_hand=asked["inputs"])["money"]
    assert (resumed.code, resumed.finished[1:3]) == (4, ["Resume what was interrupted", "Apply what was merged"])
    by_hand = {"do": "apply", "options": "pull_request=128"}
    refused = house.happened("workflow_dispatch", by_hand=by_hand)["money"]
    assert (refused.code, landing(refused)) == (4, (128, "refused"))
    assert not (refused.folder / "run.json").exists(), "one thing was asked for, and another was done as well"
