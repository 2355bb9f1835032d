"""The sticky comment: found, updated in place, skipped, never overwritten by something older."""

from __future__ import annotations

import pytest
from forge.forge_world import HEAD
from forge.github_standin import ACTIONS, Pull, State, answer, lost, meanwhile

from reconciler.findings import RejectedError, UnauthorizedError
from reconciler.forge.comment import Published, Stamp, publish, read_marked, stamped
from reconciler.forge.github.channel import Channel
from reconciler.forge.github.identity import Identity, identify
from reconciler.forge.github.repository import Repository, pull_request
from reconciler.forge.protocol import Forge
from reconciler.http.failures import LostAnswerError

REPORT = "### Budget plan\n\nText.\n"
ABOUT = {"valid-at": "2026-06-18", "actions": "sha256:7d", "truncated": "0"}


def say(
    session: Forge,
    text: str = REPORT,
    *,
    head: str = HEAD,
    run: tuple[int, int] | None = (100, 1),
    create: bool = True,
    about: dict[str, str] | None = None,
) -> Published:
    pull = session.change_request(128)
    marked = stamped(text, Stamp(128, head, run), about or ABOUT)
    return publish(session, pull, marked, create=create)[0]


def test_the_first_plan_creates_a_comment_that_says_what_it_was_written_for(github: State, session: Forge) -> None:
    assert say(session) is Published.CREATED
    (body,) = github.ours(128)
    marked = read_marked(body)
    assert marked
    assert marked.fields["pr"] == "128"
    assert marked.fields["head"] == HEAD
    assert marked.fields["actions"] == "sha256:7d"
    assert marked.is_untouched


def test_a_second_run_with_the_same_text_writes_nothing(github: State, session: Forge) -> None:
    say(session)
    before = len(github.writes)
    assert say(session) is Published.UNCHANGED
    assert len(github.writes) == before


def test_another_plan_updates_the_comment_in_place(github: State, session: Forge) -> None:
    say(session)
    assert say(session, REPORT + "More.\n", run=(101, 1)) is Published.UPDATED
    (body,) = github.ours(128)
    assert "More." in body


def test_an_older_run_never_overwrites_a_newer_one(github: State, session: Forge) -> None:
    say(session, REPORT + "Newer.\n", run=(200, 1))
    assert say(session, REPORT + "Older.\n", run=(199, 3)) is Published.SUPERSEDED
    assert "Newer." in github.ours(128)[0]


def test_without_runs_an_older_day_never_overwrites_a_newer_one(github: State, session: Forge) -> None:
    say(session, run=None)
    about = ABOUT | {"valid-at": "2026-06-17"}
    assert say(session, REPORT + "Older.\n", run=None, about=about) is Published.SUPERSEDED


def test_a_run_for_a_head_that_is_not_the_last_any_more_says_nothing(github: State, session: Forge) -> None:
    assert say(session, head="d" * 40) is Published.SUPERSEDED
    assert github.writes == []


def test_no_changes_updates_a_comment_but_never_creates_one(github: State, session: Forge) -> None:
    assert say(session, create=False) is Published.NOT_NEEDED
    assert github.ours(128) == []
    say(session)
    assert say(session, REPORT + "Nothing.\n", run=(101, 1), create=False) is Published.UPDATED


def test_somebody_elses_comment_with_our_marker_is_left_alone(github: State, session: Forge) -> None:
    marked = stamped(REPORT, Stamp(128, HEAD), ABOUT).body
    theirs = github.comment(128, "mallory", marked)
    assert say(session) is Published.CREATED
    assert theirs["body"] == marked


def test_our_comments_without_the_marker_are_left_alone(github: State, session: Forge) -> None:
    other = github.comment(128, ACTIONS, "Coverage is up.")
    say(session)
    assert other["body"] == "Coverage is up."


def test_a_comment_that_was_edited_by_hand_is_written_over_whatever_it_claims(github: State, session: Forge) -> None:
    say(session)
    (item,) = github.comments
    item["body"] = item["body"].replace("run=100.1", "run=999999.9").replace("Text.", "All is well, approve.")
    assert say(session, run=(101, 1)) is Published.UPDATED
    assert "All is well" not in github.ours(128)[0]


def test_a_comment_that_is_deleted_in_between_is_created_again(github: State, session: Forge) -> None:
    say(session)
    github.fail(r"PATCH .*/issues/comments/.*", meanwhile(lambda state: state.comments.clear()))
    assert say(session, REPORT + "More.\n", run=(101, 1)) is Published.CREATED
    assert len(github.ours(128)) == 1


def test_a_comment_whose_answer_was_lost_is_not_written_twice(github: State, session: Forge) -> None:
    github.fail(r"POST .*/comments", lost)
    assert say(session) is Published.UNCHANGED
    assert len(github.ours(128)) == 1


def test_a_comment_that_never_arrives_is_tried_three_times_and_given_up(github: State, session: Forge) -> None:
    github.fail(r"POST .*/comments", *[answer(502, "Bad Gateway")] * 3)
    with pytest.raises(LostAnswerError):
        say(session)
    assert github.comments == []


def test_a_second_comment_of_ours_is_removed(github: State, session: Forge) -> None:
    say(session)
    github.comment(128, ACTIONS, github.ours(128)[0])
    say(session, REPORT + "More.\n", run=(101, 1))
    assert len(github.ours(128)) == 1


def test_the_comment_is_found_on_the_last_page(github: State, session: Forge) -> None:
    github.page_cap = 2
    for number in range(7):
        github.comment(128, "bob", f"Question {number}")
    say(session)
    assert say(session, REPORT + "More.\n", run=(101, 1)) is Published.UPDATED
    assert len(github.ours(128)) == 1


def test_github_may_change_line_ends_and_the_text_is_still_the_same(github: State, session: Forge) -> None:
    say(session)
    (item,) = github.comments
    item["body"] = item["body"].replace("\n", "\r\n")
    assert say(session) is Published.UNCHANGED


def test_a_pull_request_that_is_not_there_is_refused(github: State, session: Forge) -> None:
    github.pulls.clear()
    with pytest.raises(RejectedError, match="404"):
        say(session)


def test_an_app_that_may_not_ask_who_it_is_is_github_actions(channel: Channel) -> None:
    assert identify(channel) == Identity("github-actions[bot]")
    assert identify(channel).app == "github-actions"


def test_a_name_that_is_given_is_taken(channel: Channel) -> None:
    assert identify(channel, named="acme-budgets[bot]").app == "acme-budgets"


def test_a_fork_is_known_by_its_repository(github: State, channel: Channel, repository: Repository) -> None:
    github.pulls[129] = Pull(129, "mallory", [("d" * 40, "mallory")], "b" * 40, fork="mallory/ai-budgets")
    assert pull_request(channel, repository, 129).is_fork
    assert not pull_request(channel, repository, 128).is_fork


def test_a_wrong_token_is_refused_with_a_cure(github_url: str, repository: Repository) -> None:
    from reconciler.forge.github.channel import Connection

    with Channel(Connection(api_url=github_url, token="nonsense")) as wrong, pytest.raises(UnauthorizedError) as error:
        identify(wrong)
    assert "nonsense" not in str(error.value)
    assert "GITHUB_TOKEN" in error.value.hint
