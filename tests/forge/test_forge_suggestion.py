"""Suggested changes: one click each, at most five, never the same twice."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from forge.github_standin import State, answer, lost
from markdown_it import MarkdownIt

from reconciler.findings import RejectedError
from reconciler.forge.change_request import ChangeRequest
from reconciler.forge.github.review import suggestion_body
from reconciler.forge.protocol import Forge
from reconciler.forge.suggestion import MOST, Choice, Suggestion, choose, suggest
from reconciler.http.failures import LostAnswerError
from reconciler.report.comment import left_out_words

CURE = Suggestion(
    "budgets/teams/support.yaml", 14, 14, "    monthly: 12500.00", "Three decimals; write &#96;12500.00&#96;."
)


LINES = tuple(f"line {number}" for number in range(1, 41))
EVERYTHING = "@@ -1,40 +1,40 @@\n" + "\n".join(f" {line}" for line in LINES)
SUPPORT = CURE.path
Conversation = tuple[Forge, ChangeRequest]


@pytest.fixture
def conversation(github: State, session: Forge) -> Conversation:
    github.pulls[128].patches = {SUPPORT: EVERYTHING}
    return session, session.change_request(128)


def sentences(choice: Choice) -> tuple[str, ...]:
    outside, held = ([item.command for item in items] for items in (choice.outside, choice.held))
    return tuple(left_out_words(outside, held, most=MOST))


def at(*lines: int, **fields: Any) -> Suggestion:
    """Return a suggestion about lines of the file that the pull request shows."""
    original = "\n".join(LINES[line - 1] for line in range(lines[0], lines[-1] + 1))
    about = {"original": original, "key": f"line {lines[0]}", "before": "x", "command": "kt-budgets validate"}
    return replace(CURE, start_line=lines[0], line=lines[-1], **{**about, **fields})


def made(conversation: Conversation, *suggestions: Suggestion) -> tuple[Suggestion, ...]:
    return suggest(*conversation, choose(*conversation, suggestions).chosen)


def test_a_cure_becomes_a_suggestion_on_its_lines(github: State, conversation: Conversation) -> None:
    assert made(conversation, CURE, at(20, 21, 22)) == (CURE, at(20, 21, 22))
    first, second = github.review_comments
    assert (first["path"], first["line"], first["side"]) == ("budgets/teams/support.yaml", 14, "RIGHT")
    assert "start_line" not in first
    assert (second["start_line"], second["line"]) == (20, 22)
    assert "```suggestion\n    monthly: 12500.00\n```" in first["body"]


def test_the_same_is_never_suggested_twice(github: State, conversation: Conversation) -> None:
    made(conversation, CURE)
    assert choose(*conversation, [CURE, replace(CURE, reason="in other words")]) == Choice()
    assert len(github.review_comments) == 1


def test_a_figure_that_moves_with_the_days_and_the_lines_is_the_same_suggestion(conversation: Conversation) -> None:
    made(conversation, at(14, replacement="monthly: 12600.00"))
    later = at(16, replacement="monthly: 12700.00", key="line 14")
    assert choose(*conversation, [later]) == Choice()
    assert choose(*conversation, [replace(later, before="13000.00")]).chosen
    assert choose(*conversation, [replace(later, before="13000.00", replacement="monthly: 12600.00")]) == Choice()


def test_what_was_resolved_or_outdated_is_not_suggested_again(github: State, conversation: Conversation) -> None:
    made(conversation, at(14))
    del github.review_comments[0]["line"]
    github.review_comments[0] |= {"original_line": 14, "original_position": 14}
    assert choose(*conversation, [at(14)]) == Choice()


def test_at_most_five_are_made_in_all(conversation: Conversation) -> None:
    many = [at(line) for line in range(1, 10)]
    assert len(made(conversation, *many[:4])) == 4
    choice = choose(*conversation, many)
    assert (len(choice.chosen), len(choice.held)) == (1, 4)
    assert sentences(choice) == (
        "4 more suggested changes are held back, as at most 5 are made and one for each line:"
        " `kt-budgets validate` shows them.",
    )
    suggest(*conversation, choice.chosen)
    assert choose(*conversation, many).chosen == ()


def test_one_line_gets_one_suggestion(conversation: Conversation) -> None:
    choice = choose(*conversation, [at(14, 15), at(15, 16), at(17)])
    assert (choice.chosen, choice.held) == ((at(14, 15), at(17)), (at(15, 16),))


def test_somebody_elses_comment_with_our_mark_does_not_count(github: State, conversation: Conversation) -> None:
    github.review_comments.append(
        {
            "id": 5,
            "number": 128,
            "user": {"login": "mallory", "id": 1, "type": "User"},
            "body": suggestion_body(CURE.wanted),
        }
    )
    assert choose(*conversation, [CURE]).chosen == (CURE,)


def test_lines_that_the_pull_request_does_not_show_are_counted_and_never_sent(
    github: State, conversation: Conversation
) -> None:
    github.pulls[128].patches = {SUPPORT: "@@ -13 +13 @@\n-old\n+line 13\n@@ -20,2 +20,2 @@\n-a\n line 20\n+line 21"}
    choice = choose(*conversation, [at(13), at(13, 14), at(14), at(20, 21), at(13, path="other.yaml")])
    assert choice.chosen == (at(13), at(20, 21))
    assert sentences(choice) == (
        "2 more suggested changes are outside of this diff: `kt-budgets validate` shows them.",
    )
    suggest(*conversation, choice.chosen)
    assert len(github.review_comments) == 2
    assert [path for method, path, _ in github.writes] == ["/repos/acme/ai-budgets/pulls/128/comments"] * 2


def test_every_page_of_the_files_is_looked_at(github: State, conversation: Conversation) -> None:
    many = {f"docs/{number}.md": "@@ -1 +1 @@\n+x" for number in range(130)}
    github.pulls[128].patches = {**many, "large.bin": "", SUPPORT: EVERYTHING}
    assert choose(*conversation, [at(14)]).chosen == (at(14),)
    assert sum(path.endswith("/files") for _, path, _ in github.requests) == 2


def test_lines_that_a_merge_has_moved_are_found_in_the_head(github: State, conversation: Conversation) -> None:
    moved = at(14, original=LINES[15])
    assert choose(*conversation, [moved]).chosen == (replace(moved, start_line=16, line=16),)


@pytest.mark.parametrize("original", ["not there", "twice"])
def test_lines_that_are_not_there_or_are_there_twice_are_no_place(
    original: str, github: State, conversation: Conversation
) -> None:
    github.pulls[128].patches = {
        SUPPORT: "@@ -1,4 +1,4 @@\n+line 1\n twice\r\n twice\n+line 4\n\\ No newline at end of file"
    }
    item = at(1, original=original)
    assert choose(*conversation, [item]).outside == (item,)
    assert choose(*conversation, [at(2, original="twice")]).chosen == (at(2, original="twice"),)


def test_a_head_that_has_moved_on_takes_nothing(github: State, conversation: Conversation) -> None:
    github.pulls[128].commits.append(("d" * 40, "alice"))
    assert made(conversation, CURE) == ()


def test_one_that_is_left_out_is_said_in_the_singular_and_without_a_command(conversation: Conversation) -> None:
    choice = choose(*conversation, [replace(CURE, line=50, start_line=50)])
    assert sentences(choice) == ("1 more suggested change is outside of this diff.",)
    both = Choice(outside=(at(1), at(2, command="kt-budgets recommend")))
    assert sentences(both)[0].endswith(": `kt-budgets recommend` and `kt-budgets validate` show them.")


def test_another_refusal_is_an_error(github: State, conversation: Conversation) -> None:
    github.fail(r"POST .*/pulls/128/comments", answer(410, "gone"))
    with pytest.raises(RejectedError, match="410"):
        made(conversation, CURE)


def test_a_lost_answer_is_looked_up(github: State, conversation: Conversation) -> None:
    github.fail(r"POST .*/pulls/128/comments", lost)
    assert made(conversation, CURE) == (CURE,)
    github.fail(r"POST .*/pulls/128/comments", answer(502))
    with pytest.raises(LostAnswerError):
        made(conversation, at(20))


def test_lines_that_are_to_go_leave_no_empty_line() -> None:
    assert "```suggestion\n```\n" in suggestion_body(replace(CURE, replacement="").wanted)


def test_a_replacement_with_fences_cannot_leave_its_block() -> None:
    body = suggestion_body(replace(CURE, replacement="a: 1\n```\n@everyone\n````\n").wanted)
    (fence,) = [token for token in MarkdownIt().parse(body) if token.type == "fence"]
    assert fence.info == "suggestion"
    assert fence.content == "a: 1\n```\n@everyone\n````\n"
