"""The issues of `kt-budgets drift --issue`: one, or one for each team, assigned to owners who are people."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from reconciler.app.listening import note
from reconciler.forge.issue import Wanted, assignable, publish_issues
from reconciler.forge.protocol import Forge
from reconciler.model.approvals import OWNER
from reconciler.report.drift_issue import issue_text, issue_title

if TYPE_CHECKING:
    from reconciler.model.desired import Desired
    from reconciler.model.waiting import Waiting
    from reconciler.plan.drift import Drifted


_EARLIER = "### What this issue said before"


@dataclass(frozen=True, slots=True)
class _People:
    """To whom an issue can be assigned; the forge is asked once about each person."""

    session: Forge
    asked: dict[str, bool]

    def among(self, logins: Sequence[str]) -> tuple[str, ...]:
        return assignable(self.session, logins, self.asked)


def publish_drift(
    session: Forge,
    desired: Desired,
    found: Sequence[Drifted],
    waiting: Sequence[Waiting],
    *,
    doubtful: Collection[str],
    unread: bool = False,
) -> None:
    """Open, update or close the issues that tell people of `found` and of what was left behind.

    While Keeptrusts is `unread` none is closed, and what an open one said before stays in it.
    """
    people = _People(session, {})
    if desired.organization.drift_issues == "one":
        wanted = [_wanted(people, desired, found, waiting, doubtful=doubtful, unread=unread)]
    else:
        wanted = list(_by_team(people, desired, found, waiting, doubtful, unread=unread))
    closing = Wanted(
        "Budget drift: none", "Nothing of this needs a person any more; or another issue tells it.\n", False
    )
    done = publish_issues(session, wanted, otherwise=None if unread else closing)
    for team, step, number in done:
        about = f" about {team}" if team else ""
        note(f"issue{f' {number}' if number else ''}{about}: {step.value}")


def _by_team(
    people: _People,
    desired: Desired,
    found: Sequence[Drifted],
    waiting: Sequence[Waiting],
    doubtful: Collection[str],
    *,
    unread: bool,
) -> Iterable[Wanted]:
    teams = {entry.item.team for entry in found} | {part for item in waiting for part in item.parts} | {""}
    teams |= desired.teams.keys() if unread else set()
    for team in sorted(teams):
        own = [entry for entry in found if entry.item.team == team]
        left = [item for item in waiting if team in item.parts]
        yield _wanted(people, desired, own, left, doubtful=doubtful, team=team, unread=unread)


def _wanted(
    people: _People,
    desired: Desired,
    found: Sequence[Drifted],
    waiting: Sequence[Waiting],
    *,
    doubtful: Collection[str],
    team: str = "",
    unread: bool,
) -> Wanted:
    """Return what an issue is to say; those who can be assigned are asked for only where somebody is needed."""
    needed = [entry.item for entry in found if entry.needs_person]
    about = {item.team for item in needed} | {part for item in waiting for part in item.parts}
    owners = _owners(desired, about) if needed or waiting else []
    named = people.among([owner[1:] for owner in owners if _is_person(owner)])
    text = issue_text(
        [(entry.item, entry.needs_person) for entry in found],
        words=people.session.words,
        doubtful=doubtful,
        waiting=waiting,
        page=people.session.page_of,
        owners=[owner for owner in owners if owner[1:] not in named],
        unread=unread,
    )
    title = issue_title(needed, waiting, team=team, unread=unread)
    return Wanted(title, text, bool(needed or waiting), team, named, keeps=_EARLIER if unread else "")


def _owners(desired: Desired, teams: Collection[str]) -> list[str]:
    """Return who owns these teams, and the organization where it is meant or a team has no owner."""
    listed: list[str] = []
    for team in sorted(team for team in teams if team):
        found = desired.teams.get(team)
        listed += found.owners if found and found.owners else desired.organization.owners
    if "" in teams:
        listed += desired.organization.owners
    return list(dict.fromkeys(listed))


def _is_person(owner: str) -> bool:
    match = OWNER.fullmatch(owner.strip())
    return bool(match) and not match["team"] if match else False
