"""The command line is thin: it parses, calls one use case, prints, and returns an exit code."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from reconciler.cli import pr
from reconciler.cli.main import COMMANDS
from reconciler.cli.terminal import Command
from reconciler.forked import count

ROOT = Path(__file__).parent.parent.parent
MODULES = sorted((ROOT / "reconciler" / "cli").glob("*.py"))
MOST_LINES = 2000


def commands_of(module: Path) -> Iterator[ast.FunctionDef]:
    """Yield the functions of a module that click calls."""
    for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef) and any(
            ".command(" in ast.unparse(decorator) for decorator in node.decorator_list
        ):
            yield node


def test_the_command_line_has_few_lines() -> None:
    assert sum(len(module.read_text(encoding="utf-8").splitlines()) for module in MODULES) <= MOST_LINES


@pytest.mark.parametrize("name", [name for name in COMMANDS if name not in ("help", "sandbox", "demo")])
def test_a_command_imports_one_use_case_and_only_when_it_runs(name: str) -> None:
    module = next(module for module in MODULES if module.stem == name)
    found = list(commands_of(module))
    assert found
    for function in found:
        deferred = [node for node in ast.walk(function) if isinstance(node, ast.Import | ast.ImportFrom)]
        assert [str(node.module).split(".")[:2] for node in deferred if isinstance(node, ast.ImportFrom)] == [
            ["reconciler", "app"]
        ], function.name


def test_the_contract_between_commands_names_every_command() -> None:
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"][
        "contracts"
    ]
    (contract,) = [contract for contract in contracts if contract["type"] == "independence"]
    assert contract["modules"] == sorted(f"reconciler.cli.{name}" for name in COMMANDS)


def test_the_help_of_all_commands_waits_for_no_library_but_click() -> None:
    asked = "import sys; from reconciler.cli.main import main; sys.argv = ['kt-budgets', '--help']; main()"
    found = subprocess.run(
        [sys.executable, "-X", "importtime", "-c", asked], capture_output=True, text=True, check=True, timeout=60
    )
    assert "Commands:" in found.stdout
    imported = {line.rpartition("|")[2].strip().partition(".")[0] for line in found.stderr.splitlines()}
    assert {"click", "reconciler"} <= imported
    assert not imported & {"pydantic", "numpy", "httpx", "ruamel", "duckdb", "ibis", "jsonschema", "deepdiff"}


@pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="only Linux shows the threads of a process")
def test_figures_are_worked_out_in_one_thread_unless_somebody_says_otherwise() -> None:
    asked = (
        "import os, reconciler.cli.main as line; from importlib import import_module as take;"
        "line.run_process = lambda *_: len(os.listdir('/proc/self/task')) if take('numpy') else 0; line.main()"
    )
    unset = {name: value for name, value in os.environ.items() if name != "OPENBLAS_NUM_THREADS"}
    for said, threads in (({}, 1), ({"OPENBLAS_NUM_THREADS": "2"}, min(2, count()))):
        assert subprocess.run([sys.executable, "-c", asked], env={**unset, **said}, check=False).returncode == threads


def test_every_command_of_a_pull_request_hears_its_use_case() -> None:
    assert [name for name, found in pr.command.commands.items() if not isinstance(found, Command)] == []
