"""`schema --budgets`: editors know the environments of one organization, and say what an amount looks like."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from cli.conftest import Run
from cli.small_folder import small_folder
from jsonschema import Draft7Validator


def team_schema(folder: Path) -> dict[str, Any]:
    read: dict[str, Any] = json.loads((folder / "team.schema.json").read_text(encoding="utf-8"))
    return read


def team(environment: str, monthly: Any = 5) -> dict[str, Any]:
    wallets = {environment: {"team_id": "a", "monthly": monthly}}
    return {"version": 1, "team": "a", "wallets": wallets, "billing_budgets": [_alert(environment)]}


def _alert(environment: str) -> dict[str, Any]:
    return {"name": "a", "amount": 5, "environment": environment}


def test_the_environments_of_org_yaml_are_offered_and_no_others(tmp_path: Path, kt: Run) -> None:
    budgets, folder = small_folder(tmp_path) / "budgets", tmp_path / "schemas"
    assert kt("schema", "--output", folder, "--budgets", budgets).code == 0

    judge = Draft7Validator(team_schema(folder))
    assert list(team_schema(folder)["properties"]["wallets"]["properties"]) == ["prod", "all"]
    assert not list(judge.iter_errors(team("prod")))
    assert not list(judge.iter_errors(team("all")))
    assert sorted(error.validator for error in judge.iter_errors(team("test"))) == ["additionalProperties", "enum"]


def test_such_schemas_are_current_only_with_the_same_environments(tmp_path: Path, kt: Run) -> None:
    budgets, folder = small_folder(tmp_path) / "budgets", tmp_path / "schemas"
    kt("schema", "--output", folder, "--budgets", budgets)
    assert kt("schema", "--output", folder, "--budgets", budgets, "--check").code == 0

    org = budgets / "org.yaml"
    org.write_text(org.read_text(encoding="utf-8").replace("[prod]", "[prod, dev]"), encoding="utf-8")
    done = kt("schema", "--output", folder, "--budgets", budgets, "--check")
    assert (done.code, done.out) == (3, f"{folder / 'team.schema.json'}: not current\n")
    assert done.err == f"hint: kt-budgets schema --output {folder} --budgets {budgets}\n"


def test_an_amount_is_one_schema_whose_sentence_editors_show(tmp_path: Path, kt: Run) -> None:
    kt("schema", "--output", tmp_path)

    judge = Draft7Validator(team_schema(tmp_path))
    for amount in ("12,500", "12.500,00", "2026-06", True, None):
        [error] = judge.iter_errors(team("prod", amount))
        said = error.schema["errorMessage" if error.validator == "type" else "patternErrorMessage"]
        assert said == "Write a plain number with at most two decimals and without separators, such as 12500.00", amount
