"""Authors: who wrote something of a pull request, and how many of them nobody can name.

Authors, committers and co-authors of every commit count. A commit that merges cleanly, as git itself would, has no
author: nothing was written in it. An e-mail address of which no account is known, as that of most co-authors, stands
for a person who may be anybody (decision 0053). Addresses are what their writer says: whoever pushed what is no clean
merge is an author as well.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from reconciler.forge.change_request import Authors, ChangeRequest, IsClean
from reconciler.forge.github.channel import Channel
from reconciler.forge.github.ci_run import inside
from reconciler.forge.github.pusher import Pushed, parents_of, pushed
from reconciler.forge.github.repository import Repository, login_of

MOST_LISTED = 250
"""GitHub lists no more commits of a pull request than that."""

_NO_REPLY = re.compile(r"(?:[0-9]+\+)?([a-z0-9-]+(?:\[bot\])?)@users\.noreply\.[a-z0-9.-]+")
_NOBODY = re.compile(r"no-?reply@.*")
_TRAILER = re.compile(r"^co-authored-by:[^\n<]*<([^<>\s]+)>\s*$", re.MULTILINE | re.IGNORECASE)
_GITHUB = "web-flow"


def authors_of(
    channel: Channel,
    repository: Repository,
    pull: ChangeRequest,
    *,
    is_clean: IsClean | None = None,
    merged_in: Collection[str] = (),
    asks_pushers: bool = True,
) -> Authors:
    """Return everybody who wrote something of a pull request, whoever opened it included.

    Where the commits that it was `merged_in` were edited by hand, whoever made them wrote something too.
    """
    commits = _commits(channel, repository, pull)
    logins = {pull.author.lower()} - {""}
    addresses: dict[str, str] = {}
    anonymous: set[str] = set()
    by_hand = {sha: _commit(channel, repository, sha) for sha in merged_in}
    written = {sha: item for sha, item in commits.items() if not (is_clean and _is_clean(sha, item, is_clean))}
    for sha, item in {**written, **by_hand}.items():
        for login, address in _people(item):
            if login:
                logins.add(login)
            else:
                addresses.setdefault(address or sha, sha)
                anonymous.add(sha)
    is_whole = len(commits) >= pull.commits
    by = Pushed()
    if asks_pushers and is_whole and written:
        by = pushed(channel, repository, pull, commits=commits, written=written, authors=logins)
    return Authors(
        frozenset(logins | by.logins),
        tuple(addresses.values()),
        is_whole,
        MOST_LISTED,
        pushers=by.logins - logins,
        unseen=tuple(sha for sha in by.unseen if sha not in anonymous),
    )


def _is_clean(sha: str, item: Mapping[str, Any], is_clean: IsClean) -> bool:
    parents = parents_of(item)
    return len(parents) > 1 and is_clean(sha, parents)


def _commits(channel: Channel, repository: Repository, pull: ChangeRequest) -> dict[str, Mapping[str, Any]]:
    """Return every commit of the pull request: those that it lists, else also what its head is ahead of the base."""
    listed = channel.pages(f"{repository.path}/pulls/{pull.number}/commits")
    found = {str(item.get("sha")): item for item in listed}
    if len(found) < pull.commits or len(found) >= MOST_LISTED:
        path = f"{repository.path}/compare/{pull.base}...{pull.head}"
        found.update({str(item.get("sha")): item for item in channel.pages(path, key="commits")})
    return found


def _commit(channel: Channel, repository: Repository, sha: str) -> Mapping[str, Any]:
    found = channel.get(f"{repository.path}/commits/{sha}")
    return found if isinstance(found, Mapping) else {}


def _people(item: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield the login, or else the e-mail address, of the people of one commit, in lower case."""
    commit = inside(item, "commit")
    for role in ("author", "committer"):
        login = login_of(item.get(role)).lower()
        address = str(inside(commit, role).get("email") or "").lower()
        if role == "committer" and (login == _GITHUB or _NOBODY.fullmatch(address) or not (login or address)):
            continue
        yield login or _login_in(address), address
    for address in _TRAILER.findall(str(commit.get("message") or "")):
        if not _NOBODY.fullmatch(address.lower()):
            yield _login_in(address.lower()), address.lower()


def _login_in(address: str) -> str:
    match = _NO_REPLY.fullmatch(address)
    return match[1] if match else ""
