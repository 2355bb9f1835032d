"""What pydantic objects to, said to people: a stable code, a sentence with the value in it, and the exact cure."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

from pydantic_core import ErrorDetails

from reconciler.findings import Finding, Keys
from reconciler.meant import close_to, did_you_mean, only
from reconciler.model.frozen import Frozen
from reconciler.model.yaml_types import shown
from reconciler.source.problem import dotted, problem

_BOOLEANS = {
    **dict.fromkeys(("yes", "on", "y", "true"), "true"),
    **dict.fromkeys(("no", "off", "n", "false"), "false"),
}
_LONGEST_GUESS = 64
_CALLED: dict[Keys, str] = {("usage", "columns"): "a column of an event that can be mapped"}


def word(model: type[Frozen], error: ErrorDetails) -> Finding:
    """Return the problem that a pydantic error of `model` stands for."""
    location = error["loc"]
    if location and location[-1] == "[key]":
        return _key_problem(_keys(location[:-1]), error)
    keys = _keys(location)
    match error["type"]:
        case "missing":
            return _missing(model, keys)
        case "extra_forbidden":
            return _unknown(model, keys)
        case "literal_error" | "enum":
            return _choice(model, keys, error["input"])
        case "string_pattern_mismatch" | "string_too_long" | "string_too_short":
            return _text(model, keys, error)
        case "string_type" | "int_type" | "bool_type" | "model_type" | "dict_type" | "tuple_type" as kind:
            return _type(keys, kind, error["input"])
        case "greater_than_equal" | "less_than_equal":
            return _range(model, keys, error["input"])
        case "too_short":
            return problem("too-few", f"`{dotted(keys)}` is empty", "name at least one", keys)
        case kind:
            told = error.get("ctx", {})
            hint = told.get("hint")
            code = kind if hint else "invalid-value"
            return problem(code, error["msg"], hint or "correct the value", keys, fix=told.get("cure"))


def _keys(location: tuple[int | str, ...]) -> Keys:
    return tuple(location)


def _key_problem(keys: Keys, error: ErrorDetails) -> Finding:
    told = error.get("ctx", {})
    if error["type"] == "literal_error":
        return _unknown_choice(keys, told)
    hint = told.get("hint", "use letters, digits, `_`, `.` and `-` only")
    sentence = error["msg"] if "hint" in told else f"{shown(keys[-1])} cannot be a key here"
    return problem("invalid-key", sentence, hint, keys, "key", fix=told.get("cure"))


def _unknown_choice(keys: Keys, told: dict[str, Any]) -> Finding:
    """Return the problem of a key that is none of those that a mapping may have."""
    choices = re.findall(r"'([^']*)'", str(told.get("expected", "")))
    close = close_to(str(keys[-1]), choices, most=2)
    listed = f"the keys are: {', '.join(f'`{choice}`' for choice in choices)}"
    hint = f"{did_you_mean(close)} {listed}".strip()
    noun = _CALLED.get(keys[:-1], f"a key of `{dotted(keys[:-1])}`")
    return problem("unknown-key", f"{shown(keys[-1])} is not {noun}", hint, keys, "key", fix=only(close))


def _missing(model: type[Frozen], keys: Keys) -> Finding:
    parent, key = keys[:-1], str(keys[-1])
    where = f"`{dotted(parent)}`" if parent else "the file"
    schema = schema_at(model, keys)
    what = schema.get("description", "")
    value, example = _example(model, keys), ""
    if isinstance(value, float):
        value, example = "…", f", such as {_yaml(value)}"
    hint = f"add `{key}: {_yaml(value)}`" + (f" ({what[0].lower()}{what[1:].rstrip('.')}{example})" if what else "")
    return problem("missing-key", f"`{key}` is missing in {where}", hint, parent, "mapping")


def _example(model: type[Frozen], keys: Keys) -> Any:
    """Return a value that may stand at `keys`: the schema's example, or one of what a mapping must have."""
    schema = schema_at(model, keys)
    if "required" in schema:
        return {key: _example(model, (*keys, key)) for key in schema["required"]}
    return (schema.get("examples") or schema.get("enum") or [schema.get("const", "…")])[0]


def _unknown(model: type[Frozen], keys: Keys) -> Finding:
    parent, key = keys[:-1], str(keys[-1])
    known = sorted(schema_at(model, parent).get("properties", {}))
    close = close_to(key, known, most=2)
    where = f"`{dotted(parent)}`" if parent else "this file"
    hint = did_you_mean(close) or f"known keys: {', '.join(f'`{name}`' for name in known)}"
    return problem("unknown-key", f"{shown(key)} is not a key of {where}", hint, keys, "key", fix=only(close))


def _choice(model: type[Frozen], keys: Keys, value: Any) -> Finding:
    choices = [str(choice) for choice in schema_at(model, keys).get("enum", [])]
    close = close_to(str(value), choices, most=2)
    hint = did_you_mean(close) or f"write one of {', '.join(f'`{choice}`' for choice in choices)}"
    sentence = f"{_called(value)} is not one of the choices for `{dotted(keys)}`"
    return problem("invalid-choice", sentence, hint, keys, fix=only(close))


def _text(model: type[Frozen], keys: Keys, error: ErrorDetails) -> Finding:
    rule = schema_at(model, keys).get("patternErrorMessage", "see the schema")
    value = error["input"]
    sentence = f"{shown(value)} is not allowed for `{dotted(keys)}`" if value else f"`{dotted(keys)}` is empty text"
    return problem("invalid-text", sentence, f"{rule[0].lower()}{rule[1:]}", keys)


def _type(keys: Keys, kind: str, value: Any) -> Finding:
    due = {
        "string_type": "text",
        "int_type": "a whole number",
        "bool_type": "true or false",
        "tuple_type": "a list",
    }.get(kind, "keys with values")
    sentence = f"`{dotted(keys)}` must be {due}, not {_called(value)}"
    hint, cure = _type_cure(kind, value)
    return problem("wrong-type", sentence, hint, keys, fix=cure)


def _type_cure(kind: str, value: Any) -> tuple[str, str | None]:
    """Return the hint, and what to write where only that can be meant."""
    simple = isinstance(value, str | int) or hasattr(value, "as_tuple")
    literal = str(value).lower() if isinstance(value, bool) else str(value)
    match kind:
        case "string_type" if simple:
            cure = f'"{literal}"'
            return (
                (f"put it in quotes: `{cure}`", cure) if len(literal) <= _LONGEST_GUESS else ("put it in quotes", None)
            )
        case "int_type" if match := re.fullmatch(r"([1-9][0-9]{0,8})(\.0+|%)?", literal):
            return f"write `{match[1]}`", match[1]
        case "bool_type":
            meant = _BOOLEANS.get(literal.lower())
            return f"write `{meant or 'true` or `false'}`", meant
        case "tuple_type" if simple:
            return f"write `[{_yaml(value)}]`", f"[{_yaml(value)}]"
        case "tuple_type":
            return "write a list: `[…]`, or lines that begin with `- `", None
        case "model_type" | "dict_type":
            return "write keys and values: `{key: value}`, or indented lines `key: value`", None
        case _:
            return "correct the value", None


def _range(model: type[Frozen], keys: Keys, value: Any) -> Finding:
    schema = schema_at(model, keys)
    bounds = f"{schema.get('minimum', '')} to {schema.get('maximum', '')}"
    sentence = f"{shown(value)} is outside of what `{dotted(keys)}` may be"
    return problem("out-of-range", sentence, f"write a whole number from {bounds}", keys)


def _called(value: Any) -> str:
    """Return how a sentence names a value that is of the wrong kind."""
    match value:
        case dict():
            return "keys with values"
        case list() | tuple():
            return "a list"
        case None:
            return "empty"
        case str():
            return f'the text `"{value[:_LONGEST_GUESS]}"`'
        case _:
            return shown(value)


def _yaml(value: Any) -> str:
    match value:
        case bool():
            return str(value).lower()
        case float():
            return f"{value:.2f}"
        case list():
            return f"[{', '.join(_yaml(item) for item in value)}]"
        case dict():
            return f"{{{', '.join(f'{key}: {_yaml(item)}' for key, item in value.items())}}}"
        case str() if value.startswith("@"):
            return f'"{value}"'
        case _:
            return str(value)


@cache
def _schema(model: type[Frozen]) -> dict[str, Any]:
    return model.model_json_schema()


def schema_at(model: type[Frozen], keys: Keys) -> dict[str, Any]:
    """Return what the JSON Schema of `model` says about the value that `keys` lead to; empty when it says nothing."""
    root = _schema(model)
    node = _resolved(root, root)
    for key in keys:
        named = node.get("properties", {}).get(key) or _values(node)
        node = _resolved(root, _items(node) if isinstance(key, int) else named)
    return node


def _items(node: dict[str, Any]) -> dict[str, Any]:
    """Return what the schema says of the items of a list, which may be one of several things that are allowed."""
    lists = (option["items"] for option in (node, node.get("then", {})) if "items" in option)
    return next(lists, {})


def _values(node: dict[str, Any]) -> dict[str, Any]:
    patterns = node.get("patternProperties", {})
    values = next(iter(patterns.values()), None) or node.get("additionalProperties")
    return values if isinstance(values, dict) else {}


def _resolved(root: dict[str, Any], node: dict[str, Any]) -> dict[str, Any]:
    """Follow a reference, an alternative to null and what a mapping is to hold; what stands beside them counts too."""
    if node.get("if") == {"type": "object"}:
        return {**_resolved(root, node["then"]), **node}
    options = [option for option in node.get("anyOf", []) if option != {"type": "null"}]
    for option in options:
        if len(options) == 1 or "$ref" in option or option.get("type") == "string":
            node = {**option, **{key: value for key, value in node.items() if key != "anyOf"}}
            break
    reference = node.get("$ref")
    if reference is None:
        return node
    target: dict[str, Any] = root["$defs"][reference.rsplit("/", 1)[-1]]
    return {**target, **{key: value for key, value in node.items() if key not in ("$ref", "default")}}
