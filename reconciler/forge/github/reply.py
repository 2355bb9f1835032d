"""Replies to commands: one for each command in a pull request, changed in place, never by an older comment."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from reconciler.forge.github.channel import Channel
from reconciler.forge.github.identity import Identity
from reconciler.forge.github.repository import Repository
from reconciler.http.failures import LostAnswerError

LARGEST = 60_000
"""Characters of a reply; GitHub takes 65,536."""

_MARK = re.compile(r"\A<!-- kt-budgets:command:v1 name=([a-z-]+) for=([0-9]{1,20}) -->\r?\n?")


@dataclass(frozen=True, slots=True)
class Reply:
    """A reply of ours: the command's name, and the comment that it answers."""

    id: int
    name: str
    answers: int
    body: str


def last_reply(channel: Channel, repository: Repository, number: int, identity: Identity, name: str) -> Reply | None:
    """Return our reply to a command in a pull request, the oldest of several."""
    listed = channel.pages(f"{repository.path}/issues/{number}/comments")
    found = [reply for item in listed if identity.wrote(item) and (reply := _reply(item)) and reply.name == name]
    return min(found, key=lambda reply: reply.id, default=None)


def publish_reply(
    channel: Channel, repository: Repository, number: int, *, identity: Identity, name: str, answers: int, text: str
) -> str:
    """Make our reply to a command say `text`, and return what was done. `answers` is the id of the comment.

    A reply to a newer comment is left alone.
    """
    body = f"<!-- kt-budgets:command:v1 name={name} for={answers} -->\n{text}"[:LARGEST]
    path = f"{repository.path}/issues"
    for _ in range(2):
        found = last_reply(channel, repository, number, identity, name)
        if found and found.answers > answers:
            return "superseded"
        if found and found.body.replace("\r\n", "\n").strip() == body.strip():
            return "unchanged"
        try:
            if found:
                channel.write("PATCH", f"{path}/comments/{found.id}", {"body": body})
                return "updated"
            channel.write("POST", f"{path}/{number}/comments", {"body": body})
        except LostAnswerError as error:
            lost = error
        else:
            return "created"
    raise lost


def _reply(item: Mapping[str, Any]) -> Reply | None:
    body, identity = item.get("body"), item.get("id")
    match = _MARK.match(body) if isinstance(body, str) else None
    if match is None or not isinstance(identity, int) or not isinstance(body, str):
        return None
    return Reply(identity, match[1], int(match[2]), body)
