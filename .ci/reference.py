"""Write the reference pages from the code, so that they say what is so; with `--check`, tell which do not.

Usage: python .ci/reference.py [--check]
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import click

from reconciler.app.schemas import DOCUMENTS, schemas
from reconciler.app.topics import topic
from reconciler.cli.help import TOPICS
from reconciler.cli.main import cli

FOLDER = Path(__file__).resolve().parent.parent / "docs" / "reference"
YAML = {"organization.schema.json": "budgets/org.yaml", "team.schema.json": "budgets/teams/TEAM.yaml"}
HEADINGS = {"exit-codes": "Exit codes", "glossary": "Glossary"}


def pages() -> dict[str, str]:
    """Return every page by the name of its file, the index last."""
    written = {
        "commands.md": commands_page(),
        "yaml.md": yaml_page(),
        "documents.md": documents_page(),
        **{f"{name}.md": topic_page(name) for name in TOPICS},
    }
    listed = "\n".join(name.removesuffix(".md") for name in written)
    return {**written, "index.md": f"# Reference\n\nMade from the code.\n\n```{{toctree}}\n{listed}\n```\n"}


def commands_page() -> str:
    root = click.Context(cli, info_name="kt-budgets", terminal_width=100)
    parts = [f"## {name}\n\n```text\n{text}\n```" for name, text in helps(cli, root)]
    return "# Commands\n\nWhat `--help` says of each.\n\n" + "\n\n".join(parts) + "\n"


def helps(command: click.Command, context: click.Context) -> Iterator[tuple[str, str]]:
    """Yield the name and the help of a command, and of those below it."""
    yield context.command_path, command.get_help(context)
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            below = command.get_command(context, name)
            if below is not None and not below.hidden:
                inner = click.Context(below, info_name=name, parent=context, terminal_width=100)
                yield from helps(below, inner)


def yaml_page() -> str:
    published = schemas()
    parts = [f"## {place}\n\n{objects(published[name])}" for name, place in YAML.items()]
    return "# The YAML\n\nEvery key of every file. Editors know it from the schemas.\n\n" + "\n\n".join(parts) + "\n"


def objects(schema: Mapping[str, Any]) -> str:
    """Return a table for a schema, and one for each kind of object in it."""
    schema = resolved(schema, schema.get("$defs", {}))
    parts = [table(schema)]
    for name, each in sorted(schema.get("$defs", {}).items()):
        if "properties" in each:
            parts.append(f"### {name}\n\n{described(each)}{table(each)}")
    return "\n\n".join(parts)


def described(schema: Mapping[str, Any]) -> str:
    text = " ".join(str(schema.get("description", "")).split())
    return f"{text}\n\n" if text else ""


def table(schema: Mapping[str, Any], *, linked: bool = True) -> str:
    required = set(schema.get("required", ()))
    rows = [
        f"| `{key}`{' *' if key in required else ''} | {kind(each, linked=linked)} | {cell(each)} |"
        for key, each in schema["properties"].items()
    ]
    return "\n".join(["| key (* required) | holds | means |", "|---|---|---|", *rows])


def kind(schema: Mapping[str, Any], *, linked: bool) -> str:
    """Return what a value is, in words; an object `linked` to its own table."""
    if "$ref" in schema:
        return f"[{name_of(schema)}](#{name_of(schema).lower()})" if linked else f"`{name_of(schema)}`"
    if "const" in schema:
        return f"`{schema['const']}`"
    if "enum" in schema:
        return " or ".join(f"`{value}`" for value in schema["enum"])
    for key in ("anyOf", "oneOf", "allOf"):
        if key in schema:
            named = [kind(each, linked=linked) for each in schema[key] if each.get("type") != "null"]
            return " or ".join(dict.fromkeys(named))
    if schema.get("type") == "array":
        return f"list of {kind(schema.get('items', {}), linked=linked)}"
    if schema.get("type") == "object":
        inner = schema.get("additionalProperties") or next(iter(schema.get("patternProperties", {}).values()), {})
        return f"map to {kind(inner, linked=linked)}" if isinstance(inner, Mapping) and inner else "map"
    return str(schema.get("type", "value"))


def resolved(schema: Any, defs: Mapping[str, Any]) -> Any:
    """Return a schema with what is no object of its own put in the place of its name."""
    if isinstance(schema, list):
        return [resolved(each, defs) for each in schema]
    if not isinstance(schema, Mapping):
        return schema
    if "$ref" in schema and "properties" not in defs[name_of(schema)]:
        return resolved({**defs[name_of(schema)], **{key: schema[key] for key in schema if key != "$ref"}}, defs)
    return {key: resolved(each, defs) for key, each in schema.items()}


def name_of(schema: Mapping[str, Any]) -> str:
    return str(schema["$ref"]).rpartition("/")[2]


def cell(schema: Mapping[str, Any]) -> str:
    """Return what a value means, with an example where the schema has one."""
    text = " ".join(str(schema.get("description", "")).split()).replace("|", "\\|")
    example = next(iter(schema.get("examples", ())), None)
    return f"{text} Example: `{example}`." if example is not None and not isinstance(example, (dict, list)) else text


def documents_page() -> str:
    published = schemas()
    parts = [document(name, published[f"{name}.schema.json"]) for name in (each.name() for each in DOCUMENTS)]
    return "# JSON documents\n\nWhat commands print with `--format json`.\n\n" + "\n\n".join(parts) + "\n"


def document(name: str, schema: Mapping[str, Any]) -> str:
    schema = resolved(schema, schema.get("$defs", {}))
    place = f"`schemas/{name}.schema.json`, `{schema['$id']}`"
    return f"## {name}\n\n{place}\n\n{described(schema)}{table(schema, linked=False)}"


def topic_page(name: str) -> str:
    heading = HEADINGS.get(name, name.replace("-", " ").capitalize())
    return f"# {heading}\n\n```text\n{topic(name, width=100)}```\n"


def main() -> int:
    """Write what differs, or tell it with `--check`; return how many pages differed then."""
    FOLDER.mkdir(exist_ok=True)
    wanted = {FOLDER / name: text for name, text in pages().items()}
    stale = [path for path, text in wanted.items() if not path.exists() or path.read_text(encoding="utf-8") != text]
    if "--check" in sys.argv:
        for path in stale:
            sys.stderr.write(f"{path.name} does not say what the code says: run `make format`\n")
        return len(stale)
    for path in stale:
        path.write_text(wanted[path], encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
