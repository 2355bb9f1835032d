"""Entries added to a budget file in place: every character that is there stays what it was.

An entry is lines in block style, such as `dev:` and what belongs to it, or `- name: …`. Where the file has brackets
it is written into them, without its comments.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from reconciler.source.edits import dash, last_line, offset_of, parsed_text, refusal
from reconciler.source.literals import literal
from reconciler.source.marks import Node, mark_tree
from reconciler.source.parse import parse

Entries = Sequence[Sequence[str]]


def add_entries(text: str, key: str, entries: Entries) -> str:
    """Return `text` with `entries` at the end of the mapping or list under the top-level `key`, made where missing.

    Raises:
        EditError: when the way the file is written does not allow it.
    """
    before = parsed_text(text, (key,))
    root = mark_tree(text.encode("utf-8"))
    if root is None or root.kind != "mapping" or root.flow or not root.children:
        raise refusal((key,), "the file is not written as keys on lines of their own")
    parent = root.children[key][1] if key in root.children else None
    edited = _in_brackets(text, parent, entries) if parent and parent.flow else _on_lines(text, root, key, entries)
    _prove(before, parsed_text(edited, (key,)), key, entries)
    return edited


def in_brackets(entries: Entries) -> str:
    """Return the entries as YAML on one line, with the brackets around them."""
    return _flow(_value(entries))


def _in_brackets(text: str, parent: Node, entries: Entries) -> str:
    written = in_brackets(entries)[1:-1]
    ends = [child.end for _, child in parent.children.values()]
    at = offset_of(text, max(ends)) if ends else offset_of(text, parent.end) - 1
    return f"{text[:at]}{', ' if ends else ''}{written}{text[at:]}"


def _on_lines(text: str, root: Node, key: str, entries: Entries) -> str:
    lines = text.splitlines(keepends=True)
    ending = "\r\n" if lines[0].endswith("\r\n") else "\n"
    at, block = _place(lines, root, key, entries)
    lines[at - 1] = lines[at - 1].rstrip("\r\n") + ending
    lines[at:at] = [f"{line}{ending}" for line in block]
    return "".join(lines)


def _place(lines: list[str], root: Node, key: str, entries: Entries) -> tuple[int, list[str]]:
    """Return behind which line the entries go, and their lines as far in as their neighbours."""
    flat = [line for entry in entries for line in entry]
    parent = root.children[key][1] if key in root.children else None
    if parent is None:
        return last_line(root), [f"{key}:", *(f"  {line}" for line in flat)]
    if parent.alias or not parent.children:
        raise refusal((key,), "it is written in a way that nothing can be added to")
    first_key, first = parent.children[next(iter(parent.children))]
    is_list = parent.kind == "sequence"
    indent = dash(lines, first.start, (key, 0))[1] if is_list else " " * (first_key[1] - 1)
    return last_line(parent), [f"{indent}{line}" for line in flat]


def _value(entries: Entries) -> Any:
    return parse("\n".join(line for entry in entries for line in entry).encode("utf-8")).value


def _flow(value: Any) -> str:
    match value:
        case dict():
            return f"{{{', '.join(f'{literal(key)}: {_flow(item)}' for key, item in value.items())}}}"
        case list():
            return f"[{', '.join(map(_flow, value))}]"
        case Decimal():
            return f"{value:f}"
        case _:
            return literal(value)


def _prove(before: Any, after: Any, key: str, entries: Entries) -> None:
    """Make sure that the entries were added and that nothing else has changed."""
    new, had = _value(entries), before.get(key)
    wanted: Any = {**(had or {}), **new} if isinstance(new, dict) else [*(had or []), *new]
    if {**before, key: wanted} != after or list(after)[: len(before)] != list(before):
        raise refusal((key,), "something else would change")
