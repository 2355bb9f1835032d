"""Edits of one file as the few lines that they change, for people to take one by one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

E = TypeVar("E")


@dataclass(frozen=True, slots=True)
class Hunk:
    """Lines `start_line` to `line`, counted from 1, and what takes their place; texts have no final line end.

    An empty replacement removes the lines.
    """

    start_line: int
    line: int
    original: str
    replacement: str

    def overlaps(self, other: Hunk) -> bool:
        return self.start_line <= other.line and other.start_line <= self.line


def hunk_of(before: str, after: str) -> Hunk | None:
    """Return the smallest run of lines by which two texts differ, None when there is none.

    A line that is only added comes with the line before it: a hunk always has something to take the place of.
    """
    old, new = _lines(before), _lines(after)
    same = _common(zip(old, new, strict=False))
    most = min(len(old), len(new)) - same
    tail = min(_common(zip(reversed(old), reversed(new), strict=False)), most)
    if same + tail == len(old):
        if len(old) == len(new) or not old:
            return None
        same, tail = (same - 1, tail) if same else (same, tail - 1)
    original, replacement = old[same : len(old) - tail], new[same : len(new) - tail]
    return Hunk(same + 1, same + len(original), "\n".join(original), "\n".join(replacement))


def hunks(text: str, edits: Sequence[E], apply: Callable[[str, E], str | None]) -> Iterator[tuple[Hunk, tuple[E, ...]]]:
    """Yield the hunks of `edits`, each with those that are in it; edits of the same lines share one.

    `edits` are in the order of their places. `apply` returns the edited text, None for an edit that is not possible.
    """
    alone: list[tuple[Hunk, E]] = []
    for edit in edits:
        edited = apply(text, edit)
        hunk = hunk_of(text, edited) if edited is not None else None
        if hunk is not None:
            alone.append((hunk, edit))
    for group in _overlapping(alone):
        if len(group) == 1:
            yield group[0][0], (group[0][1],)
        else:
            yield _together(text, [edit for _, edit in group], apply)


def _together(text: str, edits: Sequence[E], apply: Callable[[str, E], str | None]) -> tuple[Hunk, tuple[E, ...]]:
    """Return one hunk of several edits, from the last to the first, so that none moves the place of another."""
    current = text
    taken: list[E] = []
    for edit in reversed(edits):
        edited = apply(current, edit)
        if edited is not None:
            current = edited
            taken.insert(0, edit)
    hunk = hunk_of(text, current)
    assert hunk is not None  # noqa: S101
    return hunk, tuple(taken)


def _overlapping(alone: list[tuple[Hunk, E]]) -> list[list[tuple[Hunk, E]]]:
    groups: list[list[tuple[Hunk, E]]] = []
    for hunk, edit in sorted(alone, key=lambda item: item[0].start_line):
        if groups and any(hunk.overlaps(other) for other, _ in groups[-1]):
            groups[-1].append((hunk, edit))
        else:
            groups.append([(hunk, edit)])
    return groups


def _common(pairs: Iterable[tuple[str, str]]) -> int:
    count = 0
    for one, other in pairs:
        if one != other:
            break
        count += 1
    return count


def _lines(text: str) -> list[str]:
    """Return the lines as YAML and git count them, without their ends."""
    lines = [line.removesuffix("\r") for line in text.split("\n")]
    return lines[:-1] if lines[-1] == "" else lines
