"""Two runs of a workflow at once: one waits for the other, and what was approved is applied once."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from forge.company import Company, install_command
from forge.github_standin import State
from forge.merge_desk import SHADOW_FILE, MergeDesk, merge_desk
from forge.sandbox_desk import DAY
from forge.workflow_shell import Runner

pytestmark = pytest.mark.slow


class House:
    """A small company, in which several runs go on at once."""

    def __init__(self, desk: MergeDesk, company: Company) -> None:
        self.desk, self.company, self.repository = desk, company, desk.repository

    def at_once(self, *runs: tuple[str, str, dict[str, str]]) -> list[Runner]:
        tip = self.repository.git("rev-parse", "main")
        companies = [self._on_its_own(number) for number, _ in enumerate(runs, start=1)]

        def start(company: Company, workflow: str, job: str, inputs: dict[str, str]) -> Callable[[], Runner]:
            return lambda: company.actions(workflow, job, commit=tip, event={}, by="workflow_dispatch", inputs=inputs)

        with ThreadPoolExecutor(len(runs)) as threads:
            started = [threads.submit(start(one, *run)) for one, run in zip(companies, runs, strict=True)]
        return [each.result() for each in started]

    def _on_its_own(self, number: int) -> Company:
        """Return the company with runs of other numbers than those of the others that go on."""
        theirs = self.company
        return Company(theirs.place, self.repository, theirs.github, theirs.github_url, theirs.sandbox, 100 * number)


@pytest.fixture
def house(tmp_path: Path, github: State, github_url: str, capsys: pytest.CaptureFixture[str]) -> Iterator[House]:
    with merge_desk(tmp_path, github, github_url, capsys, journal="git:origin") as desk:
        install_command(tmp_path, DAY)
        yield House(desk, Company(tmp_path, desk.repository, github, github_url, desk.desk.sandbox))


def _merged(house: House) -> None:
    house.desk.approved_and_merged(128, house.desk.target("10500.00", "10900.00"), by="lena")


@pytest.mark.parametrize("inputs", [{"pull_request": "128"}, {}], ids=["one pull request", "everything"])
def test_two_dispatches_of_apply_apply_a_pull_request_once(house: House, inputs: dict[str, str]) -> None:
    _merged(house)
    runs = house.at_once(("apply.yml", "apply", inputs), ("apply.yml", "apply", inputs))
    assert house.desk.funded() == 10900.0
    statuses = []
    for run in runs:
        document = json.loads((run.folder / "merges.json").read_text(encoding="utf-8"))
        statuses += [item["status"] for item in document.get("landings", ())]
    assert "applied" in statuses
    assert [run.code for run in runs] == [0, 0], [run.log for run in runs]
    (comment,) = house.company.github.ours(128)
    assert "Checked afterwards: Keeptrusts is as the YAML says" in comment
    assert len([entry for entry in house.desk.ledger() if entry == ("allocate", 400.0)]) == 1


def test_two_dispatches_of_resume_and_one_of_fund_do_nothing_twice(house: House) -> None:
    _merged(house)
    house.desk.approved_and_merged(129, house.desk.target("300.00", "350.00", SHADOW_FILE), by="sam")
    why = {"reason": "both of us saw the issue"}
    runs = house.at_once(("resume.yml", "resume", why), ("resume.yml", "resume", why), ("fund.yml", "fund", {}))
    assert [run.code for run in runs] == [0, 0, 0], [run.log for run in runs]
    assert (house.desk.funded(), house.desk.funded("team_shadow")) == (10900.0, 350.0)
