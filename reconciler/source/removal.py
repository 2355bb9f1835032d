"""An item of a list taken out of a budget file in place: its lines and its own comments go, all others stay.

A comment right above an item, without a blank line between, is the item's own. Above the first of several it may be
about the whole list: it goes only when the next item has one too. A list that loses its last item becomes `[]`.
"""

from __future__ import annotations

import re
from typing import Any

from reconciler.findings import Keys
from reconciler.source.edits import (
    LINES,
    anchored,
    dash,
    last_line,
    offset_of,
    owns_comment,
    parsed_text,
    refusal,
    with_comments,
)
from reconciler.source.marks import Node, Place, find, mark_tree

_KEY = re.compile(r"""(?:[\w.-]+|"[^"\n]*"|'[^'\n]*')\s*:(?:[ \t]+&[^\s,]+)?""")
_ONLY_COMMENT = re.compile(r"\s*,?\s*(#.*)?\r?\n?")


def remove_item(text: str, keys: Keys) -> str:
    """Return `text` without the item of a list that `keys` lead to.

    Raises:
        EditError: when the file or the way the list is written does not allow it.
    """
    before = parsed_text(text, keys)
    root = mark_tree(text.encode("utf-8"))
    if root is None:
        raise refusal(keys, "the file holds nothing that can be edited")
    edited = without_item(text, root, keys)
    if parsed_text(edited, keys) != _less(before, keys):
        raise refusal(keys, "something else would change")
    return edited


def without_item(text: str, root: Node, keys: Keys) -> str:
    """Return `text` without an item; `root` is its tree of marks. Nothing else is looked at: prove it afterwards."""
    parent = find(root, keys[:-1]) if keys else None
    if parent is None or parent.alias or parent.kind != "sequence" or keys[-1] not in parent.children:
        raise refusal(keys, "it is not an item of a list")
    index = int(keys[-1])
    if parent.flow:
        return _from_brackets(text, parent, keys, index)
    return _from_lines(text, root, parent, keys)


def _from_lines(text: str, root: Node, parent: Node, keys: Keys) -> str:
    index = int(keys[-1])
    lines = LINES.findall(text)
    item = parent.children[index][1]
    begins, indent = dash(lines, item.start, keys)
    first = with_comments(lines, begins, indent) if owns_comment(lines, parent, index, keys) else begins
    last = last_line(item)
    while last < len(lines) and _is_deeper_comment(lines[last], indent):
        last += 1
    if len(parent.children) == 1:
        key = find(root, keys[:-2])
        place = key.children[keys[-2]][0] if key and len(keys) > 1 else None
        lines[first - 1 : last] = []
        return _emptied("".join(lines), place, keys)
    return "".join(lines[: first - 1] + lines[last:])


def _is_deeper_comment(line: str, indent: str) -> bool:
    """Whether a line below an item is a comment that stands further in than its dash: it is about the item."""
    return line.lstrip(" ").startswith("#") and len(line) - len(line.lstrip(" ")) > len(indent)


def _emptied(text: str, place: Place | None, keys: Keys) -> str:
    """Write `[]` behind the key at `place`, which has lost its last line."""
    if place is None:
        raise refusal(keys, "the list has no key")
    start = offset_of(text, place)
    match = _KEY.match(text, start)
    if match is None:
        raise refusal(keys, "the key of the list is not text on one line")
    return f"{text[: match.end()]} []{text[match.end() :]}"


def _from_brackets(text: str, parent: Node, keys: Keys, index: int) -> str:
    start, end = anchored(text, offset_of(text, parent.start)), offset_of(text, parent.end)
    if text[start] != "[":
        raise refusal(keys, "the list has a tag")
    if len(parent.children) == 1:
        return f"{text[: start + 1]}{text[end - 1 :]}"
    items = [parent.children[position][1] for position in range(len(parent.children))]
    whole = _whole_lines(text, items[index])
    if whole:
        return text[: whole[0]] + text[whole[1] :]
    if index:
        cut = offset_of(text, items[index - 1].end), offset_of(text, items[index].end)
        between = text[cut[0] : offset_of(text, items[index].start)]
    else:
        cut = offset_of(text, items[0].start), offset_of(text, items[1].start)
        between = text[offset_of(text, items[0].end) : cut[1]]
    if "#" in between:
        raise refusal(keys, "there is a comment between it and its neighbour")
    return text[: cut[0]] + text[cut[1] :]


def _whole_lines(text: str, item: Node) -> tuple[int, int] | None:
    """Return where the lines begin and end that hold nothing but an item, its comma and a comment."""
    begin, end = offset_of(text, (item.start[0], 1)), offset_of(text, item.end)
    rest = _ONLY_COMMENT.match(text, end)
    if text[begin : offset_of(text, item.start)].strip() or rest is None or not rest[0].endswith("\n"):
        return None
    return begin, rest.end()


def _less(value: Any, keys: Keys) -> Any:
    """Return a copy of `value` without the item that `keys` lead to."""
    if len(keys) == 1:
        index = int(keys[0])
        return [*value[:index], *value[index + 1 :]]
    inner = _less(value[keys[0]], keys[1:])
    if isinstance(value, list):
        return [inner if position == keys[0] else item for position, item in enumerate(value)]
    return {key: inner if key == keys[0] else item for key, item in value.items()}
