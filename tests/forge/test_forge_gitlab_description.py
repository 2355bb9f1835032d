"""GitLab's reference judges what we send: here it is shown that it does, also of what GitLab itself ignores."""

from __future__ import annotations

import pytest
from forge.github_description import Answered
from forge.gitlab_description import OPERATIONS, Asked, reference
from forge.gitlab_state import GitLabState
from httpx import Client

NOTES = "/api/v4/projects/acme%2Fai-budgets/merge_requests/128/notes"
STATUSES = f"/api/v4/projects/7/statuses/{'a' * 40}"
ISSUES = "/api/v4/projects/7/issues"


@pytest.mark.parametrize(
    ("method", "path", "query", "body", "words"),
    [
        ("POST", NOTES, {}, b'{"body": 3}', "not of type 'string'"),
        ("POST", NOTES, {}, b"{}", "'body' is a required property"),
        ("POST", NOTES, {}, b'{"body": "x", "confidental": true}', "confidental"),
        ("POST", STATUSES, {}, b'{"state": "failure"}', "'failure' is not one of"),
        ("POST", STATUSES, {}, b'{"state": "success", "description": "%s"}' % (b"x" * 256), "is too long"),
        ("PUT", f"{ISSUES}/900", {}, b'{"state": "closed"}', "'state' was unexpected"),
        ("GET", NOTES, {"per_page": "500"}, None, "500"),
        ("GET", NOTES, {"order": "asc"}, None, "GitLab knows no order"),
        ("GET", ISSUES, {"state": "open"}, None, "'open' is not one of"),
        ("GET", "/api/v4/projects/7/nothing", {}, None, "not found"),
    ],
)
def test_a_wrong_request_is_complained_about(
    method: str, path: str, query: dict[str, str], body: bytes | None, words: str
) -> None:
    judge = reference()
    assert judge is not None
    complaint = judge.complaint(Asked(method, path, query, body), Answered(400, None))
    assert complaint
    assert words in complaint


def test_a_right_request_is_not_and_the_answer_is_judged_too() -> None:
    judge = reference()
    assert judge is not None
    asked = Asked("GET", NOTES, {"sort": "asc", "page": "2"}, None)
    assert judge.complaint(asked, Answered(200, b'[{"id": 1, "body": "x"}]')) is None
    complaint = judge.complaint(asked, Answered(200, b'[{"id": "x"}]'))
    assert complaint
    assert "not of type 'integer'" in complaint


def test_every_request_of_every_test_passes_the_judge(gitlab: GitLabState, gitlab_url: str) -> None:
    with Client(trust_env=False, headers={"PRIVATE-TOKEN": "glpat-bot"}) as client:
        assert client.get(f"{gitlab_url}/projects/7/merge_requests", params={"target": "main"}).status_code == 200
    assert len(gitlab.complaints) == 1
    gitlab.complaints.clear()


def test_no_operation_is_described_twice() -> None:
    described = [(item.method, item.path) for item in OPERATIONS]
    assert len(described) == len(set(described))


def test_an_unknown_token_is_refused_by_the_stand_in(gitlab_url: str) -> None:
    with Client(trust_env=False) as client:
        assert client.get(f"{gitlab_url}/user").status_code == 401
