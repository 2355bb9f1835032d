"""A GitLab that holds state: a real HTTP server on loopback, unkind where GitLab is, judged by its reference."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import unquote, urlencode

from forge.github_description import Answered
from forge.github_standin import GitHub, Pull, serving
from forge.gitlab_description import Asked, reference
from forge.gitlab_state import OPENED, PROJECT, READ_ONLY, TOKENS, GitLabState
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

ROLES = {"admin": 50, "maintain": 40, "write": 30, "triage": 20, "read": 20}
MOST_COMMITS_TOTAL = 10_000
Handler = Callable[[Request, str, Any, tuple[str, ...]], Any]


class GitLab:
    """The server's side: routes over what a GitLab knows."""

    def __init__(self, state: GitLabState) -> None:
        self.state = state
        project, iid, sha = r"/projects/([^/]+)", r"/merge_requests/(\d+)", r"/repository/commits/([0-9a-f]+)"
        self.routes: list[tuple[str, str, Handler]] = [
            ("GET", "/user", self.me),
            ("GET", "/personal_access_tokens/self", self.token),
            ("GET", "/users", self.users),
            ("GET", r"/users/(\d+)", self.known),
            ("GET", project, self.project),
            ("GET", rf"{project}/events", self.events),
            ("GET", rf"{project}/members/all/(\d+)", self.member),
            ("GET", rf"{project}/protected_branches/([^/]+)", self.protected_branch),
            ("GET", r"/groups/([^/]+)/members/all/(\d+)", self.group_member),
            ("GET", r"/groups/([^/]+)/members", self.group_members),
            ("GET", rf"{project}/merge_requests", self.merge_requests),
            ("GET", rf"{project}{iid}", self.merge_request),
            ("GET", rf"{project}{iid}/commits", self.commits),
            ("GET", rf"{project}{iid}/versions", self.versions),
            ("GET", rf"{project}{iid}/diffs", self.diffs),
            ("GET", rf"{project}{iid}/approvals", self.approvals),
            ("GET", rf"{project}{iid}/reviewers", self.reviewers),
            ("GET", rf"{project}{iid}/award_emoji", self.awards),
            ("GET", rf"{project}{iid}/notes", self.notes),
            ("POST", rf"{project}{iid}/notes", self.create_note),
            ("PUT", rf"{project}{iid}/notes/(\d+)", self.update_note),
            ("DELETE", rf"{project}{iid}/notes/(\d+)", self.delete_note),
            ("GET", rf"{project}{iid}/discussions", self.discussions),
            ("POST", rf"{project}{iid}/discussions", self.create_discussion),
            ("GET", rf"{project}{sha}", self.commit),
            ("GET", rf"{project}{sha}/merge_requests", self.commit_requests),
            ("GET", rf"{project}{sha}/statuses", self.statuses),
            ("POST", rf"{project}/statuses/([0-9a-f]+)", self.create_status),
            ("GET", rf"{project}/merge_requests/(\d+)/pipelines", self.pipelines),
            ("GET", rf"{project}/issues", self.issues),
            ("POST", rf"{project}/issues", self.create_issue),
            ("GET", rf"{project}/issues/(\d+)", self.one_issue),
            ("PUT", rf"{project}/issues/(\d+)", self.update_issue),
            ("POST", rf"{project}/pipeline", self.start),
        ]
        methods = ["GET", "POST", "PUT", "DELETE"]
        self.app = Starlette(
            routes=[
                Route("/api/graphql", self.query, methods=["POST"]),
                Route("/api/v4/{rest:path}", self.respond, methods=methods),
            ]
        )

    async def respond(self, request: Request) -> Response:
        body = await request.body()
        path = request.scope["raw_path"].decode("ascii").partition("?")[0]
        response = self.carried_out(request, path, json.loads(body) if body else None)
        self.judge(request, path, body, response)
        return Response("the answer was lost", 502) if response.status_code == 599 else response

    def carried_out(self, request: Request, path: str, document: Any) -> Response:
        state = self.state
        state.requests.append((request.method, path, document))
        token = request.headers.get("private-token", "")
        actor = TOKENS.get(token)
        if actor is None:
            return JSONResponse({"message": "401 Unauthorized"}, 401)
        if token in READ_ONLY and request.method != "GET":
            return JSONResponse({"error": "insufficient_scope", "scope": "api"}, 403)
        fault = self.fault(request.method, path)
        if fault is not None and fault.status_code != 599:
            return fault
        for method, pattern, handle in self.routes:
            match = re.fullmatch(f"/api/v4{pattern}", path)
            if match and method == request.method:
                return self.answered(request, actor, document, handle, match.groups(), is_lost=fault is not None)
        return JSONResponse({"error": "404 Not Found"}, 404)

    def answered(
        self, request: Request, actor: str, body: Any, handle: Handler, parts: tuple[str, ...], *, is_lost: bool
    ) -> Response:
        is_about_project = request.url.path.startswith("/api/v4/projects/")
        if is_about_project and unquote(parts[0]) not in (str(PROJECT), self.state.repository):
            return JSONResponse({"message": "404 Project Not Found"}, 404)
        result = handle(request, actor, body, parts)
        response = self.listed(request, result) if isinstance(result, list) else result
        return Response(response.body, 599) if is_lost else response

    def fault(self, method: str, path: str) -> Response | None:
        for index, (pattern, fault) in enumerate(self.state.faults):
            if re.fullmatch(pattern, f"{method} {path}"):
                del self.state.faults[index]
                return fault(self.state)
        return None

    def listed(self, request: Request, items: list[dict[str, Any]]) -> Response:
        """Answer one page; of listings above 10,000 GitLab does not say how many there are."""
        size = min(int(request.query_params.get("per_page", "20")), self.state.page_cap)
        page = int(request.query_params.get("page", "1"))
        is_last = page * size >= len(items)
        headers = {"x-page": str(page), "x-per-page": str(size), "x-next-page": "" if is_last else str(page + 1)}
        if not is_last:
            query = urlencode({**request.query_params, "page": page + 1})
            raw = request.scope["raw_path"].decode("ascii").partition("?")[0]
            headers["link"] = f'<{request.url.scheme}://{request.url.netloc}{raw}?{query}>; rel="next"'
        if len(items) <= MOST_COMMITS_TOTAL:
            headers["x-total"] = str(len(items))
        return JSONResponse(items[(page - 1) * size : page * size], headers=headers)

    def judge(self, request: Request, path: str, body: bytes, response: Response) -> None:
        judge = reference()
        if judge is None or not self.state.is_judged(request, response):
            return
        asked = Asked(request.method, path, request.query_params, body or None)
        status = 500 if response.status_code == 599 else response.status_code
        if complaint := judge.complaint(asked, Answered(status, bytes(response.body) or None)):
            self.state.complaints.append(complaint)

    def user(self, login: str) -> dict[str, Any]:
        state = "blocked" if login in self.state.blocked else "active"
        return {"id": self.state.id_of(login), "username": login, "name": login.title(), "state": state}

    def login_of(self, identity: int) -> str | None:
        return next((login for login, known in self.state.ids.items() if known == identity), None)

    def token(self, request: Request, actor: str, body: Any, parts: tuple[str, ...]) -> Response:
        """What a token is, of whomever: those of projects are of their bots."""
        facts = {"id": 11, "name": "budgets", "revoked": False, "active": True, "scopes": ["api"]}
        facts |= {"user_id": self.state.id_of(actor), "created_at": OPENED, "expires_at": self.state.token_ends}
        return JSONResponse(facts)

    def me(self, request: Request, actor: str, body: Any, parts: tuple[str, ...]) -> Response:
        return JSONResponse({**self.user(actor), "bot": "bot" in actor})

    def users(self, request: Request, actor: str, body: Any, parts: tuple[str, ...]) -> Any:
        name = request.query_params.get("username", "")
        return [self.user(name)] if name and name.lower() not in self.state.outsiders else []

    def known(self, request: Request, actor: str, body: Any, parts: tuple[str, ...]) -> Response:
        login = self.login_of(int(parts[0]))
        if login is None:
            return JSONResponse({"message": "404 User Not Found"}, 404)
        return JSONResponse({**self.user(login), "bot": "_bot" in login or login in self.state.service_accounts})

    def project(self, request: Request, actor: str, body: Any, parts: tuple[str, ...]) -> Response:
        return JSONResponse(
            {
                "id": PROJECT,
                "path_with_namespace": self.state.repository,
                "default_branch": self.state.default_branch,
                "only_allow_merge_if_pipeline_succeeds": self.state.pipelines_must_succeed,
                "web_url": f"https://gitlab.test/{self.state.repository}",
            }
        )

    def events(self, request: Request, actor: str, body: Any, parts: tuple[str, ...]) -> list[dict[str, Any]]:
        """Return what was pushed, newest first: forced pushes look like all others, and the list is of all branches."""
        assert request.query_params["action"] == "pushed"
        pushes = [*self.state.pushes, *self.state.force_pushes]
        return [
            {
                "id": number,
                "action_name": "pushed to",
                "created_at": "2026-06-18T12:00:00.000Z",
                "push_data": {
                    "commit_count": 1,
                    "action": "pushed" if before else "created",
                    "ref_type": "tag" if reference.startswith("refs/tags/") else "branch",
                    "commit_from": before or None,
                    "commit_to": after,
                    "ref": reference.split("/", 2)[2],
                    "commit_title": "Change",
                    "ref_count": None,
                },
            }
            for number, (reference, before, after) in reversed(list(enumerate(pushes, start=1)))
        ]

    def protected_branch(self, request: Request, actor: str, body: Any, parts: tuple[str, ...]) -> Response:
        level = self.state.protected.get(unquote(parts[1]))
        levels = [{"access_level": level}]
        return missing() if level is None else JSONResponse({"name": parts[1], "push_access_levels": levels})

    def member(self, request: Request, actor: str, body: Any, parts: tuple[str, ...]) -> Response:
        login = self.login_of(int(parts[1]))
        if login is None or login.lower() in self.state.outsiders:
            return missing()
        level = ROLES[self.state.roles.get(login, "write")]
        return JSONResponse({**self.user(login), "access_level": level, "expires_at": None})

    def roster(self, path: str) -> list[dict[str, Any]] | None:
        people = {login: 30 for where, login in self.state.members if where.lower() == path.lower()}
        if path.lower() == self.state.repository.partition("/")[0].lower():
            people |= dict.fromkeys(self.state.administrators, 50)
            return self._levels(people)
        known = {where.lower() for where, _ in self.state.members} | {name.lower() for name in self.state.teams}
        return self._levels(people) if path.lower() in known else None

    def _levels(self, people: dict[str, int]) -> list[dict[str, Any]]:
        return [{**self.user(login), "access_level": level} for login, level in sorted(people.items())]

    def group_member(self, request: Request, actor: str, body: Any, parts: tuple[str, ...]) -> Response:
        """Members of groups around a group are members of it; here only bots of the group at the top are asked for.

        Without anybody who reads members, no group is to be seen.
        """
        login = self.login_of(int(parts[1]))
        bots = self.state.group_bots if self.state.reads_members else {}
        if login is None or unquote(parts[0]) not in bots.get(login, ()):
            return missing()
        return JSONResponse({**self.user(login), "access_level": 20})

    def group_members(self, request: Request, actor: str, body: Any, parts: tuple[str, ...]) -> Any:
        if not self.state.reads_members:
            return missing()
        found = self.roster(unquote(parts[0]))
        return missing() if found is None else found

    def document(self, pull: Pull) -> dict[str, Any]:
        merged = pull.merge_commit is not None
        tip = pull.merge_commit if pull.number in self.state.rebased and merged else pull.head
        only = pull.merge_commit if pull.number not in self.state.rebased | self.state.trained else None
        squash = only if pull.number in self.state.squashed else None
        return {
            "id": 9000 + pull.number,
            "iid": pull.number,
            "state": "merged" if merged else {"open": "opened"}.get(pull.state, pull.state),
            "author": self.user(pull.author or "ghost"),
            "sha": tip,
            "source_branch": pull.head_ref,
            "target_branch": pull.base_ref,
            "source_project_id": 8 if pull.fork else PROJECT,
            "target_project_id": PROJECT,
            "merge_commit_sha": None if squash else only,
            "squash_commit_sha": squash,
            "web_url": f"https://gitlab.test/{self.state.repository}/-/merge_requests/{pull.number}",
            "merged_at": self.state.merged_at.get(pull.number),
        }

    def merge_requests(self, request: Request, actor: str, body: Any, parts: tuple[str, ...]) -> Any:
        state, branch = request.query_params.get("state", "all"), request.query_params.get("target_branch")
        newest = request.query_params.get("sort", "desc") == "desc"
        listed = [self.document(pull) for _, pull in sorted(self.state.pulls.items(), reverse=newest)]
        return [item for item in listed if state in ("all", item["state"]) and branch in (None, item["target_branch"])]

    def merge_request(self, request: Request, actor: str, body: Any, parts: tuple[str, ...]) -> Response:
        pull = self.state.pulls.get(int(parts[1]))
        if pull is None:
            return missing()
        references = {"base_sha": pull.base, "head_sha": pull.head, "start_sha": pull.base}
        return JSONResponse({**self.document(pull), "diff_refs": references})

    def pull(self, parts: tuple[str, ...]) -> Pull:
        return self.state.pulls[int(parts[1])]

    def commits(self, request: Request, actor: str, body: Any, parts: tuple[str, ...]) -> Any:
        pull = self.pull(parts)
        return [self.commit_document(pull, sha, author, listed=True) for sha, author in reversed(pull.commits)]

    def commit_document(self, pull: Pull, sha: str, author: str, *, listed: bool = False) -> dict[str, Any]:
        """A commit. In the listing of a merge request GitLab leaves its parents out."""
        facts = pull.facts.get(sha, {})
        email = facts.get("email", f"{author or 'nobody'}@acme.test")
        committer = facts.get("committer", author)
        own = email if committer == author or committer == "web-flow" else f"{committer}@acme.test"
        return {
            "id": sha,
            "parent_ids": [] if listed else list(facts.get("parents", ("b" * 40,))),
            "message": facts.get("message", "Change"),
            "author_name": author or "Somebody",
            "author_email": email,
            "committer_name": committer or "Somebody",
            "committer_email": own,
        }

    def versions(self, request: Request, actor: str, body: Any, parts: tuple[str, ...]) -> Any:
        return self.state.versions(self.pull(parts))

    def diffs(self, request: Request, actor: str, body: Any, parts: tuple[str, ...]) -> Any:
        same = {"new_file": False, "deleted_file": False, "too_large": False, "collapsed": False}
        return [
            {"old_path": path, "new_path": path, "diff": patch, **same}
            for path, patch in self.pull(parts).patches.items()
        ]

    def approvals(self, request: Request, actor: str, body: Any, parts: tuple[str, ...]) -> Response:
        given = [item for item in self.state.opinions(int(parts[1])).values() if item["state"] == "APPROVED"]
        by = [
            {
                "user": self.user(item["user"]["login"]),
                **({"approved_at": item["submitted_at"]} if self.state.tells_when else {}),
            }
            for item in given
        ]
        return JSONResponse({"approved": bool(by), "approved_by": by})

    def reviewers(self, request: Request, actor: str, body: Any, parts: tuple[str, ...]) -> Any:
        """Everybody who reviewed; this listing has no pages."""
        states = {"APPROVED": "approved", "CHANGES_REQUESTED": "requested_changes", "DISMISSED": "unapproved"}
        return JSONResponse(
            [
                {"user": self.user(login), "state": states[item["state"]], "created_at": item["submitted_at"]}
                for login, item in self.state.opinions(int(parts[1])).items()
            ]
        )

    def awards(self, request: Request, actor: str, body: Any, parts: tuple[str, ...]) -> Any:
        given = [
            {
                "id": item["id"],
                "name": self.state.thumb,
                "user": self.user(item["user"]["login"]),
                "created_at": item["submitted_at"],
            }
            for item in self.state.thumbs(int(parts[1]))
        ]
        before = [
            {"id": 9_000 + place, "name": name, "user": self.user(login), "created_at": "2026-01-01T00:00:00Z"}
            for place, (login, name) in enumerate(self.state.thumbs_before.items())
        ]
        return before + given

    def note(self, item: dict[str, Any], *, system: bool = False) -> dict[str, Any]:
        login = item["user"]["login"]
        at = item["created_at"]
        return {
            "id": item["id"],
            "type": "DiffNote" if "line" in item else None,
            "body": item["body"],
            "author": self.user(login),
            "system": system,
            "created_at": at,
            "updated_at": item.get("updated_at", at),
        }

    def notes(self, request: Request, actor: str, body: Any, parts: tuple[str, ...]) -> Any:
        number = int(parts[1])
        everything = [*self.state.comments, *self.state.review_comments]
        written = [item for item in everything if item["number"] == number]
        if self.state.lag and written:
            self.state.lag -= 1
            written = written[:-1]
        which = request.query_params.get("activity_filter", "all_notes")
        found = [] if which == "only_activity" else [self.note(item) for item in written]
        if which != "only_comments":
            found += [self.note(item, system=True) for item in self.state.system_notes(number)]
        newest = request.query_params.get("sort", "desc") == "desc"
        return sorted(found, key=lambda item: (item["created_at"], item["id"]), reverse=newest)

    def create_note(self, request: Request, actor: str, body: Any, parts: tuple[str, ...]) -> Response:
        return JSONResponse(self.note(self.state.comment(int(parts[1]), actor, body["body"])), 201)

    def update_note(self, request: Request, actor: str, body: Any, parts: tuple[str, ...]) -> Response:
        for item in self.state.comments:
            if item["id"] == int(parts[2]):
                if item["user"]["login"] != actor:
                    return JSONResponse({"message": "403 Forbidden"}, 403)
                item.update(body=body["body"], updated_at=self.state.now())
                return JSONResponse(self.note(item))
        return missing()

    def delete_note(self, request: Request, actor: str, body: Any, parts: tuple[str, ...]) -> Response:
        kept = [item for item in self.state.comments if item["id"] != int(parts[2])]
        gone = len(kept) < len(self.state.comments)
        self.state.comments = kept
        return Response(status_code=204) if gone else missing()

    def discussions(self, request: Request, actor: str, body: Any, parts: tuple[str, ...]) -> Any:
        return [
            {"id": f"d{item['id']}", "notes": [self.note(item)]}
            for item in self.state.review_comments
            if item["number"] == int(parts[1])
        ]

    def create_discussion(self, request: Request, actor: str, body: Any, parts: tuple[str, ...]) -> Response:
        pull, place = self.pull(parts), body["position"]
        if place["head_sha"] != pull.head or not pull.shows(place["new_path"], place["new_line"], place["new_line"]):
            return JSONResponse({"message": '400 Bad request - Note {:line_code=>["can\'t be blank"]}'}, 400)
        item = {
            "id": self.state.next_id(),
            "number": pull.number,
            "user": {"login": actor},
            "body": body["body"],
            "path": place["new_path"],
            "line": place["new_line"],
            "created_at": self.state.now(),
        }
        self.state.review_comments.append(item)
        return JSONResponse({"id": f"d{item['id']}", "notes": [self.note(item)]}, 201)

    def commit(self, request: Request, actor: str, body: Any, parts: tuple[str, ...]) -> Response:
        for pull in self.state.pulls.values():
            if parts[1] in self.state.tests:
                parents = {"parent_ids": list(self.state.tests[parts[1]])}
                return JSONResponse({**self.commit_document(pull, parts[1], "GitLab"), **parents})
            for sha, author in pull.commits:
                if sha == parts[1]:
                    return JSONResponse(self.commit_document(pull, sha, author))
            if parts[1] in pull.landed:
                by = self.state.mergers.get(parts[1], pull.author)
                return JSONResponse(self.commit_document(pull, parts[1], by))
        return missing()

    def commit_requests(self, request: Request, actor: str, body: Any, parts: tuple[str, ...]) -> Any:
        return [
            self.document(pull)
            for pull in self.state.pulls.values()
            if parts[1] in pull.landed or any(parts[1] == commit for commit, _ in pull.commits)
        ]

    def statuses(self, request: Request, actor: str, body: Any, parts: tuple[str, ...]) -> Any:
        """The statuses of a commit; without `all`, of each name and author only the last."""
        name = request.query_params.get("name")
        found = [item for item in self.state.statuses if item["sha"] == parts[1] and name in (None, item["name"])]
        if request.query_params.get("all") != "true":
            found = list({(item["name"], item["by"]): item for item in found}.values())
        newest = request.query_params.get("sort", "asc") == "desc"
        return [self.status(item) for item in sorted(found, key=lambda item: item["id"], reverse=newest)]

    def status(self, item: dict[str, Any]) -> dict[str, Any]:
        hidden = {"by"} if self.state.tells_pipelines else {"by", "pipeline_id"}
        shown = {key: value for key, value in item.items() if key not in hidden}
        return {**shown, "author": self.user(item["by"])}

    def create_status(self, request: Request, actor: str, body: Any, parts: tuple[str, ...]) -> Response:
        """One that waits or runs is changed by its own author; a finished one stays, and another is made."""
        known = {sha for pull in self.state.pulls.values() for sha, _ in pull.commits} | self.state.tests.keys()
        if parts[1] not in known:
            return JSONResponse({"message": "404 Commit Not Found"}, 404)
        refused = [self.refused_status(pull) for pull in self.state.pulls.values() if pull.head == parts[1]]
        if any(refused) and "ref" not in body:
            return next(filter(None, refused))
        pipeline = self.pipeline_for(parts[1], body)
        if pipeline is None:
            return JSONResponse({"message": "404 Pipeline for pipeline_id, sha and ref Not Found"}, 404)
        name, state = body.get("name", "default"), body["state"]
        item = next(
            (
                item
                for item in self.state.statuses
                if item["sha"] == parts[1]
                and item["name"] == name
                and item["by"] == actor
                and item["pipeline_id"] == pipeline["id"]
                and item["status"] in ("pending", "running")
            ),
            None,
        )
        if item is not None and item["status"] == state == "pending":
            words = "Cannot transition status via :enqueue from :pending (Reason(s): Status cannot transition via"
            return JSONResponse({"message": f'{words} "enqueue")'}, 400)
        if item is None:
            item = {"id": self.state.next_status(), "sha": parts[1], "name": name, "by": actor}
            item |= {"pipeline_id": pipeline["id"], "ref": pipeline["ref"]}
            item |= {"created_at": self.state.now(), "description": None, "target_url": None}
            self.state.statuses.append(item)
        item |= {"status": state, **{key: body[key] for key in ("description", "target_url") if key in body}}
        item["finished_at"] = self.state.now() if state in ("success", "failed", "canceled") else None
        return JSONResponse(self.status(item), 201)

    def pipeline_for(self, sha: str, body: Any) -> dict[str, Any] | None:
        """The newest pipeline of a commit, as narrowed; where none was asked for and there is none, a new one."""
        fits = [item for item in self.state.pipelines if item["sha"] == sha]
        fits = [item for item in fits if body.get("ref") in (None, item["ref"])]
        if "pipeline_id" in body:
            fits = [item for item in fits if item["id"] == body["pipeline_id"]]
            return fits[-1] if fits else None
        branch = next((pull.head_ref for pull in self.state.pulls.values() if pull.head == sha), "main")
        return fits[-1] if fits else self.state.started("external", body.get("ref") or branch, sha)

    def pipelines(self, request: Request, actor: str, body: Any, parts: tuple[str, ...]) -> Any:
        pull = self.pull(parts)
        commits = {sha for sha, _ in pull.commits}
        own = (f"refs/merge-requests/{pull.number}/{kind}" for kind in ("head", "merge"))
        places = {*own, pull.head_ref}
        found = [item for item in self.state.pipelines if item["ref"] in places]
        found = [item for item in found if item["source"] == "merge_request_event" or item["sha"] in commits]
        found.sort(key=lambda item: (item["source"] != "merge_request_event", -item["id"]))
        return [{**item, "status": self.state.state_of(item)} for item in found]

    def refused_status(self, pull: Pull) -> JSONResponse | None:
        """What is in a fork is on no branch, and merged without a squash on one that no Developer merges into."""
        if not pull.fork:
            return None
        if pull.merge_commit is not None and pull.number not in self.state.squashed:
            return JSONResponse({"message": "403 Forbidden"}, 403)
        return JSONResponse({"message": "404 References for commit Not Found"}, 404)

    def issue(self, item: dict[str, Any]) -> dict[str, Any]:
        return {
            "id": item["id"],
            "iid": item["number"],
            "title": item["title"],
            "description": item["body"],
            "state": {"open": "opened"}.get(item["state"], item["state"]),
            "author": self.user(item["user"]["login"]),
            "assignees": [self.user(person["login"]) for person in item.get("assignees", [])],
            "labels": item.get("labels", []),
        }

    def issues(self, request: Request, actor: str, body: Any, parts: tuple[str, ...]) -> Any:
        state, author = request.query_params.get("state", "all"), request.query_params.get("author_id")
        mine = request.query_params.get("scope") == "created_by_me"
        found = [self.issue(item) for item in self.state.issues]
        return [
            item
            for item in found
            if state in ("all", item["state"])
            and (author is None or item["author"]["id"] == int(author))
            and (not mine or item["author"]["username"] == actor)
        ]

    def create_issue(self, request: Request, actor: str, body: Any, parts: tuple[str, ...]) -> Response:
        item = {"id": self.state.next_id(), "number": 900 + len(self.state.issues), "state": "open"}
        item |= {"user": {"login": actor}, "title": body["title"], "body": body.get("description", "")}
        self._assign(item, body)
        self.state.issues.append(item)
        return JSONResponse(self.issue(item), 201)

    def one_issue(self, request: Request, actor: str, body: Any, parts: tuple[str, ...]) -> Response:
        found = [self.issue(item) for item in self.state.issues if item["number"] == int(parts[1])]
        return JSONResponse(found[0]) if found else missing()

    def start(self, request: Request, actor: str, body: Any, parts: tuple[str, ...]) -> Response:
        if body["ref"] != self.state.default_branch:
            return JSONResponse({"message": {"base": ["Reference not found"]}}, 400)
        given = {item["key"]: item["value"] for item in body.get("variables", [])}
        self.state.dispatches.append((given.pop("KT_BUDGETS_TASK", ""), given))
        return JSONResponse({"id": 4711, "web_url": "https://gitlab.test/-/pipelines/4711"}, 201)

    def update_issue(self, request: Request, actor: str, body: Any, parts: tuple[str, ...]) -> Response:
        for item in self.state.issues:
            if item["number"] == int(parts[1]):
                item |= {
                    {"description": "body"}.get(key, key): body[key] for key in ("title", "description") if key in body
                }
                step = body.get("state_event")
                item["state"] = {"close": "closed", "reopen": "open"}.get(step or "", item["state"])
                self._assign(item, body)
                return JSONResponse(self.issue(item))
        return missing()

    def _assign(self, item: dict[str, Any], body: Any) -> None:
        if "assignee_ids" in body:
            named = [self.login_of(identity) for identity in body["assignee_ids"] if identity]
            item["assignees"] = [{"login": login} for login in named if login in self.state.assignable]

    async def query(self, request: Request) -> Response:
        """Answer who wrote the commits of a merge request, a hundred at once."""
        token, body = request.headers.get("private-token", ""), await request.json()
        self.state.requests.append(("POST", "/api/graphql", body))
        if TOKENS.get(token) is None:
            return JSONResponse({"errors": [{"message": "Invalid token"}]}, 401)
        if not self.state.answers_queries:
            return JSONResponse({"errors": [{"message": "Field 'commits' doesn't exist on type 'MergeRequest'"}]})
        asked = body["variables"]
        if "commit" in asked:
            return JSONResponse(
                {"data": {"project": {"repository": {"tree": {"lastCommit": self.last(asked["commit"])}}}}}
            )
        pull = self.state.pulls[int(asked["number"])]
        start = int(asked.get("after") or 0)
        part = pull.commits[start : start + 100]
        nodes = [
            {
                "sha": sha,
                "author": {"username": self.account(pull, sha, author)} if self.account(pull, sha, author) else None,
            }
            for sha, author in part
        ]
        more = {"hasNextPage": start + 100 < len(pull.commits), "endCursor": str(start + 100)}
        return JSONResponse({"data": {"project": {"mergeRequest": {"commits": {"nodes": nodes, "pageInfo": more}}}}})

    def last(self, commit: str) -> dict[str, Any] | None:
        by = self.state.mergers.get(commit)
        return {"sha": commit, "author": {"username": by} if by else None}

    def account(self, pull: Pull, sha: str, author: str) -> str:
        email = pull.facts.get(sha, {}).get("email", "")
        return author or self.state.addresses.get(email, "")


def missing() -> Response:
    return JSONResponse({"message": "404 Not found"}, 404)


@contextmanager
def serving_gitlab(gitlab: GitLab) -> Iterator[str]:
    """Serve `gitlab` on loopback until the end of the block, and yield the address of its API."""
    server = GitHub.__new__(GitHub)
    server.app = gitlab.app
    with serving(server) as url:
        yield f"{url}/api/v4"
