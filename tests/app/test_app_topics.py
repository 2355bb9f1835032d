"""The topics of `help` are made from what the code goes by, and leave nothing out."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import reconciler
from reconciler.app.schemas import DOCUMENTS
from reconciler.app.topics import topic
from reconciler.cli.help import TOPICS
from reconciler.findings import ExitCode
from reconciler.settings import VARIABLES

SOURCE = Path(reconciler.__file__).parent
NAME = re.compile(r"_?(KT_BUDGETS|KEEPTRUSTS|GITHUB|GITLAB|CI|NO|SSL|[A-Z]+_CA)_[A-Z_0-9]+|COLUMNS")
OF_CI = re.compile(r"(GITHUB|GITLAB|CI)_")
BETWEEN_PROCESSES = {"KT_BUDGETS_GIT_USERNAME", "KT_BUDGETS_GIT_PASSWORD"}


def read() -> Iterator[str]:
    """Yield every text of the source that is the name of a variable."""
    for text in (path.read_text(encoding="utf-8") for path in SOURCE.rglob("*.py")):
        for node in ast.walk(ast.parse(text)) if NAME.search(text) else ():
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and NAME.fullmatch(node.value):
                yield node.value


def test_every_variable_that_people_set_is_told() -> None:
    text = topic("environment", width=100)
    names = set(read()) - BETWEEN_PROCESSES
    assert {"KT_BUDGETS_JOURNAL", "GITHUB_TOKEN", "_KT_BUDGETS_COMPLETE"} <= names
    assert [name for name in sorted(names) if not OF_CI.match(name) and not re.search(rf"\b{name}\b", text)] == []
    assert [name for name in VARIABLES if name not in names and not name.endswith("_PROXY")] == []


def test_every_document_that_a_command_prints_is_told_with_its_schema() -> None:
    text = topic("files", width=200)
    for kind in DOCUMENTS:
        assert (f"schemas/{kind.name()}.schema.json" in text) == bool(kind.commands)


def test_every_exit_code_is_told() -> None:
    assert topic("exit-codes", width=80).count("\n") == len(ExitCode)


@pytest.mark.parametrize("name", [name for name in TOPICS if name != "exit-codes"])
def test_a_topic_fits_the_screen(name: str) -> None:
    lines = topic(name, width=70).splitlines()
    assert len(lines) > 10
    assert all(len(line) <= 70 for line in lines)
