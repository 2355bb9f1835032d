"""A GitHub that holds state: a real HTTP server on loopback, judged by GitHub's own description where that is there."""

from __future__ import annotations

import json
import re
import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import uvicorn
from direct import at_hand
from forge.github_description import Answered, Sent, description
from forge.github_people import People
from forge.workflow_shell import WORKFLOWS, load
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

ACTIONS = "github-actions[bot]"
TOKENS = {
    "ghs_actions": ACTIONS,
    "ghs_other": "other-app[bot]",
    "ghp_dana": "dana",
    "ghs_reader": ACTIONS,
    "ghs_fork": ACTIONS,
}
READ_ONLY = {"ghs_fork", "ghs_reader"}
MOST_COMMITS = 250
NOWHERE = "0" * 40
COUNTS = {"commits": "total_commits"}
NOT_FOR_APPS = {"message": "Resource not accessible by integration"}

Fault = Callable[["State"], "Response | None"]


@dataclass
class Pull:
    """A pull request. `commits` are (sha, author) pairs; the last is the head.

    `facts` say of a commit what else is known of it: `email`, `message`, `parents`, `committer`, `pusher`. An author
    without an account is an empty text; so is a pusher whose account was deleted. `tested` is what GitHub made of head
    and base to test them, until it is merged. Each commit was pushed by itself, unless `events` say what happened
    to the branch, as (type, before, after, actor), the oldest first; `later` events come on top. `lost` has the parents
    of commits that were pushed away again. The repository of an orphan was deleted.
    """

    number: int
    author: str
    commits: list[tuple[str, str]]
    base: str
    head_ref: str = "raise-support"
    base_ref: str = "main"
    fork: str | None = None
    state: str = "open"
    merge_commit: str | None = None
    landed: list[str] = field(default_factory=list)
    patches: dict[str, str] = field(default_factory=dict)
    facts: dict[str, dict[str, Any]] = field(default_factory=dict)
    events: list[tuple[str, str, str, str]] = field(default_factory=list)
    later: list[tuple[str, str, str, str]] = field(default_factory=list)
    lost: dict[str, tuple[str, ...]] = field(default_factory=dict)
    is_orphan: bool = False
    tested: str = "f" * 40

    @property
    def head(self) -> str:
        return self.commits[-1][0]

    def parents(self, sha: str) -> tuple[str, ...]:
        """The parents of a commit: the one below it, unless its facts say otherwise."""
        order = [self.base, *(commit for commit, _ in self.commits)]
        below = order[order.index(sha) - 1] if sha in order else self.base
        return tuple(self.lost.get(sha) or self.facts.get(sha, {}).get("parents", (below,)))

    @property
    def activity(self) -> Iterator[tuple[str, str, str, str]]:
        """What happened to its branch, the oldest first."""
        before, kind = NOWHERE, "branch_creation"
        for sha, author in () if self.events else self.commits:
            yield kind, before, sha, self.facts.get(sha, {}).get("pusher", author or self.author)
            before, kind = sha, "push"
        yield from self.events
        yield from self.later

    def pushed_away(self, tip: str) -> Iterator[str]:
        """What a commit that was pushed away again was on top of, itself first."""
        while tip in self.lost:
            yield tip
            tip = self.lost[tip][0]

    def shows(self, path: str, start: int, line: int) -> bool:
        """Whether lines of the head are in one piece of what the difference shows."""
        headers = re.findall(r"^@@ -[0-9,]+ \+([0-9]+)(?:,([0-9]+))? @@", self.patches.get(path, ""), re.MULTILINE)
        return any(int(first) <= start and line < int(first) + int(count or 1) for first, count in headers)


@dataclass
class State:
    """Everything that this GitHub knows. `faults` are what happens to the next requests that match `METHOD path`.

    `members` are (organization/team, login) pairs; `teams` are those without members. Only tokens in `reads_members`
    may read them. Forks are shown where they are in `public_forks`. `outsiders` cannot see the repository. `mergers`
    are those who made the commits of merges by hand. `roles` are admin, maintain, write, triage or read, by login; who
    has none is a stranger. `dispatches` are the workflows that were started by hand, with what was sent. With
    `dismisses_stale`, a push dismisses approvals. `force_pushes` and other `pushes` are (reference, before, after).
    Branches that were `renamed` lead on from their former names.
    """

    repository: str = "acme/ai-budgets"
    default_branch: str = "main"
    renamed: dict[str, str] = field(default_factory=dict)
    pulls: dict[int, Pull] = field(default_factory=dict)
    comments: list[dict[str, Any]] = field(default_factory=list)
    review_comments: list[dict[str, Any]] = field(default_factory=list)
    reviews: list[dict[str, Any]] = field(default_factory=list)
    checks: list[dict[str, Any]] = field(default_factory=list)
    issues: list[dict[str, Any]] = field(default_factory=list)
    members: set[tuple[str, str]] = field(default_factory=set)
    pending_members: set[tuple[str, str]] = field(default_factory=set)
    teams: set[str] = field(default_factory=set)
    administrators: set[str] = field(default_factory=set)
    outsiders: set[str] = field(default_factory=set)
    mergers: dict[str, str] = field(default_factory=dict)
    assignable: set[str] = field(default_factory=set)
    roles: dict[str, str] = field(default_factory=dict)
    dispatches: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    reads_members: set[str] = field(default_factory=lambda: {"ghs_actions", "ghs_reader", "ghs_other", "ghp_dana"})
    answers_queries: bool = True
    dismisses_stale: bool = False
    codeowner_errors: list[dict[str, Any]] = field(default_factory=list)
    rules: list[dict[str, Any]] = field(default_factory=list)
    drafts: set[int] = field(default_factory=set)
    public_forks: set[str] = field(default_factory=set)
    pushes: list[tuple[str, str, str]] = field(default_factory=list)
    force_pushes: list[tuple[str, str, str]] = field(default_factory=list)
    protected_checks: list[str] = field(default_factory=list)
    faults: list[tuple[str, Fault]] = field(default_factory=list)
    requests: list[tuple[str, str, Any]] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)
    page_cap: int = 100
    ticks: int = 0

    def is_judged(self, request: Request, response: Response) -> bool:
        """Whether GitHub's description is asked about a request and its answer."""
        return True

    def now(self) -> str:
        self.ticks += 1
        return (datetime(2026, 6, 18, 9, tzinfo=UTC) + timedelta(minutes=self.ticks)).strftime("%Y-%m-%dT%H:%M:%SZ")

    def next_id(self) -> int:
        listed = [*self.comments, *self.review_comments, *self.reviews, *self.checks, *self.issues]
        return 1 + max((item["id"] for item in listed), default=1000)

    @property
    def writes(self) -> list[tuple[str, str, Any]]:
        return [request for request in self.requests if request[0] != "GET"]

    def ours(self, number: int) -> list[str]:
        """The bodies of the comments on a pull request that the Actions app wrote."""
        return [item["body"] for item in self.comments if item["number"] == number and item["user"]["login"] == ACTIONS]

    def comment(self, number: int, author: str, body: str) -> dict[str, Any]:
        item = {"id": self.next_id(), "number": number, "user": user(author), "body": body, "created_at": self.now()}
        self.comments.append(item)
        return item

    def review(self, number: int, author: str, state: str = "APPROVED", *, commit: str | None = None) -> None:
        self.reviews.append(
            {
                "id": self.next_id(),
                "number": number,
                "user": account(author),
                "state": state,
                "commit_id": commit or self.pulls[number].head,
                "submitted_at": self.now(),
            }
        )

    def push(self, number: int, commit: str, author: str, **facts: Any) -> None:
        """Let a commit arrive at the head of a pull request."""
        pull = self.pulls[number]
        pull.commits.append((commit, author))
        pull.facts[commit] = facts
        if self.dismisses_stale:
            for review in self.reviews:
                if review["number"] == number and review["state"] == "APPROVED":
                    review["state"] = "DISMISSED"

    def rewrite(self, number: int, *events: tuple[str, str, str, str]) -> None:
        """Say all that happened to the branch of a pull request."""
        self.pulls[number].events = list(events)

    def merge(self, number: int, commit: str, *, how: str = "merge") -> None:
        """Let a pull request be merged; `how` is merge, squash or rebase, which GitHub does not tell apart."""
        del how
        pull = self.pulls[number]
        pull.state, pull.merge_commit = "closed", commit
        pull.landed.append(commit)

    def fail(self, pattern: str, *faults: Fault) -> None:
        """Let the next requests that match `METHOD path` meet `faults`, one each; None lets one through."""
        self.faults += [(pattern, fault) for fault in faults]


def account(login: str) -> dict[str, Any] | None:
    """Return an account; nobody's, where an e-mail address belongs to none or an account was deleted."""
    return user(login) if login else None


def user(login: str) -> dict[str, Any]:
    return {"login": login, "id": 1, "type": "Bot" if login.endswith("[bot]") else "User"}


def answer(status: int, message: str = "", **headers: str) -> Fault:
    """Return a fault that answers at once; header names are written with underscores."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda _: JSONResponse({"message": message}, status, named)


def meanwhile(action: Callable[[State], object]) -> Fault:
    """Return a fault that changes the state just before the request is carried out."""

    def act(state: State) -> None:
        action(state)

    return act


LOST = "lost"


def lost(state: State) -> Response:
    """A fault: the request is carried out and its answer is lost."""
    return Response(LOST, 599)


class GitHub(People):
    """The server's side: routes over State."""

    def __init__(self, state: State) -> None:
        self.state = state
        repo = "/repos/{owner}/{repo}"
        routes: list[tuple[str, str, Callable[..., Any]]] = [
            ("GET", "/user", self.me),
            ("GET", repo, self.repository),
            ("GET", f"{repo}/pulls", self.pulls),
            ("GET", f"{repo}/pulls/{{number:int}}", self.pull),
            ("GET", f"{repo}/pulls/{{number:int}}/commits", self.pull_commits),
            ("GET", f"{repo}/pulls/{{number:int}}/files", self.pull_files),
            ("GET", f"{repo}/pulls/{{number:int}}/reviews", self.reviews),
            ("GET", f"{repo}/pulls/{{number:int}}/comments", self.review_comments),
            ("POST", f"{repo}/pulls/{{number:int}}/comments", self.create_review_comment),
            ("GET", f"{repo}/issues", self.issues),
            ("POST", f"{repo}/issues", self.create_issue),
            ("PATCH", f"{repo}/issues/{{number:int}}", self.update_issue),
            ("GET", f"{repo}/issues/{{number:int}}/comments", self.comments),
            ("POST", f"{repo}/issues/{{number:int}}/comments", self.create_comment),
            ("PATCH", f"{repo}/issues/comments/{{id:int}}", self.update_comment),
            ("DELETE", f"{repo}/issues/comments/{{id:int}}", self.delete_comment),
            ("GET", f"{repo}/commits/{{sha}}", self.landed_commit),
            ("GET", f"{repo}/commits/{{sha}}/pulls", self.commit_pulls),
            ("GET", f"{repo}/commits/{{sha}}/check-runs", self.check_runs),
            ("POST", f"{repo}/check-runs", self.create_check),
            ("PATCH", f"{repo}/check-runs/{{id:int}}", self.update_check),
            ("GET", f"{repo}/compare/{{basehead}}", self.compare),
            ("GET", f"{repo}/git/ref/{{ref:path}}", self.reference),
            ("GET", f"{repo}/codeowners/errors", self.codeowner_errors),
            ("GET", f"{repo}/rules/branches/{{branch}}", self.rules),
            ("GET", f"{repo}/branches/{{branch}}", self.branch),
            ("POST", f"{repo}/issues/{{number:int}}/assignees", self.assign),
            ("POST", f"{repo}/actions/workflows/{{file}}/dispatches", self.dispatch),
            ("GET", f"{repo}/activity", self.activity),
            *self.people_routes(),
        ]
        self.app = Starlette(
            routes=[Route(path, self.endpoint(handle), methods=[method]) for method, path, handle in routes]
        )

    def endpoint(self, handle: Callable[..., Any]) -> Callable[[Request], Any]:
        async def respond(request: Request) -> Response:
            body = await request.body()
            document = json.loads(body) if body else None
            response = self.carried_out(request, handle, document)
            self.judge(request, body, response)
            if response.status_code == 599:
                return Response("the answer was lost", 502)
            return response

        return respond

    def carried_out(self, request: Request, handle: Callable[..., Any], document: Any) -> Response:
        state = self.state
        state.requests.append((request.method, request.url.path, document))
        token = request.headers.get("authorization", "").removeprefix("Bearer ")
        actor = TOKENS.get(token)
        if actor is None:
            return JSONResponse({"message": "Bad credentials"}, 401)
        asks_people = request.url.path.startswith(("/orgs/", "/graphql"))
        if asks_people and token not in state.reads_members:
            return JSONResponse(NOT_FOR_APPS, 403)
        if token in READ_ONLY and request.method != "GET" and not asks_people:
            return JSONResponse(NOT_FOR_APPS, 403)
        fault = self.fault(request)
        if fault is not None and fault.status_code != 599:
            return fault
        named = "{owner}/{repo}".format(**request.path_params) if request.path_params.get("owner") else ""
        is_fork = request.path_params and handle == self.activity and named in state.public_forks
        if named and named != state.repository and not is_fork:
            return JSONResponse({"message": "Not Found"}, 404)
        result = handle(request, actor, document)
        response = self.listed(request, *result) if isinstance(result, tuple) else result
        return Response(response.body, 599) if fault is not None else response

    def fault(self, request: Request) -> Response | None:
        for index, (pattern, fault) in enumerate(self.state.faults):
            if re.fullmatch(pattern, f"{request.method} {request.url.path}"):
                del self.state.faults[index]
                return fault(self.state)
        return None

    def listed(self, request: Request, items: list[dict[str, Any]], key: str = "") -> Response:
        """Answer one page, with a Link to the next."""
        size = min(int(request.query_params.get("per_page", "30")), self.state.page_cap)
        page = int(request.query_params.get("page", "1"))
        part = items[(page - 1) * size : page * size]
        headers = {}
        if page * size < len(items):
            headers["link"] = f'<{request.url.include_query_params(page=page + 1)}>; rel="next"'
        return JSONResponse({COUNTS.get(key, "total_count"): len(items), key: part} if key else part, headers=headers)

    def judge(self, request: Request, body: bytes, response: Response) -> None:
        judge = description()
        if judge is None or request.url.path == "/graphql" or not self.state.is_judged(request, response):
            return
        sent = Sent(request.method, request.url.path, request.query_params, body or None)
        status = 500 if response.status_code == 599 else response.status_code
        if complaint := judge.complaint(sent, Answered(status, bytes(response.body) or None)):
            self.state.complaints.append(complaint)

    def me(self, request: Request, actor: str, body: Any) -> Response:
        if actor.endswith("[bot]"):
            return JSONResponse({"message": "Resource not accessible by integration"}, 403)
        return JSONResponse({**user(actor), "user_view_type": "public"})

    def repository(self, request: Request, actor: str, body: Any) -> Response:
        return JSONResponse({"id": 1, "full_name": self.state.repository, "default_branch": self.state.default_branch})

    def activity(self, request: Request, actor: str, body: Any) -> tuple[list[dict[str, Any]]]:
        wanted, kind = request.query_params["ref"], request.query_params.get("activity_type", "")
        named = "{owner}/{repo}".format(**request.path_params)
        happened = [("force_push", *push, "") for push in self.state.force_pushes]
        happened += [("push", *push, "") for push in self.state.pushes]
        for pull in self.state.pulls.values():
            if (pull.fork or self.state.repository) == named:
                reference = f"refs/heads/{pull.head_ref}"
                happened += [(told, reference, before, after, by) for told, before, after, by in pull.activity]
        listed = [
            {
                "id": number,
                "node_id": f"PSH_{number}",
                "before": before,
                "after": after,
                "ref": ref,
                "timestamp": "2026-06-18T12:00:00Z",
                "activity_type": told,
                "actor": account(by),
            }
            for number, (told, ref, before, after, by) in enumerate(happened, start=1)
            if ref == wanted and kind in ("", told)
        ]
        return (listed[::-1],)

    def document(self, pull: Pull, *, whole: bool) -> dict[str, Any]:
        repo = {"id": 1, "full_name": self.state.repository}
        document = {
            "id": pull.number,
            "number": pull.number,
            "state": pull.state,
            "title": "Raise Support's wallet",
            "draft": pull.number in self.state.drafts,
            "html_url": f"https://github.test/{self.state.repository}/pull/{pull.number}",
            "user": user(pull.author or "ghost"),
            "merge_commit_sha": pull.merge_commit or pull.tested,
            "merged_at": "2026-06-18T12:00:00Z" if pull.merge_commit else None,
            "head": {
                "ref": pull.head_ref,
                "sha": pull.head,
                "repo": None if pull.is_orphan else {"id": 2, "full_name": pull.fork} if pull.fork else repo,
            },
            "base": {"ref": pull.base_ref, "sha": pull.base, "repo": repo},
        }
        extra = {"merged": pull.merge_commit is not None, "commits": len(pull.commits)} if whole else {}
        return {**document, **extra}

    def pulls(self, request: Request, actor: str, body: Any) -> Any:
        state, base = request.query_params.get("state", "open"), request.query_params.get("base")
        newest_first = request.query_params.get("direction", "desc") == "desc"
        return (
            [
                self.document(pull, whole=False)
                for _, pull in sorted(self.state.pulls.items(), reverse=newest_first)
                if state in ("all", pull.state) and base in (None, pull.base_ref)
            ],
        )

    def pull(self, request: Request, actor: str, body: Any) -> Response:
        pull = self.state.pulls.get(request.path_params["number"])
        return JSONResponse(self.document(pull, whole=True)) if pull else missing()

    def pull_commits(self, request: Request, actor: str, body: Any) -> Any:
        pull = self.state.pulls[request.path_params["number"]]
        return ([self.commit(pull, sha, author) for sha, author in pull.commits[:MOST_COMMITS]],)

    def commit(self, pull: Pull, sha: str, author: str) -> dict[str, Any]:
        facts = pull.facts.get(sha, {})
        committer = facts.get("committer", author)
        email = facts.get("email", f"{author or 'nobody'}@acme.test")
        people = {
            "author": {"name": author or "Somebody", "email": email, "date": "2026-06-18T09:00:00Z"},
            "committer": {
                "name": committer or "Somebody",
                "email": "noreply@github.com" if committer == "web-flow" else email,
                "date": "2026-06-18T09:00:00Z",
            },
        }
        return {
            "sha": sha,
            "author": account(author),
            "committer": account(committer),
            "commit": {**people, "message": facts.get("message", "Change")},
            "parents": [{"sha": parent} for parent in pull.parents(sha)],
        }

    def compare(self, request: Request, actor: str, body: Any) -> Any:
        head = request.path_params["basehead"].partition("...")[2]
        for pull in self.state.pulls.values():
            if pull.head == head:
                return ([self.commit(pull, sha, author) for sha, author in pull.commits], "commits")
            if away := list(pull.pushed_away(head)):
                return ([self.commit(pull, sha, pull.author) for sha in away[::-1]], "commits")
        return missing()

    def codeowner_errors(self, request: Request, actor: str, body: Any) -> Response:
        return JSONResponse({"errors": self.state.codeowner_errors})

    def rules(self, request: Request, actor: str, body: Any) -> Any:
        return (self.state.rules,)

    def branch(self, request: Request, actor: str, body: Any) -> Response:
        contexts = self.state.protected_checks
        checks = {"enforcement_level": "everyone", "contexts": contexts, "checks": []}
        protection = {"enabled": bool(contexts), "required_status_checks": checks}
        name = request.path_params["branch"]
        if name in self.state.renamed:
            path = request.url.path.removesuffix(name) + self.state.renamed[name]
            return JSONResponse({"message": "Moved Permanently"}, 301, {"location": path})
        return JSONResponse({"name": name, "protection": protection})

    def reference(self, request: Request, actor: str, body: Any) -> Response:
        match = re.fullmatch(r"pull/([0-9]+)/merge", request.path_params["ref"])
        pull = self.state.pulls.get(int(match[1])) if match else None
        if pull is None or pull.merge_commit:
            return missing()
        return JSONResponse({"ref": f"refs/pull/{pull.number}/merge", "object": {"type": "commit", "sha": pull.tested}})

    def pull_files(self, request: Request, actor: str, body: Any) -> Any:
        pull = self.state.pulls[request.path_params["number"]]
        web = f"https://github.test/{self.state.repository}"
        counted = {"additions": 1, "deletions": 1, "changes": 2}
        return (
            [
                {
                    "sha": "e" * 40,
                    "filename": path,
                    "status": "modified",
                    **counted,
                    "blob_url": f"{web}/blob/{pull.head}/{path}",
                    "raw_url": f"{web}/raw/{pull.head}/{path}",
                    "contents_url": f"{web}/contents/{path}?ref={pull.head}",
                    **({"patch": patch} if patch else {}),
                }
                for path, patch in pull.patches.items()
            ],
        )

    def of_pull(self, request: Request, items: list[dict[str, Any]]) -> Any:
        number = request.path_params["number"]
        return ([{k: v for k, v in item.items() if k != "number"} for item in items if item["number"] == number],)

    def reviews(self, request: Request, actor: str, body: Any) -> Any:
        return self.of_pull(request, self.state.reviews)

    def comments(self, request: Request, actor: str, body: Any) -> Any:
        return self.of_pull(request, self.state.comments)

    def review_comments(self, request: Request, actor: str, body: Any) -> Any:
        return self.of_pull(request, self.state.review_comments)

    def create_comment(self, request: Request, actor: str, body: Any) -> Response:
        if len(body["body"]) > 65_536:
            return JSONResponse({"message": "Body is too long"}, 422)
        item = self.state.comment(request.path_params["number"], actor, body["body"])
        return JSONResponse({**item, "html_url": f"https://github.test/comment/{item['id']}"}, 201)

    def update_comment(self, request: Request, actor: str, body: Any) -> Response:
        for item in self.state.comments:
            if item["id"] == request.path_params["id"]:
                item["body"] = body["body"]
                return JSONResponse(item)
        return missing()

    def delete_comment(self, request: Request, actor: str, body: Any) -> Response:
        kept = [item for item in self.state.comments if item["id"] != request.path_params["id"]]
        gone = len(kept) < len(self.state.comments)
        self.state.comments = kept
        return Response(status_code=204) if gone else missing()

    def create_review_comment(self, request: Request, actor: str, body: Any) -> Response:
        pull = self.state.pulls[request.path_params["number"]]
        start = body.get("start_line", body["line"])
        if body["commit_id"] != pull.head or not pull.shows(body["path"], start, body["line"]):
            return JSONResponse({"message": "Validation Failed: line must be part of the diff"}, 422)
        item = {**body, "id": self.state.next_id(), "number": pull.number, "user": user(actor)}
        self.state.review_comments.append(item)
        return JSONResponse({"id": item["id"], "body": item["body"], "user": item["user"]}, 201)

    def issues(self, request: Request, actor: str, body: Any) -> Any:
        state, creator = request.query_params.get("state", "open"), request.query_params.get("creator")
        found = [
            item
            for item in self.state.issues
            if state in ("all", item["state"]) and creator in (None, item["user"]["login"])
        ]
        return (found,)

    def create_issue(self, request: Request, actor: str, body: Any) -> Response:
        number = 900 + len(self.state.issues)
        people = [user(login) for login in body.get("assignees", []) if login in self.state.assignable]
        item = {"id": self.state.next_id(), "number": number, "state": "open", "user": user(actor), **body}
        item["assignees"] = people
        self.state.issues.append(item)
        return JSONResponse(item, 201)

    def update_issue(self, request: Request, actor: str, body: Any) -> Response:
        for item in self.state.issues:
            if item["number"] == request.path_params["number"]:
                item.update(body)
                return JSONResponse(item)
        return missing()

    def assign(self, request: Request, actor: str, body: Any) -> Response:
        for item in self.state.issues:
            if item["number"] == request.path_params["number"]:
                there = [person["login"] for person in item.get("assignees", [])]
                added = [login for login in body["assignees"] if login in self.state.assignable and login not in there]
                item["assignees"] = [user(login) for login in [*there, *added]][:10]
                return JSONResponse(item, 201)
        return missing()

    def dispatch(self, request: Request, actor: str, body: Any) -> Response:
        """Start a workflow: GitHub refuses inputs that it does not have, and one that lacks what it requires."""
        path = WORKFLOWS / request.path_params["file"]
        if not path.exists() or body.get("ref") != self.state.default_branch:
            return missing()
        document = load("../budgets.example.yml" if path.name == "budgets.yml" else path.name)
        declared = (document["on"].get("workflow_dispatch") or {}).get("inputs", {})
        given = body.get("inputs", {})
        lacking = [name for name, about in declared.items() if about.get("required") and not given.get(name)]
        if lacking or given.keys() - declared.keys():
            return JSONResponse({"message": "Unexpected or missing inputs"}, 422)
        self.state.dispatches.append((path.name, body))
        return Response(status_code=204)

    def landed_commit(self, request: Request, actor: str, body: Any) -> Response:
        sha = request.path_params["sha"]
        pull = next(pull for pull in self.state.pulls.values() if sha in pull.landed)
        return JSONResponse(self.commit(pull, sha, self.state.mergers.get(sha, "web-flow")))

    def commit_pulls(self, request: Request, actor: str, body: Any) -> Any:
        sha = request.path_params["sha"]
        return (
            [
                self.document(pull, whole=False)
                for pull in self.state.pulls.values()
                if sha in pull.landed or any(sha == commit for commit, _ in pull.commits)
            ],
        )

    def check_runs(self, request: Request, actor: str, body: Any) -> Any:
        name = request.query_params.get("check_name")
        found = [
            item
            for item in self.state.checks
            if item["head_sha"] == request.path_params["sha"] and name in (None, item["name"])
        ]
        return ([self.shown_check(item) for item in found], "check_runs")

    def create_check(self, request: Request, actor: str, body: Any) -> Response:
        if not actor.endswith("[bot]"):
            return JSONResponse({"message": "You must authenticate via a GitHub App."}, 403)
        item = {
            "id": self.state.next_id(),
            "app": {"id": 15368, "slug": actor.removesuffix("[bot]"), "name": "app"},
            "started_at": self.state.now(),
            "completed_at": None,
            "conclusion": None,
            "annotations": [],
        }
        self.state.checks.append(item)
        self.absorb(item, body)
        return JSONResponse(self.shown_check(item), 201)

    def update_check(self, request: Request, actor: str, body: Any) -> Response:
        item = next((item for item in self.state.checks if item["id"] == request.path_params["id"]), None)
        if item is None or item["app"]["slug"] != actor.removesuffix("[bot]"):
            return JSONResponse({"message": "Invalid app_id - check run can only be modified by its app"}, 403)
        self.absorb(item, body)
        return JSONResponse(self.shown_check(item))

    def absorb(self, item: dict[str, Any], body: Mapping[str, Any]) -> None:
        output = dict(body.get("output", {}))
        item["annotations"] += output.pop("annotations", [])
        item.update({**body, "output": {**item.get("output", {}), **output}})
        if item.get("status") == "completed":
            item["completed_at"] = self.state.now()

    def shown_check(self, item: dict[str, Any]) -> dict[str, Any]:
        return {key: value for key, value in item.items() if key != "annotations" and value is not None}


def missing() -> Response:
    return JSONResponse({"message": "Not Found"}, 404)


@contextmanager
def serving(github: GitHub) -> Iterator[str]:
    """Serve `github` on loopback until the end of the block, and yield its address."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP) as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        config = uvicorn.Config(github.app, log_level="error", lifespan="off", ws="none")
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, name="stand-in", daemon=True)
        thread.start()
        try:
            with at_hand(github.app, [listener]):
                yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join(10)
