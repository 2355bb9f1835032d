"""Laws of documents: what a published schema allows is read as it is, and printed as it was."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from published import SCHEMAS, document_of, judge

from reconciler.app.schemas import DOCUMENTS
from reconciler.model.document import Document

Node = dict[str, Any]
WORDS = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
MONTHS = st.dates().map(lambda day: f"{day.year:04}-{day.month:02}")
AMOUNTS = st.decimals(-(10**9), 10**9, places=2).map(lambda amount: f"{amount:.2f}")
PARTS = st.sampled_from(["0", "0.25", "0.00001", "1"])
SCALARS: dict[str, st.SearchStrategy[Any]] = {
    "null": st.none(),
    "boolean": st.booleans(),
    "integer": st.integers(1, 10**9),
    "number": st.integers(0, 10**5).map(lambda part: part / 10**5),  # scores are printed with five decimals
}
BY_FORMAT: dict[str, st.SearchStrategy[Any]] = {
    "date": st.dates().map(str),
    "date-time": st.datetimes(timezones=st.just(None)).map(lambda at: f"{at.isoformat()}Z"),
}


def texts(node: Node) -> st.SearchStrategy[Any]:
    if "format" in node:
        return BY_FORMAT[node["format"]]
    pattern = node.get("pattern", "")
    if r"\d{2}$" in pattern:
        return AMOUNTS
    if pattern.startswith("^[01]"):
        return PARTS
    if "(0[1-9]|1[0-2])" in pattern:
        return MONTHS
    return st.just("12.5") if pattern else WORDS


def keyed(node: Node, root: Node) -> st.SearchStrategy[Any]:
    """Return mappings whose keys and values are free."""
    values = node.get("additionalProperties", True)
    for pattern, value in node.get("patternProperties", {}).items():
        return st.dictionaries(texts({"pattern": pattern}), made(value, root), max_size=2)
    keys = texts(node.get("propertyNames", {}))
    return st.dictionaries(keys, WORDS if values is True else made(values, root), max_size=2)


def is_free(node: Node, root: Node) -> bool:
    """Whether a part holds an object whose kind alone says what may be in it."""
    part = root.get("$defs", {}).get(node.get("$ref", "").rsplit("/", 1)[-1], {})
    return {"before", "after"} <= part.get("properties", {}).keys() and "kind" in part["properties"]


def made(node: Node, root: Node) -> st.SearchStrategy[Any]:
    """Return the documents that a schema allows, but for changes of managed objects."""
    if "$ref" in node:
        name = node["$ref"].rsplit("/", 1)[-1]
        return st.deferred(lambda: made(root["$defs"][name], root))
    if "const" in node or "enum" in node:
        return st.sampled_from(node.get("enum") or [node["const"]])
    if options := node.get("anyOf") or node.get("oneOf"):
        return st.one_of([made(option, root) for option in options if not is_free(option, root)])
    if parts := node.get("prefixItems"):
        return st.tuples(*(made(part, root) for part in parts)).map(list)
    if node["type"] == "array":
        return st.lists(made(node["items"], root), max_size=1)
    if node["type"] == "object" and "properties" in node:
        fields = {name: made(field, root) for name, field in node["properties"].items()}
        needed = {name: fields.pop(name) for name in node.get("required", ())}
        return st.fixed_dictionaries(needed, optional=fields)
    if node["type"] == "object":
        return keyed(node, root)
    return texts(node) if node["type"] == "string" else SCALARS[node["type"]]


@pytest.mark.parametrize("kind", DOCUMENTS, ids=lambda kind: kind.name())
@settings(max_examples=12, phases=[Phase.explicit, Phase.generate], suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_what_a_schema_allows_is_read_and_printed_and_read_again_as_the_same(
    kind: type[Document], data: st.DataObject
) -> None:
    root = json.loads((SCHEMAS / f"{kind.name()}.schema.json").read_text(encoding="utf-8"))
    given_ = data.draw(made(root, root))
    assert judge(given_["format"]).is_valid(given_)
    read = kind.model_validate(given_)
    text = read.text()
    printed = document_of(text)
    assert set(read.fields()) == set(printed)
    again = kind.model_validate_json(text)
    assert again == read
    assert again.text() == text
