"""A value of a budget file set in place, with the sentences that say why above it; what trailed it is gone with it."""

from __future__ import annotations

from reconciler.findings import Keys
from reconciler.source.edits import LINES, offset_of, set_value
from reconciler.source.literals import comment
from reconciler.source.marks import find, mark_tree


def set_with_reasons(text: str, keys: Keys, literal: str, reasons: tuple[str, ...]) -> str:
    """Return `text` with the value at `keys`, of the outermost mapping, written as `literal` below its reasons.

    A comment behind the old value was about it, and is left out.

    Raises:
        EditError: where the value cannot be set in place.
    """
    edited = set_value(text, keys, literal)
    root = mark_tree(edited.encode("utf-8"))
    node = find(root, keys) if root else None
    if node is None:
        return edited
    end = offset_of(edited, node.end)
    rest = edited[end:].split("\n", 1)
    if rest[0].strip().startswith("#"):
        edited = edited[:end] + ("\r" if rest[0].endswith("\r") else "") + "\n" + "".join(rest[1:])
    lines = LINES.findall(edited)
    line = node.start[0] - 1
    indent = lines[line][: len(lines[line]) - len(lines[line].lstrip())]
    ending = "\r\n" if lines[line].endswith("\r\n") else "\n"
    lines[line:line] = [f"{indent}# {comment(reason)}{ending}" for reason in reasons]
    return "".join(lines)
