"""What GitLab's published reference says about the requests that we send, as an independent judge of them.

No package registry has GitLab's own OpenAPI description (`doc/api/openapi/openapi_v3.yaml` in its repository), so the
operations that we use are described here, by its reference of version 19.5: paths, parameters, what is required, what
is limited to a list of words. What is not named here is complained about, which GitLab itself would ignore in silence.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from typing import Any

from forge.github_description import Answered, Description, Sent

INTEGER, TEXT, FLAG = {"type": "integer"}, {"type": "string"}, {"type": "boolean"}
MAYBE_TEXT = {"type": "string", "nullable": True}
SHA = {"type": "string", "pattern": "^[0-9a-f]{40,64}$"}
MAYBE_SHA = {**SHA, "nullable": True}
MOMENT = {"type": "string", "format": "date-time"}
PAGES = {"page": {**INTEGER, "minimum": 1}, "per_page": {**INTEGER, "minimum": 1, "maximum": 100}}


def one_of(*words: str) -> dict[str, Any]:
    return {"type": "string", "enum": list(words)}


def thing(**properties: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties}


def many(item: dict[str, Any]) -> dict[str, Any]:
    return {"type": "array", "items": item}


ORDER = {"sort": one_of("asc", "desc")}
USER = thing(id=INTEGER, username=TEXT, name=TEXT, state=one_of("active", "blocked", "deactivated", "banned"))
TOKEN = thing(
    id=INTEGER,
    name=TEXT,
    revoked=FLAG,
    created_at=MOMENT,
    scopes=many(TEXT),
    user_id=INTEGER,
    active=FLAG,
    expires_at={"type": "string", "format": "date", "nullable": True},
)
MEMBER = thing(**USER["properties"], access_level={"enum": [0, 5, 10, 15, 20, 30, 40, 50, 60]}, expires_at=MAYBE_TEXT)
COMMIT = thing(
    id=SHA,
    parent_ids=many(SHA),
    message=TEXT,
    author_name=TEXT,
    author_email=TEXT,
    committer_name=TEXT,
    committer_email=TEXT,
)
MERGE_REQUEST = thing(
    iid=INTEGER,
    state=one_of("opened", "closed", "locked", "merged"),
    author=USER,
    sha=SHA,
    source_branch=TEXT,
    target_branch=TEXT,
    source_project_id={**INTEGER, "nullable": True},
    target_project_id=INTEGER,
    merge_commit_sha=MAYBE_SHA,
    squash_commit_sha=MAYBE_SHA,
    web_url=TEXT,
    merged_at={**MOMENT, "nullable": True},
    diff_refs={**thing(base_sha=SHA, head_sha=SHA, start_sha=SHA), "nullable": True},
    head_pipeline={**thing(id=INTEGER, sha=SHA), "nullable": True},
)
NOTE = thing(id=INTEGER, type=MAYBE_TEXT, body=TEXT, author=USER, system=FLAG, created_at=MOMENT, updated_at=MOMENT)
STATUS = thing(
    id=INTEGER,
    sha=SHA,
    name=TEXT,
    status=one_of("pending", "running", "success", "failed", "canceled", "skipped"),
    description=MAYBE_TEXT,
    target_url=MAYBE_TEXT,
    author=USER,
    created_at=MOMENT,
    finished_at={**MOMENT, "nullable": True},
    ref=TEXT,
    pipeline_id=INTEGER,
)
PIPELINE = thing(
    id=INTEGER,
    iid=INTEGER,
    project_id=INTEGER,
    sha=SHA,
    ref=TEXT,
    status=one_of("created", "running", "pending", "success", "failed", "canceled", "skipped", "manual", "scheduled"),
    source=TEXT,
)
ISSUE = thing(
    iid=INTEGER,
    title=TEXT,
    description=TEXT,
    state=one_of("opened", "closed"),
    author=USER,
    assignees=many(USER),
    labels=many(TEXT),
)
APPROVALS = thing(approved=FLAG, approved_by=many(thing(user=USER, approved_at=MOMENT)))
REVIEWER = thing(
    user=USER,
    state=one_of("unreviewed", "reviewed", "requested_changes", "approved", "unapproved", "review_started"),
    created_at=MOMENT,
)
VERSION = thing(
    id=INTEGER, head_commit_sha=SHA, base_commit_sha=SHA, start_commit_sha=SHA, created_at=MOMENT, state=TEXT
)
DIFF = thing(old_path=TEXT, new_path=TEXT, diff=TEXT, new_file=FLAG, deleted_file=FLAG, too_large=FLAG, collapsed=FLAG)
AWARD = thing(id=INTEGER, name=TEXT, user=USER, created_at=MOMENT)
DISCUSSION = thing(id=TEXT, notes=many(NOTE))
EVENT = thing(
    id=INTEGER,
    action_name=TEXT,
    created_at=MOMENT,
    push_data={
        **thing(
            commit_count=INTEGER,
            action=one_of("created", "pushed", "removed"),
            ref_type=one_of("branch", "tag"),
            commit_from=MAYBE_SHA,
            commit_to=MAYBE_SHA,
            ref=MAYBE_TEXT,
            commit_title=MAYBE_TEXT,
            ref_count={**INTEGER, "nullable": True},
        ),
        "nullable": True,
    },
)
PROJECT = thing(
    id=INTEGER, path_with_namespace=TEXT, default_branch=TEXT, only_allow_merge_if_pipeline_succeeds=FLAG, web_url=TEXT
)
PROTECTED = thing(name=TEXT, push_access_levels=many(thing(access_level={**INTEGER, "nullable": True})))
POSITION = {
    "type": "object",
    "required": ["base_sha", "start_sha", "head_sha", "position_type"],
    "additionalProperties": False,
    "properties": {
        **dict.fromkeys(("base_sha", "start_sha", "head_sha"), SHA),
        "position_type": one_of("text", "image", "file"),
        **dict.fromkeys(("new_path", "old_path"), TEXT),
        **dict.fromkeys(("new_line", "old_line"), INTEGER),
    },
}
VARIABLE = {
    "type": "object",
    "required": ["key", "value"],
    "additionalProperties": False,
    "properties": {"key": TEXT, "value": TEXT, "variable_type": one_of("env_var", "file")},
}
BODY = {"body": {"type": "string", "maxLength": 1_000_000, "minLength": 1}}
REQUEST = "/projects/{id}/merge_requests/{merge_request_iid}"
COMMITS = "/projects/{id}/repository/commits/{sha}"


@dataclass(frozen=True)
class Operation:
    """`query` and `body` say what may be sent, `required` what of the body must be."""

    method: str
    path: str
    answer: dict[str, Any] | None
    query: Mapping[str, Any] | None = None
    body: Mapping[str, Any] | None = None
    required: tuple[str, ...] = ()

    @property
    def status(self) -> str:
        return {"get": "200", "put": "200", "post": "201", "delete": "204"}[self.method]

    def fits(self, method: str, path: str) -> bool:
        pattern = re.sub(r"\\{[a-z_]+\\}", "[^/]+", re.escape(self.path))
        return method == self.method and re.fullmatch(f"/api/v4{pattern}", path) is not None

    def document(self) -> dict[str, Any]:
        names = [part[1:-1] for part in self.path.split("/") if part.startswith("{")]
        parameters = [
            {"name": name, "in": "path", "required": True, "schema": INTEGER if name in INTEGERS else TEXT}
            for name in names
        ]
        parameters += [{"name": name, "in": "query", "schema": about} for name, about in (self.query or {}).items()]
        content = {"application/json": {"schema": self.answer}} if self.answer else None
        found: dict[str, Any] = {
            "parameters": parameters,
            "responses": {self.status: {"description": "Done", **({"content": content} if content else {})}},
        }
        if self.body is not None:
            schema = {
                "type": "object",
                "properties": dict(self.body),
                "additionalProperties": False,
                **({"required": list(self.required)} if self.required else {}),
            }
            found["requestBody"] = {"required": True, "content": {"application/json": {"schema": schema}}}
        return found


INTEGERS = {"merge_request_iid", "note_id", "issue_iid", "user_id"}
ASSIGNED = {"assignee_ids": many(INTEGER)}
OPERATIONS = (
    Operation("get", "/user", USER),
    Operation("get", "/personal_access_tokens/self", TOKEN),
    Operation("get", "/users", many(USER), {**PAGES, "username": TEXT, "search": TEXT}),
    Operation("get", "/users/{id}", USER),
    Operation("get", "/projects/{id}", PROJECT),
    Operation(
        "get",
        "/projects/{id}/events",
        many(EVENT),
        {**PAGES, **ORDER, "action": TEXT, "target_type": TEXT, "before": TEXT, "after": TEXT},
    ),
    Operation("get", "/projects/{id}/members/all/{user_id}", MEMBER),
    Operation("get", "/groups/{id}/members", many(MEMBER), {**PAGES, "query": TEXT}),
    Operation("get", "/projects/{id}/protected_branches/{name}", PROTECTED),
    Operation("get", "/groups/{id}/members/all/{user_id}", MEMBER),
    Operation(
        "get",
        "/projects/{id}/merge_requests",
        many(MERGE_REQUEST),
        {
            **PAGES,
            **ORDER,
            "state": one_of("opened", "closed", "locked", "merged", "all"),
            "target_branch": TEXT,
            "order_by": one_of(
                "created_at",
                "label_priority",
                "milestone_due",
                "popularity",
                "priority",
                "title",
                "updated_at",
                "merged_at",
            ),
        },
    ),
    Operation("get", REQUEST, MERGE_REQUEST),
    Operation("get", f"{REQUEST}/commits", many(COMMIT), PAGES),
    Operation("get", f"{REQUEST}/versions", many(VERSION), PAGES),
    Operation("get", f"{REQUEST}/pipelines", many(PIPELINE), PAGES),
    Operation("get", f"{REQUEST}/diffs", many(DIFF), PAGES),
    Operation("get", f"{REQUEST}/approvals", APPROVALS),
    Operation("get", f"{REQUEST}/reviewers", many(REVIEWER)),
    Operation("get", f"{REQUEST}/award_emoji", many(AWARD), PAGES),
    Operation(
        "get",
        f"{REQUEST}/notes",
        many(NOTE),
        {
            **PAGES,
            **ORDER,
            "order_by": one_of("created_at", "updated_at"),
            "activity_filter": one_of("all_notes", "only_comments", "only_activity"),
        },
    ),
    Operation("post", f"{REQUEST}/notes", NOTE, body=BODY, required=("body",)),
    Operation("put", f"{REQUEST}/notes/{{note_id}}", NOTE, body=BODY, required=("body",)),
    Operation("delete", f"{REQUEST}/notes/{{note_id}}", None),
    Operation("get", f"{REQUEST}/discussions", many(DISCUSSION), PAGES),
    Operation(
        "post",
        f"{REQUEST}/discussions",
        DISCUSSION,
        body={**BODY, "position": POSITION, "commit_id": SHA},
        required=("body",),
    ),
    Operation("get", COMMITS, COMMIT),
    Operation(
        "get",
        f"{COMMITS}/merge_requests",
        many(MERGE_REQUEST),
        {**PAGES, "state": one_of("opened", "closed", "locked", "merged")},
    ),
    Operation(
        "get",
        f"{COMMITS}/statuses",
        many(STATUS),
        {
            **PAGES,
            **ORDER,
            "ref": TEXT,
            "stage": TEXT,
            "name": TEXT,
            "all": FLAG,
            "pipeline_id": INTEGER,
            "order_by": one_of("id", "pipeline_id"),
        },
    ),
    Operation(
        "post",
        "/projects/{id}/statuses/{sha}",
        STATUS,
        body={
            "state": one_of("pending", "running", "success", "failed", "canceled", "skipped"),
            "name": {**TEXT, "maxLength": 255},
            "context": TEXT,
            "ref": {**TEXT, "maxLength": 255},
            "target_url": {**TEXT, "maxLength": 255},
            "description": {**TEXT, "maxLength": 255},
            "pipeline_id": INTEGER,
            "coverage": {"type": "number"},
        },
        required=("state",),
    ),
    Operation(
        "get",
        "/projects/{id}/issues",
        many(ISSUE),
        {
            **PAGES,
            **ORDER,
            "state": one_of("opened", "closed", "all"),
            "author_id": INTEGER,
            "author_username": TEXT,
            "labels": TEXT,
            "scope": one_of("created_by_me", "assigned_to_me", "all"),
            "order_by": one_of(
                "created_at",
                "due_date",
                "label_priority",
                "milestone_due",
                "popularity",
                "priority",
                "relative_position",
                "title",
                "updated_at",
                "weight",
            ),
        },
    ),
    Operation(
        "post",
        "/projects/{id}/issues",
        ISSUE,
        body={"title": TEXT, "description": {**TEXT, "maxLength": 1_048_576}, "labels": TEXT, **ASSIGNED},
        required=("title",),
    ),
    Operation("get", "/projects/{id}/issues/{issue_iid}", ISSUE),
    Operation(
        "post",
        "/projects/{id}/pipeline",
        thing(id=INTEGER, web_url=TEXT),
        body={"ref": TEXT, "variables": many(VARIABLE)},
        required=("ref",),
    ),
    Operation(
        "put",
        "/projects/{id}/issues/{issue_iid}",
        ISSUE,
        body={
            "title": TEXT,
            "description": {**TEXT, "maxLength": 1_048_576},
            "labels": TEXT,
            "state_event": one_of("close", "reopen"),
            **ASSIGNED,
        },
    ),
)


class Asked(Sent):
    """A request to GitLab as openapi-core wants to see it."""

    host_url = "https://gitlab.com"


@dataclass(frozen=True)
class Reference:
    """Judges requests, and answers by everything but what they leave out."""

    schemas: Description

    def complaint(self, asked: Asked, answered: Answered) -> str | None:
        """Return what is wrong with a request, or with the answer to it; None when nothing is."""
        if found := self.schemas.complaint(asked, answered):
            return found
        operation = next(item for item in OPERATIONS if item.fits(asked.method, asked.path))
        extra = sorted(set(asked.parameters.query) - set(operation.query or ()))
        return f"{asked.method} {asked.path}: GitLab knows no {', '.join(extra)}" if extra else None


@cache
def reference() -> Reference | None:
    """Return the description of the operations that we use, None where what judges by it is not installed."""
    try:
        library = import_module("openapi_core")
    except ImportError:
        return None
    paths: dict[str, Any] = {}
    for item in OPERATIONS:
        paths.setdefault(item.path, {})[item.method] = item.document()
    document = {
        "openapi": "3.0.3",
        "info": {"title": "GitLab's REST API, as far as we use it", "version": "19.5"},
        "servers": [{"url": "https://gitlab.com/api/v4"}],
        "paths": paths,
    }
    judge = library.OpenAPI.from_dict(document)
    return Reference(Description(judge, judge))
