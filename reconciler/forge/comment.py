"""The comment: one for each change request, updated in place, never by an older run; and replies to commands.

The hidden first line of a comment is that by which it is found, and which tells an older run from a newer one. What
stands in it is no proof of anything: people who may write to the repository can edit comments.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256

from reconciler.findings import RejectedError
from reconciler.forge.change_request import ChangeRequest
from reconciler.forge.protocol import Forge
from reconciler.http.failures import LostAnswerError
from reconciler.model.plan import Plan

LARGEST = 65_536
"""Characters that every forge takes in a comment."""

_LARGEST_REPLY = 60_000
_LINE = re.compile(r"\A<!-- kt-budgets:v1((?: [a-z-]+=[^\s<>]*)*) -->\n?")
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
_FIELD = re.compile(r" ([a-z-]+)=([^\s<>]*)")
_RUN = re.compile(r"([0-9]{1,20})\.([0-9]{1,6})")
_REPLY = re.compile(r"\A<!-- kt-budgets:command:v1 name=([a-z-]+) for=([0-9]{1,20}) -->\r?\n?")


@dataclass(frozen=True, slots=True)
class Stamp:
    """What a comment was written for. `run` is the run of CI and its attempt, None outside of one."""

    number: int
    head: str
    run: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True)
class Marked:
    """A comment's body taken apart: the fields of its marker, and the text below it."""

    fields: Mapping[str, str]
    text: str

    @property
    def run(self) -> tuple[int, int] | None:
        match = _RUN.fullmatch(self.fields.get("run", ""))
        return (int(match[1]), int(match[2])) if match else None

    @property
    def is_untouched(self) -> bool:
        """Whether the text still has the digest that was written with it."""
        return self.fields.get("text") == text_digest(self.text)

    @property
    def body(self) -> str:
        """The whole comment: the marker's line, then the text."""
        fields = "".join(f" {name}={value}" for name, value in self.fields.items())
        return f"<!-- kt-budgets:v1{fields} -->\n{self.text}"


def read_marked(body: object) -> Marked | None:
    """Return the parts of a body that starts with our marker, None for any other."""
    text = body.replace("\r\n", "\n") if isinstance(body, str) else ""
    match = _LINE.match(text)
    return Marked(dict(_FIELD.findall(match[1])), text[match.end() :]) if match else None


def plan_fields(plan: Plan, *, cut: int) -> dict[str, str]:
    """Return what a marker says of the plan that the comment shows; `cut` counts what the comment had no room for."""
    digest = plan.digest if _DIGEST.fullmatch(plan.digest) else ""
    return {"valid-at": plan.as_of.isoformat(), "actions": digest, "truncated": str(cut)}


def stamped(markdown: str, stamp: Stamp, about: Mapping[str, str] | None = None) -> Marked:
    """Return `markdown` under a marker that says what it was written for, and what it is `about`."""
    text = markdown.strip("\n") + "\n"
    fields = {"pr": str(stamp.number), "head": stamp.head}
    if stamp.run:
        fields["run"] = f"{stamp.run[0]}.{stamp.run[1]}"
    rest = {name: value for name, value in (about or {}).items() if name not in ("pr", "head", "run", "text")}
    return Marked({**fields, **rest, "text": text_digest(text)}, text)


def text_digest(text: str) -> str:
    """Return the digest of a comment's text; forges keep neither trailing blank lines nor their kind."""
    return sha256(text.replace("\r\n", "\n").strip("\n").encode()).hexdigest()[:20]


class Published(StrEnum):
    """What became of a comment."""

    CREATED = "created"
    UPDATED = "updated"
    UNCHANGED = "unchanged"
    SUPERSEDED = "superseded"
    NOT_NEEDED = "not needed"


@dataclass(frozen=True, slots=True)
class Comment:
    id: int
    marked: Marked
    url: str


def our_comments(forge: Forge, number: int) -> tuple[Comment, ...]:
    """Return the comments that carry our marker and that we wrote, oldest first."""
    found = ((note, read_marked(note.body)) for note in forge.comments(number))
    return tuple(Comment(note.id, marked, note.url) for note, marked in found if marked)


def publish(forge: Forge, request: ChangeRequest, marked: Marked, *, create: bool) -> tuple[Published, str]:
    """Make our comment on a change request say `marked`, and return what was done and the comment's address.

    Nothing is written when the request has moved on to another head or a newer run has written for the same one.
    `create` is whether a comment is wanted where there is none. A second comment of ours, left by a lost answer, goes.
    """
    number = request.number
    if marked.fields.get("head") != request.head:
        return Published.SUPERSEDED, ""
    for _ in range(3):
        ours = our_comments(forge, number)
        try:
            if not ours:
                return (Published.CREATED, forge.add_comment(number, marked.body)) if create else _NOT_NEEDED
            for surplus in ours[1:]:
                forge.remove_comment(number, surplus.id)
            return _update(forge, number, ours[0], marked)
        except LostAnswerError as error:
            lost: Exception = error
        except RejectedError as error:
            if error.status != 404 or not ours:
                raise
            lost = error
    raise lost


_NOT_NEEDED = (Published.NOT_NEEDED, "")


def _update(forge: Forge, number: int, comment: Comment, marked: Marked) -> tuple[Published, str]:
    found = comment.marked
    if _is_newer(found, marked):
        return Published.SUPERSEDED, comment.url
    if found.body.strip() == marked.body.strip():
        return Published.UNCHANGED, comment.url
    return Published.UPDATED, forge.edit_comment(number, comment.id, marked.body) or comment.url


def _is_newer(found: Marked, ours: Marked) -> bool:
    """Whether what stands there is of a newer run for the same head. A text that was edited by hand never is."""
    if found.fields.get("head") != ours.fields.get("head") or not found.is_untouched:
        return False
    if found.run and ours.run:
        return found.run > ours.run
    day = ours.fields.get("valid-at", "")
    return bool(day) and found.fields.get("valid-at", "") > day


@dataclass(frozen=True, slots=True)
class Reply:
    """A reply of ours to a command: its name, and the comment that it answers."""

    id: int
    name: str
    answers: int
    body: str


def last_reply(forge: Forge, number: int, name: str) -> Reply | None:
    """Return our reply to a command in a change request, the oldest of several."""
    for note in forge.comments(number):
        match = _REPLY.match(note.body)
        if match and match[1] == name:
            return Reply(note.id, name, int(match[2]), note.body)
    return None


def publish_reply(forge: Forge, number: int, *, name: str, answers: int, text: str) -> str:
    """Make our reply to a command say `text`, and return what was done. `answers` is the id of the comment.

    A reply to a newer comment is left alone.
    """
    body = f"<!-- kt-budgets:command:v1 name={name} for={answers} -->\n{text}"[:_LARGEST_REPLY]
    for _ in range(2):
        found = last_reply(forge, number, name)
        if found and found.answers > answers:
            return "superseded"
        if found and found.body.replace("\r\n", "\n").strip() == body.strip():
            return "unchanged"
        try:
            if found:
                forge.edit_comment(number, found.id, body)
                return "updated"
            forge.add_comment(number, body)
        except LostAnswerError as error:
            lost = error
        else:
            return "created"
    raise lost
