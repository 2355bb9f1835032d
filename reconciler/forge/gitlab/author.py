"""Authors: who wrote something of a merge request, and how many of them nobody can name.

The REST API knows commits by their e-mail addresses alone. Whose account an author's address belongs to is asked by
GraphQL; a committer or co-author is known by an address that an author has, or by one that GitLab made for an account.
An address that nothing tells of stands for a person who may be anybody (decisions 0053 and 0080). Addresses are what
their writer says; GitLab itself notes who pushed, and whoever pushed what is no clean merge is an author as well.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from reconciler.findings import RemoteError
from reconciler.forge.change_request import Authors, ChangeRequest, IsClean
from reconciler.forge.gitlab.merge_request import Project, login_of

_NO_REPLY = re.compile(r"[0-9]+-([a-z0-9_.-]+)@users\.noreply\.[a-z0-9.-]+")
_NOBODY = re.compile(r"no-?reply@.*")
_TRAILER = re.compile(r"^co-authored-by:[^\n<]*<([^<>\s]+)>\s*$", re.MULTILINE | re.IGNORECASE)
_MERGES = "Merge "
_PUSHED = re.compile(r"added [0-9,]+ (?:new )?commits?\b")
_LISTED = re.compile(r"(?:<li>|^\* )([0-9a-f]{7,64}) - ", re.MULTILINE)
_OF_REQUEST = """\
query($path: ID!, $number: String!, $after: String) { project(fullPath: $path) { mergeRequest(iid: $number) {
  commits(first: 100, after: $after) { nodes { sha author { username } } pageInfo { hasNextPage endCursor } } } } }"""
_OF_COMMIT = """\
query($path: ID!, $commit: String!) { project(fullPath: $path) { repository { tree(ref: $commit) {
  lastCommit { sha author { username } } } } } }"""


def authors_of(
    project: Project,
    request: ChangeRequest,
    *,
    is_clean: IsClean | None = None,
    merged_in: Collection[str] = (),
    asks_pushers: bool = True,
) -> Authors:
    """Return everybody who wrote something of a merge request, whoever opened it included.

    Where the commits that it was `merged_in` were edited by hand, whoever made them wrote something too.
    """
    path = f"{project.request(request.number)}/commits"
    commits = {str(item.get("id")): item for item in project.channel.pages(path)}
    accounts = _accounts(project, request.number)
    for commit in merged_in:
        commits[commit] = _commit(project, commit)
        accounts |= _account_of(project, commit)
    known = {_address(item, "author_email"): login for sha, item in commits.items() if (login := accounts.get(sha))}
    logins = {request.author.lower()} - {""}
    unknown: dict[str, str] = {}
    written = {
        sha: item
        for sha, item in commits.items()
        if sha in merged_in or not (is_clean and _is_clean(project, sha, item, is_clean))
    }
    for sha, item in written.items():
        for address in _people(item):
            if login := known.get(address) or _login_in(address):
                logins.add(login.lower())
            else:
                unknown.setdefault(address or sha, sha)
    pushers = frozenset(_pushers(project, request.number, commits, written) if asks_pushers else ()) - logins
    return Authors(
        frozenset(logins | pushers), tuple(unknown.values()), is_whole=request.head in commits, pushers=pushers
    )


def _pushers(project: Project, number: int, commits: Collection[str], written: Collection[str]) -> Iterator[str]:
    """Yield who pushed something that was `written`, by GitLab's own notes; what is pushed away again is nobody's."""
    path = f"{project.request(number)}/notes"
    for note in project.channel.pages(path, activity_filter="only_activity"):
        body, login = str(note.get("body")), login_of(note.get("author"))
        if note.get("system") is not True or not login or not _PUSHED.match(body):
            continue
        listed = _LISTED.findall(body)
        left = [sha for sha in commits if any(sha.startswith(short) for short in listed)]
        if not listed or any(sha in written for sha in left):
            yield login.lower()


def _accounts(project: Project, number: int) -> dict[str, str]:
    """Return whose the authors' addresses are, by commit; nothing where this GitLab does not tell."""
    found: dict[str, str] = {}
    after: Any = None
    variables = {"path": project.name, "number": str(number)}
    try:
        while True:
            answer = project.channel.query(_OF_REQUEST, {**variables, **({"after": after} if after else {})})
            listed = _inside(answer, "project", "mergeRequest", "commits")
            for node in listed.get("nodes") or ():
                if login := login_of(_inside(node).get("author")):
                    found[str(node.get("sha"))] = login
            paging = _inside(listed, "pageInfo")
            following = paging.get("endCursor") if paging.get("hasNextPage") is True else None
            if not following or following == after:
                return found
            after = following
    except RemoteError:
        return found


def _account_of(project: Project, commit: str) -> dict[str, str]:
    try:
        answer = project.channel.query(_OF_COMMIT, {"path": project.name, "commit": commit})
    except RemoteError:
        return {}
    last = _inside(answer, "project", "repository", "tree", "lastCommit")
    login = login_of(last.get("author"))
    return {commit: login} if login and last.get("sha") == commit else {}


def _commit(project: Project, sha: str) -> Mapping[str, Any]:
    found = project.channel.get(project.commit(sha))
    return found if isinstance(found, Mapping) else {}


def _is_clean(project: Project, sha: str, item: Mapping[str, Any], is_clean: IsClean) -> bool:
    """Whether a commit is a merge that git makes by itself; the listing of a merge request names no parents."""
    if not item.get("parent_ids") and str(item.get("message")).startswith(_MERGES):
        item = _commit(project, sha)
    parents = tuple(str(parent) for parent in item.get("parent_ids") or ())
    return len(parents) > 1 and is_clean(sha, parents)


def _people(item: Mapping[str, Any]) -> Iterator[str]:
    """Yield the e-mail address of everybody who made a commit, in lower case."""
    yield _address(item, "author_email")
    if (committer := _address(item, "committer_email")) and not _NOBODY.fullmatch(committer):
        yield committer
    for address in _TRAILER.findall(str(item.get("message") or "")):
        if not _NOBODY.fullmatch(address.lower()):
            yield address.lower()


def _address(item: Mapping[str, Any], key: str) -> str:
    return str(item.get(key) or "").lower()


def _login_in(address: str) -> str:
    match = _NO_REPLY.fullmatch(address)
    return match[1] if match else ""


def _inside(document: Any, *keys: str) -> Mapping[str, Any]:
    for key in keys:
        document = document.get(key) if isinstance(document, Mapping) else None
    return document if isinstance(document, Mapping) else {}
