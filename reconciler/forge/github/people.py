"""People on GitHub: who is in teams of an organization, who may write, and who can be assigned.

A few teams are listed one by one. Many are asked for together, a hundred in one query, where the GitHub answers
queries; where it does not, they are listed one by one as well. Both list members of teams inside a team, and nobody
who was invited and did not accept yet.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from reconciler.findings import RejectedError, RemoteError
from reconciler.forge.github.channel import Channel
from reconciler.forge.github.repository import Repository, login_of
from reconciler.forge.people import Roster

MANY = 12
"""More teams of one organization than that are asked for together."""

_AT_ONCE = 100
_PLENTY = 1_000
_WRITES = frozenset({"admin", "write"})
_LOGIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,99}")
_SLUG = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")


@dataclass(frozen=True, slots=True)
class GitHubPeople:
    """The people of one repository and of the organizations that its owners are in."""

    channel: Channel
    repository: Repository

    def roster(self, team: str) -> Roster | None:
        organization, _, slug = team.partition("/")
        try:
            people, is_whole = self.channel.first_page(f"/orgs/{organization}/teams/{slug}/members")
        except RejectedError as error:
            if error.status == 404:
                return None
            raise
        return Roster(frozenset(login_of(person).lower() for person in people), is_whole)

    def rosters(self, teams: Collection[str]) -> Mapping[str, Roster]:
        wanted: dict[str, set[str]] = defaultdict(set)
        for team in teams:
            organization, _, slug = team.partition("/")
            wanted[organization].add(slug)
        found: dict[str, Roster] = {}
        for organization, slugs in wanted.items():
            if len(slugs) > MANY:
                found |= {f"{organization}/{slug}": roster for slug, roster in self._together(organization, slugs)}
        return found

    def is_member(self, login: str, team: str) -> bool:
        organization, _, slug = team.partition("/")
        found = self.channel.find(f"/orgs/{organization}/teams/{slug}/memberships/{login}")
        return isinstance(found, Mapping) and found.get("state") == "active"

    def lists_teams(self, organization: str) -> bool:
        try:
            self.channel.first_page(f"/orgs/{organization}/teams")
        except RemoteError:
            return False
        return True

    def sees_repository(self, login: str) -> bool:
        return self.channel.exists(f"{self.repository.path}/collaborators/{login}")

    def administrators(self) -> tuple[str, ...]:
        people = list(self.channel.pages(f"/orgs/{self.repository.owner}/members", role="admin"))
        return tuple(login_of(person) for person in people[:_PLENTY] if login_of(person))

    def may_write(self, login: str) -> bool:
        """To GitHub, maintain is a kind of write, and triage a kind of read."""
        if _LOGIN.fullmatch(login) is None:
            return False
        found = self.channel.find(f"{self.repository.path}/collaborators/{login}/permission")
        return isinstance(found, Mapping) and found.get("permission") in _WRITES

    def can_be_assigned(self, login: str) -> bool:
        return self.channel.exists(f"{self.repository.path}/assignees/{login}")

    def _together(self, organization: str, slugs: Collection[str]) -> Iterator[tuple[str, Roster]]:
        """Yield the rosters that one query after another tells, until one is not answered."""
        asked = sorted(slug for slug in slugs if _SLUG.fullmatch(slug))
        for start in range(0, len(asked), _AT_ONCE):
            part = asked[start : start + _AT_ONCE]
            try:
                answer = self.channel.query(_question(part), {"organization": organization})
            except RemoteError:
                return
            yield from _rosters(answer, part)


def _question(slugs: Collection[str]) -> str:
    """Return the query. The names in it are of letters, digits, `_`, `.` and `-` alone."""
    parts = "".join(
        f't{number}: team(slug: "{slug}") {{ members(first: 100) {{ nodes {{ login }} pageInfo {{ hasNextPage }} }} }} '
        for number, slug in enumerate(slugs)
    )
    return f"query($organization: String!) {{ organization(login: $organization) {{ {parts}}} }}"


def _rosters(answer: Any, slugs: Collection[str]) -> Iterator[tuple[str, Roster]]:
    within = answer.get("organization") if isinstance(answer, Mapping) else None
    for number, slug in enumerate(slugs):
        item = within.get(f"t{number}") if isinstance(within, Mapping) else None
        members = item.get("members") if isinstance(item, Mapping) else None
        nodes = members.get("nodes") if isinstance(members, Mapping) else None
        paging = members.get("pageInfo") if isinstance(members, Mapping) else None
        if isinstance(nodes, list) and isinstance(paging, Mapping):
            logins = frozenset(login_of(node).lower() for node in nodes) - {""}
            yield slug, Roster(logins, paging.get("hasNextPage") is False)
