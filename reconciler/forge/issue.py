"""Issues about drift: one, or one for each team, opened when somebody is needed, and closed when all is well.

The hidden first line says which team an issue is about, and who was ever assigned while it was open, each as a digest.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from hashlib import sha256

from reconciler.forge.protocol import Forge, Issue
from reconciler.http.failures import LostAnswerError

_MARK = re.compile(
    r"\A<!-- kt-budgets:drift:v1(?: team=(?P<team>[0-9a-f]{12}))?(?: people=(?P<people>[0-9a-f,]*))?"
    r" text=(?P<text>[0-9a-f]{20}) -->\r?\n?"
)
_MOST_PEOPLE = 10
"""A forge may assign no more to one issue, and what is many people's is nobody's."""

_EARLIER = "<!-- kt-budgets:drift:earlier -->"
_ROOM = 65_000
"""Bytes for an issue in all: a forge takes 65,536 characters and more."""


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
    known, `keeps` is the heading under which an issue that is open keeps what it said before, and it stays open.
    """

    title: str
    text: str
    is_needed: bool
    team: str = ""
    people: tuple[str, ...] = ()
    keeps: str = ""


@dataclass(frozen=True, slots=True)
class _Ours:
    """An issue of ours with what its mark says."""

    issue: Issue
    body: str
    team: str
    people: frozenset[str]


def publish_issues(
    forge: Forge, wanted: Sequence[Wanted], *, otherwise: Wanted | None
) -> list[tuple[str, IssueStep, int | None]]:
    """Make our issues say what is `wanted`; return the team, what was done and the number of each.

    They are found by their marker and our own authorship. One that is not needed and not there is not opened. Those of
    teams that nothing is wanted for get the text of `otherwise` and are closed; without it they are left as they are.
    """
    known = _ours(forge)
    done = [(item.team, *_publish(forge, item, known)) for item in wanted]
    if otherwise is None:
        return done
    told = {_team(item.team) for item in wanted}
    over = [found for found in known if found.issue.is_open and found.team not in told]
    closed = [_change(forge, found, otherwise, _body(otherwise, found)) for found in over]
    return [*done, *(("", step, found.issue.number) for step, found in zip(closed, over, strict=True))]


def assignable(forge: Forge, logins: Sequence[str], asked: dict[str, bool]) -> tuple[str, ...]:
    """Return those of `logins` to whom an issue can be assigned, at most ten; `asked` keeps what was answered."""
    for login in logins:
        if login not in asked:
            asked[login] = forge.people.can_be_assigned(login)
    return tuple(login for login in logins if asked[login])[:_MOST_PEOPLE]


def _publish(forge: Forge, wanted: Wanted, known: Sequence[_Ours]) -> tuple[IssueStep, int | None]:
    found = _of(wanted.team, known)
    wanted = _with_earlier(wanted, found) if wanted.keeps else wanted
    if found is None:
        if not wanted.is_needed:
            return IssueStep.NOT_NEEDED, None
        return IssueStep.OPENED, _open(forge, wanted)
    issue = found.issue
    if not wanted.is_needed and not issue.is_open:
        return IssueStep.NOT_NEEDED, issue.number
    body = _body(wanted, found)
    is_same = wanted.is_needed == issue.is_open and issue.title == wanted.title
    if is_same and found.body.strip() == body.strip():
        return IssueStep.UNCHANGED, issue.number
    return _change(forge, found, wanted, body), issue.number


def _with_earlier(wanted: Wanted, found: _Ours | None) -> Wanted:
    """Return what is said above what the issue said when all of it was known, and needed while it is open."""
    is_open = found is not None and found.issue.is_open
    before = _MARK.sub("", found.body, count=1) if found and is_open else ""
    earlier = before.partition(_EARLIER)[2] if _EARLIER in before else before
    room = max(_ROOM - len(wanted.text.encode()), 0)
    kept = earlier.encode()[:room].decode("utf-8", "ignore").strip()
    heading = f"\n{wanted.keeps}\n" if kept else ""
    text = f"{wanted.text}{heading}\n{_EARLIER}\n{kept}\n"
    return replace(wanted, text=text, is_needed=wanted.is_needed or is_open)


def _change(forge: Forge, found: _Ours, wanted: Wanted, body: str) -> IssueStep:
    issue = found.issue
    forge.edit_issue(issue.number, title=wanted.title, body=body, is_open=wanted.is_needed)
    if not wanted.is_needed:
        return IssueStep.CLOSED
    before = found.people if issue.is_open else frozenset()
    if added := [login for login in wanted.people if _person(login) not in before]:
        forge.assign(issue.number, added)
    return IssueStep.UPDATED if issue.is_open else IssueStep.REOPENED


def _open(forge: Forge, wanted: Wanted) -> int | None:
    try:
        return forge.open_issue(wanted.title, _body(wanted, None), people=wanted.people)
    except LostAnswerError:
        found = _of(wanted.team, _ours(forge))
        if found is None:
            raise
        return found.issue.number


def _body(wanted: Wanted, found: _Ours | None) -> str:
    """Return the issue's text under its marker, which knows who was ever assigned while it was open."""
    before = found.people if found and found.issue.is_open else frozenset()
    people = sorted(before | {_person(login) for login in wanted.people})
    named = found.team if found else _team(wanted.team)
    fields = (f" team={named}" if named else "") + (f" people={','.join(people)}" if people else "")
    return f"<!-- kt-budgets:drift:v1{fields} text={sha256(wanted.text.encode()).hexdigest()[:20]} -->\n{wanted.text}"


def _ours(forge: Forge) -> list[_Ours]:
    return [
        _Ours(
            issue,
            issue.body.replace("\r\n", "\n"),
            mark["team"] or "",
            frozenset((mark["people"] or "").split(",")) - {""},
        )
        for issue in forge.issues()
        if (mark := _MARK.match(issue.body))
    ]


def _of(team: str, known: Sequence[_Ours]) -> _Ours | None:
    """Return our issue about a team: an open one before a closed one, the oldest of several."""
    own = [found for found in known if found.team == _team(team)]
    return min(own, key=lambda found: (not found.issue.is_open, found.issue.number), default=None)


def _team(name: str) -> str:
    return sha256(name.encode()).hexdigest()[:12] if name else ""


def _person(login: str) -> str:
    return sha256(login.lower().encode()).hexdigest()[:8]
