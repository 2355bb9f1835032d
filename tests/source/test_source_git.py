"""Where the YAML comes from: real repositories."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from source.trees import SUPPORT, write_tree

from reconciler.app.importing.reading import existing
from reconciler.findings import FindingsError
from reconciler.git.places import provenance
from reconciler.source.tree import read_tree


def git(folder: Path, *arguments: str) -> str:
    identity = ["-c", "user.name=Ada", "-c", "user.email=ada@example.com"]
    done = subprocess.run(["git", "-C", str(folder), *identity, *arguments], check=True, capture_output=True, text=True)
    return done.stdout.strip()


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """Return the budgets folder of a repository with one commit."""
    root = write_tree(tmp_path, {"teams/support.yaml": SUPPORT})
    (tmp_path / "README.md").write_text("hello")
    git(tmp_path, "init", "--quiet")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "--quiet", "--message", "Start")
    return root


def test_a_clean_folder_has_its_commit(repository: Path) -> None:
    assert provenance(repository) == (git(repository, "rev-parse", "HEAD"), False)


def test_changes_outside_of_the_folder_do_not_count(repository: Path) -> None:
    (repository.parent / "README.md").write_text("changed")

    assert provenance(repository)[1] is False


@pytest.mark.parametrize("name", ["teams/support.yaml", "teams/new.yaml"])
def test_an_edited_or_a_new_file_makes_the_folder_dirty(name: str, repository: Path) -> None:
    (repository / name).write_text("version: 1\n")

    assert provenance(repository)[1] is True


def _keep_out(top: Path, *paths: str) -> None:
    git(top, "sparse-checkout", "set", "--no-cone", "/*", *(f"!/{path}" for path in paths))


def _said(root: Path) -> list[str]:
    return [f"{each.position.path}: {each.message}. {each.hint}" for each in read_tree(root).findings if each.is_error]


LEFT_OUT = (
    "budgets/teams/support.yaml: `teams/support.yaml` is left out of this checkout, so what it says would be missing."
    " `git sparse-checkout disable` brings all files here"
)


def test_a_checkout_that_leaves_yaml_out_says_which(repository: Path) -> None:
    top = repository.parent
    _keep_out(top, "budgets/teams/support.yaml")
    assert _said(repository) == [LEFT_OUT]
    git(top, "sparse-checkout", "disable")
    assert _said(repository) == []
    _keep_out(top, "README.md")
    assert _said(repository) == [], "what is no YAML of budgets may be left out"


def test_a_checkout_may_leave_the_whole_folder_out(repository: Path) -> None:
    _keep_out(repository.parent, "budgets")
    assert not repository.exists()
    (said,) = _said(repository)
    assert said.startswith("budgets/org.yaml: `org.yaml` and 1 more are left out of this checkout")
    with pytest.raises(FindingsError):
        existing(repository)


def test_a_linked_work_tree_leaves_out_what_it_does(repository: Path, tmp_path: Path) -> None:
    git(repository, "worktree", "add", "--quiet", str(tmp_path / "other"))
    _keep_out(tmp_path / "other", "budgets/teams/support.yaml")
    assert _said(tmp_path / "other" / "budgets") == [LEFT_OUT]
    assert _said(repository) == []


def test_a_file_that_git_was_told_not_to_miss_is_left_out_too(repository: Path) -> None:
    git(repository, "update-index", "--skip-worktree", "teams/support.yaml")
    assert _said(repository) == []
    (repository / "teams" / "support.yaml").unlink()
    assert git(repository, "status", "--porcelain") == "", "git says nothing of it"
    assert _said(repository) == [LEFT_OUT]


def test_what_git_cannot_tell_of_a_checkout_is_not_said(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _keep_out(repository.parent, "budgets/teams/support.yaml")
    with monkeypatch.context() as without:
        without.setenv("PATH", "")
        assert _said(repository) == []
    (repository.parent / ".git" / "index").unlink()
    assert _said(repository) == [], "nothing was checked out yet"
    (repository.parent / ".git" / "index").mkdir()
    assert _said(repository) == []


@pytest.mark.parametrize("way", ["--skip-worktree", "--assume-unchanged"])
def test_a_file_that_git_is_told_not_to_look_at_may_be_another_one(way: str, repository: Path) -> None:
    git(repository, "update-index", way, "teams/support.yaml")
    (repository / "teams" / "support.yaml").write_text("version: 1\n")
    assert git(repository, "status", "--porcelain") == "", "git says nothing of it"
    assert provenance(repository)[1] is True


def test_outside_of_a_repository_and_before_its_first_commit_nothing_is_known(tmp_path: Path) -> None:
    assert provenance(tmp_path) == (None, None)
    assert provenance(tmp_path / "nowhere") == (None, None)
    git(tmp_path, "init", "--quiet")
    assert provenance(tmp_path) == (None, None)


def test_without_git_nothing_is_known(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")

    assert provenance(repository) == (None, None)


def test_a_program_that_the_repository_names_is_not_run(repository: Path, tmp_path: Path) -> None:
    script = tmp_path / "monitor"
    script.write_text(f"#!/bin/sh\ntouch {tmp_path}/ran\n")
    script.chmod(0o755)
    git(repository, "config", "core.fsmonitor", str(script))

    assert provenance(repository)[1] is False
    assert not (tmp_path / "ran").exists()


def test_the_digest_depends_on_names_and_contents_alone(tmp_path: Path) -> None:
    one = write_tree(tmp_path / "one", {"teams/a.yaml": "a", "teams/b.yaml": "b"})
    same = write_tree(tmp_path / "same", {"teams/b.yaml": "b", "teams/a.yaml": "a"})
    swapped = write_tree(tmp_path / "swapped", {"teams/a.yaml": "b", "teams/b.yaml": "a"})
    joined = write_tree(tmp_path / "joined", {"teams/a.yaml": "ab", "teams/b.yaml": ""})

    assert read_tree(one).digest == read_tree(same).digest
    assert len({read_tree(root).digest for root in (one, swapped, joined)}) == 3


def _kept_through(top: Path, filter_: str, attributes: str, line: str) -> None:
    """Have git keep files through a filter that turns their text around, as those of LFS and git-crypt change it."""
    for way in ("clean", "smudge"):
        git(top, "config", f"filter.{filter_}.{way}", "rev")
    file = top / attributes
    file.parent.mkdir(exist_ok=True)
    with file.open("a") as lines:
        lines.write(f"{line}\n")
    git(top, "add", "--renormalize", ".")
    git(top, "add", ".")
    git(top, "commit", "--quiet", "--allow-empty", "--message", "Keep otherwise")


@pytest.mark.parametrize(
    ("attributes", "line", "first", "cure"),
    [
        (".gitattributes", "*.yaml filter=upside -text", "org.yaml and 1 more", "budgets/**/*.yaml"),
        ("budgets/.gitattributes", "* filter=upside", "org.yaml and 1 more", "*.yaml"),
        ("budgets/teams/.gitattributes", "*.yaml filter=upside", "teams/support.yaml", "*.yaml"),
        (".git/info/attributes", "budgets/teams/* filter=upside", "teams/support.yaml", "budgets/**/*.yaml"),
    ],
)
def test_files_that_git_keeps_through_a_filter_are_refused_until_the_cure(
    attributes: str, line: str, first: str, cure: str, repository: Path
) -> None:
    top = repository.parent
    _kept_through(top, "upside", attributes, line)
    name, _, more = first.partition(" ")
    said = (
        f"budgets/{name}: git keeps `{name}`{more and ' ' + more} through the filter `upside`, so a commit does not"
        " hold what is read here: nobody could review it, and no month could be opened by it. where the files are"
        f" there as you wrote them, end {attributes} with `{cure} !filter !diff !merge`, run `git add --renormalize"
        f" {repository}` and commit"
    )
    assert _said(repository) == [said]
    held = git(top, "show", f"HEAD:budgets/{name}")
    assert held != (repository / name).read_text().strip()

    with (top / attributes).open("a") as lines:
        lines.write(f"{cure} !filter !diff !merge\n")
    git(top, "add", "--renormalize", str(repository))
    git(top, "commit", "--quiet", "--all", "--allow-empty", "--message", "Keep as it is")

    assert _said(repository) == []
    assert git(top, "show", f"HEAD:budgets/{name}") == (repository / name).read_text().strip()
    assert provenance(repository)[1] is False


def test_filters_of_other_files_are_nothing_to_refuse(repository: Path) -> None:
    _kept_through(repository.parent, "upside", ".gitattributes", "*.csv filter=upside\n*.yaml -filter")

    assert _said(repository) == []


def test_a_linked_work_tree_is_asked_for_its_attributes_too(repository: Path, tmp_path: Path) -> None:
    _kept_through(repository.parent, "upside", ".git/info/attributes", "*.yaml filter=upside")
    git(repository.parent, "worktree", "add", "--quiet", str(tmp_path / "linked"))

    (said,) = _said(tmp_path / "linked" / "budgets")
    assert "`org.yaml` and 1 more through the filter `upside`" in said
    assert f"end {repository.parent / '.git/info/attributes'} with" in said


def test_attributes_that_git_cannot_read_are_nothing_to_refuse(
    repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (repository / ".gitattributes").write_text("*.yaml filter=upside\n")
    assert len(_said(repository)) == 1
    monkeypatch.setenv("PATH", "")

    assert _said(repository) == []
