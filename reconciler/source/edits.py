"""Edits of budget files in place: one value is replaced or added, every other character stays what it was.

Nothing is dumped again, so that comments, quotes, order, flow style and the digits of every other number are kept and
the diff is the one line that was meant.
"""

from __future__ import annotations

import re
from difflib import SequenceMatcher
from typing import Any

from reconciler.findings import BudgetsError, ExitCode, Finding, Keys, Position, Severity
from reconciler.source.characters import readable
from reconciler.source.marks import Node, Place, find, mark_tree, place
from reconciler.source.parse import parse
from reconciler.source.problem import dotted

LINES = re.compile(r"[^\n]*\n|[^\n]+")
_DASH = re.compile(r"(\s*)-(?:\s+|\s*$)")
_DASH_ALONE = re.compile(r"([ \t]*)-[ \t]*(?:#.*)?\r?\n?")
_NOTHING = re.compile(r"[ \t]*(?:#.*)?\r?\n?")
_ANCHOR = re.compile(r"&[^\s,\[\]{}]+[ \t]+")


class EditError(BudgetsError):
    """A value cannot be edited in place; nothing was changed."""

    exit_code = ExitCode.FINDINGS

    def finding(self, path: str, text: str, keys: Keys, literal: str | None) -> Finding:
        """Return the error with its place in the file `path`, and what to write there (None: what to take out)."""
        root = mark_tree(text.encode("utf-8"))
        line, column = place(root, keys) if root else (0, 0)
        name = dotted(keys[:-1] if keys and isinstance(keys[-1], int) else keys[-1:])
        by_hand = f"take this item out of `{name}`" if literal is None else f"write `{name}: {literal}` here"
        cure = f"{by_hand} by hand, then run the command again"
        return Finding(Position(path, line, column), "not-in-place", Severity.ERROR, self.message, cure)


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
    """Put `literal` in the place of a value that is a scalar, an alias or a list, or a collection in brackets.

    An anchor before the value stays: where something repeats it, more than one value would change.
    """
    if node.kind == "sequence" and not node.flow and not node.alias:
        return with_items(text, keys, node, literal)
    if node.kind in ("|", ">") or (node.kind == "mapping" and not node.flow and not node.alias):
        raise refusal(keys, "its value is written over several lines")
    start, end = offset_of(text, node.start), offset_of(text, node.end)
    start = anchored(text, start)
    if text[start : start + 1] == "!":
        raise refusal(keys, "its value has a tag")
    blank = " " if start > 0 and text[start - 1] == ":" else ""
    return text[:start] + blank + literal + text[end:]


def with_items(text: str, keys: Keys, node: Node, literal: str) -> str:
    """Write the values of the list `literal` into a list of lines: those that stay keep their lines and comments."""
    new, root = mark_tree(literal.encode("utf-8")), node.children
    if new is None or new.kind != "sequence" or not new.children or any(child.children for _, child in root.values()):
        raise refusal(keys, "its value is a list over several lines, and not of single values")
    wanted = [_written(literal, child) for _, child in new.children.values()]
    had = [_written(text, child) for _, child in root.values()]
    lines = LINES.findall(text)
    for _, first, end, start, stop in reversed(SequenceMatcher(None, had, wanted, autojunk=False).get_opcodes()):
        if had[first:end] != wanted[start:stop]:
            _rewrite(lines, node, keys, range(first, end), wanted[start:stop])
    return "".join(lines)


def _written(text: str, node: Node) -> str:
    return text[offset_of(text, node.start) : offset_of(text, node.end)]


def _rewrite(lines: list[str], parent: Node, keys: Keys, items: range, wanted: list[str]) -> None:
    """Put `wanted` in the place of these items of a list: one by one, then more lines, or fewer."""
    line, indent = dash(lines, parent.children[min(items.start, len(parent.children) - 1)][1].start, keys)
    if items.start == len(parent.children):
        line = parent.children[items.start - 1][1].end[0] + 1
        lines[line - 2] = lines[line - 2].rstrip("\r\n") + _ending(lines)
    elif not items and owns_comment(lines, parent, items.start, keys):
        line = with_comments(lines, line, indent)
    if items:
        line = parent.children[items[-1]][1].end[0] + 1
    if len(wanted) > len(items):
        lines[line - 1 : line - 1] = [f"{indent}- {value}{_ending(lines)}" for value in wanted[len(items) :]]
    for position in reversed(items):
        child = parent.children[position][1]
        if position - items.start < len(wanted):
            number, column = child.start
            end = child.end[1] - 1 if child.end[0] == number else len(lines[number - 1].rstrip("\r\n"))
            old = lines[number - 1]
            lines[number - 1] = f"{old[: column - 1]}{wanted[position - items.start]}{old[end:]}"
        else:
            at, indent = dash(lines, child.start, keys)
            first = with_comments(lines, at, indent) if owns_comment(lines, parent, position, keys) else at
            lines[first - 1 : child.end[0]] = []


def _ending(lines: list[str]) -> str:
    return "\r\n" if lines[0].endswith("\r\n") else "\n"


def dash(lines: list[str], place: Place, keys: Keys) -> tuple[int, str]:
    """Return the line of an item's dash and the blanks before it; the item may begin below its dash."""
    line, column = place
    before = lines[line - 1][: column - 1]
    if match := _DASH.fullmatch(before):
        return line, match[1]
    while not before.strip() and line > 1:
        line -= 1
        if match := _DASH_ALONE.fullmatch(lines[line - 1]):
            return line, match[1]
        if not _NOTHING.fullmatch(lines[line - 1]):
            break
    raise refusal(keys, "it does not begin on a line with its dash alone")


def owns_comment(lines: list[str], parent: Node, index: int, keys: Keys) -> bool:
    """Whether a comment above the item is its own, not that of the list."""
    if index > 0 or len(parent.children) == 1:
        return True
    line, indent = dash(lines, parent.children[1][1].start, keys)
    return with_comments(lines, line, indent) < line


def with_comments(lines: list[str], line: int, indent: str) -> int:
    """Return the first line of the comments that stand right above `line` and as far in."""
    while line > 1 and lines[line - 2].startswith(f"{indent}#"):
        line -= 1
    return line


def anchored(text: str, start: int) -> int:
    """Return where the value at `start` begins behind its anchor, if it has one."""
    anchor = _ANCHOR.match(text, start)
    return anchor.end() if anchor else start


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
        raise refusal(keys, "something else would change, as where it is repeated by an alias")


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
