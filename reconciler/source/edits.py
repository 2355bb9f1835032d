"""Edits of budget files in place: one value is replaced or added, every other character stays what it was.

Nothing is dumped again, so that comments, quotes, order, flow style and the digits of every other number are kept and
the diff is the one line that was meant.
"""

from __future__ import annotations

from typing import Any

from reconciler.findings import BudgetsError, ExitCode
from reconciler.source.characters import readable
from reconciler.source.marks import Node, Place, find, mark_tree
from reconciler.source.parse import parse
from reconciler.source.problem import Keys, dotted


class EditError(BudgetsError):
    """A value cannot be edited in place; nothing was changed."""

    exit_code = ExitCode.FINDINGS


def set_value(text: str, keys: Keys, literal: str) -> str:
    """Return `text` with the value at `keys` written as `literal`; a last key that is missing is added.

    `literal` is YAML for the value on one line, such as `14500.00` or `{2026-11: 15000.00}`.

    Raises:
        EditError: when the file, the place or the literal does not allow it, with what to do by hand.
    """
    before = parsed_text(text, keys)
    root = mark_tree(text.encode("utf-8"))
    if root is None or not keys:
        raise refusal(keys, "the file holds nothing that can be edited")
    node = find(root, keys)
    edited = replaced(text, keys, node, literal) if node else added(text, root, keys, literal)
    _prove(before, parsed_text(edited, keys), keys, literal)
    return edited


def replaced(text: str, keys: Keys, node: Node, literal: str) -> str:
    """Put `literal` in the place of a value that is a scalar, or a collection in brackets."""
    if node.alias or (node.kind in ("mapping", "sequence") and not node.flow) or node.kind in ("|", ">"):
        raise refusal(keys, "its value is an alias or is written over several lines")
    start, end = offset_of(text, node.start), offset_of(text, node.end)
    if text[start] in "&!":
        raise refusal(keys, "its value has an anchor or a tag")
    blank = " " if start > 0 and text[start - 1] == ":" else ""
    return text[:start] + blank + literal + text[end:]


def added(text: str, root: Node, keys: Keys, literal: str) -> str:
    """Add the last of `keys` at the end of the mapping that lacks it."""
    parent = find(root, keys[:-1])
    if parent is None or parent.kind != "mapping" or not parent.children or parent.alias:
        raise refusal(keys, f"there is no `{dotted(keys[:-1])}` that it could be added to")
    entry = f"{keys[-1]}: {literal}"
    if parent.flow:
        last = max(child.end for _, child in parent.children.values())
        at = offset_of(text, last)
        return f"{text[:at]}, {entry}{text[at:]}"
    first = min(place for place, _ in parent.children.values())
    line = last_line(parent)
    lines = text.splitlines(keepends=True)
    ending = "\r\n" if lines[line - 1].endswith("\r\n") else "\n"
    lines[line - 1] = lines[line - 1].rstrip("\r\n") + ending
    lines.insert(line, " " * (first[1] - 1) + entry + ending)
    return "".join(lines)


def last_line(node: Node) -> int:
    """Return the last line on which something of a block mapping stands."""
    if not node.children or node.flow:
        line, column = node.end
        return line - 1 if column == 1 and node.kind in ("|", ">") else line
    return max(max(place[0], last_line(child)) for place, child in node.children.values())


def offset_of(text: str, place: Place) -> int:
    """Return where in `text` a line and column are."""
    line, column = place
    offset = 0
    for _ in range(line - 1):
        offset = text.index("\n", offset) + 1
    return offset + column - 1


def parsed_text(text: str, keys: Keys) -> Any:
    """Return what a file says; EditError unless it is flawless YAML with keys and values."""
    data, flaws = readable(text.encode("utf-8"))
    parsed = parse(data or b"")
    if any(flaw.code != "windows-line-ends" for flaw in (*flaws, *parsed.flaws)) or not isinstance(parsed.value, dict):
        raise refusal(keys, "the file would not be valid YAML")
    return parsed.value


def _prove(before: Any, after: Any, keys: Keys, literal: str) -> None:
    """Make sure that the value at `keys` is what was meant, and that nothing else has changed."""
    line = f"value: {literal}"
    new = parse(line.encode()).value
    root = mark_tree(line.encode())
    node = find(root, ("value",)) if root else None
    if node is None or node.end != (1, len(line) + 1):
        raise refusal(keys, "the new value is not one value on one line")
    if (
        not isinstance(new, dict)
        or list(new) != ["value"]
        or _without(after, keys) != (_without(before, keys)[0], new["value"])
    ):
        raise refusal(keys, "something else would change")


def _without(value: Any, keys: Keys) -> tuple[Any, Any]:
    """Return a copy of `value` without what is at `keys`, and that."""
    if isinstance(value, dict) and len(keys) == 1:
        return {key: item for key, item in value.items() if key != keys[0]}, value.get(str(keys[0]))
    if isinstance(value, list) and len(keys) == 1:
        index = int(keys[0])
        return [*value[:index], None, *value[index + 1 :]], value[index]
    inner, taken = _without(value[keys[0]], keys[1:])
    copy = dict(enumerate(value)) if isinstance(value, list) else dict(value)
    copy[keys[0]] = inner
    return copy, taken


def refusal(keys: Keys, why: str) -> EditError:
    """Return the error that says why the value at `keys` is left alone."""
    return EditError(f"`{dotted(keys)}` cannot be set in place: {why}", hint="edit the file by hand")
