"""What an editor says of a team's file while it is written: by the real language server, within brackets too."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from editors.language_server import MISSING, LanguageServer, is_there, language_server
from thorough import THOROUGH

from reconciler.app.schemas import write

pytestmark = [pytest.mark.slow, pytest.mark.skipif(not (THOROUGH and is_there()), reason=MISSING)]

ROOT = Path(__file__).parents[2]
HEAD = "version: 1\nteam: a\nwallets:\n"
AMOUNT = "Write a plain number with at most two decimals and without separators, such as 12500.00"

SEPARATORS = "Write an amount without separators, such as 12500.00: between brackets a comma begins another key"


@pytest.fixture(scope="module")
def editor(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LanguageServer]:
    folder = tmp_path_factory.mktemp("editor")
    list(write(folder / "schemas", budgets=ROOT / "budgets"))
    with language_server(folder, folder / "schemas" / "team.schema.json") as server:
        yield server


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("  prod: {team_id: a, monthly: 12500.00}\n", []),
        ("  prod: {team_id: a, monthly: [{amount: 5, from: 2026-06}], overrides: {2026-10: +20%}}\n", []),
        ('  prod: {team_id: a, monthly: "12,500"}\n', [AMOUNT]),
        ("  prod: {team_id: a, monthly: 2026-06}\n", [AMOUNT]),
        ("  prod: {team_id: a, monthly: 12,500}\n", [SEPARATORS]),
        ("  prod: {monthly: 12.500,00, team_id: a}\n", [SEPARATORS]),
        ("  prod: {team_id: a, monthly: 5, overrides: {2026-10: 12,500}}\n", [SEPARATORS]),
        ("  prod: {team_id: a, monthly: [{amount: 12,500, from: 2026-06}]}\n", [SEPARATORS]),
        ("  prod: {team_id: a, monthly: 5}\nbilling_budgets:\n  - {name: x, amount: 12,500}\n", [SEPARATORS]),
        ("  prod:\n    team_id: a\n    monthly: 12,500\n", [AMOUNT]),
        ("  prod:\n    team_id: a\n    monthly: 12.500,00\n", [AMOUNT]),
        (
            "  prod: {team_id: a, monthly: 5, overrides: {2026-10: 20%}}\n",
            ["Write an amount such as 12500.00, or by how much the month differs: +20% or -20%"],
        ),
        (
            "  prod: {team_id: a, monthly: 5}\nplan: {growth: [{reason: a, rate: 18, from: 2026-07}]}\n",
            ["A percentage with its sign, such as 18%"],
        ),
        ("  prd: {team_id: a, monthly: 5}\n", ["Property prd is not allowed."]),
    ],
)
def test_what_is_wrong_is_said_with_its_cure(editor: LanguageServer, text: str, told: list[str]) -> None:
    assert editor.diagnostics(f"case{abs(hash(text))}", HEAD + text) == told


def test_the_environments_of_the_organization_are_offered(editor: LanguageServer) -> None:
    assert editor.completions("environments", f"{HEAD}  \n", "wallets:\n  ") == ["prod", "dev", "all"]
    alert = f"{HEAD}  prod: {{team_id: a, monthly: 5}}\nbilling_budgets:\n  - {{name: a, amount: 5, environment: }}\n"
    assert editor.completions("alert", alert, "environment: ") == ["prod", "dev", "all"]


def test_keys_are_offered_and_explained_within_brackets(editor: LanguageServer) -> None:
    text = f"{HEAD}  prod: {{team_id: a, mon}}\n"

    assert {"monthly", "overrides"} <= set(editor.completions("keys", text, "mon"))
    shown = editor.hover("hover", text.replace("mon", "monthly: 5"), "monthly")
    assert "What the wallet is funded with each month" in shown
