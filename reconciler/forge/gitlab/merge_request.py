"""A project and its merge requests, read tolerantly into values."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any

from reconciler.findings import RejectedError, UsageError
from reconciler.forge.change_request import ChangeRequest
from reconciler.forge.gitlab.channel import Channel, escaped
from reconciler.http.failures import ForbiddenError

_PATH = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*(?:/[A-Za-z0-9_][A-Za-z0-9_.-]*)+")
_NEWEST = 2000
"""Pushes that are looked at, to all branches together."""

_SHA = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Project:
    """A project by its path, and a channel to it."""

    channel: Channel
    name: str

    @classmethod
    def at(cls, channel: Channel, text: str) -> Project:
        """Return the project written as GROUP/NAME, with as many groups as there are."""
        if _PATH.fullmatch(text) is None:
            raise UsageError(f"`{text[:120]}` is not a project", hint="write it as GROUP/NAME, such as acme/ai-budgets")
        return cls(channel, text)

    @property
    def path(self) -> str:
        return f"/projects/{escaped(self.name)}"

    def request(self, number: int) -> str:
        return f"{self.path}/merge_requests/{number}"

    def commit(self, sha: str) -> str:
        """Return the path of a commit; nothing but a whole id may become a part of it."""
        if _SHA.fullmatch(sha) is None:
            hint = "give all 40 digits, such as `git rev-parse HEAD`"
            raise UsageError(f"`{sha[:80]}` is not a whole commit id", hint=hint)
        return f"{self.path}/repository/commits/{sha}"


def merge_request(project: Project, number: int) -> ChangeRequest:
    """Return one merge request as it is now; of a merged one, how many commits it has as well."""
    path = project.request(number)
    found = read_merge_request(project, project.channel.get(path), path)
    if found.merge_commit is None:
        return found
    commits = sum(1 for _ in project.channel.pages(f"{path}/commits"))
    return read_merge_request(project, project.channel.get(path), path, commits=commits)


def read_merge_request(project: Project, document: Any, path: str, *, commits: int = 1) -> ChangeRequest:
    """Return the merge request that a document of the API describes.

    What it brought is its merge commit, or where there is none its squash commit, or its own last commit.
    """
    number = document.get("iid") if isinstance(document, Mapping) else None
    if not isinstance(number, int):
        raise project.channel.unreadable("GET", path, "it holds no merge request")
    state, head = text_of(project, document, "state", path), text_of(project, document, "sha", path)
    brought = document.get("merge_commit_sha") or document.get("squash_commit_sha") or head
    references = document.get("diff_refs")
    base = references.get("start_sha") if isinstance(references, Mapping) else None
    return ChangeRequest(
        number=number,
        author=login_of(document.get("author")),
        head=head,
        head_ref=text_of(project, document, "source_branch", path),
        base=str(base or ""),
        base_ref=text_of(project, document, "target_branch", path),
        merge_commit=str(brought) if state == "merged" else None,
        is_fork=document.get("source_project_id") != document.get("target_project_id"),
        commits=commits,
        is_open=state in ("opened", "locked"),
        reference=f"refs/merge-requests/{number}/head",
    )


def former_tips(project: Project, branch: str) -> Iterator[str]:
    """Yield the commits that a branch ended with before each of the newest pushes, the newest first.

    GitLab notes pushes by itself and says of none whether it was by force; of a push of many references at once it
    keeps none of them.
    """
    try:
        for event in islice(project.channel.pages(f"{project.path}/events", action="pushed"), _NEWEST):
            push = event.get("push_data")
            if not isinstance(push, Mapping) or (push.get("ref_type"), push.get("ref")) != ("branch", branch):
                continue
            if isinstance(tip := push.get("commit_from"), str) and _SHA.fullmatch(tip):
                yield tip
    except (ForbiddenError, RejectedError) as error:
        if isinstance(error, RejectedError) and error.is_for_now:
            raise


def text_of(project: Project, document: Any, key: str, path: str) -> str:
    """Return a text that must be there."""
    value = document.get(key) if isinstance(document, Mapping) else None
    if not isinstance(value, str) or not value:
        raise project.channel.unreadable("GET", path, f"it has no `{key}`")
    return value


def login_of(user: Any) -> str:
    """Return the user name of a user object, an empty text for a deleted account."""
    name = user.get("username") if isinstance(user, Mapping) else None
    return name if isinstance(name, str) else ""
