"""Issues about drift: one, or one for each team, opened when somebody is needed, and closed when all is well."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from hashlib import sha256
from typing import Any

from reconciler.forge.github.channel import Channel
from reconciler.forge.github.identity import Identity
from reconciler.forge.github.repository import Repository
from reconciler.http.failures import LostAnswerError

_MARK = re.compile(
    r"\A<!-- kt-budgets:drift:v1(?: team=(?P<team>[0-9a-f]{12}))?(?: people=(?P<people>[0-9a-f,]*))?"
    r" text=(?P<text>[0-9a-f]{20}) -->\r?\n?"
)
_MOST_PEOPLE = 10
"""GitHub assigns no more to one issue."""

_EARLIER = "<!-- kt-budgets:drift:earlier -->"
_HEADING = "\n### What this issue said before\n"
_ROOM = 65_000
"""Bytes for an issue in all: GitHub takes 65,536 characters."""


class IssueStep(StrEnum):
    """What became of an issue."""

    OPENED = "opened"
    UPDATED = "updated"
    REOPENED = "reopened"
    CLOSED = "closed"
    UNCHANGED = "unchanged"
    NOT_NEEDED = "not needed"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What one issue is to say. `team` is empty for the one that is about no single team.

    `people` are logins that can be assigned; a person is assigned once, and may take herself off. Where only a part is
    known, what is said `keeps` an issue that is open as it is, above what it said before.
    """

    title: str
    text: str
    is_needed: bool
    team: str = ""
    people: tuple[str, ...] = ()
    keeps: bool = False


@dataclass(frozen=True, slots=True)
class _Issue:
    number: int
    is_open: bool
    title: str
    body: str
    team: str
    people: frozenset[str]


def publish_issues(
    channel: Channel, repository: Repository, *, identity: Identity, wanted: Sequence[Wanted], otherwise: Wanted | None
) -> list[tuple[str, IssueStep, int | None]]:
    """Make our issues say what is `wanted`; return the team, what was done and the number of each.

    They are found by their marker and our own authorship. One that is not needed and not there is not opened. Those of
    teams that nothing is wanted for get the text of `otherwise` and are closed; without it they are left as they are.
    """
    known = _ours(channel, repository, identity)
    done = [(item.team, *_publish(channel, repository, identity, item, known)) for item in wanted]
    if otherwise is None:
        return done
    told = {_team(item.team) for item in wanted}
    over = [issue for issue in known if issue.is_open and issue.team not in told]
    closed = [_change(channel, repository, issue, otherwise, _body(otherwise, issue)) for issue in over]
    return [*done, *(("", step, issue.number) for step, issue in zip(closed, over, strict=True))]


@dataclass(frozen=True, slots=True)
class Assignable:
    """Answers to whom an issue can be assigned; GitHub is asked once about each person."""

    channel: Channel
    repository: Repository
    _asked: dict[str, bool] = field(default_factory=dict)

    def among(self, logins: Sequence[str]) -> tuple[str, ...]:
        """Return those of `logins` to whom an issue can be assigned, at most ten."""
        for login in logins:
            if login not in self._asked:
                self._asked[login] = self.channel.exists(f"{self.repository.path}/assignees/{login}")
        return tuple(login for login in logins if self._asked[login])[:_MOST_PEOPLE]


def publish_issue(
    channel: Channel,
    repository: Repository,
    *,
    identity: Identity,
    title: str,
    text: str,
    is_needed: bool,
) -> tuple[IssueStep, int | None]:
    """Make the one issue say `text` and be open exactly while somebody is needed; return its step and number."""
    wanted = Wanted(title, text, is_needed)
    return _publish(channel, repository, identity, wanted, _ours(channel, repository, identity))


def _publish(
    channel: Channel, repository: Repository, identity: Identity, wanted: Wanted, known: Sequence[_Issue]
) -> tuple[IssueStep, int | None]:
    found = _of(wanted.team, known)
    wanted = _with_earlier(wanted, found) if wanted.keeps else wanted
    if found is None:
        if not wanted.is_needed:
            return IssueStep.NOT_NEEDED, None
        return IssueStep.OPENED, _open(channel, repository, identity, wanted)
    if not wanted.is_needed and not found.is_open:
        return IssueStep.NOT_NEEDED, found.number
    body = _body(wanted, found)
    is_same = wanted.is_needed == found.is_open and found.title == wanted.title
    if is_same and found.body.strip() == body.strip():
        return IssueStep.UNCHANGED, found.number
    return _change(channel, repository, found, wanted, body), found.number


def _with_earlier(wanted: Wanted, found: _Issue | None) -> Wanted:
    """Return what is said above what the issue said when all of it was known, and needed while it is open."""
    is_open = found is not None and found.is_open
    before = _MARK.sub("", found.body, count=1) if found and is_open else ""
    earlier = before.partition(_EARLIER)[2] if _EARLIER in before else before
    room = max(_ROOM - len(wanted.text.encode()), 0)
    kept = earlier.encode()[:room].decode("utf-8", "ignore").strip()
    text = f"{wanted.text}{_HEADING if kept else ''}\n{_EARLIER}\n{kept}\n"
    return replace(wanted, text=text, is_needed=wanted.is_needed or is_open)


def _change(channel: Channel, repository: Repository, found: _Issue, wanted: Wanted, body: str) -> IssueStep:
    path = f"{repository.path}/issues/{found.number}"
    state: dict[str, Any] = {"state": "open"} if wanted.is_needed else {"state": "closed", "state_reason": "completed"}
    channel.write("PATCH", path, {"title": wanted.title, "body": body, **state})
    if not wanted.is_needed:
        return IssueStep.CLOSED
    before = found.people if found.is_open else frozenset()
    if added := [login for login in wanted.people if _person(login) not in before]:
        channel.write("POST", f"{path}/assignees", {"assignees": added})
    return IssueStep.UPDATED if found.is_open else IssueStep.REOPENED


def _open(channel: Channel, repository: Repository, identity: Identity, wanted: Wanted) -> int | None:
    people = {"assignees": list(wanted.people)} if wanted.people else {}
    try:
        answer = channel.write(
            "POST", f"{repository.path}/issues", {"title": wanted.title, "body": _body(wanted, None), **people}
        )
    except LostAnswerError:
        found = _of(wanted.team, _ours(channel, repository, identity))
        if found is None:
            raise
        return found.number
    return answer.get("number") if isinstance(answer, Mapping) else None


def _body(wanted: Wanted, found: _Issue | None) -> str:
    """Return the issue's text under its marker, which knows who was ever assigned while it was open."""
    before = found.people if found and found.is_open else frozenset()
    people = sorted(before | {_person(login) for login in wanted.people})
    named = found.team if found else _team(wanted.team)
    fields = (f" team={named}" if named else "") + (f" people={','.join(people)}" if people else "")
    return f"<!-- kt-budgets:drift:v1{fields} text={_digest(wanted.text)} -->\n{wanted.text}"


def _ours(channel: Channel, repository: Repository, identity: Identity) -> list[_Issue]:
    listed = channel.pages(
        f"{repository.path}/issues", state="all", creator=identity.login, sort="created", direction="asc"
    )
    return [issue for item in listed if identity.wrote(item) and (issue := _issue(item))]


def _of(team: str, known: Sequence[_Issue]) -> _Issue | None:
    """Return our issue about a team: an open one before a closed one, the oldest of several."""
    own = [issue for issue in known if issue.team == _team(team)]
    return min(own, key=lambda issue: (not issue.is_open, issue.number), default=None)


def _issue(item: Mapping[str, Any]) -> _Issue | None:
    body, number = item.get("body"), item.get("number")
    if "pull_request" in item or not isinstance(body, str) or not isinstance(number, int):
        return None
    mark = _MARK.match(body)
    if mark is None:
        return None
    people = frozenset((mark["people"] or "").split(",")) - {""}
    is_open, title = item.get("state") == "open", str(item.get("title") or "")
    return _Issue(number, is_open, title, body.replace("\r\n", "\n"), mark["team"] or "", people)


def _team(name: str) -> str:
    return sha256(name.encode()).hexdigest()[:12] if name else ""


def _person(login: str) -> str:
    return sha256(login.lower().encode()).hexdigest()[:8]


def _digest(text: str) -> str:
    return sha256(text.encode()).hexdigest()[:20]
