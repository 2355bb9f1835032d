"""Who is who on a forge: what its package answers about people and teams."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Roster:
    """Members of a team, in lower case; not `is_whole` where there are more than one answer holds."""

    logins: frozenset[str]
    is_whole: bool


class People(Protocol):
    """Who is who. A team is `organization/team` in lower case; nobody counts who was invited and did not accept."""

    def roster(self, team: str) -> Roster | None:
        """Return the members of a team and of teams within it; None where it is not listed: not there, or not seen.

        Raises ForbiddenError where the token may read no members.
        """

    def rosters(self, teams: Collection[str]) -> Mapping[str, Roster]:
        """Return rosters that are cheaper to read together than one by one; whatever is left out is asked by `roster`.

        Nothing may be returned. Raises no RemoteError: what cannot be read together is left out.
        """

    def is_member(self, login: str, team: str) -> bool:
        """Whether a person is an active member of a team: asked where a roster is not whole, or there is none."""

    def lists_teams(self, organization: str) -> bool:
        """Whether this token sees the organization's teams: then one that is not listed is not there."""

    def sees_repository(self, login: str) -> bool:
        """Whether a person can see the repository; RemoteError where that cannot be told."""

    def administrators(self) -> tuple[str, ...]:
        """Return the logins of those who own the organization on the forge, 1,000 at most."""

    def may_write(self, login: str) -> bool:
        """Whether a person may push to the repository, as the forge says now."""

    def can_be_assigned(self, login: str) -> bool:
        """Whether an issue of the repository can be assigned to a person."""
