"""The README tells the truth: every command in it runs, and its tables are the code's."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import forked_command
import pytest

from reconciler.app.topics import exit_codes_text
from reconciler.cli.main import COMMANDS

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parent.parent
NAMED = ["-c", "user.name=A team lead", "-c", "user.email=lead@example.org"]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def commands() -> list[str]:
    blocks = re.findall(r"^```console\n(.*?)^```", README, flags=re.DOTALL | re.MULTILINE)
    return [line.removeprefix("$ ") for block in blocks for line in block.splitlines() if line.startswith("$ ")]


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("checkout")
    for name in ("budgets", "schemas"):
        shutil.copytree(ROOT / name, folder / name)
    for arguments in (["init", "--quiet"], ["add", "."], [*NAMED, "commit", "--quiet", "-m", "budgets"]):
        subprocess.run(["git", *arguments], cwd=folder, check=True)
    return folder


def test_every_command_of_the_readme_runs_in_the_order_it_stands_there(checkout: Path, tmp_path: Path) -> None:
    forked_command.install(tmp_path / "bin" / "kt-budgets")
    variables = {name: value for name, value in os.environ.items() if not name.startswith("KEEPTRUSTS_")}
    variables["PATH"] = f"{tmp_path / 'bin'}{os.pathsep}{os.environ['PATH']}"
    ran = [line for line in commands() if line.startswith("kt-budgets ")]
    assert len(ran) > 8
    for line in ran:
        done = subprocess.run(  # noqa: S602
            line, shell=True, cwd=checkout, env=variables, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, f"{line}\n{done.stdout}\n{done.stderr}"


def test_the_python_of_the_readme_runs_and_prints_the_review(checkout: Path) -> None:
    (program,) = re.findall(r"^```python\n(.*?)^```", README, flags=re.DOTALL | re.MULTILINE)
    variables = {name: value for name, value in os.environ.items() if not name.startswith("KEEPTRUSTS_")}
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=checkout, env=variables, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "### Budget plan:" in done.stdout
    assert re.search(r"^support \d+\.\d\d [01]\.\d+$", done.stdout, flags=re.MULTILINE)


def test_every_make_target_of_the_readme_exists() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), flags=re.MULTILINE))
    named = {line.split()[1] for line in commands() if line.startswith("make ")}
    assert named
    assert named <= targets


def test_every_script_of_the_readme_exists_and_can_be_started() -> None:
    scripts = {line.split()[0] for line in commands() if line.startswith(".")}
    assert scripts == {".github/adopt.sh"}
    assert all(os.access(ROOT / script, os.X_OK) for script in scripts)


def test_every_command_is_in_the_readme() -> None:
    missing = [name for name in COMMANDS if f"| `{name}" not in README]
    assert missing == []


def test_the_exit_codes_of_the_readme_are_those_of_the_code() -> None:
    assert f"```text\n{exit_codes_text()}```" in README
