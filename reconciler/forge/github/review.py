"""Reviews: everybody's last word on a pull request, and the lines of it that a remark can stand on."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import httpx

from reconciler.findings import RejectedError
from reconciler.forge.change_request import ChangeRequest, Lines, Opinion, Review, Shown
from reconciler.forge.check import instant
from reconciler.forge.github.channel import Channel
from reconciler.forge.github.repository import Repository, login_of
from reconciler.forge.protocol import Suggested

_OPINIONS: dict[str, Opinion] = {
    "APPROVED": "approved",
    "CHANGES_REQUESTED": "changes requested",
    "DISMISSED": "withdrawn",
}
_HEADER = re.compile(r"@@ -[0-9]+(?:,[0-9]+)? \+(?P<first>[0-9]+)(?:,(?P<count>[0-9]+))? @@")
_FENCE = re.compile(r"`{3,}")


def last_words(channel: Channel, repository: Repository, number: int) -> tuple[Review, ...]:
    """Return everybody's last decisive review of a pull request. A comment after an approval does not undo it."""
    listed = channel.pages(f"{repository.path}/pulls/{number}/reviews")
    latest: dict[str, Review] = {}
    for review in sorted(_decisive(listed), key=lambda review: review.at.timestamp() if review.at else 0.0):
        latest[review.login.lower()] = review
    return tuple(latest.values())


def _decisive(listed: Iterable[Mapping[str, Any]]) -> Iterator[Review]:
    for item in listed:
        login, opinion = login_of(item.get("user")), _OPINIONS.get(str(item.get("state") or "").upper())
        if login and opinion:
            yield Review(login, opinion, str(item.get("commit_id") or ""), instant(item.get("submitted_at")))


def shown_lines(channel: Channel, repository: Repository, number: int) -> Shown:
    """Return what the pull request shows; a file whose difference GitHub leaves out, for its size, shows nothing."""
    shown: dict[str, tuple[Lines, ...]] = {}
    for item in channel.pages(f"{repository.path}/pulls/{number}/files"):
        path, patch = item.get("filename"), item.get("patch")
        if isinstance(path, str) and isinstance(patch, str):
            shown[path] = tuple(lines_of(patch))
    return shown


def lines_of(patch: str) -> Iterator[Lines]:
    """Yield what a unified difference shows, on the side of what it leads to."""
    header: re.Match[str] | None = None
    texts: list[str] = []
    for line in patch.split("\n"):
        found = _HEADER.match(line)
        if found:
            yield from _lines(header, texts)
            header, texts = found, []
        elif not line.startswith(("-", "\\")):
            texts.append(line[1:].removesuffix("\r"))
    yield from _lines(header, texts)


def _lines(header: re.Match[str] | None, texts: list[str]) -> Iterator[Lines]:
    if header is not None:
        count = int(header["count"] or 1)
        yield Lines(int(header["first"]), count, tuple(texts[:count]))


def suggest(channel: Channel, repository: Repository, pull: ChangeRequest, wanted: Suggested) -> bool:
    """Make a review comment that one click turns into a commit; False where GitHub refuses it (422)."""
    place: dict[str, str | int] = {"line": wanted.last, "side": "RIGHT"}
    if wanted.first < wanted.last:
        place |= {"start_line": wanted.first, "start_side": "RIGHT"}
    document = {"body": suggestion_body(wanted), "commit_id": pull.head, "path": wanted.path, **place}
    try:
        channel.write("POST", f"{repository.path}/pulls/{pull.number}/comments", document)
    except RejectedError as error:
        if error.status != httpx.codes.UNPROCESSABLE_ENTITY:
            raise
        return False
    return True


def suggestion_body(wanted: Suggested) -> str:
    """Return the review comment; the fence is longer than any in the text."""
    longest = max((len(run) for run in _FENCE.findall(wanted.replacement)), default=2)
    fence = "`" * (longest + 1)
    text = wanted.replacement.rstrip("\n")
    lines = f"{text}\n" if text else ""
    return f"{wanted.above}\n\n{fence}suggestion\n{lines}{fence}\n"
