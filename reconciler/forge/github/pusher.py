"""Pushers: who brought the commits of a pull request to its branch, by what GitHub itself notes of each push.

Addresses in commits are what their writer says, and nobody who may push can write that list. It tells of a push only
the commits before and after it: what it brought follows from the commits' parents (decision 0125).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import dropwhile, islice
from typing import Any

from reconciler.findings import RejectedError
from reconciler.forge.change_request import ChangeRequest
from reconciler.forge.github.channel import Channel
from reconciler.forge.github.repository import SHA, Repository, login_of
from reconciler.http.failures import ForbiddenError

_MOST_ASKED = 20
"""So many commits that were pushed away again are asked about; whoever pushed more than those counts unasked."""

_NEWEST = 1_000
_GONE = "branch_deletion"
_BEGUN = "branch_creation"


@dataclass(frozen=True, slots=True)
class Pushed:
    """Who pushed something that was written, in lower case, and the commits that nobody is known to have pushed."""

    logins: frozenset[str] = frozenset()
    unseen: tuple[str, ...] = ()


def pushed(
    channel: Channel,
    repository: Repository,
    pull: ChangeRequest,
    *,
    commits: Mapping[str, Mapping[str, Any]],
    written: Collection[str],
    authors: Collection[str],
) -> Pushed:
    """Return who pushed what was `written` of the `commits` to the branch of a pull request.

    Nobody is known to have pushed anything where GitHub does not show that list, as of a fork that is private or gone.
    Raises ForbiddenError where it refuses that of the repository itself: this token lacks a permission.
    """
    if pull.is_fork and not pull.source:
        return Pushed(unseen=tuple(written))
    place = (Repository.parse(pull.source) if pull.is_fork else repository).path
    known = _Known(channel, place, pull.base, {sha: parents_of(item) for sha, item in commits.items()}, pull.is_fork)
    logins: set[str] = set()
    seen: set[str] = set()
    try:
        listed = channel.pages(f"{place}/activity", ref=f"refs/heads/{pull.head_ref}")
        for item in _life(islice(listed, _NEWEST), pull.head):
            after, login = str(item.get("after")), login_of(item.get("actor")).lower()
            if after not in known.parents and login in {*authors, *logins}:
                continue
            if not known.learns(after):
                logins |= {login} - {""}
                continue
            brought = (known.below(after) - known.below(str(item.get("before")))) & set(written)
            if brought and login:
                logins.add(login)
                seen |= brought
    except (ForbiddenError, RejectedError) as error:
        _hidden(error, is_fork=pull.is_fork)
        return Pushed(unseen=tuple(written))
    return Pushed(frozenset(logins), tuple(commit for commit in written if commit not in seen))


def parents_of(item: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the parents of a commit by its document."""
    return tuple(str(parent.get("sha")) for parent in item.get("parents") or ())


def _hidden(error: ForbiddenError | RejectedError, *, is_fork: bool) -> None:
    """Raise an error again that does not say that something is not there to be seen.

    It may be seen later, or in the repository itself by a token that has the permission. Of a fork nobody here can
    grant one.
    """
    if error.is_for_now if isinstance(error, RejectedError) else not is_fork:
        raise error


def _life(listed: Iterable[Mapping[str, Any]], head: str) -> Iterator[Mapping[str, Any]]:
    """Yield what was pushed to the branch that ended with `head`, newest first; not to others of its name.

    One that was deleted and restored is the same.
    """
    begun = ""
    for item in dropwhile(lambda item: item.get("after") != head, listed):
        kind = item.get("activity_type")
        if begun and not (kind == _GONE and item.get("before") == begun):
            return
        begun = str(item.get("after")) if kind == _BEGUN else ""
        if kind != _GONE:
            yield item


@dataclass(slots=True)
class _Known:
    """Commits of which the parents are known: those of the pull request, and those above its `base` that once were."""

    channel: Channel
    place: str
    base: str
    parents: dict[str, tuple[str, ...]]
    is_fork: bool
    asked: int = 0

    def below(self, tip: str) -> set[str]:
        """Return a commit and everything below it, as far as it is not in the base."""
        found: set[str] = set()
        waiting = [tip]
        while waiting:
            commit = waiting.pop()
            if commit in self.parents and commit not in found:
                found.add(commit)
                waiting += self.parents[commit]
        return found

    def learns(self, tip: str) -> bool:
        """Whether it is known what a commit leads to. About one that was pushed away again, GitHub is asked."""
        if tip in self.parents or any(tip in parents for parents in self.parents.values()):
            return True
        if self.asked >= _MOST_ASKED or SHA.fullmatch(tip) is None:
            return False
        self.asked += 1
        try:
            for item in self.channel.pages(f"{self.place}/compare/{self.base}...{tip}", key="commits"):
                self.parents[str(item.get("sha"))] = parents_of(item)
        except (ForbiddenError, RejectedError) as error:
            _hidden(error, is_fork=self.is_fork)
            return False
        return True
