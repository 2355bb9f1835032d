"""What CI is to run is what is installed: the commit where that is published, else the release of this version."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from reconciler.app.starting.installed import Installed, known_by
from reconciler.app.starting.templates import workflow
from reconciler.version import __version__

RELEASE = Installed("keeptrusts/kt-budgets", f"v{__version__}")
COMMIT = "1234567890" * 4


def git(folder: Path, *arguments: str) -> str:
    named = ("-c", "user.name=Alice", "-c", "user.email=alice@acme.test")
    done = subprocess.run(["git", *named, *arguments], cwd=folder, check=True, capture_output=True, text=True)
    return done.stdout.strip()


@pytest.mark.parametrize(
    ("url", "repository"),
    [
        ("https://github.com/acme/kt-budgets.git", "acme/kt-budgets"),
        ("https://token@github.com/acme/kt-budgets", "acme/kt-budgets"),
        ("ssh://git@github.com/keeptrusts/kt-budgets.git", "keeptrusts/kt-budgets"),
        ("https://gitlab.acme.test/acme/kt-budgets.git", None),
        ("https://github.com.evil.test/acme/kt-budgets", None),
    ],
)
def test_what_was_installed_from_a_commit_on_github_is_that_commit_and_from_elsewhere_its_release(
    url: str, repository: str | None
) -> None:
    said = json.dumps({"url": url, "vcs_info": {"vcs": "git", "commit_id": COMMIT}})
    assert known_by(said) == (Installed(repository, COMMIT) if repository else RELEASE)


@pytest.mark.parametrize(
    "said", [None, "{}", json.dumps({"url": "file:///nowhere/kt_budgets.whl", "archive_info": {"hash": "sha256=0"}})]
)
def test_a_wheel_is_its_release(said: str | None) -> None:
    assert known_by(said) == RELEASE


def test_a_clone_is_its_commit_once_that_is_published_and_as_long_as_nothing_is_changed(tmp_path: Path) -> None:
    clone = tmp_path / "a clone"
    (clone / "reconciler").mkdir(parents=True)
    (clone / "reconciler" / "version.py").write_text("1")
    git(clone, "init", "--quiet", "--initial-branch", "main")
    git(clone, "add", ".")
    git(clone, "commit", "--quiet", "-m", "Begin")
    git(clone, "remote", "add", "origin", "git@github.com:acme/kt-budgets.git")
    said = json.dumps({"url": clone.as_uri(), "dir_info": {"editable": True}})
    assert known_by(said) == RELEASE, "nobody can fetch a commit that was not pushed"
    git(clone, "update-ref", "refs/remotes/origin/main", "HEAD")
    assert known_by(said) == Installed("acme/kt-budgets", git(clone, "rev-parse", "HEAD"))
    (clone / "reconciler" / "version.py").write_text("2")
    assert known_by(said) == RELEASE


@pytest.mark.parametrize("runs", [RELEASE, Installed("acme/kt-budgets", COMMIT)])
def test_the_files_of_ci_name_it_wherever_they_name_a_version(runs: Installed) -> None:
    ((_, data),) = workflow("github", folder="finance/ai", runs=runs).items()
    jobs = YAML(typ="safe").load(data)["jobs"]
    named = (jobs["budgets"]["uses"], jobs["money"]["steps"][0]["uses"])
    assert {name.split("/.github/")[0] for name in named} == {runs.repository}
    assert {name.partition("@")[2] for name in named} == {runs.reference}
    assert data.decode().count(f"@{COMMIT} # v{__version__}\n") == (2 if runs.is_commit else 0)

    ((_, data),) = workflow("gitlab", folder="finance/ai", runs=runs).items()
    variables = YAML(typ="safe").load(data)["variables"]
    assert variables["KT_BUDGETS_SOURCE"] == f"https://github.com/{runs.repository}.git"
    assert variables["KT_BUDGETS_SOURCE_COMMIT"] == runs.reference


@pytest.mark.parametrize("folder", ["budgets", "finance/ai", "finance/ai budgets", "2026/budgets"])
def test_the_pipeline_looks_for_changes_in_the_folder_of_the_budgets(folder: str) -> None:
    ((_, data),) = workflow("gitlab", folder=folder, runs=RELEASE).items()
    pipeline = YAML(typ="safe").load(data)
    assert pipeline["variables"]["KT_BUDGETS_FOLDER"] == folder
    for job in ("validate", "ask"):
        assert pipeline[job]["rules"][0]["changes"] == [f"{folder}/**/*"]
