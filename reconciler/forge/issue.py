"""The issue about drift: one in a repository, opened when somebody is needed, updated, and closed when all is well."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256
from typing import Any

from reconciler.forge.channel import Channel
from reconciler.forge.failures import LostAnswerError
from reconciler.forge.identity import Identity
from reconciler.forge.repository import Repository

_MARK = re.compile(r"\A<!-- kt-budgets:drift:v1 text=([0-9a-f]{20}) -->\r?\n?")


class IssueStep(StrEnum):
    """What became of the issue."""

    OPENED = "opened"
    UPDATED = "updated"
    REOPENED = "reopened"
    CLOSED = "closed"
    UNCHANGED = "unchanged"
    NOT_NEEDED = "not needed"


@dataclass(frozen=True, slots=True)
class _Issue:
    number: int
    is_open: bool
    title: str
    body: str


def publish_issue(
    channel: Channel,
    repository: Repository,
    *,
    identity: Identity,
    title: str,
    text: str,
    is_needed: bool,
) -> tuple[IssueStep, int | None]:
    """Make the one issue say `text` and be open exactly while somebody is needed; return what was done and its number.

    It is found by its marker and our own authorship. An issue that is not needed and not there is not opened.
    """
    body = f"<!-- kt-budgets:drift:v1 text={_digest(text)} -->\n{text}"
    found = _find(channel, repository, identity)
    if found is None:
        if not is_needed:
            return IssueStep.NOT_NEEDED, None
        return IssueStep.OPENED, _open(channel, repository, identity, title, body)
    if not is_needed and not found.is_open:
        return IssueStep.NOT_NEEDED, found.number
    if is_needed == found.is_open and found.title == title and found.body.strip() == body.strip():
        return IssueStep.UNCHANGED, found.number
    state: dict[str, Any] = {"state": "open"} if is_needed else {"state": "closed", "state_reason": "completed"}
    channel.write("PATCH", f"{repository.path}/issues/{found.number}", {"title": title, "body": body, **state})
    if not is_needed:
        return IssueStep.CLOSED, found.number
    return IssueStep.UPDATED if found.is_open else IssueStep.REOPENED, found.number


def _open(channel: Channel, repository: Repository, identity: Identity, title: str, body: str) -> int | None:
    try:
        answer = channel.write("POST", f"{repository.path}/issues", {"title": title, "body": body})
    except LostAnswerError:
        found = _find(channel, repository, identity)
        if found is None:
            raise
        return found.number
    return answer.get("number") if isinstance(answer, Mapping) else None


def _find(channel: Channel, repository: Repository, identity: Identity) -> _Issue | None:
    """Return our issue: an open one before a closed one, the oldest of several."""
    listed = channel.pages(
        f"{repository.path}/issues", state="all", creator=identity.login, sort="created", direction="asc"
    )
    ours = [issue for item in listed if identity.wrote(item) and (issue := _issue(item))]
    return min(ours, key=lambda issue: (not issue.is_open, issue.number), default=None)


def _issue(item: Mapping[str, Any]) -> _Issue | None:
    body, number = item.get("body"), item.get("number")
    if "pull_request" in item or not isinstance(body, str) or not isinstance(number, int) or not _MARK.match(body):
        return None
    return _Issue(number, item.get("state") == "open", str(item.get("title") or ""), body.replace("\r\n", "\n"))


def _digest(text: str) -> str:
    return sha256(text.encode()).hexdigest()[:20]
