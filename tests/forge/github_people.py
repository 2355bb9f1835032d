"""The stand-in's people: teams, members, collaborators, by REST and by query."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

if TYPE_CHECKING:
    from forge.github_standin import State

_TEAM = re.compile(r't(\d+): team\(slug: "([^"]+)"\)')
_MOST_NODES = 500_000


class People:
    """What a GitHub answers about people. A team's members do not hold those who were only invited."""

    state: State

    def people_routes(self) -> list[tuple[str, str, Callable[..., Any]]]:
        return [
            ("GET", "/orgs/{org}/teams/{team}/memberships/{login}", self.membership),
            ("GET", "/orgs/{org}/teams/{team}/members", self.team_members),
            ("GET", "/orgs/{org}/teams", self.teams),
            ("GET", "/orgs/{org}/members", self.organization_members),
            ("GET", "/repos/{owner}/{repo}/collaborators/{login}", self.collaborator),
            ("GET", "/repos/{owner}/{repo}/collaborators/{login}/permission", self.permission),
            ("GET", "/repos/{owner}/{repo}/assignees/{login}", self.assignee),
            ("POST", "/graphql", self.query),
        ]

    def roster(self, organization: str, team: str) -> list[str] | None:
        """Return who is in a team, None where there is none of that name."""
        name = f"{organization}/{team}".lower()
        found = sorted(login for where, login in self.state.members if where.lower() == name)
        known = {where.lower() for where, _ in self.state.pending_members} | {t.lower() for t in self.state.teams}
        return found if found or name in known else None

    def membership(self, request: Request, actor: str, body: Any) -> Response:
        asked = (f"{request.path_params['org']}/{request.path_params['team']}", request.path_params["login"])
        if asked in self.state.members:
            return JSONResponse({"state": "active", "role": "member"})
        if asked in self.state.pending_members:
            return JSONResponse({"state": "pending", "role": "member"})
        return _missing()

    def team_members(self, request: Request, actor: str, body: Any) -> Any:
        found = self.roster(request.path_params["org"], request.path_params["team"])
        return _missing() if found is None else ([_user(login) for login in found],)

    def teams(self, request: Request, actor: str, body: Any) -> Any:
        named = {where for where, _ in self.state.members | self.state.pending_members} | self.state.teams
        slugs = sorted(name.partition("/")[2] for name in named)
        return ([{"id": number, "slug": slug, "name": slug} for number, slug in enumerate(slugs, 1)],)

    def organization_members(self, request: Request, actor: str, body: Any) -> Any:
        assert request.query_params.get("role") == "admin"
        return ([_user(login) for login in sorted(self.state.administrators)],)

    def collaborator(self, request: Request, actor: str, body: Any) -> Response:
        login = request.path_params["login"].lower()
        return _missing() if login in self.state.outsiders else Response(status_code=204)

    def permission(self, request: Request, actor: str, body: Any) -> Response:
        """Say what a person may do; GitHub calls maintain a kind of write, and triage a kind of read."""
        login = request.path_params["login"]
        role = self.state.roles.get(login)
        if role is None:
            return _missing()
        legacy = {"maintain": "write", "triage": "read"}.get(role, role)
        return JSONResponse({"permission": legacy, "role_name": role, "user": None})

    def assignee(self, request: Request, actor: str, body: Any) -> Response:
        return Response(status_code=204) if request.path_params["login"] in self.state.assignable else _missing()

    def query(self, request: Request, actor: str, body: Any) -> Response:
        if not self.state.answers_queries:
            return _missing()
        organization = body["variables"]["organization"]
        asked = _TEAM.findall(body["query"])
        assert len(asked) * 100 <= _MOST_NODES
        found = {f"t{number}": self._queried(organization, slug) for number, slug in asked}
        return JSONResponse({"data": {"organization": found}})

    def _queried(self, organization: str, slug: str) -> dict[str, Any] | None:
        found = self.roster(organization, slug)
        if found is None:
            return None
        nodes = [{"login": login} for login in found[:100]]
        return {"members": {"nodes": nodes, "pageInfo": {"hasNextPage": len(found) > 100}}}


def _user(login: str) -> dict[str, Any]:
    return {"login": login, "id": 1, "type": "User"}


def _missing() -> Response:
    return JSONResponse({"message": "Not Found"}, 404)
