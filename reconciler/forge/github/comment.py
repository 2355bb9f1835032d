"""The sticky comment: one for each pull request, updated in place, never by an older run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from reconciler.findings import RejectedError
from reconciler.forge.change_request import ChangeRequest
from reconciler.forge.github.channel import Channel
from reconciler.forge.github.identity import Identity
from reconciler.forge.github.repository import Repository
from reconciler.forge.marker import Marked, read_marked
from reconciler.http.failures import LostAnswerError

LARGEST = 65_536
"""GitHub refuses longer comments."""


class Published(StrEnum):
    """What became of a comment."""

    CREATED = "created"
    UPDATED = "updated"
    UNCHANGED = "unchanged"
    SUPERSEDED = "superseded"
    NOT_NEEDED = "not needed"
    CLOSED = "left alone"


@dataclass(frozen=True, slots=True)
class Comment:
    id: int
    marked: Marked
    url: str


def our_comments(channel: Channel, repository: Repository, number: int, identity: Identity) -> tuple[Comment, ...]:
    """Return the comments that carry our marker and that we wrote, oldest first."""
    listed = channel.pages(f"{repository.path}/issues/{number}/comments")
    found = (_comment(item) for item in listed if identity.wrote(item))
    return tuple(sorted((comment for comment in found if comment), key=lambda comment: comment.id))


def publish(
    channel: Channel,
    repository: Repository,
    pull: ChangeRequest,
    *,
    identity: Identity,
    marked: Marked,
    create: bool,
) -> tuple[Published, str]:
    """Make our comment on `pull` say `marked`, and return what was done and the comment's address.

    Nothing is written when the pull request has moved on to another head or a newer run has written for the same one.
    `create` is whether a comment is wanted where there is none. A second comment of ours, left by a lost answer, goes.
    """
    if marked.fields.get("head") != pull.head:
        return Published.SUPERSEDED, ""
    for _ in range(3):
        ours = our_comments(channel, repository, pull.number, identity)
        try:
            if not ours:
                return _create(channel, repository, pull, marked) if create else (Published.NOT_NEEDED, "")
            for surplus in ours[1:]:
                channel.delete(f"{repository.path}/issues/comments/{surplus.id}")
            return _update(channel, repository, ours[0], marked)
        except LostAnswerError as error:
            lost: Exception = error
        except RejectedError as error:
            if error.status != 404 or not ours:
                raise
            lost = error
    raise lost


def _create(channel: Channel, repository: Repository, pull: ChangeRequest, marked: Marked) -> tuple[Published, str]:
    answer = channel.write("POST", f"{repository.path}/issues/{pull.number}/comments", {"body": marked.body})
    return Published.CREATED, _address(answer)


def _update(channel: Channel, repository: Repository, comment: Comment, marked: Marked) -> tuple[Published, str]:
    found = comment.marked
    if _is_newer(found, marked):
        return Published.SUPERSEDED, comment.url
    if found.body.strip() == marked.body.strip():
        return Published.UNCHANGED, comment.url
    answer = channel.write("PATCH", f"{repository.path}/issues/comments/{comment.id}", {"body": marked.body})
    return Published.UPDATED, _address(answer) or comment.url


def _is_newer(found: Marked, ours: Marked) -> bool:
    """Whether what stands there is of a newer run for the same head. A text that was edited by hand never is."""
    if found.fields.get("head") != ours.fields.get("head") or not found.is_untouched:
        return False
    if found.run and ours.run:
        return found.run > ours.run
    day = ours.fields.get("valid-at", "")
    return bool(day) and found.fields.get("valid-at", "") > day


def _comment(item: Mapping[str, Any]) -> Comment | None:
    marked = read_marked(item.get("body"))
    identity = item.get("id")
    if marked is None or not isinstance(identity, int):
        return None
    return Comment(identity, marked, str(item.get("html_url") or ""))


def _address(answer: Any) -> str:
    return str(answer.get("html_url") or "") if isinstance(answer, Mapping) else ""
