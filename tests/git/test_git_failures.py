"""Git's refusals, told apart by real repositories that refuse; and the secrets that no sentence may hold."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.findings import ExitCode
from reconciler.git.failures import GitError, Trouble
from reconciler.git.places import provenance, repository_root, work_tree
from reconciler.git.runner import ask, run, variables
from reconciler.redaction import without_secrets


def git(folder: Path, *arguments: str) -> str:
    identity = ("-c", "user.name=Ada", "-c", "user.email=ada@example.com", "-c", "protocol.file.allow=always")
    done = subprocess.run(["git", *identity, *arguments], cwd=folder, check=True, capture_output=True, text=True)
    return done.stdout.strip()


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A repository with budgets/ in its first commit."""
    top = tmp_path / "repository"
    (top / "budgets").mkdir(parents=True)
    (top / "budgets" / "org.yaml").write_text("version: 1\n", encoding="utf-8")
    git(top, "init", "--quiet", "--initial-branch=main")
    git(top, "add", ".")
    git(top, "commit", "--quiet", "--message", "Start")
    return top


def trouble(folder: Path, *arguments: str) -> GitError:
    with pytest.raises(GitError) as caught:
        ask(*arguments, folder=folder)
    assert caught.value.exit_code is ExitCode.REMOTE
    assert caught.value.hint
    return caught.value


def test_each_refusal_is_of_its_kind(repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "plain").mkdir()
    assert trouble(tmp_path / "plain", "rev-parse", "HEAD").trouble is Trouble.NOT_A_REPOSITORY
    assert trouble(repository, "fetch", "nobody").trouble is Trouble.NO_REMOTE
    assert trouble(repository, "fetch", "http://127.0.0.1:1/x.git").trouble is Trouble.NETWORK
    assert trouble(repository, "fetch", str(repository), "0" * 39 + "1").trouble is Trouble.NOT_SERVED
    monkeypatch.setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")
    foreign = trouble(repository, "rev-parse", "HEAD")
    assert foreign.trouble is Trouble.OWNERSHIP
    assert f"git config --global --add safe.directory {repository}" in foreign.hint


def test_a_push_that_a_hook_refuses_is_said_to_be_refused(repository: Path, tmp_path: Path) -> None:
    bare = tmp_path / "bare.git"
    git(tmp_path, "clone", "--quiet", "--bare", str(repository), str(bare))
    hook = bare / "hooks" / "pre-receive"
    hook.write_text("#!/bin/sh\nexit 1\n", encoding="utf-8")
    hook.chmod(0o755)
    assert trouble(repository, "push", str(bare), "HEAD:refs/heads/other").trouble is Trouble.REFUSED


def test_a_repository_of_another_user_is_no_folder_without_git(
    repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")
    with pytest.raises(GitError, match="dubious ownership"):
        provenance(repository / "budgets")


@pytest.mark.parametrize(
    "name", ["GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_OBJECT_DIRECTORY", "GIT_NAMESPACE"]
)
def test_the_repository_of_a_hook_does_not_take_the_place_of_the_one_that_is_asked_about(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    expected = (git(repository, "rev-parse", "HEAD"), False)
    other = tmp_path / "other"
    git(tmp_path, "init", "--quiet", str(other))
    monkeypatch.setenv(name, str(other / ".git" / ("index" if name == "GIT_INDEX_FILE" else "")))
    assert provenance(repository / "budgets") == expected


def test_git_is_given_its_settings_and_credentials_and_nothing_that_is_not_its_own(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("GIT_CONFIG_COUNT", "1")
    monkeypatch.setenv("GIT_SSH_COMMAND", "ssh -x")
    monkeypatch.setenv("GIT_TRACE_CURL", "1")
    monkeypatch.setenv("KEEPTRUSTS_API_TOKEN", "t0ken")
    monkeypatch.setenv("LC_ALL", "de_DE.UTF-8")
    given_to_git = variables()
    assert given_to_git["GIT_CONFIG_COUNT"] == "1"
    assert given_to_git["GIT_SSH_COMMAND"] == "ssh -x"
    assert given_to_git["LC_ALL"] == "C"
    assert not {"GIT_TRACE_CURL", "KEEPTRUSTS_API_TOKEN"} & set(given_to_git)


def test_git_that_does_not_end_is_said_to_be_slow(repository: Path) -> None:
    with pytest.raises(GitError) as caught:
        run("-c", "alias.wait=!sleep 30", "wait", folder=repository, seconds=0.2)
    assert caught.value.trouble is Trouble.SLOW


secrets = st.text(st.characters(codec="ascii", categories=["L", "N"], include_characters="-_.~!$&/:@%"), min_size=6)


@given(secret=secrets, scheme=st.sampled_from(["http", "https", "git+https", "ftp"]))
def test_no_password_of_an_address_is_left_in_a_sentence(secret: str, scheme: str) -> None:
    said = without_secrets(f"fatal: unable to access '{scheme}://bot:S{secret}S@host/x.git/': no")
    assert f"S{secret}S" not in said
    assert "host/x.git" in said


def test_an_address_without_a_password_is_left_as_it_is() -> None:
    for words in ("git@github.com:acme/budgets.git", "https://host/acme/budgets.git", "see file:x/y and 10:20"):
        assert without_secrets(words) == words


# places


def test_a_folder_belongs_to_the_repository_around_it(repository: Path, tmp_path: Path) -> None:
    assert repository_root(repository / "budgets") == repository
    (tmp_path / "link").symlink_to(repository / "budgets")
    assert repository_root(tmp_path / "link") == repository
    (tmp_path / "plain").mkdir()
    assert repository_root(tmp_path / "plain") is None


def test_linked_work_trees_share_the_root_of_the_main_one(repository: Path, tmp_path: Path) -> None:
    git(repository, "worktree", "add", "--quiet", str(tmp_path / "linked"))
    assert repository_root(tmp_path / "linked" / "budgets") == repository
    assert work_tree(tmp_path / "linked" / "budgets") == tmp_path / "linked"
    bare = tmp_path / "bare.git"
    git(tmp_path, "clone", "--quiet", "--bare", str(repository), str(bare))
    git(bare, "worktree", "add", "--quiet", str(tmp_path / "of-bare"), "main")
    assert repository_root(tmp_path / "of-bare" / "budgets") == bare


def test_a_submodule_is_a_repository_of_its_own(repository: Path, tmp_path: Path) -> None:
    around = tmp_path / "around"
    git(tmp_path, "init", "--quiet", str(around))
    git(around, "submodule", "--quiet", "add", str(repository), "finance")
    assert repository_root(around / "finance" / "budgets") == around / "finance"
