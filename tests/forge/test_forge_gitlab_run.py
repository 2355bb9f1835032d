"""What a job of GitLab CI/CD is about, by its variables alone."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from reconciler.app.forge_session import provider_in, words_in
from reconciler.forge.gitlab.ci_run import run_of
from reconciler.forge.registry import provider_of
from reconciler.settings import overlaid

HEAD, MERGE, BASE = "a" * 40, "c" * 40, "b" * 40
REQUEST = {
    "GITLAB_CI": "true",
    "CI_PIPELINE_SOURCE": "merge_request_event",
    "CI_PROJECT_PATH": "acme/finance/ai-budgets",
    "CI_MERGE_REQUEST_IID": "12",
    "CI_MERGE_REQUEST_DIFF_BASE_SHA": BASE,
    "CI_MERGE_REQUEST_TARGET_BRANCH_NAME": "main",
    "CI_MERGE_REQUEST_EVENT_TYPE": "detached",
    "CI_COMMIT_SHA": HEAD,
    "CI_PIPELINE_ID": "4711",
    "CI_JOB_URL": "https://gitlab.test/-/jobs/1",
    "GITLAB_USER_LOGIN": "lena",
}


def test_a_pipeline_of_a_merge_request_tells_its_number_and_its_own_last_commit() -> None:
    run = run_of(REQUEST)
    assert (run.cause, run.repository, run.number) == ("change request", "acme/finance/ai-budgets", 12)
    assert (run.head, run.base, run.target, run.is_test_merge) == (HEAD, BASE, "main", False)
    assert (run.run, run.actor, run.url) == ((4711, 1), "lena", "https://gitlab.test/-/jobs/1")


@pytest.mark.parametrize("kind", ["merged_result", "merge_train"])
def test_the_head_of_a_pipeline_for_merged_results_is_that_of_the_branch(kind: str) -> None:
    merged = {"CI_MERGE_REQUEST_EVENT_TYPE": kind, "CI_COMMIT_SHA": MERGE, "CI_MERGE_REQUEST_SOURCE_BRANCH_SHA": HEAD}
    run = run_of({**REQUEST, **merged})
    assert (run.head, run.commit, run.is_test_merge) == (HEAD, MERGE, True)


@pytest.mark.parametrize(
    ("source", "cause"),
    [("push", "push"), ("schedule", "schedule"), ("web", "manual"), ("trigger", "manual"), ("chat", "other")],
)
def test_what_started_a_pipeline_of_a_branch_is_told_and_no_merge_request_is(source: str, cause: str) -> None:
    run = run_of({"CI_PIPELINE_SOURCE": source, "CI_COMMIT_SHA": HEAD, "CI_COMMIT_BRANCH": "main"})
    assert (run.cause, run.number, run.head, run.commit, run.branch) == (cause, None, None, HEAD, "main")


def test_a_first_push_found_nothing_before_it() -> None:
    assert run_of({"CI_COMMIT_BEFORE_SHA": "0" * 40}).before is None
    assert run_of({"CI_COMMIT_BEFORE_SHA": BASE}).before == BASE


def test_outside_of_a_pipeline_nothing_is_told() -> None:
    run = run_of({})
    assert (run.cause, run.repository, run.number, run.run, run.has_event) == ("", None, None, None, False)


@pytest.mark.parametrize(
    ("variables", "package"),
    [
        ({"GITLAB_CI": "true"}, "gitlab"),
        ({"GITLAB_TOKEN": "x"}, "gitlab"),
        ({}, "github"),
        ({"GITLAB_TOKEN": "x", "GITHUB_TOKEN": "y"}, "github"),
        ({"GITLAB_CI": "true", "GITHUB_ACTIONS": "true"}, "github"),
    ],
)
def test_the_environment_says_which_forge_it_is(variables: dict[str, str], package: str) -> None:
    assert f"forge.{package}." in type(provider_of(variables)).__module__


GITHUB, GITLAB = {"GITHUB_TOKEN": "y"}, {"GITLAB_TOKEN": "x"}
HERE, THERE = "git@github.example.com:acme/budgets.git", "https://gitlab.example.com/acme/budgets.git"


@pytest.mark.parametrize(
    ("variables", "remote", "package"),
    [
        (GITHUB, THERE, "gitlab"),
        (GITLAB, HERE, "github"),
        ({**GITHUB, **GITLAB}, THERE, "gitlab"),
        ({**GITHUB, **GITLAB}, HERE, "github"),
        ({**GITHUB, "GITHUB_ACTIONS": "true"}, THERE, "github"),
        ({**GITLAB, "GITLAB_CI": "true"}, HERE, "gitlab"),
        (GITLAB, "https://code.example.com/acme/budgets.git", "gitlab"),
        (GITHUB, "https://code.example.com/acme/budgets.git", "github"),
        ({}, THERE, "gitlab"),
    ],
)
def test_the_host_of_the_remote_says_more_than_a_token_and_less_than_the_run(
    tmp_path: Path, variables: dict[str, str], remote: str, package: str
) -> None:
    for arguments in (("init", "--quiet"), ("remote", "add", "origin", remote)):
        subprocess.run(["git", *arguments], cwd=tmp_path, check=True)
    nothing = dict.fromkeys(("GITHUB_ACTIONS", "GITLAB_CI", "GITHUB_TOKEN", "GITLAB_TOKEN"), "")
    with overlaid(**{**nothing, **variables}):
        assert f"forge.{package}." in type(provider_in(tmp_path)).__module__
        assert words_in(tmp_path).request == ("merge request" if package == "gitlab" else "pull request")
        assert not words_in(tmp_path).commands
