"""Text of every width: what a command prints for people fits the terminal that it is printed on."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from installed import kt_budgets

from reconciler.report.columns import columns_of

pytestmark = pytest.mark.slow

COMMANDS = {
    "forecast": (),
    "whatif": ("--growth", "support=+25%", "--wallet", "finance/prod=4000"),
    "recommend": (),
    "backtest": (),
    "drift": (),
}


@pytest.mark.parametrize(("command", "width"), [*zip(COMMANDS, (60, 60, 120, 60, 80), strict=True)])
def test_no_line_is_wider_than_the_terminal(command: str, width: int, tmp_path: Path) -> None:
    place = Path(__file__).parents[2]
    options = ("--sandbox", "--as-of", "2026-06-18", "--budgets", str(place / "budgets"))
    environment = {**os.environ, "COLUMNS": str(width)}
    done = kt_budgets(command, *COMMANDS[command], *options, folder=tmp_path, environment=environment)
    assert done.returncode in (0, 11), done.stderr
    lines = done.stdout.splitlines()
    assert len(lines) > 5
    assert [line for line in lines if columns_of(line) > width] == []
