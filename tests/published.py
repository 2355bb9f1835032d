"""What commands print for programs, judged from outside: by the published schema files and nothing of ours."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

from jsonschema import Draft7Validator, FormatChecker

SCHEMAS = Path(__file__).parents[1] / "schemas"


@cache
def judge(format_: str) -> Draft7Validator:
    """Return what judges documents of a format such as `kt-budgets.run/1`."""
    name, _, version = format_.removeprefix("kt-budgets.").partition("/")
    schema = json.loads((SCHEMAS / f"{name}.schema.json").read_text(encoding="utf-8"))
    assert schema["$id"] == f"urn:kt-budgets:{name}:{version}"
    return Draft7Validator(schema, format_checker=FormatChecker())


def document_of(text: str) -> dict[str, Any]:
    """Return the one document that a text holds; it is what its schema says, or the test fails."""
    document: dict[str, Any] = json.loads(text)
    wrong = [f"{error.json_path}: {error.message}" for error in judge(document["format"]).iter_errors(document)]
    assert wrong == [], f"{document['format']}: {wrong}"
    return document


def judge_printed(arguments: Sequence[object], out: str) -> None:
    """Judge what a command printed, where that was to be JSON."""
    given = [str(argument) for argument in arguments]
    asked = "--format=json" in given or ("--format", "json") in pairwise(given)
    if asked and out and "--help" not in given:
        document_of(out)
