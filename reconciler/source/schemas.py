"""The published JSON Schemas, generated from the models: of YAML for editors, of documents for other programs.

They are draft-07, the version that every YAML language server understands (decision 0021).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from reconciler.model.document import Document
from reconciler.model.frozen import Frozen
from reconciler.model.json_text import json_text
from reconciler.source.context import ALL

DIALECT = "http://json-schema.org/draft-07/schema#"

Schema = dict[str, Any]

_NO_NUMBER = {
    "type": "string",
    "errorMessage": "Write an amount without separators, such as 12500.00: between brackets a comma begins another key",
}
"""Of `{monthly: 12,500}` editors see a key `500` without value, and say nothing of one by any other rule."""


def schema_text(schema: Schema) -> str:
    return json_text(schema, sort_keys=False)


def yaml_schema(model: type[Frozen], title: str) -> Schema:
    schema = model.model_json_schema(mode="validation")
    return {"$schema": DIALECT, **_closed(schema), "title": title}


def with_environments(schema: Schema, environments: Sequence[str]) -> Schema:
    """Return the schema of team files with the environments of one organization: editors offer them, and no others."""
    wallets = {key: value for key, value in schema["properties"]["wallets"].items() if key != "propertyNames"}
    (wallet,) = wallets.pop("patternProperties").values()
    known = {**wallets, "properties": dict.fromkeys([*environments, ALL], wallet)}
    budget = schema["$defs"]["BillingBudgetSetting"]
    environment = {**budget["properties"]["environment"], "enum": [*environments, ALL]}
    watched = {**budget, "properties": {**budget["properties"], "environment": environment}}
    return {
        **schema,
        "properties": {**schema["properties"], "wallets": known},
        "$defs": {**schema["$defs"], "BillingBudgetSetting": watched},
    }


def document_schema(kind: type[Document]) -> Schema:
    """Return the schema of a document, under the address that names its version."""
    schema = kind.model_json_schema(mode="serialization")
    for part in (schema, *schema.get("$defs", {}).values()):
        fields = part.get("properties", {})
        if "format" in fields:
            fields["format"]["description"] = "Which document this is, with its version."
        always = [name for name, field in fields.items() if "const" in field or name in part.get("required", ())]
        part |= {"required": always} if always else {}
    return {"$schema": DIALECT, "$id": kind.address(), **schema, "title": _title(kind.commands)}


def _title(commands: tuple[str, ...]) -> str:
    if not commands:
        return "a part of plan.json"
    return f"what {' and '.join(commands)} print{'s' if len(commands) == 1 else ''}"


def _tells(default: Any) -> bool:
    return default is not None and default not in ((), [], "") and not isinstance(default, dict)


def _closed(node: Any) -> Any:
    """Return a schema of YAML as editors need it: no null anywhere, no key beyond those that are known.

    A key that has no value is left out in YAML, so that null is never what somebody means. A default that is empty
    or a mapping is left out too: editors would offer it as the completion, in the place of the keys themselves. What
    is said of a wrong text is said of what is no text too.
    """
    if isinstance(node, list):
        return [_closed(item) for item in node]
    if not isinstance(node, dict):
        return node
    result = {key: _closed(value) for key, value in node.items() if key != "default" or _tells(value)}
    if "patternErrorMessage" in result:
        result["errorMessage"] = result["patternErrorMessage"]
    if "patternProperties" in result:
        result["additionalProperties"] = False
    if result.get("additionalProperties") is False and not any(
        re.match(name, "500") for name in result.get("patternProperties", ())
    ):
        result["propertyNames"] = {**result.get("propertyNames", {}), **_NO_NUMBER}
    options = [option for option in result.get("anyOf", []) if option != {"type": "null"}]
    if len(options) == 1 and "anyOf" in result:
        del result["anyOf"]
        return {**options[0], **result}
    return result
