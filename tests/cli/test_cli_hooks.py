"""`.pre-commit-hooks.yaml`: its entries, run by git before a commit, let pass what is right and stop what is not."""

from __future__ import annotations

import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import forked_command
import pytest
from cli.journal_desk import git
from cli.small_folder import ALPHA, small_folder
from ruamel.yaml import YAML

from reconciler.cli.main import COMMANDS

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
HOOKS: list[dict[str, Any]] = YAML(typ="safe").load(ROOT / ".pre-commit-hooks.yaml")
SCRIPT = """\
#!/bin/sh
# Like pre-commit: a hook fails when it leaves with another code than 0, or changes a file.
set -e
PATH={bin}:$PATH
{entries}
git diff --no-ext-diff --exit-code
"""


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    small_folder(tmp_path)
    git(tmp_path, "init", "-q")
    forked_command.install(tmp_path / "bin" / "kt-budgets")
    entries = "\n".join(hook["entry"] for hook in HOOKS if "schema" not in hook["id"])
    hook = tmp_path / ".git" / "hooks" / "pre-commit"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(SCRIPT.format(bin=tmp_path / "bin", entries=entries), encoding="utf-8")
    hook.chmod(0o755)
    git(tmp_path, "add", "budgets")
    git(tmp_path, "commit", "-qm", "right")
    return tmp_path


def test_every_entry_is_a_command_that_there_is() -> None:
    for hook in HOOKS:
        program, command, *_ = shlex.split(hook["entry"])
        assert program == "kt-budgets"
        assert command in COMMANDS
        assert (hook["language"], hook["pass_filenames"]) == ("python", False)
    assert [hook["id"] for hook in HOOKS] == ["kt-budgets-validate", "kt-budgets-fmt", "kt-budgets-schema"]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (ALPHA.replace("monthly: 100", "monthly: 12,500"), "thousands-separator"),
        (ALPHA.replace("team: alpha", "team:   alpha"), "-team:   alpha"),
    ],
)
def test_a_commit_with_a_mistake_or_untidy_is_stopped(repository: Path, text: str, told: str) -> None:
    (repository / "budgets" / "teams" / "alpha.yaml").write_text(text, encoding="utf-8")
    git(repository, "add", "budgets")

    with pytest.raises(subprocess.CalledProcessError) as stopped:
        git(repository, "commit", "-qm", "wrong")
    assert told in stopped.value.stdout + stopped.value.stderr
    assert git(repository, "log", "--format=%s") == "right"


def test_a_commit_passes_once_it_was_laid_out(repository: Path) -> None:
    team = repository / "budgets" / "teams" / "alpha.yaml"
    team.write_text(ALPHA.replace("team: alpha", "team:   alpha   # ours"), encoding="utf-8")
    git(repository, "add", "budgets")
    with pytest.raises(subprocess.CalledProcessError):
        git(repository, "commit", "-qm", "untidy")

    git(repository, "add", "budgets")
    git(repository, "commit", "-qm", "tidy")
    assert git(repository, "log", "--format=%s") == "tidy\nright"
    assert team.read_text(encoding="utf-8") == ALPHA.replace("team: alpha", "team: alpha   # ours")


def test_the_schemas_of_this_repository_pass_their_hook() -> None:
    [hook] = [hook for hook in HOOKS if hook["id"] == "kt-budgets-schema"]
    program, *arguments = shlex.split(hook["entry"])

    done = subprocess.run([Path(sys.executable).with_name(program), *arguments], cwd=ROOT, capture_output=True)
    assert done.returncode == 0, done.stderr
