"""Rosters: who is in teams of an organization, read with as few requests as there can be.

A few teams are listed one by one. Many are asked for together, a hundred in one query, where the GitHub answers
queries; where it does not, they are listed one by one as well. Both list members of teams inside a team, and nobody
who was invited and did not accept yet.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from reconciler.findings import RejectedError, RemoteError
from reconciler.forge.github.channel import Channel
from reconciler.forge.github.repository import login_of

MANY = 12
"""More teams than that are asked for together."""

_AT_ONCE = 100
_SLUG = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")


@dataclass(frozen=True, slots=True)
class Roster:
    """Members of a team, in lower case; not `is_whole` where there are more than one answer holds."""

    logins: frozenset[str]
    is_whole: bool


def listed(channel: Channel, organization: str, team: str) -> Roster | None:
    """Return the first members of a team, None where the GitHub does not list it: it is not there, or not to be seen.

    Raises:
        ForbiddenError: the token may not read members.
    """
    path = f"/orgs/{organization}/teams/{team}/members"
    try:
        people, is_whole = channel.first_page(path)
    except RejectedError as error:
        if error.status == 404:
            return None
        raise
    return Roster(frozenset(login_of(person).lower() for person in people), is_whole)


def together(channel: Channel, organization: str, teams: Collection[str]) -> dict[str, Roster]:
    """Return the rosters of teams that one query after another tells; a team that none tells of is left out."""
    found: dict[str, Roster] = {}
    asked = sorted(team for team in teams if _SLUG.fullmatch(team))
    for start in range(0, len(asked), _AT_ONCE):
        part = asked[start : start + _AT_ONCE]
        try:
            answer = channel.query(_question(part), {"organization": organization})
        except RemoteError:
            return found
        found.update(_rosters(answer, part))
    return found


def _question(teams: Collection[str]) -> str:
    """Return the query. The names in it are of letters, digits, `_`, `.` and `-` alone."""
    parts = "".join(
        f't{number}: team(slug: "{team}") {{ members(first: 100) {{ nodes {{ login }} pageInfo {{ hasNextPage }} }} }} '
        for number, team in enumerate(teams)
    )
    return f"query($organization: String!) {{ organization(login: $organization) {{ {parts}}} }}"


def _rosters(answer: Any, teams: Collection[str]) -> Iterator[tuple[str, Roster]]:
    within = answer.get("organization") if isinstance(answer, Mapping) else None
    for number, team in enumerate(teams):
        item = within.get(f"t{number}") if isinstance(within, Mapping) else None
        members = item.get("members") if isinstance(item, Mapping) else None
        nodes = members.get("nodes") if isinstance(members, Mapping) else None
        paging = members.get("pageInfo") if isinstance(members, Mapping) else None
        if isinstance(nodes, list) and isinstance(paging, Mapping):
            logins = frozenset(login_of(node).lower() for node in nodes) - {""}
            yield team, Roster(logins, paging.get("hasNextPage") is False)
