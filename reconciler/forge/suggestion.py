"""Suggested changes: remarks on lines that one click turns into a commit. Few, and never the same twice."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from hashlib import sha256

from reconciler.forge.change_request import ChangeRequest, Shown
from reconciler.forge.protocol import Forge, Suggested
from reconciler.http.failures import LostAnswerError
from reconciler.model.json_text import canonical_json

MOST = 5
_MARK = re.compile(r"\A<!-- kt-budgets:suggestion:v1 id=([0-9a-f]{20})(?: to=([0-9a-f]{20}))? -->")


@dataclass(frozen=True, slots=True)
class Suggestion:
    """Lines `start_line` to `line` of a file, counted from 1, and the text to put in their place; empty removes them.

    `path` is relative to the top of the repository; `reason` is a sentence, as Markdown that is safe to publish.
    `key` and `before` say which value it is about, and what that is now; `original` are the lines as they are thought
    to stand there, and `command` shows the suggestion again. All four may be empty.
    """

    path: str
    start_line: int
    line: int
    replacement: str
    reason: str = ""
    original: str = ""
    key: str = ""
    before: str = ""
    command: str = ""

    @property
    def id(self) -> str:
        """What tells it from another: the value that it is about, wherever that stands by now; else place and text.

        A recommended figure moves from day to day. It is the same suggestion as long as nobody changes the value.
        """
        if self.key:
            return _digest(self.path, self.key, self.before)
        return _digest(self.path, self.start_line, self.line, self.replacement)

    @property
    def outcome(self) -> str:
        """What it would make of the value: to suggest that again is the same, whatever stands there by now."""
        return _digest(self.path, self.key, "to", self.replacement) if self.key else self.id

    @property
    def wanted(self) -> Suggested:
        """What the forge is to publish: found again by the mark above it."""
        mark = f"<!-- kt-budgets:suggestion:v1 id={self.id} to={self.outcome} -->"
        return Suggested(self.path, self.start_line, self.line, self.replacement, f"{mark}\n{self.reason}")

    def placed(self, shown: Shown) -> Suggestion | None:
        """Return it where its lines stand in the pull request's head, None when the pull request does not show them.

        A checkout that was merged for testing may have other line numbers: then the lines are looked for.
        """
        runs = shown.get(self.path, ())
        texts = tuple(self.original.split("\n")) if self.original else ()
        if any(run.holds(self.start_line, self.line) and run.says(self.start_line, texts) for run in runs):
            return self
        found = [start for run in runs for start in run.places(texts)] if texts and self.key else []
        if len(found) != 1:
            return None
        return replace(self, start_line=found[0], line=found[0] + len(texts) - 1)

    def overlaps(self, other: Suggestion) -> bool:
        """Whether both change one line: then only one of them can be taken."""
        return self.path == other.path and self.start_line <= other.line and other.start_line <= self.line


def _digest(*facts: str | int) -> str:
    return sha256(canonical_json(list(facts)).encode()).hexdigest()[:20]


@dataclass(frozen=True, slots=True)
class Made:
    """The suggestions that were made: how many, and the ids and outcomes by which each is known again."""

    count: int
    known: frozenset[str]

    def holds(self, item: Suggestion) -> bool:
        return item.id in self.known or item.outcome in self.known


@dataclass(frozen=True, slots=True)
class Choice:
    """What is to be published, and what is not: outside of the difference, or too much at once."""

    chosen: tuple[Suggestion, ...] = ()
    outside: tuple[Suggestion, ...] = ()
    held: tuple[Suggestion, ...] = ()


def choose(forge: Forge, request: ChangeRequest, suggestions: Sequence[Suggestion]) -> Choice:
    """Return which of `suggestions` to make: none twice, five in all at most, none that the forge must refuse."""
    if not suggestions:
        return Choice()
    made = _made(forge, request)
    fresh = {item.id: item for item in reversed(suggestions) if not made.holds(item)}
    shown = forge.shown_lines(request) if fresh else {}
    chosen: list[Suggestion] = []
    outside: list[Suggestion] = []
    held: list[Suggestion] = []
    for item in reversed(fresh.values()):
        placed = item.placed(shown)
        if placed is None:
            outside.append(item)
        elif made.count + len(chosen) >= MOST or any(placed.overlaps(other) for other in chosen):
            held.append(item)
        else:
            chosen.append(placed)
    return Choice(tuple(chosen), tuple(outside), tuple(held))


def suggest(forge: Forge, request: ChangeRequest, chosen: Sequence[Suggestion]) -> tuple[Suggestion, ...]:
    """Publish what was chosen, and return what was published: a head that has moved on meanwhile takes nothing."""
    return tuple(item for item in chosen if _published(forge, request, item))


def _made(forge: Forge, request: ChangeRequest) -> Made:
    """Return every suggestion that we made, resolved and outdated ones included."""
    found = [match for body in forge.remarks(request) if (match := _MARK.match(body))]
    return Made(len(found), frozenset(known for match in found for known in match.groups() if known))


def _published(forge: Forge, request: ChangeRequest, item: Suggestion) -> bool:
    try:
        return forge.suggest(request, item.wanted)
    except LostAnswerError:
        if not _made(forge, request).holds(item):
            raise
        return True
