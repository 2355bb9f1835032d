"""Suggested changes: one click each, at most five, never the same twice."""

from __future__ import annotations

from dataclasses import replace

import pytest
from forge.github_standin import ACTIONS, State, answer, lost
from markdown_it import MarkdownIt

from reconciler.findings import RejectedError
from reconciler.forge.channel import Channel
from reconciler.forge.failures import LostAnswerError
from reconciler.forge.identity import Identity
from reconciler.forge.repository import Repository, pull_request
from reconciler.forge.suggestion import Conversation, Suggestion

CURE = Suggestion(
    "budgets/teams/support.yaml", 14, 14, "    monthly: 12500.00", "Three decimals; write &#96;12500.00&#96;."
)


@pytest.fixture
def conversation(channel: Channel, repository: Repository) -> Conversation:
    return Conversation(channel, repository, pull_request(channel, repository, 128), Identity(ACTIONS))


def test_a_cure_becomes_a_suggestion_on_its_lines(github: State, conversation: Conversation) -> None:
    assert conversation.suggest([CURE, replace(CURE, start_line=12)]) == (CURE, replace(CURE, start_line=12))
    first, second = github.review_comments
    assert (first["path"], first["line"], first["side"]) == ("budgets/teams/support.yaml", 14, "RIGHT")
    assert "start_line" not in first
    assert (second["start_line"], second["line"]) == (12, 14)
    assert "```suggestion\n    monthly: 12500.00\n```" in first["body"]


def test_the_same_is_never_suggested_twice(github: State, conversation: Conversation) -> None:
    conversation.suggest([CURE])
    assert conversation.suggest([CURE, replace(CURE, reason="in other words")]) == ()
    assert len(github.review_comments) == 1


def test_at_most_five_are_made_in_all(github: State, conversation: Conversation) -> None:
    many = [replace(CURE, start_line=line, line=line) for line in range(1, 10)]
    assert len(conversation.suggest(many[:4])) == 4
    assert len(conversation.suggest(many)) == 1
    assert conversation.suggest(many) == ()


def test_somebody_elses_comment_with_our_mark_does_not_count(github: State, conversation: Conversation) -> None:
    github.review_comments.append(
        {"id": 5, "number": 128, "user": {"login": "mallory", "id": 1, "type": "User"}, "body": CURE.body()}
    )
    assert conversation.suggest([CURE]) == (CURE,)


def test_lines_that_the_pull_request_does_not_show_are_left_out(github: State, conversation: Conversation) -> None:
    github.pulls[128].shown = {CURE.path: {13}}
    assert conversation.suggest([CURE]) == ()


def test_another_refusal_is_an_error(github: State, conversation: Conversation) -> None:
    github.fail(r"POST .*/pulls/128/comments", answer(410, "gone"))
    with pytest.raises(RejectedError, match="410"):
        conversation.suggest([CURE])


def test_a_lost_answer_is_looked_up(github: State, conversation: Conversation) -> None:
    github.fail(r"POST .*/pulls/128/comments", lost)
    assert conversation.suggest([CURE]) == (CURE,)
    github.fail(r"POST .*/pulls/128/comments", answer(502))
    with pytest.raises(LostAnswerError):
        conversation.suggest([replace(CURE, line=20, start_line=20)])


def test_a_replacement_with_fences_cannot_leave_its_block() -> None:
    body = replace(CURE, replacement="a: 1\n```\n@everyone\n````\n").body()
    (fence,) = [token for token in MarkdownIt().parse(body) if token.type == "fence"]
    assert fence.info == "suggestion"
    assert fence.content == "a: 1\n```\n@everyone\n````\n"
