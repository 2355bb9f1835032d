"""The published JSON Schemas, generated from the models: two for YAML in editors, the rest for command output.

They are draft-07, the version that every YAML language server understands (decision 0021).
"""

from __future__ import annotations

from typing import Any, Literal

from reconciler.model.forecast import ForecastDocument
from reconciler.model.frozen import Frozen
from reconciler.model.json_text import json_text
from reconciler.model.merges import Merges
from reconciler.model.organization import OrganizationBudget
from reconciler.model.outcome import Run
from reconciler.model.plan import Plan
from reconciler.model.plan_finding import PlanFinding
from reconciler.model.policy_input import PolicyInput
from reconciler.model.suggestion import SuggestionsDocument
from reconciler.model.team import TeamBudget

DIALECT = "http://json-schema.org/draft-07/schema#"

Schema = dict[str, Any]


class FindingsDocument(Frozen):
    """Every finding of every budget file: what `kt-budgets validate --format json` prints."""

    format: Literal["kt-budgets.findings/1"] = "kt-budgets.findings/1"
    findings: tuple[PlanFinding, ...]


def documents() -> dict[str, Schema]:
    """Return every published schema by the name of its file."""
    return {
        "organization.schema.json": _yaml_schema(OrganizationBudget, "budgets/org.yaml"),
        "team.schema.json": _yaml_schema(TeamBudget, "budgets/teams/<team>.yaml"),
        "plan.schema.json": _json_schema(Plan, "plan.json"),
        "policy-input.schema.json": _json_schema(PolicyInput, "policy_input in plan.json"),
        "run.schema.json": _json_schema(Run, "what apply and resume print"),
        "merges.schema.json": _json_schema(Merges, "what pr apply prints"),
        "forecast.schema.json": _json_schema(ForecastDocument, "what forecast prints"),
        "findings.schema.json": _json_schema(FindingsDocument, "what validate prints"),
        "suggestions.schema.json": _json_schema(SuggestionsDocument, "what validate and recommend suggest"),
    }


def schema_text(schema: Schema) -> str:
    """Return the bytes of a schema's file as text."""
    return json_text(schema, sort_keys=False)


def _yaml_schema(model: type[Frozen], title: str) -> Schema:
    schema = model.model_json_schema(mode="validation")
    return {"$schema": DIALECT, **_closed(schema), "title": title}


def _json_schema(model: type[Frozen], title: str) -> Schema:
    schema = model.model_json_schema(mode="serialization")
    return {"$schema": DIALECT, **schema, "title": title}


def _tells(default: Any) -> bool:
    return default is not None and default not in ((), [], "") and not isinstance(default, dict)


def _closed(node: Any) -> Any:
    """Return a schema of YAML as editors need it: no null anywhere, no key beyond those that are known.

    A key that has no value is left out in YAML, so that null is never what somebody means. A default that is empty
    or a mapping is left out too: editors would offer it as the completion, in the place of the keys themselves.
    """
    if isinstance(node, list):
        return [_closed(item) for item in node]
    if not isinstance(node, dict):
        return node
    result = {key: _closed(value) for key, value in node.items() if key != "default" or _tells(value)}
    if "patternProperties" in result:
        result["additionalProperties"] = False
    options = [option for option in result.get("anyOf", []) if option != {"type": "null"}]
    if len(options) == 1 and "anyOf" in result:
        del result["anyOf"]
        return {**options[0], **result}
    return result
