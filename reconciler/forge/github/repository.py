"""A repository and its pull requests, read tolerantly into values."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import chain, islice
from typing import Any
from urllib.parse import quote

from reconciler.findings import RejectedError, UsageError
from reconciler.forge.change_request import ChangeRequest
from reconciler.forge.github.channel import Channel

NOT_FOUND = 404
_NEWEST = 1_000
_NAME = re.compile(r"[A-Za-z0-9_.-]{1,100}")
SHA = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
"""A whole commit id."""


@dataclass(frozen=True, slots=True)
class Repository:
    """A repository's name: what the paths of all requests about it start with."""

    owner: str
    name: str

    @classmethod
    def parse(cls, text: str) -> Repository:
        """Return the repository written as OWNER/NAME."""
        owner, slash, name = text.partition("/")
        if not slash or not all(_NAME.fullmatch(part) and set(part) != {"."} for part in (owner, name)):
            raise UsageError(
                f"`{text[:120]}` is not a repository", hint="write it as OWNER/NAME, such as acme/ai-budgets"
            )
        return cls(owner, name)

    @property
    def path(self) -> str:
        return f"/repos/{self.owner}/{self.name}"

    def __str__(self) -> str:
        return f"{self.owner}/{self.name}"


def default_branch(channel: Channel, repository: Repository) -> str:
    """Return the name of the repository's default branch."""
    document = channel.get(repository.path)
    return _text(document, "default_branch", repository.path)


def pull_request(channel: Channel, repository: Repository, number: int) -> ChangeRequest:
    """Return one pull request as it is now."""
    path = f"{repository.path}/pulls/{number}"
    return read_pull_request(channel.get(path), path)


def open_pull_requests(channel: Channel, repository: Repository, *, base: str) -> tuple[ChangeRequest, ...]:
    """Return the open pull requests into the branch `base`, oldest first."""
    path = f"{repository.path}/pulls"
    listed = channel.pages(path, state="open", base=base, sort="created", direction="asc")
    return tuple(read_pull_request(item, path) for item in listed)


def newest_pull_requests(channel: Channel, repository: Repository, *, base: str) -> tuple[ChangeRequest, ...]:
    """Return the newest open pull requests into the branch `base`, newest first: one page of them."""
    path = f"{repository.path}/pulls"
    listed = channel.get(path, state="open", base=base, sort="created", direction="desc", per_page=100)
    if not isinstance(listed, list):
        raise Channel.unreadable("GET", path, "it is not a list of pull requests")
    return tuple(read_pull_request(item, path) for item in listed)


def pull_requests_of_commit(channel: Channel, repository: Repository, sha: str) -> tuple[ChangeRequest, ...]:
    """Return the pull requests that brought a commit into a branch, or that contain it."""
    path = f"{repository.path}/commits/{commit_id(sha)}/pulls"
    return tuple(read_pull_request(item, path) for item in channel.pages(path))


def name_of_branch(channel: Channel, repository: Repository, former: str) -> str:
    """Return what a branch is called that was called `former`: GitHub leads on from a name that was changed.

    An empty text where there is none.
    """
    path = f"{repository.path}/branches/{quote(former, safe='')}"
    try:
        return _text(channel.get(path), "name", path)
    except RejectedError as error:
        if error.status == NOT_FOUND:
            return ""
        raise


def former_tips(channel: Channel, repository: Repository, branch: str) -> Iterator[str]:
    """Yield the commits that a branch ended with, first those before pushes by force, then before the newest of all."""
    path, ref = f"{repository.path}/activity", f"refs/heads/{branch}"
    try:
        forced = channel.pages(path, ref=ref, activity_type="force_push")
        for item in chain(forced, islice(channel.pages(path, ref=ref), _NEWEST)):
            if isinstance(tip := item.get("before"), str):
                yield tip
    except RejectedError as error:
        if error.is_for_now:
            raise


def commit_id(text: str) -> str:
    """Return `text` if it is a whole commit id; nothing else may become a part of a path."""
    if SHA.fullmatch(text) is None:
        raise UsageError(
            f"`{text[:80]}` is not a whole commit id", hint="give all 40 digits, such as `git rev-parse HEAD`"
        )
    return text


def login_of(user: Any) -> str:
    """Return the login of a user object, an empty text for a deleted account."""
    login = user.get("login") if isinstance(user, Mapping) else None
    return login if isinstance(login, str) else ""


def read_pull_request(document: Any, path: str) -> ChangeRequest:
    """Return the pull request that a document of the API describes."""
    if not isinstance(document, Mapping) or not isinstance(document.get("number"), int):
        raise Channel.unreadable("GET", path, "it holds no pull request")
    head, base = (_side(document, side, path) for side in ("head", "base"))
    merged = document.get("merged_at") is not None or document.get("merged") is True
    commit = document.get("merge_commit_sha")
    commits = document.get("commits")
    return ChangeRequest(
        number=document["number"],
        author=login_of(document.get("user")),
        head=_text(head, "sha", path),
        head_ref=_text(head, "ref", path),
        base=_text(base, "sha", path),
        base_ref=_text(base, "ref", path),
        merge_commit=commit if merged and isinstance(commit, str) else None,
        is_fork=_full_name(head) != _full_name(base),
        commits=commits if isinstance(commits, int) else 1,
        is_open=document.get("state") != "closed" and not merged,
        reference=f"refs/pull/{document['number']}/head",
        source=_full_name(head),
    )


def _side(document: Mapping[str, Any], side: str, path: str) -> Mapping[str, Any]:
    found = document.get(side)
    if not isinstance(found, Mapping):
        raise Channel.unreadable("GET", path, f"it has no `{side}`")
    return found


def _full_name(side: Mapping[str, Any]) -> str:
    repo = side.get("repo")
    return str(repo.get("full_name", "")) if isinstance(repo, Mapping) else ""


def _text(document: Any, key: str, path: str) -> str:
    value = document.get(key) if isinstance(document, Mapping) else None
    if not isinstance(value, str) or not value:
        raise Channel.unreadable("GET", path, f"it has no `{key}`")
    return value
