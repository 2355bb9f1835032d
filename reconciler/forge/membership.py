"""Owners: whether a person is one, by name or as a member of a team, and whether there is anybody who could approve."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from reconciler.findings import RemoteError
from reconciler.forge.people import People, Roster
from reconciler.model.approvals import OWNER


@dataclass
class Membership:
    """Answers whether people own something; each team is read once."""

    people: People
    _rosters: dict[str, Roster | None] = field(default_factory=dict)
    _members: dict[tuple[str, str], bool] = field(default_factory=dict)
    _seen: dict[str, bool] = field(default_factory=dict)
    _listed: dict[str, bool] = field(default_factory=dict)

    def read(self, owners: Iterable[str]) -> None:
        """Read the teams among `owners`, together where that is cheaper."""
        teams = {f"{name}/{team}" for name, team in map(_parts, owners) if team}
        self._rosters |= self.people.rosters(teams - self._rosters.keys())

    def is_any(self, login: str, owners: Iterable[str]) -> bool:
        """Whether `login` is one of `owners`, written `@login` or `@organization/team`; people are looked at first."""
        return any(self.is_owner(login, owner) for owner in sorted(owners, key=lambda owner: "/" in owner))

    def is_owner(self, login: str, owner: str) -> bool:
        """Whether `login` is the person, or an active member of the team, that `owner` names."""
        name, team = _parts(owner)
        if not team:
            return bool(name) and name == login.lower()
        roster = self._roster(f"{name}/{team}")
        if roster is None or (not roster.is_whole and login.lower() not in roster.logins):
            return self._is_member(login, f"{name}/{team}")
        return login.lower() in roster.logins

    def could_approve(self, owners: Iterable[str], *, without: frozenset[str], needed: int) -> bool:
        """Whether at least `needed` people are owners and not among `without`; True where that cannot be told.

        A team that is gone or empty has nobody, and neither has the name of a person who cannot see the repository.
        """
        people: set[str] = set()
        for owner in owners:
            name, team = _parts(owner)
            if not team:
                people |= {name} if name and self._is_there(name) else set()
                continue
            roster = self._roster(f"{name}/{team}")
            if roster is None and not self._is_gone(name):
                return True
            if roster is not None and not roster.is_whole:
                return True
            people |= roster.logins if roster else set()
        return len(people - without) >= needed

    def unseen(self, owners: Iterable[str]) -> tuple[str, ...]:
        """Return the teams among `owners` of which this token does not see whether they are there."""
        parts = ((owner, *_parts(owner)) for owner in owners)
        return tuple(
            owner
            for owner, name, team in parts
            if team and self._roster(f"{name}/{team}") is None and not self._is_gone(name)
        )

    def administrators(self) -> tuple[str, ...]:
        """Return who owns the organization on the forge, as owners; nobody where that cannot be told."""
        try:
            return tuple(f"@{login}" for login in self.people.administrators())
        except RemoteError:
            return ()

    def _roster(self, team: str) -> Roster | None:
        if team not in self._rosters:
            self._rosters[team] = self.people.roster(team)
        return self._rosters[team]

    def _is_member(self, login: str, team: str) -> bool:
        asked = (login.lower(), team)
        if asked not in self._members:
            self._members[asked] = self.people.is_member(login, team)
        return self._members[asked]

    def _is_gone(self, organization: str) -> bool:
        """Whether a team that is not listed is not there: so it is where this token sees the organization's teams."""
        if organization not in self._listed:
            self._listed[organization] = self.people.lists_teams(organization)
        return self._listed[organization]

    def _is_there(self, login: str) -> bool:
        """Whether a person can see the repository; True where that cannot be told."""
        if login not in self._seen:
            try:
                self._seen[login] = self.people.sees_repository(login)
            except RemoteError:
                self._seen[login] = True
        return self._seen[login]


def _parts(owner: str) -> tuple[str, str]:
    """Return a person's login and an empty text, or an organization and a team, in lower case."""
    match = OWNER.fullmatch(owner.strip())
    return (match["name"].lower(), (match["team"] or "").lower()) if match else ("", "")
