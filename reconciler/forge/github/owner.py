"""Owners: whether a person is one, by name or as a member of a team, and whether there is anybody who could approve."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

from reconciler.findings import RemoteError
from reconciler.forge.github.channel import Channel
from reconciler.forge.github.repository import Repository, login_of
from reconciler.forge.github.roster import MANY, Roster, listed, together
from reconciler.model.approvals import OWNER

_PLENTY = 1_000


@dataclass
class Membership:
    """Answers whether people own something; each team is read once."""

    channel: Channel
    repository: Repository | None = None
    _rosters: dict[tuple[str, str], Roster | None] = field(default_factory=dict)
    _asked: dict[tuple[str, str, str], bool] = field(default_factory=dict)
    _exist: dict[str, bool] = field(default_factory=dict)

    def read(self, owners: Iterable[str]) -> None:
        """Read the teams among `owners`, together where they are many."""
        wanted: dict[str, set[str]] = defaultdict(set)
        for owner in owners:
            organization, team = _parts(owner)
            if team and (organization, team) not in self._rosters:
                wanted[organization].add(team)
        for organization, teams in wanted.items():
            if len(teams) > MANY:
                found = together(self.channel, organization, teams)
                self._rosters.update({(organization, team): roster for team, roster in found.items()})

    def is_any(self, login: str, owners: Iterable[str]) -> bool:
        """Whether `login` is one of `owners`, written `@login` or `@organization/team`; people are looked at first."""
        return any(self.is_owner(login, owner) for owner in sorted(owners, key=lambda owner: "/" in owner))

    def is_owner(self, login: str, owner: str) -> bool:
        """Whether `login` is the person, or an active member of the team, that `owner` names."""
        organization, team = _parts(owner)
        if not team:
            return bool(organization) and organization == login.lower()
        roster = self._roster(organization, team)
        if roster is None or (not roster.is_whole and login.lower() not in roster.logins):
            return self._is_member(login, organization, team)
        return login.lower() in roster.logins

    def could_approve(self, owners: Iterable[str], *, without: frozenset[str], needed: int) -> bool:
        """Whether at least `needed` people are owners and not among `without`; True where that cannot be told.

        A team that is gone or empty has nobody, and neither has the name of a person who cannot see the repository.
        """
        people: set[str] = set()
        for owner in owners:
            organization, team = _parts(owner)
            if not team:
                people |= {organization} if organization and self._is_there(organization) else set()
                continue
            roster = self._roster(organization, team)
            if roster is None and not self._is_gone(organization):
                return True
            if roster is not None and not roster.is_whole:
                return True
            people |= roster.logins if roster else set()
        return len(people - without) >= needed

    def administrators(self, organization: str) -> tuple[str, ...]:
        """Return who owns the organization on GitHub, as owners; nobody where that cannot be told."""
        try:
            people = list(self.channel.pages(f"/orgs/{organization}/members", role="admin"))
        except RemoteError:
            return ()
        return tuple(f"@{login_of(person)}" for person in people[:_PLENTY] if login_of(person))

    def _roster(self, organization: str, team: str) -> Roster | None:
        if (organization, team) not in self._rosters:
            self._rosters[organization, team] = listed(self.channel, organization, team)
        return self._rosters[organization, team]

    def _is_member(self, login: str, organization: str, team: str) -> bool:
        asked = (login.lower(), organization, team)
        if asked not in self._asked:
            found = self.channel.find(f"/orgs/{organization}/teams/{team}/memberships/{login}")
            self._asked[asked] = isinstance(found, dict) and found.get("state") == "active"
        return self._asked[asked]

    def _is_gone(self, organization: str) -> bool:
        """Whether a team that is not listed is not there: so it is where this token sees the organization's teams."""
        if organization not in self._exist:
            try:
                self.channel.first_page(f"/orgs/{organization}/teams")
                self._exist[organization] = True
            except RemoteError:
                self._exist[organization] = False
        return self._exist[organization]

    def _is_there(self, login: str) -> bool:
        """Whether a person can see the repository; True where that cannot be told."""
        if self.repository is None:
            return True
        asked = (login, "", "")
        if asked not in self._asked:
            try:
                self._asked[asked] = self.channel.exists(f"{self.repository.path}/collaborators/{login}")
            except RemoteError:
                self._asked[asked] = True
        return self._asked[asked]


def _parts(owner: str) -> tuple[str, str]:
    """Return a person's login and an empty text, or an organization and a team, in lower case."""
    match = OWNER.fullmatch(owner.strip())
    return (match["name"].lower(), (match["team"] or "").lower()) if match else ("", "")
