"""No word that a team lead would have to look up: none in messages and golden files, but for those of the glossary."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

import reconciler
from reconciler.cli.help import command
from reconciler.report.glossary import GLOSSARY, glossary_text

SOURCE = Path(reconciler.__file__).parent
GOLDEN = Path(__file__).parent.parent / "golden"
BANNED = re.compile(r"\b(cures?|paths|levers?|mean month end|reclaims|landings?|medians?|quantiles?)\b", re.IGNORECASE)
PERCENTILE = re.compile(r"\bP(?:10|50|90)\b")
EXPLAINED = "half of the months end below the first figure (P50), 1 in 10 ends below P10 and 1 in 10 above P90."
WITH_PERCENTILES = {
    "glossary.py", "wallets.py", "wallet_notes.py", "details.py", "chart.py", "forecast_text.py",
    "organization.py",
}  # fmt: skip
"""Modules whose texts stand beside the explanation, or hold it."""
NOT_PRINTED = {"facts.json", "months.txt", "values.txt"}
"""Golden files of values that no command prints as they are."""
NOT_FOR_LEADS = {"sandbox", "backtest_text.py"}


def said(path: Path) -> Iterator[str]:
    """Yield the texts of a module that are sentences, its docstrings left out."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    silent = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if id(node) in silent:
            continue
        if isinstance(node, ast.JoinedStr):
            yield "".join(str(part.value) if isinstance(part, ast.Constant) else "{}" for part in node.values)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and " " in node.value.strip():
            yield node.value


def unknown_words(path: Path, text: str) -> list[str]:
    """Return the words of a module's text that need the glossary, where the module may not use them."""
    banned = BANNED.findall(text) if path.name != "glossary.py" else []
    return [*banned, *(PERCENTILE.findall(text) if path.name not in WITH_PERCENTILES else [])]


def test_messages_hold_no_word_that_only_we_know() -> None:
    modules = [path for path in SOURCE.rglob("*.py") if not NOT_FOR_LEADS & {*path.relative_to(SOURCE).parts}]
    assert len(modules) > 100
    assert [(str(path), text) for path in modules for text in said(path) if unknown_words(path, text)] == []


def test_what_is_printed_holds_no_word_that_only_we_know() -> None:
    paths = [path for path in GOLDEN.rglob("*.*") if path.is_file() and path.name not in NOT_PRINTED]
    printed = {path: " ".join(path.read_text(encoding="utf-8").split()) for path in paths}
    assert len(printed) > 50
    assert [path for path, text in printed.items() if BANNED.search(text)] == []
    assert [path for path, text in printed.items() if PERCENTILE.search(text) and EXPLAINED not in text] == []


def test_a_word_that_comes_back_is_found(tmp_path: Path) -> None:
    module = tmp_path / "module.py"
    module.write_text('"""Paths."""\nA = "the cure is"\nB = f"the P50 of {A} paths"\n"""Levers."""\n')
    texts = list(said(module))
    assert [BANNED.findall(text) for text in texts if BANNED.findall(text)] == [["cure"], ["paths"]]
    assert any(PERCENTILE.search(text) for text in texts)


def test_the_glossary_explains_each_word_with_a_figure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "90")
    assert len(GLOSSARY) >= 12
    for word, meaning in GLOSSARY:
        assert re.search(r"[0-9]", f"{word} {meaning}"), word
    assert CliRunner().invoke(command, ["glossary"]).output == glossary_text(width=90)
    for word in ("wallet", "target", "reclaim", "stale", "drift", "unknown, in doubt", "journal", "run rate"):
        assert any(word == known for known, _ in GLOSSARY)
    assert all(len(line) <= 60 for line in glossary_text(width=60).splitlines())
