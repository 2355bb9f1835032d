"""`kt-budgets pr codeowners`: the code owners and the ruleset, written from the YAML and verified."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from forge.budget_repository import BudgetRepository
from forge.github_description import Sent, require_description
from forge.github_standin import State
from forge.merge_desk import SUPPORT_FILE, MergeDesk, merge_desk

from reconciler.findings import ExitCode
from reconciler.forge.check import GATE
from reconciler.forge.github.ruleset import ruleset

RULES = [
    "/.github/ @acme/platform",
    "/budgets/ @acme/finance",
    "/budgets/teams/shadow.yaml @acme/shadow-leads",
    "/budgets/teams/support.yaml @acme/support-leads",
]


@pytest.fixture
def desk(tmp_path: Path, github: State, github_url: str, capsys: pytest.CaptureFixture[str]) -> Iterator[MergeDesk]:
    with merge_desk(tmp_path, github, github_url, capsys) as made:
        yield made


def kt(desk: MergeDesk, *options: str) -> int:
    return desk.desk.kt("pr", "codeowners", *options)


def written(repository: BudgetRepository, place: str = ".github/CODEOWNERS") -> list[str]:
    lines = (repository.folder / place).read_text(encoding="utf-8").splitlines()
    return [line for line in lines if not line.startswith("#")]


def test_the_owners_in_the_budget_files_become_code_owners(desk: MergeDesk) -> None:
    assert kt(desk) == ExitCode.DONE, desk.desk.errors
    assert written(desk.repository) == RULES
    assert desk.desk.output == ".github/CODEOWNERS: written\n"
    assert kt(desk) == ExitCode.DONE
    assert desk.desk.output == ".github/CODEOWNERS: is current\n"


@pytest.mark.parametrize("place", ["CODEOWNERS", "docs/CODEOWNERS"])
def test_what_others_wrote_stays_and_the_block_comes_last(desk: MergeDesk, place: str) -> None:
    desk.repository.write({place: "*       @acme/everybody\r\n/.github/ @acme/robots\r\n"})
    assert kt(desk) == ExitCode.DONE, desk.desk.errors
    assert written(desk.repository, place) == ["*       @acme/everybody", "/.github/ @acme/robots", "", *RULES[1:]]
    text = (desk.repository.folder / place).read_bytes()
    assert text.count(b"\n") == text.count(b"\r\n")
    (desk.repository.folder / place).write_bytes(text + b"/budgets/ @mallory\r\n")
    assert kt(desk, "--check") == ExitCode.FINDINGS
    assert kt(desk) == ExitCode.DONE
    assert written(desk.repository, place)[-1] == RULES[-1]


@pytest.mark.parametrize("lost", [".github/CODEOWNERS", SUPPORT_FILE])
def test_what_this_checkout_leaves_out_is_not_lost(desk: MergeDesk, lost: str) -> None:
    kt(desk)
    desk.repository.commit("Name the owners")
    before = written(desk.repository)
    desk.repository.git("sparse-checkout", "set", "--no-cone", "/*", f"!/{lost}")
    assert kt(desk) != ExitCode.DONE
    assert "is left out of this checkout" in desk.desk.errors
    desk.repository.git("sparse-checkout", "disable")
    assert written(desk.repository) == before


def test_owners_that_changed_are_found_and_written(desk: MergeDesk) -> None:
    kt(desk)
    desk.github.protected_checks = [GATE]
    assert kt(desk, "--check") == ExitCode.DONE, desk.desk.output
    desk.repository.edit(SUPPORT_FILE, '["@acme/support-leads"]', '[lena, "@helper[bot]"]')
    assert kt(desk, "--check") == ExitCode.FINDINGS
    assert ".github/CODEOWNERS is not what the budget files say\n  fix: kt-budgets pr codeowners" in desk.desk.output
    assert "/budgets/teams/support.yaml @acme/support-leads" in written(desk.repository)
    kt(desk)
    assert "/budgets/teams/support.yaml @lena" in written(desk.repository)


def test_budgets_elsewhere_are_named_from_the_top_of_the_repository(desk: MergeDesk) -> None:
    (desk.repository.folder / "fin ops").mkdir()
    desk.repository.git("mv", "budgets", "fin ops/budgets")
    assert kt(desk, "--budgets", "fin ops/budgets") == ExitCode.DONE, desk.desk.errors
    assert "/fin\\ ops/budgets/teams/support.yaml @acme/support-leads" in written(desk.repository)


def test_files_with_errors_write_nothing(desk: MergeDesk) -> None:
    desk.repository.edit(SUPPORT_FILE, "monthly:", "montly:")
    assert kt(desk) == ExitCode.FINDINGS
    assert not (desk.repository.folder / ".github").exists()


@pytest.mark.parametrize("how", ["nothing", "a ruleset", "a branch protection"])
def test_it_is_verified_that_github_requires_the_check(desk: MergeDesk, how: str) -> None:
    kt(desk)
    if how == "a ruleset":
        desk.github.rules = ruleset(is_github_com=True)["rules"]
    if how == "a branch protection":
        desk.github.protected_checks = [GATE]
    assert kt(desk, "--check", "--format", "json") == (ExitCode.FINDINGS if how == "nothing" else ExitCode.DONE)
    messages = [problem["message"] for problem in json.loads(desk.desk.output)["problems"]]
    assert messages == ([f"main does not require the check `{GATE}`"] if how == "nothing" else [])


def test_code_owners_that_github_cannot_use_are_told(desk: MergeDesk) -> None:
    kt(desk)
    desk.github.protected_checks = [GATE]
    where = {
        "line": 4,
        "column": 1,
        "source": "…",
        "kind": "Unknown owner",
        "message": "…",
        "path": ".github/CODEOWNERS",
    }
    desk.github.codeowner_errors = [{**where, "suggestion": "make sure that the team has write access"}]
    assert kt(desk, "--check") == ExitCode.FINDINGS
    assert ".github/CODEOWNERS:4: Unknown owner on main\n  fix: make sure that the team" in desk.desk.output


def test_without_a_token_only_the_files_are_verified_and_it_is_said(desk: MergeDesk) -> None:
    kt(desk)
    desk.desk.variables["GITHUB_TOKEN"] = ""
    assert kt(desk, "--check") == ExitCode.DONE
    assert "GitHub was not asked" in desk.desk.errors


@pytest.mark.parametrize("is_github_com", [True, False])
def test_the_ruleset_is_one_that_github_takes(is_github_com: bool) -> None:
    made: dict[str, Any] = ruleset(is_github_com=is_github_com)
    sent = Sent("POST", "/repos/acme/ai-budgets/rulesets", {}, json.dumps(made).encode())
    require_description().strict.validate_request(sent)
    (checks,) = [rule["parameters"] for rule in made["rules"] if rule["type"] == "required_status_checks"]
    assert [check["context"] for check in checks["required_status_checks"]] == [GATE]


def test_the_ruleset_is_written_where_it_is_asked_for(desk: MergeDesk) -> None:
    assert kt(desk, "--ruleset", "ruleset.json") == ExitCode.DONE, desk.desk.errors
    assert json.loads((desk.repository.folder / "ruleset.json").read_text(encoding="utf-8"))["enforcement"] == "active"
    desk.github.protected_checks = [GATE]
    assert kt(desk, "--ruleset", "ruleset.json", "--check") == ExitCode.DONE


def test_in_a_clone_from_gitlab_the_code_owners_are_gitlab_s_also_without_any_token(desk: MergeDesk) -> None:
    desk.repository.git("remote", "set-url", "origin", "git@gitlab.acme.test:acme/ai-budgets.git")
    desk.desk.variables |= {"GITHUB_TOKEN": "", "GITHUB_ACTIONS": ""}
    assert kt(desk) == ExitCode.DONE, desk.desk.errors
    assert written(desk.repository, "CODEOWNERS")[0] == "[Budgets]"
    assert kt(desk, "--check") == ExitCode.DONE
    assert "GitLab was not asked: GITLAB_TOKEN or the repository" in desk.desk.errors
