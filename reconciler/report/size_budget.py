"""Sections that share a limit: the important ones first, nothing cut in the middle, and what is cut is said.

Decision 0045.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

_SHARES = (0.6, 1.0)
"""In a first round no section takes more than this share of what is left; the second gives out the rest."""


@dataclass(frozen=True, slots=True)
class Section:
    """Items between a head and a tail. `rank` is the order in which sections are served; the first is 0."""

    items: tuple[str, ...]
    noun: str
    rank: int
    head: str = ""
    tail: str = ""
    separator: str = "\n"

    def cut(self, kept: int) -> str:
        """Return the sentence that says what is missing when `kept` items are shown."""
        missing = len(self.items) - kept
        noun = self.noun if missing == 1 else f"{self.noun}s"
        return (
            f"… and {missing:,} more {noun}, see the full report."
            if kept
            else f"{missing:,} {noun}: see the full report."
        )

    def text(self, kept: int) -> str:
        if not self.items:
            return ""
        if not kept:
            return self.cut(0)
        body = self.separator.join(self.items[:kept])
        more = "" if kept == len(self.items) else f"\n\n{self.cut(kept)}"
        return f"{self.head}{body}{more}{self.tail}"


def size(text: str) -> int:
    """Return the size that every limit is about: UTF-8 bytes, of which there are never fewer than characters."""
    return len(text.encode())


def allocate(sections: Sequence[Section], room: int) -> tuple[list[str], int]:
    """Return the sections' texts, in their order, within `room` bytes with blank lines, and how many items are cut."""
    kept = dict.fromkeys(range(len(sections)), 0)
    used = {index: _cost(section, 0) for index, section in enumerate(sections)}
    left = room - sum(used.values())
    for part in _SHARES:
        for index in sorted(kept, key=lambda index: sections[index].rank):
            section, before = sections[index], used[index]
            kept[index] = max(kept[index], _most(section, before + int(left * part)))
            used[index] = _cost(section, kept[index])
            left -= used[index] - before
    texts = [section.text(kept[index]) for index, section in enumerate(sections)]
    return [text for text in texts if text], sum(len(s.items) - kept[index] for index, s in enumerate(sections))


def _cost(section: Section, kept: int) -> int:
    text = section.text(kept)
    return size(text) + 2 if text else 0


def _most(section: Section, room: int) -> int:
    if _cost(section, len(section.items)) <= room:
        return len(section.items)
    partial = range(1, len(section.items))
    return bisect_right(partial, room, key=lambda kept: _cost(section, kept))
