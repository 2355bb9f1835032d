"""The release: nothing is signed before somebody's yes, nor what was not merged, or calls another; v1 only goes on."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from forge.budget_repository import PERSON
from forge.workflow_shell import WORKFLOWS, load

JOBS: dict[str, Any] = load("release.yml")["jobs"]
_GH = """\
#!/bin/sh
# A GitHub with tags, as `gh api` is asked for them here: names in a file, and what v1 and others point to in another.
case "$*" in
  *matching-refs*) sed 's,^,refs/tags/,' "$HOME/tags" ;;
  *PATCH*) grep -qx "${5##*/}" "$HOME/tags" || exit 1; echo "moved $*" >> "$HOME/asked" ;;
  *POST*) echo "made $*" >> "$HOME/asked" ;;
esac
"""


def script(job: str, name: str) -> str:
    (step,) = [step for step in JOBS[job]["steps"] if step.get("name") == name]
    found: str = step["run"]
    return found


def bash(place: Path, text: str, folder: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    environment = {"PATH": f"{place / 'bin'}:/usr/bin:/bin", "HOME": str(place), **PERSON, **variables}
    command = ["bash", "-e", "-o", "pipefail", "-c", text]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)


def test_whatever_signs_publishes_or_writes_waits_for_somebody_s_yes() -> None:
    for name, job in JOBS.items():
        writes = {right for right, how in job["permissions"].items() if how == "write"}
        assert bool(writes) == (job.get("environment") == "release"), name


def test_what_is_built_is_built_apart_from_the_tests_and_handed_on_before_anything_else_runs() -> None:
    assert JOBS["build"]["needs"] == "judge"
    assert ".ci/run" not in str(JOBS["build"])
    named = [step.get("name") or step["uses"].partition("@")[0] for step in JOBS["build"]["steps"]]
    assert named.index("actions/upload-artifact") == named.index("Build the distributions") + 1


@pytest.mark.parametrize("is_merged", [True, False])
def test_a_tag_on_what_was_not_merged_is_refused(tmp_path: Path, is_merged: bool) -> None:
    upstream, clone = tmp_path / "upstream", tmp_path / "clone"
    prepare = (
        "git init -q -b trunk upstream && cd upstream && git commit -q --allow-empty -m Begin && git switch -q -c other"
    )
    assert bash(tmp_path, f"{prepare} && git commit -q --allow-empty -m More", tmp_path).returncode == 0
    tagged = "trunk" if is_merged else "other"
    assert bash(tmp_path, f"git tag v0.2.0 {tagged} && git clone -q . ../clone", upstream).returncode == 0
    assert bash(tmp_path, "git checkout -q v0.2.0", clone).returncode == 0
    judged = bash(tmp_path, script("judge", "See that it was merged"), clone, BRANCH="trunk", GITHUB_REF_NAME="v0.2.0")
    assert judged.returncode == (0 if is_merged else 2), judged.stderr
    assert ("::error::v0.2.0 is on no commit of trunk" in judged.stdout) is not is_merged


@pytest.fixture
def candidate(tmp_path: Path) -> Path:
    """A clone of a release 1.2.0 as it is to be tagged: what others call names the commit before."""
    files = {"reconciler/version.py": '__version__ = "1.2.0"\n', "CHANGELOG.md": "## 1.2.0\n"}
    files["benchmarks/history.json"] = '[{"version": "1.2.0"}]'
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    (tmp_path / ".ci").mkdir()
    shutil.copy(WORKFLOWS.parents[1] / ".ci" / "releasable", tmp_path / ".ci")
    committed(tmp_path, "git init -q -b trunk .")
    for name in ("workflows/budgets.yml", "actions/money/action.yml"):
        path = tmp_path / ".github" / name
        path.parent.mkdir(parents=True)
        path.write_text(f"- uses: a/b/.github/actions/kt-budgets@{tip(tmp_path)} # v1.2.0\n", encoding="utf-8")
    committed(tmp_path)
    return tmp_path


def committed(folder: Path, change: str = ":") -> None:
    done = bash(folder, f"{change}; git add . && git commit -q --allow-empty -m Change", folder)
    assert done.returncode == 0, done.stderr


def tip(folder: Path) -> str:
    return bash(folder, "git rev-parse HEAD", folder).stdout.strip()


CALLED = ".github/workflows/budgets.yml"


@pytest.mark.parametrize(
    ("tag", "change", "said"),
    [
        ("v1.2.0", ":", ""),
        ("v1.2.0", "echo more > README.md", ""),
        ("v1.3.0", ":", "the tag is v1.3.0 and reconciler/version.py says 1.2.0: change one of them"),
        ("v1.2.0", "echo '## 1.1.0' > CHANGELOG.md", 'CHANGELOG.md has no part "## 1.2.0"'),
        (
            "v1.2.0",
            "echo [] > benchmarks/history.json",
            "benchmarks/history.json has nothing of 1.2.0: run `make speed",
        ),
        ("v1.2.0", "echo more > reconciler/a.py", "v1.2.0 is not the same in reconciler/a.py: run `make workflow`"),
        ("v1.2.0", f"sed -i s/v1.2.0/v1.9.0/ {CALLED}", "or more than one: run `make workflow`"),
        ("v1.2.0", f"sed -i s/v1.2.0/v1.1.0/ {CALLED} .github/actions/money/action.yml", "installs v1.1.0, or more"),
        ("v1.2.0", f"sed -i -E s/[0-9a-f]{{40}}/{'a' * 40}/ {CALLED} .github/*/*/*.yml", "which v1.2.0 does not have"),
    ],
)
def test_a_tag_is_of_its_version_is_told_of_and_what_others_call_installs_it(
    candidate: Path, tag: str, change: str, said: str
) -> None:
    committed(candidate, change)
    step = script("judge", "See that it is of this release, and installs itself")
    judged = bash(candidate, step, candidate, GITHUB_REF_NAME=tag, GITHUB_ACTIONS="true")
    assert judged.returncode == (2 if said else 0), judged.stderr
    assert said in judged.stderr
    assert judged.stderr.startswith("::error::" if said else "")


def test_an_image_is_tried_before_it_is_pushed_and_known_by_its_digest(tmp_path: Path) -> None:
    (tmp_path / "bin").mkdir()
    docker = tmp_path / "bin" / "docker"
    docker.write_text(
        '#!/bin/sh\necho "$*" >> "$HOME/asked"\n'
        'case "$2" in inspect) echo "ghcr.io/acme/budgets@sha256:abc" ;; esac\n'
        'case "$1" in login) test "$(cat)" = ghs_actions ;; run) test -z "$FAILS" ;; esac\n'
    )
    docker.chmod(0o755)
    step = script("image", "Build, try and push it")
    named = {"GITHUB_REPOSITORY": "Acme/Budgets", "GITHUB_REF_NAME": "v1.2.0", "GITHUB_ACTOR": "alice"}
    given = {**named, "GITHUB_TOKEN": "ghs_actions", "GITHUB_OUTPUT": str(tmp_path / "output")}
    assert bash(tmp_path, step, tmp_path, **given, FAILS="1").returncode == 1
    assert "push" not in (tmp_path / "asked").read_text()
    assert bash(tmp_path, step, tmp_path, **given, FAILS="").returncode == 0
    assert "push --quiet ghcr.io/acme/budgets:1.2.0" in (tmp_path / "asked").read_text()
    assert (tmp_path / "output").read_text() == "name=ghcr.io/acme/budgets\ndigest=sha256:abc\n"


@pytest.mark.parametrize(
    ("tags", "released", "asked"),
    [
        ("v1.2.0 v1.10.0 v1", "v1.10.0", "moved"),
        ("v1.10.0 v1.9.9 v1", "v1.9.9", ""),
        ("v0.9.0 v1.0.0", "v1.0.0", "made"),
        ("v1.0.0 v1.1.0-rc1 v1", "v1.0.0", "moved"),
    ],
)
def test_the_tag_of_a_major_version_follows_its_newest_release_and_no_other(
    tmp_path: Path, tags: str, released: str, asked: str
) -> None:
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "gh").write_text(_GH, encoding="utf-8")
    (tmp_path / "bin" / "gh").chmod(0o755)
    (tmp_path / "tags").write_text("".join(f"{tag}\n" for tag in tags.split()), encoding="utf-8")
    named = {"GITHUB_REF_NAME": released, "GITHUB_REPOSITORY": "acme/kt-budgets", "GITHUB_SHA": "a" * 40}
    done = bash(tmp_path, script("release", "Let the tag of its major version follow"), tmp_path, **named)
    assert done.returncode == 0, done.stderr
    told = (tmp_path / "asked").read_text(encoding="utf-8") if (tmp_path / "asked").exists() else ""
    assert told.partition(" ")[0] == asked
    assert not asked or ("a" * 40 in told and "v1" in told)
