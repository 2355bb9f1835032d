"""GitHub's own description judges what we send: here it is shown that it does."""

from __future__ import annotations

import pytest
from forge.github_description import Answered, Sent, require_description
from forge.github_standin import State
from httpx import Client

from reconciler.forge.github.channel import Channel

COMMENTS = "/repos/acme/ai-budgets/issues/128/comments"
CHECKS = "/repos/acme/ai-budgets/check-runs"


@pytest.mark.parametrize(
    ("method", "path", "query", "body", "words"),
    [
        ("POST", COMMENTS, {}, b'{"body": 3}', "not of type 'string'"),
        ("POST", COMMENTS, {}, b"{}", "'body' is a required property"),
        ("POST", CHECKS, {}, b'{"name": "x"}', "'head_sha' is a required property"),
        ("PATCH", f"{CHECKS}/7", {}, b'{"status": "completed"}', "not valid under any of the given schemas"),
        ("GET", COMMENTS, {"per_page": "many"}, None, "per_page"),
        ("GET", "/repos/acme/ai-budgets/nothing", {}, None, "not found"),
    ],
)
def test_a_wrong_request_is_complained_about(
    method: str, path: str, query: dict[str, str], body: bytes | None, words: str
) -> None:
    complaint = require_description().complaint(Sent(method, path, query, body), Answered(400, None))
    assert complaint
    assert words in complaint


def test_a_right_request_is_not() -> None:
    judge = require_description()
    assert judge.complaint(Sent("POST", COMMENTS, {}, b'{"body": "x"}'), Answered(201, b'{"id": 1}')) is None


def test_more_annotations_than_github_takes_are_complained_about() -> None:
    annotation = '{"path": "a", "start_line": 1, "end_line": 1, "annotation_level": "notice", "message": "m"}'
    output = f'{{"title": "t", "summary": "s", "annotations": [{", ".join([annotation] * 51)}]}}'
    body = f'{{"name": "x", "head_sha": "y", "status": "in_progress", "output": {output}}}'
    complaint = require_description().complaint(Sent("POST", CHECKS, {}, body.encode()), Answered(400, None))
    assert complaint
    assert "too long" in complaint


def test_the_stand_in_is_judged_too() -> None:
    answered = Answered(200, b'[{"id": "x"}]')
    complaint = require_description().complaint(Sent("GET", COMMENTS, {}, None), answered)
    assert complaint
    assert "not of type 'integer'" in complaint


def test_every_request_of_every_test_passes_the_judge(github: State, channel: Channel) -> None:
    require_description()
    channel.write("POST", CHECKS, {"name": "x", "head_sha": "a" * 40, "status": "invented"})
    assert len(github.complaints) == 1
    github.complaints.clear()


def test_an_unknown_token_is_refused_by_the_stand_in(github_url: str) -> None:
    with Client(trust_env=False) as client:
        assert client.get(f"{github_url}/user").status_code == 401
