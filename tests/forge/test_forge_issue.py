"""The issue about drift: one, found by its marker and our authorship; opened, updated, closed, opened again."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import pytest
from forge.github_standin import ACTIONS, State, answer, lost, user

from reconciler.forge.issue import IssueStep, Wanted, publish_issues
from reconciler.forge.protocol import Forge
from reconciler.http.failures import LostAnswerError
from reconciler.model.drift import DriftItem
from reconciler.model.forge_words import ForgeWords
from reconciler.report.drift_issue import issue_text, issue_title


def say(session: Forge, text: str, *, needed: bool = True) -> tuple[IssueStep, int | None]:
    ((_, step, number),) = publish_issues(session, [Wanted("Budget drift", text, needed)], otherwise=None)
    return step, number


def test_the_issue_lives_as_long_as_somebody_is_needed(github: State, session: Forge) -> None:
    assert say(session, "None.", needed=False) == (IssueStep.NOT_NEEDED, None)
    assert say(session, "One.") == (IssueStep.OPENED, 900)
    assert say(session, "One.") == (IssueStep.UNCHANGED, 900)
    assert say(session, "Two.") == (IssueStep.UPDATED, 900)
    assert say(session, "None.", needed=False) == (IssueStep.CLOSED, 900)
    assert say(session, "None.", needed=False) == (IssueStep.NOT_NEEDED, 900)
    assert github.issues[0]["state"] == "closed"
    assert say(session, "Three.") == (IssueStep.REOPENED, 900)
    assert len(github.issues) == 1


def test_issues_of_others_and_pull_requests_are_left_alone(github: State, session: Forge) -> None:
    say(session, "One.")
    body = github.issues[0]["body"]
    stranger = {"id": 1, "number": 1, "title": "t", "state": "open", "user": user("mallory"), "body": body}
    pull = {**stranger, "id": 2, "number": 2, "user": user(ACTIONS), "pull_request": {"url": "x"}}
    github.issues[:] = [stranger, pull, {**stranger, "id": 3, "number": 3, "user": user(ACTIONS), "body": "Other."}]
    assert say(session, "One.")[0] is IssueStep.OPENED


def test_a_lost_answer_does_not_open_two_issues(github: State, session: Forge) -> None:
    github.fail(r"POST .*/issues", lost)
    assert say(session, "One.") == (IssueStep.OPENED, 900)
    assert len(github.issues) == 1


def test_an_issue_that_never_arrived_is_an_error(github: State, session: Forge) -> None:
    github.fail(r"POST .*/issues", answer(500))
    with pytest.raises(LostAnswerError):
        say(session, "One.")


def item(category: str, sentence: str) -> DriftItem:
    return DriftItem(**{"class": category}, team="support", wallet="team_support", amount=Decimal(1), sentence=sentence)


def test_the_text_groups_what_needs_a_person_first_and_lets_nothing_act(
    golden: Callable[[str, str], None],
) -> None:
    found = [
        (item("pending", "support / prod: git says USD 12,500.00; not applied yet."), False),
        (item("changed", "support / prod was given USD 1,500.00 by hand (txn_81f3). @all | <b>x</b> ```"), True),
        (item("unmanaged", "team_x is in no YAML; it has spent USD 9.00."), True),
        (item("acknowledged", "support / dev: accepted."), False),
    ]
    assert issue_title([entry for entry, needs in found if needs]) == (
        "Budget drift: 2 differences between Keeptrusts and git"
    )
    text = issue_text(found, words=ForgeWords(forge="GitHub"))
    assert "@all" not in text
    golden("forge/drift_issue.md", text)


def test_what_nobody_can_compare_is_not_said_to_be_explained_by_git() -> None:
    found = [(item("pending", "support / prod: the ledger contradicts the journal."), True)]
    assert issue_text(found, words=ForgeWords(forge="GitHub"), doubtful={"team_support"}).startswith("### In doubt")
    assert issue_text(found, words=ForgeWords(forge="GitHub"), doubtful={"team_other"}).startswith(
        "### Explained by git"
    )


def test_a_thousand_differences_fit_into_an_issue() -> None:
    found = [(item(category, "_" * 5000), True) for category in ("changed", "missing", "unmanaged") * 1000]
    text = issue_text(found, words=ForgeWords(forge="GitHub"))
    assert "989 more" in text
    assert "1000 more" in text
    assert len(text.encode()) < 65_536


def test_without_drift_the_text_says_so() -> None:
    assert issue_text([], words=ForgeWords(forge="GitHub")) == "Keeptrusts is as git says.\n"
    assert issue_title([]) == "Budget drift: none"
