"""What the environment of a run says, by whichever forge it is on: who acts and why."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from reconciler.app.forge_session import attribution_of_now, forge_session, forge_words, run_of_now
from reconciler.findings import UsageError


@pytest.fixture(autouse=True)
def _workstation(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take away what a runner of CI would say."""
    for name in os.environ:
        if name.startswith(("GITHUB_", "GITLAB_", "CI", "KT_BUDGETS_")):
            monkeypatch.delenv(name)


@pytest.fixture
def clone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the clone that commands run in."""
    for arguments in (("init", "--quiet"), ("remote", "add", "origin", "https://elsewhere.example/x.git")):
        subprocess.run(["git", *arguments], cwd=tmp_path, check=True)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def comes_from(clone: Path, address: str) -> None:
    subprocess.run(["git", "remote", "set-url", "origin", address], cwd=clone, check=True)


def test_a_run_on_a_workstation_is_attributed_to_its_user(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOGNAME", "grace")
    assert attribution_of_now().facts() == {"who": "grace", "url": "", "why": {}}


ON_GITHUB = {
    "GITHUB_ACTIONS": "true",
    "GITHUB_ACTOR": "ada",
    "GITHUB_EVENT_NAME": "pull_request",
    "GITHUB_REF": "refs/pull/128/merge",
    "GITHUB_REPOSITORY": "acme/ai-budgets",
    "GITHUB_RUN_ID": "7",
    "GITHUB_SERVER_URL": "https://forge.test",
    "GITHUB_SHA": "c" * 40,
}
ON_GITLAB = {
    "GITLAB_CI": "true",
    "GITLAB_USER_LOGIN": "ada",
    "CI_COMMIT_SHA": "c" * 40,
    "CI_JOB_URL": "https://forge.test/acme/ai-budgets/-/jobs/7",
    "CI_MERGE_REQUEST_IID": "128",
    "CI_MERGE_REQUEST_REF_PATH": "refs/merge-requests/128/merge",
    "CI_PIPELINE_SOURCE": "merge_request_event",
    "CI_PROJECT_PATH": "acme/ai-budgets",
}


@pytest.mark.parametrize(
    ("variables", "url", "event", "reference"),
    [
        (ON_GITHUB, "https://forge.test/acme/ai-budgets/actions/runs/7", "pull_request", "refs/pull/128/merge"),
        (ON_GITLAB, ON_GITLAB["CI_JOB_URL"], "merge_request_event", "refs/merge-requests/128/merge"),
    ],
    ids=["github", "gitlab"],
)
def test_a_run_of_ci_is_attributed_to_whoever_started_it(
    variables: dict[str, str], url: str, event: str, reference: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    why = {"commit": "c" * 40, "event": event, "pull_request": "128", "reference": reference}
    found = attribution_of_now().facts()
    assert found == {"who": "ada", "url": url, "why": {**why, "repository": "acme/ai-budgets"}}
    assert run_of_now().cause == "change request"


def test_what_is_said_by_name_comes_before_what_the_run_says(monkeypatch: pytest.MonkeyPatch) -> None:
    said = {"ACTOR": "grace", "RUN_URL": "https://x", "COMMIT": "d" * 40, "PULL_REQUEST": "9", "REASON": "killed"}
    for name, value in {**ON_GITHUB, **{f"KT_BUDGETS_{name}": value for name, value in said.items()}}.items():
        monkeypatch.setenv(name, value)
    found = attribution_of_now()
    assert (found.who, found.url) == ("grace", "https://x")
    assert found.why
    assert (found.why["commit"], found.why["pull_request"], found.why["reason"]) == ("d" * 40, "9", "killed")


def test_people_on_each_forge_have_their_own_words(monkeypatch: pytest.MonkeyPatch) -> None:
    assert (forge_words().forge, forge_words().request) == ("GitHub", "pull request")
    monkeypatch.setenv("GITLAB_CI", "true")
    assert (forge_words().forge, forge_words().request) == ("GitLab", "merge request")


@pytest.mark.parametrize(
    ("address", "token", "asks"),
    [
        ("git@gitlab.acme.example:acme/ai-budgets.git", "", "CI_PROJECT_PATH"),
        ("https://github.com/acme/ai-budgets.git", "", "GITHUB_REPOSITORY"),
        ("git@gitlab.acme.example:acme/ai-budgets.git", "GITHUB_TOKEN", "CI_PROJECT_PATH"),
        ("https://github.com/acme/ai-budgets.git", "GITLAB_TOKEN", "GITHUB_REPOSITORY"),
        ("https://git.acme.example/ai-budgets.git", "", "GITHUB_REPOSITORY"),
        ("https://git.acme.example/ai-budgets.git", "GITLAB_TOKEN", "CI_API_V4_URL"),
    ],
)
def test_a_clone_tells_of_its_forge_where_nothing_else_does(
    address: str, token: str, asks: str, clone: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (clone / "below").mkdir()
    monkeypatch.chdir(clone / "below")
    monkeypatch.setenv(token or "LOGNAME", "grace")
    assert forge_words().request in ("pull request", "merge request")
    comes_from(clone, address)
    with pytest.raises(UsageError) as caught, forge_session(None):
        pass
    assert asks in caught.value.hint
    assert forge_words().request == ("merge request" if asks.startswith("CI_") else "pull request")


@pytest.mark.parametrize(
    ("address", "token", "export"),
    [
        ("git@gitlab.acme.example:acme/x.git", "GITLAB_TOKEN", "CI_API_V4_URL=https://gitlab.acme.example/api/v4"),
        ("https://ada:secret@code.acme.example:8443/x.git", "GITLAB_TOKEN", "CI_API_V4_URL=https://code.acme"),
        (
            "ssh://git@github.acme.example/acme/x.git",
            "GITHUB_TOKEN",
            "GITHUB_API_URL=https://github.acme.example/api/v3",
        ),
        ("https://acme.ghe.com/acme/x.git", "GITHUB_TOKEN", "GITHUB_API_URL=https://api.acme.ghe.com"),
        ("https://notgithub.com/acme/x.git", "GITHUB_TOKEN", "GITHUB_API_URL=https://notgithub.com/api/v3"),
    ],
)
def test_a_token_for_a_forge_of_its_own_is_not_sent_to_that_of_everybody(
    address: str, token: str, export: str, clone: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    comes_from(clone, address)
    monkeypatch.setenv(token, "sesame")
    with pytest.raises(UsageError) as caught, forge_session("acme/x"):
        pass
    assert f"`export {export}" in caught.value.hint
    assert "nothing was sent" in caught.value.message
    assert "secret" not in caught.value.message
    assert "sesame" not in f"{caught.value.message} {caught.value.hint}"
    setting, _, api = export.partition("=")
    monkeypatch.setenv(setting, api)
    with pytest.raises(UsageError, match="was named"), forge_session(None):
        pass


@pytest.mark.parametrize(
    ("address", "token", "asks"),
    [
        ("git@github.com:acme/x.git", "GITHUB_TOKEN", "GITHUB_REPOSITORY"),
        ("ssh://git@ssh.github.com:443/acme/x.git", "GITHUB_TOKEN", "GITHUB_REPOSITORY"),
        ("git@github.com-work:acme/x.git", "GITHUB_TOKEN", "GITHUB_REPOSITORY"),
        ("work:acme/x.git", "GITHUB_TOKEN", "GITHUB_REPOSITORY"),
        ("/srv/git/x.git", "GITLAB_TOKEN", "CI_PROJECT_PATH"),
        ("git@altssh.gitlab.com:acme/x.git", "GITLAB_TOKEN", "CI_PROJECT_PATH"),
    ],
)
def test_other_names_of_the_forge_of_everybody_are_it(
    address: str, token: str, asks: str, clone: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    comes_from(clone, address)
    monkeypatch.setenv(token, "sesame")
    with pytest.raises(UsageError) as caught, forge_session(None):
        pass
    assert asks in caught.value.hint


def test_outside_of_a_clone_it_is_the_usual_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert forge_words().request == "pull request"
