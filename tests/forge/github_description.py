"""GitHub's own OpenAPI description, as an independent judge of what we send and of what the stand-in answers."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

CACHE = Path(__file__).resolve().parents[2] / ".venv" / "github-openapi"
FILE = CACHE / "api.github.com.json"
MISSING = (
    f"GitHub's OpenAPI description is not there: run tests/forge/fetch_github_openapi.sh (needs npm); looked at {FILE}"
)
_COMMIT = re.compile(r"\b[0-9a-f]{40}\b")
OPERATIONS = (
    ("get", "/user"),
    ("get", "/repos/{owner}/{repo}"),
    ("get", "/repos/{owner}/{repo}/pulls"),
    ("get", "/repos/{owner}/{repo}/pulls/{pull_number}"),
    ("get", "/repos/{owner}/{repo}/pulls/{pull_number}/commits"),
    ("get", "/repos/{owner}/{repo}/pulls/{pull_number}/files"),
    ("get", "/repos/{owner}/{repo}/pulls/{pull_number}/reviews"),
    ("get", "/repos/{owner}/{repo}/pulls/{pull_number}/comments"),
    ("post", "/repos/{owner}/{repo}/pulls/{pull_number}/comments"),
    ("get", "/repos/{owner}/{repo}/issues"),
    ("post", "/repos/{owner}/{repo}/issues"),
    ("patch", "/repos/{owner}/{repo}/issues/{issue_number}"),
    ("get", "/repos/{owner}/{repo}/issues/{issue_number}/comments"),
    ("post", "/repos/{owner}/{repo}/issues/{issue_number}/comments"),
    ("patch", "/repos/{owner}/{repo}/issues/comments/{comment_id}"),
    ("delete", "/repos/{owner}/{repo}/issues/comments/{comment_id}"),
    ("get", "/repos/{owner}/{repo}/commits/{ref}"),
    ("get", "/repos/{owner}/{repo}/commits/{commit_sha}/pulls"),
    ("get", "/repos/{owner}/{repo}/commits/{ref}/check-runs"),
    ("post", "/repos/{owner}/{repo}/check-runs"),
    ("patch", "/repos/{owner}/{repo}/check-runs/{check_run_id}"),
    ("get", "/orgs/{org}/teams/{team_slug}/memberships/{username}"),
    ("get", "/orgs/{org}/teams/{team_slug}/members"),
    ("get", "/orgs/{org}/teams"),
    ("get", "/repos/{owner}/{repo}/codeowners/errors"),
    ("get", "/repos/{owner}/{repo}/rules/branches/{branch}"),
    ("get", "/repos/{owner}/{repo}/branches/{branch}"),
    ("post", "/repos/{owner}/{repo}/rulesets"),
    ("get", "/orgs/{org}/members"),
    ("get", "/repos/{owner}/{repo}/collaborators/{username}"),
    ("get", "/repos/{owner}/{repo}/collaborators/{username}/permission"),
    ("get", "/repos/{owner}/{repo}/assignees/{assignee}"),
    ("post", "/repos/{owner}/{repo}/issues/{issue_number}/assignees"),
    ("post", "/repos/{owner}/{repo}/actions/workflows/{workflow_id}/dispatches"),
    ("get", "/repos/{owner}/{repo}/compare/{basehead}"),
    ("get", "/repos/{owner}/{repo}/git/ref/{ref}"),
    ("get", "/repos/{owner}/{repo}/activity"),
)


class Sent:
    """A request as openapi-core wants to see it."""

    host_url = "https://api.github.com"
    content_type = "application/json"

    def __init__(self, method: str, path: str, query: Mapping[str, str], body: bytes | None) -> None:
        multi_dict = import_module("werkzeug.datastructures").ImmutableMultiDict
        self.method = method.lower()
        self.path = path
        self.body = body
        self.parameters = import_module("openapi_core.datatypes").RequestParameters(query=multi_dict(dict(query)))


@dataclass(frozen=True)
class Answered:
    """An answer as openapi-core wants to see it."""

    status_code: int
    data: bytes | None
    content_type: str = "application/json"
    headers: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Description:
    """Judges requests in full, and answers by everything but what they leave out."""

    strict: Any
    lenient: Any
    judged: dict[object, str | None] = field(default_factory=dict)

    def complaint(self, sent: Sent, answered: Answered) -> str | None:
        """Return what is wrong with a request, or with the answer to it; None when nothing is.

        What is the same, but for which commits it names, as something that was judged before is judged as that was.
        """
        query = tuple(sent.parameters.query.items(multi=True))
        asked = (sent.method, *map(_of_any_commit, (sent.path, repr(query), repr(sent.body))))
        if asked not in self.judged:
            self.judged[asked] = _complaint(sent, self.strict.validate_request, sent)
        is_answer = answered.status_code < 400 and answered.data
        answer = (*asked[:2], answered.status_code, _of_any_commit(repr(answered.data))) if is_answer else None
        if answer and answer not in self.judged:
            self.judged[answer] = _complaint(sent, self.lenient.validate_response, sent, answered)
        return self.judged[asked] or (self.judged[answer] if answer else None)


def _of_any_commit(text: str) -> str:
    return _COMMIT.sub("commit", text)


def _complaint(sent: Sent, validate: Callable[..., None], *about: Sent | Answered) -> str | None:
    try:
        validate(*about)
    except import_module("openapi_core.exceptions").OpenAPIError as error:
        causes = getattr(error, "__cause__", None)
        details = [str(item.message) for item in getattr(causes, "schema_errors", ())]
        return f"{sent.method} {sent.path}: {error} {causes or ''} {details}"
    return None


@cache
def description() -> Description | None:
    """Return GitHub's description of the operations that we use, None where it is not installed."""
    if not FILE.is_file():
        return None
    try:
        library = import_module("openapi_core")
    except ImportError:
        return None
    document = _cut(json.loads(FILE.read_text(encoding="utf-8")))
    config = library.Config(spec_validator_cls=None)
    lenient = _without_required(json.loads(json.dumps(document)))
    return Description(
        library.OpenAPI.from_dict(document, config=config), library.OpenAPI.from_dict(lenient, config=config)
    )


def require_description() -> Description:
    """Return GitHub's description; without it a test is skipped, and fails where the gate runs."""
    found = description()
    if found is None:
        (pytest.fail if os.environ.get("KT_BUDGETS_GATE") else pytest.skip)(MISSING)
    return found


def _cut(document: dict[str, Any]) -> dict[str, Any]:
    """Return the part of a description that OPERATIONS need, so that it is judged in milliseconds."""
    paths: dict[str, Any] = {}
    for method, path in OPERATIONS:
        paths.setdefault(path, {})[method] = document["paths"][path][method]
    components: dict[str, dict[str, Any]] = {}
    waiting: list[Any] = [paths]
    while waiting:
        for reference in _references(waiting.pop()):
            kind, name = reference.removeprefix("#/components/").split("/")
            if name not in components.setdefault(kind, {}):
                components[kind][name] = document["components"][kind][name]
                waiting.append(components[kind][name])
    return {**{key: document[key] for key in ("openapi", "info", "servers")}, "paths": paths, "components": components}


def _references(node: Any) -> list[str]:
    if isinstance(node, dict):
        own = [node["$ref"]] if isinstance(node.get("$ref"), str) else []
        return own + [found for key, value in node.items() if key != "examples" for found in _references(value)]
    return [found for item in node for found in _references(item)] if isinstance(node, list) else []


def _without_required(node: Any) -> Any:
    """Return a description whose schemas require nothing: the stand-in may leave out what nobody reads.

    What may be null and one of several is null where its author says so; a validator wants that as one of them.
    """
    if isinstance(node, dict):
        if node.get("nullable") is True and isinstance(node.get("oneOf"), list):
            node = {**node, "oneOf": [*node["oneOf"], {"type": "object", "nullable": True, "maxProperties": 0}]}
        return {
            "anyOf" if key == "oneOf" else key: _without_required(value)
            for key, value in node.items()
            if not (key == "required" and isinstance(value, list))
        }
    return [_without_required(item) for item in node] if isinstance(node, list) else node
