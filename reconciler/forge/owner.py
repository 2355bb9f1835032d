"""Owners: whether a person is one, by name or as a member of a team."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from reconciler.forge.channel import Channel
from reconciler.model.approvals import OWNER


@dataclass
class Membership:
    """Answers whether people own something; each membership is asked for once."""

    channel: Channel
    _known: dict[tuple[str, str], bool] = field(default_factory=dict)

    def is_any(self, login: str, owners: Iterable[str]) -> bool:
        """Whether `login` is one of `owners`, written `@login` or `@organization/team`."""
        return any(self.is_owner(login, owner) for owner in owners)

    def is_owner(self, login: str, owner: str) -> bool:
        """Whether `login` is the person, or an active member of the team, that `owner` names."""
        match = OWNER.fullmatch(owner.strip())
        if match is None:
            return False
        if match["team"] is None:
            return match["name"].lower() == login.lower()
        return self._is_member(login, match["name"], match["team"])

    def _is_member(self, login: str, organization: str, team: str) -> bool:
        asked = (login.lower(), f"{organization}/{team}".lower())
        if asked not in self._known:
            path = f"/orgs/{organization}/teams/{team.lower()}/memberships/{login}"
            found = self.channel.find(path)
            self._known[asked] = isinstance(found, dict) and found.get("state") == "active"
        return self._known[asked]
