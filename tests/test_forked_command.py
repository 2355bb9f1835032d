"""A forked command is the command that it stands for: what it prints, how it ends, and what is not there for it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import forked_command
import pytest
from forked_from import LIGHT

pytestmark = pytest.mark.slow

BUDGETS = Path(__file__).parent.parent / "budgets"
USAGE = "id,timestamp,team_id,provider,model,cost\ne1,2026-06-01T12:00:00Z,team_support,openai,gpt-4o,1.25\n"
NEEDS_ALL = ("forecast", "--offline", "--usage", "usage.csv", "--as-of", "2026-06-18", "--budgets", str(BUDGETS))
NEEDS_LITTLE = ("validate", "--budgets", str(BUDGETS))


@pytest.mark.parametrize(
    ("variables", "arguments", "code"),
    [
        ({}, NEEDS_ALL, 0),
        ({"PYTHONPATH": str(LIGHT)}, NEEDS_ALL, 2),
        ({"PYTHONPATH": str(LIGHT)}, NEEDS_LITTLE, 0),
        ({"PYTHONPATH": os.devnull}, NEEDS_LITTLE, 0),
    ],
    ids=["whole", "light-and-too-little", "light-and-enough", "another-path"],
)
def test_a_forked_command_does_what_one_does_that_is_started(
    tmp_path: Path, variables: Mapping[str, str], arguments: tuple[str, ...], code: int
) -> None:
    (tmp_path / "usage.csv").write_text(USAGE, encoding="utf-8")
    forked_command.install(tmp_path / "bin" / "kt-budgets")
    forked, started = (
        subprocess.run(
            [*command, *arguments], cwd=tmp_path, env={**os.environ, **variables}, capture_output=True, check=False
        )
        for command in ([tmp_path / "bin" / "kt-budgets"], [sys.executable, "-m", "reconciler"])
    )
    assert (forked.returncode, forked.stdout, forked.stderr) == (started.returncode, started.stdout, started.stderr)
    assert forked.returncode == code, forked.stderr
    assert (b"numpy" in forked.stderr) == (code != 0)
