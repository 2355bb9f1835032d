"""Reviews: who approved a merge request or asked for changes, and which of its heads that was about.

An approval is of no commit. It has a time, and so has each version of the merge request: it is about the newest version
that was there before it. Where no time is told, or nothing was there before, it is about no head at all. GitLab lets
nobody approve what is merged: there a thumb up, given after the merge, says it (decision 0080).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from reconciler.forge.change_request import ChangeRequest, Review
from reconciler.forge.check import instant
from reconciler.forge.gitlab.merge_request import Project, login_of
from reconciler.forge.gitlab.people import is_bot

_APPROVED = "approved this merge request"
_THUMB = re.compile(r"thumbsup(_tone[1-5])?")


def last_words(project: Project, request: ChangeRequest) -> tuple[Review, ...]:
    """Return every person's last decisive word; who asked for changes did not approve before the merge."""
    path = project.request(request.number)
    document = project.channel.get(f"{path}/approvals")
    given = document.get("approved_by") if isinstance(document, Mapping) else None
    reviewers = project.channel.get(f"{path}/reviewers")
    if not isinstance(given, list) or not isinstance(reviewers, list):
        raise project.channel.unreadable("GET", f"{path}/approvals", "it does not say who approved")
    given = [item for item in given if isinstance(item, Mapping) and not is_bot(project, item.get("user"))]
    against = _against(reviewers)
    times = {login: at for login, at in _times(project, path, given).items() if login not in against}
    early: dict[str, Review] = {}
    if request.merge_commit is not None:
        merged_at, thumbs = instant(project.channel.get(path).get("merged_at")), list(_thumbs(project, path))
        early = {login: Review(login, "approved too early", "", at) for login, at in thumbs}
        times |= {login: at for login, at in thumbs if merged_at and at > merged_at}
    versions = _versions(project.channel.pages(f"{path}/versions")) if times else ()
    found = {login: Review(login, "approved", _head_at(versions, at), at) for login, at in times.items()}
    return tuple((early | against | found).values())


def _against(reviewers: Sequence[Any]) -> dict[str, Review]:
    listed = (item for item in reviewers if isinstance(item, Mapping) and item.get("state") == "requested_changes")
    logins = (login_of(item.get("user")) for item in listed)
    return {login: Review(login, "changes requested", "", None) for login in logins if login}


def _times(project: Project, path: str, given: Sequence[Mapping[str, Any]]) -> dict[str, datetime | None]:
    """Return when each of those whose approval stands gave it; GitLab tells so itself, or notes it."""
    told = {login: instant(item.get("approved_at")) for item in given if (login := login_of(item.get("user")))}
    if all(told.values()):
        return told
    noted: dict[str, datetime] = {}
    order = {"activity_filter": "only_activity", "sort": "asc", "order_by": "created_at"}
    for note in project.channel.pages(f"{path}/notes", **order):
        at = instant(note.get("created_at"))
        if note.get("system") is True and at and str(note.get("body")).strip().lower() == _APPROVED:
            noted[login_of(note.get("author"))] = at
    return {login: at or noted.get(login) for login, at in told.items()}


def _thumbs(project: Project, path: str) -> Iterator[tuple[str, datetime]]:
    """Yield who gave a thumb up, of whatever skin, and when."""
    for award in project.channel.pages(f"{path}/award_emoji"):
        at, login = instant(award.get("created_at")), login_of(award.get("user"))
        is_thumb = _THUMB.fullmatch(str(award.get("name"))) is not None
        if at and login and is_thumb and not is_bot(project, award.get("user")):
            yield login, at


def _versions(listed: Iterable[Mapping[str, Any]]) -> tuple[tuple[datetime, int, str], ...]:
    """Return time, id and head of each version, oldest first."""
    found = []
    for item in listed:
        at, number, head = instant(item.get("created_at")), item.get("id"), item.get("head_commit_sha")
        if at and isinstance(number, int) and isinstance(head, str):
            found.append((at, number, head))
    return tuple(sorted(found))


def _head_at(versions: Sequence[tuple[datetime, int, str]], at: datetime | None) -> str:
    seen = [head for since, _, head in versions if at is not None and since < at]
    return seen[-1] if seen else ""
