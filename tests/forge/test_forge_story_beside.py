"""What happens beside the story, by each forge's own scripts: a mistake is suggested away, a first apply taken up."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from forge.company import Company
from forge.example_company import MONTHLY, SUPPORT, begin, example_company
from forge.host import Host

pytestmark = pytest.mark.slow


@pytest.fixture
def company(tmp_path: Path, host: Host) -> Iterator[Company]:
    with example_company(tmp_path, host) as made:
        yield made


def test_a_mistake_is_suggested_away_by_the_workflow(company: Company) -> None:
    begin(company, "--first-apply")
    github, repository = company.github, company.repository
    repository.git("switch", "--quiet", "main")
    repository.edit(SUPPORT, "team: support\n", "# One line more than in the pull request.\nteam: support\n")
    later = repository.commit("Meanwhile on main")
    repository.git("reset", "--quiet", "--hard", "HEAD~1")
    repository.branch("raise-support")
    repository.edit(SUPPORT, MONTHLY, MONTHLY.replace("monthly", "montly"))
    company.pushed("Raise Support")
    repository.git("branch", "--force", "main", later)
    repository.git("push", "--quiet", "--force", "origin", "main")

    assert company.planned(is_valid=False).code == 3, company.logs[-1]

    (comment,) = github.ours(128)
    assert "so there is no plan" in comment
    (suggested,) = github.review_comments
    wrong = (repository.folder / SUPPORT).read_text(encoding="utf-8").splitlines()
    taken = suggested["body"].partition("```suggestion")[2].partition("\n")[2].partition("\n```")[0]
    assert wrong[suggested["line"] - 1] == taken.replace("monthly: 12500", "montly: 12500")

    # Alice takes it; the next run has a plan, and suggests the same to nobody.
    repository.edit(SUPPORT, wrong[suggested["line"] - 1], taken)
    company.pushed("Apply suggestion from code review")
    assert company.planned().code == 0, company.logs[-1]
    assert sum("did you mean" in item["body"] for item in github.review_comments) == 1


def test_what_the_first_apply_left_is_taken_back_by_the_workflow_run_by_hand(company: Company) -> None:
    begin(company)
    head = company.repository.git("rev-parse", "main")
    held = company.funded("team_engineering_dev")
    assert company.actions("apply.yml", "apply", commit=head, event={}, by="workflow_dispatch").code == 0
    assert company.funded("team_engineering_dev") == held == 3500.00

    taken = company.actions(
        "apply.yml", "apply", commit=head, event={}, by="workflow_dispatch", inputs={"first_apply": "true"}
    )
    assert taken.code == 0, taken.log
    assert company.funded("team_engineering_dev") == 2000.00
    assert company.drift().code == 0, company.logs[-1]
    assert company.github.issues == []
