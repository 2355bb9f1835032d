"""Budgets in a submodule that is not checked out: that is what is said of their folder, and its cure."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from reconciler.source.load import load

PERSON = {f"GIT_{role}_{what}": "a@b.test" for role in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}


def git(place: Path, *arguments: str) -> None:
    command = ["git", "-C", str(place), "-c", "protocol.file.allow=always", *arguments]
    subprocess.run(command, env={**os.environ, **PERSON}, capture_output=True, check=True)


@pytest.fixture
def around(tmp_path: Path) -> Path:
    """A clone, without its submodules, of a repository with `infra [1]`, in which `budgets` has a README alone."""
    inner, outer, clone = (tmp_path / name for name in ("inner", "outer", "clone"))
    for place in (inner, outer):
        place.mkdir()
        git(place, "init", "--quiet")
    (inner / "budgets").mkdir()
    (inner / "budgets" / "README.md").write_text("No budgets yet\n", encoding="utf-8")
    git(inner, "add", "--all")
    git(inner, "commit", "--quiet", "-m", "Begin")
    git(outer, "submodule", "--quiet", "add", str(inner), "infra [1]")
    git(outer, "commit", "--quiet", "-m", "Take it in")
    git(tmp_path, "clone", "--quiet", str(outer), str(clone))
    return clone


def said(folder: Path) -> list[tuple[str, str]]:
    return [(finding.code, finding.message) for finding in load(folder).findings]


@pytest.mark.parametrize("folder", ["infra [1]", "infra [1]/budgets", "infra [1]/finance/budgets"])
def test_a_submodule_that_is_not_checked_out_is_named_with_its_cure(around: Path, folder: str) -> None:
    (finding,) = load(around / folder).findings
    assert (finding.code, finding.message) == (
        "missing-submodule",
        "`infra [1]` is a submodule that is not checked out",
    )
    assert finding.hint.startswith("run `git submodule update --init`")


def test_one_that_is_checked_out_and_a_folder_beside_it_lack_what_they_lack(around: Path) -> None:
    (around / "budgets").mkdir()
    assert said(around / "budgets") == [("missing-organization", "there is no org.yaml")]
    assert said(around / "elsewhere" / "budgets") == [("missing-folder", "the budgets folder does not exist")]
    git(around, "submodule", "--quiet", "update", "--init")
    assert said(around / "infra [1]" / "budgets") == [("missing-organization", "there is no org.yaml")]


def test_outside_of_a_repository_and_at_its_top_there_is_none(around: Path, tmp_path: Path) -> None:
    (tmp_path / "budgets").mkdir()
    assert said(tmp_path / "budgets") == [("missing-organization", "there is no org.yaml")]
    assert [code for code, _ in said(around)] == ["missing-organization"]


def test_where_git_tells_nothing_the_folder_is_empty(around: Path) -> None:
    (around / ".git" / "index").write_bytes(b"no index")
    assert said(around / "infra [1]") == [("missing-organization", "there is no org.yaml")]
