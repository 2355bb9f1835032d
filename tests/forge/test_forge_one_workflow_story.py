"""Another repository calls the one workflow: a folder of a monorepo, a branch called trunk, every way to merge."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from forge.budget_repository import ORGANIZATION, SUPPORT
from forge.company import Company, install_command
from forge.github_standin import State
from forge.merge_desk import merge_desk
from forge.sandbox_desk import DAY

pytestmark = pytest.mark.slow
FOLDER = "finance/ai"
TEAM = f"{FOLDER}/teams/support.yaml"


@pytest.mark.parametrize("how", ["squash", "rebase", "merge"])
def test_a_raise_goes_from_its_pull_request_to_the_ledger(
    tmp_path: Path, github: State, github_url: str, capsys: pytest.CaptureFixture[str], how: str
) -> None:
    files = {f"{FOLDER}/org.yaml": ORGANIZATION, TEAM: SUPPORT, "src/main.py": "print()\n"}
    with merge_desk(
        tmp_path, github, github_url, capsys, files=files, journal="git:origin", branch="trunk", is_applied=False
    ) as desk:
        desk.desk.variables["KT_BUDGETS_FOLDER"] = FOLDER
        desk.desk.apply()
        install_command(tmp_path, DAY)
        company = Company(tmp_path, desk.repository, github, github_url, desk.desk.sandbox, one=FOLDER)
        desk.repository.branch("raise-support")
        desk.repository.edit(TEAM, "10500.00", "10900.00")
        company.pushed("Raise Support")
        planned = company.planned()
        assert planned.code == 0, planned.log
        assert "gets USD 400 more" in github.ours(128)[0]

        github.review(128, "lena")
        review = {"pull_request": {"number": 128, "head": {"sha": github.pulls[128].head}}}
        tip = desk.repository.git("rev-parse", "trunk")
        judged = company.actions("approval.yml", "judge", commit=tip, event=review, by="pull_request_review")
        assert judged.code == 0, judged.log
        assert [check["conclusion"] for check in github.checks if check["name"] == "kt-budgets / approval"][
            -1
        ] == "success"

        desk.merged(128, how)
        tip = desk.repository.git("rev-parse", "trunk")
        applied = company.actions("apply.yml", "apply", commit=tip, event={}, by="push")
        assert applied.code == 0, applied.log
        (landing,) = json.loads((applied.folder / "merges.json").read_text(encoding="utf-8"))["landings"]
        assert (landing["pull_request"], landing["status"]) == (128, "applied")
        assert desk.funded() == 10900.0

        for workflow, job in (("fund.yml", "fund"), ("drift.yml", "drift"), ("refresh.yml", "refresh")):
            ran = company.actions(workflow, job, commit=tip, event={}, by="schedule")
            assert ran.code == 0, ran.log
        assert (desk.funded(), github.issues) == (10900.0, [])
        assert github.complaints == []
