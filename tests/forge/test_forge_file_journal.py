"""A company whose org.yaml keeps the journal in a file, where the workflows keep it in git: one edit gets out."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from forge.company import Company, install_command
from forge.github_standin import State
from forge.merge_desk import MergeDesk, merge_desk
from forge.sandbox_desk import DAY

from reconciler.findings import ExitCode

pytestmark = pytest.mark.slow

FILE = "journal: file:state/books\n"


@pytest.fixture
def desk(tmp_path: Path, github: State, github_url: str, capsys: pytest.CaptureFixture[str]) -> Iterator[MergeDesk]:
    with merge_desk(tmp_path, github, github_url, capsys, is_applied=False) as made:
        install_command(tmp_path, DAY)
        made.desk.variables["KT_BUDGETS_JOURNAL"] = ""
        org = made.repository.budgets / "org.yaml"

        def kept() -> None:
            org.write_text(org.read_text(encoding="utf-8") + FILE, encoding="utf-8")

        made.pushed(kept, "Keep a file")
        made.desk.apply()
        yield made


def _company(desk: MergeDesk) -> Company:
    return Company(desk.repository.folder.parent, desk.repository, desk.github, desk.desk.host.url, desk.desk.sandbox)


@pytest.mark.parametrize(
    ("workflow", "job"),
    [("apply.yml", "apply"), ("fund.yml", "fund"), ("drift.yml", "drift"), ("refresh.yml", "refresh")],
)
def test_every_workflow_says_what_to_write_and_does_nothing(desk: MergeDesk, workflow: str, job: str) -> None:
    company = _company(desk)
    found = company.actions(workflow, job, commit=desk.repository.git("rev-parse", "main"), event={}, by="schedule")
    assert found.code == ExitCode.REFUSED, found.log
    assert "write `journal: git:origin` into budgets/org.yaml" in found.log[0]
    assert "resume --move-journal" in found.log[0]
    assert "money would be moved twice" in found.log[0]


def test_what_is_said_gets_out(desk: MergeDesk) -> None:
    repository = desk.repository
    company = _company(desk)
    place = repository.folder.parent
    tip = repository.git("rev-parse", "main")
    refused = company.actions("apply.yml", "apply", commit=tip, event={}, by="schedule")
    said = refused.log[0].partition("in the clone that has it: ")[2].partition("\n")[0]
    desk.opened(128, lambda: repository.edit("budgets/org.yaml", FILE.strip(), "journal: git:origin"), shown=False)
    desk.merged(128)
    moved = subprocess.run(
        ["sh", "-c", said.strip()],
        cwd=repository.folder,
        env={**desk.desk.variables, "PATH": f"{place / 'bin'}:/usr/local/bin:/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert moved.returncode == 0, moved.stderr
    tip = repository.git("rev-parse", "main")
    told = company.actions("apply.yml", "apply", commit=tip, event={}, by="schedule")
    assert told.code == ExitCode.REFUSED, "nobody was shown that pull request"
    desk.approved(128, "bob")
    found = company.actions("apply.yml", "apply", commit=tip, event={}, by="schedule")
    assert found.code == 0, found.log
    assert desk.funded() == 10500.0
    assert not (repository.folder / "state" / "books").exists()


def test_a_plan_that_was_refused_for_it_ends_with_that_and_shows_nothing(desk: MergeDesk) -> None:
    repository = desk.repository
    company = _company(desk)
    repository.branch("raise-support")
    repository.edit("budgets/teams/support.yaml", "10500.00", "10900.00")
    company.pushed("Raise Support")
    planned = company.planned()
    assert planned.code == ExitCode.REFUSED
    assert "write `journal: git:origin`" in planned.log[-1]
    assert "plan.json" not in planned.log[-1]
