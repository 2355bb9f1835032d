"""Who is who on GitLab: members of groups and of the project, by their access level."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from reconciler.findings import RejectedError, RemoteError
from reconciler.forge.gitlab.channel import escaped
from reconciler.forge.gitlab.merge_request import Project, login_of
from reconciler.forge.people import Roster

GUEST, REPORTER, DEVELOPER, OWNER = 10, 20, 30, 50
_PLENTY = 1_000
_BOT = re.compile(r"(?:project|group)_[0-9]+_bot(?:[0-9]*|_[0-9a-z]+)", re.IGNORECASE)
_LOGIN = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,254}")


@dataclass(frozen=True, slots=True)
class GitLabPeople:
    """Answers about people of a project. A group has its direct members alone, as for code owners.

    Members of the groups around it are members of every group within, so that counting them would make a whole company
    the owner of each team. Who is blocked, waits for a confirmation, or is a guest counts nowhere, and neither does the
    bot of an access token, which GitLab makes a direct member of its group: whoever owns the group could approve by it.
    """

    project: Project
    own_id: int
    _ids: dict[str, int] = field(default_factory=dict)

    def roster(self, team: str) -> Roster | None:
        """Return the members of a group, read whole; None where the token does not see it."""
        try:
            people = list(self.project.channel.pages(f"/groups/{escaped(team)}/members"))
        except RejectedError as error:
            if error.status == 404:
                return None
            raise
        counting = (login_of(person).lower() for person in people if _counts(person, REPORTER))
        return Roster(frozenset(login for login in counting if not _BOT.fullmatch(login)), True)

    def rosters(self, teams: Collection[str]) -> Mapping[str, Roster]:
        """Return nothing: groups are read one by one."""
        del teams
        return {}

    def is_member(self, login: str, team: str) -> bool:
        found = self.roster(team)
        return found is not None and login.lower() in found.logins

    def lists_teams(self, organization: str) -> bool:
        """Whether our account is a member of the group: then it sees every group within.

        Who is not may see the group itself, because a project of it is open to her, and still no private group beside.
        """
        path = f"/groups/{escaped(organization)}/members/all/{self.own_id}"
        try:
            found = self.project.channel.find(path)
        except RemoteError:
            return False
        return isinstance(found, Mapping) and _counts(found, GUEST)

    def sees_repository(self, login: str) -> bool:
        return self._level(login) is not None

    def administrators(self) -> tuple[str, ...]:
        """Return who owns the group at the top; nobody where the project is a person's own."""
        top = self.project.name.partition("/")[0]
        try:
            people = self.project.channel.pages(f"/groups/{escaped(top)}/members")
            owners = [login_of(person) for person in people if _counts(person, OWNER)]
        except RejectedError as error:
            if error.status == 404:
                return ()
            raise
        return tuple(owners[:_PLENTY])

    def may_write(self, login: str) -> bool:
        level = self._level(login)
        return level is not None and level >= DEVELOPER

    def can_be_assigned(self, login: str) -> bool:
        level = self._level(login)
        return level is not None and level >= REPORTER

    def id_of(self, login: str) -> int | None:
        """Return the id of an account, None where there is none of that name."""
        if login.lower() not in self._ids and _LOGIN.fullmatch(login):
            for item in self.project.channel.pages("/users", username=login):
                if login_of(item).lower() == login.lower() and isinstance(item.get("id"), int):
                    self._ids[login.lower()] = item["id"]
        return self._ids.get(login.lower())

    def _level(self, login: str) -> int | None:
        """Return a person's access level in the project, whichever group it comes from."""
        identity = self.id_of(login)
        if identity is None:
            return None
        found = self.project.channel.find(f"{self.project.path}/members/all/{identity}")
        return int(found["access_level"]) if isinstance(found, Mapping) and _counts(found, 0) else None


def is_bot(project: Project, user: object) -> bool:
    """Whether an account is no person's: the bot of an access token, or a service account, which GitLab says."""
    if _BOT.fullmatch(login_of(user)):
        return True
    identity = user.get("id") if isinstance(user, Mapping) else None
    found = project.channel.find(f"/users/{identity}") if isinstance(identity, int) else None
    return isinstance(found, Mapping) and found.get("bot") is True


def _counts(person: Mapping[str, Any], least: int) -> bool:
    level = person.get("access_level")
    is_there = person.get("state") == "active" and person.get("membership_state", "active") == "active"
    return is_there and isinstance(level, int) and level >= least
