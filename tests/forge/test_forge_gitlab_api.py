"""GitLab behind the forge's protocol: what its API tells, bound and sealed as approvals need it, and what it lacks."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date

import pytest
from forge.forge_world import BASE, HEAD, MERGE, Waits, allocate, plan
from forge.github_standin import Pull, answer, lost, meanwhile
from forge.gitlab_state import BOT, TOKENS, GitLabState
from starlette.responses import JSONResponse

from reconciler.findings import RejectedError, UnauthorizedError, UnreadableError, UsageError
from reconciler.forge.change_request import Lines
from reconciler.forge.check import GATE, PLAN, CheckVerdict, Written
from reconciler.forge.ci_run import CiRun
from reconciler.forge.gitlab.channel import Channel, Connection
from reconciler.forge.gitlab.identity import identify
from reconciler.forge.gitlab.merge_request import Project
from reconciler.forge.gitlab.note import without_commands
from reconciler.forge.gitlab.provider import PROVIDER
from reconciler.forge.gitlab.session import GitLab
from reconciler.forge.protocol import Forge, Suggested
from reconciler.http.failures import ForbiddenError, LostAnswerError
from reconciler.policy.plan_record import record_of, record_text

Opener = Callable[..., GitLab]
NEXT = "d" * 40
TOKEN = next(iter(TOKENS))


@pytest.fixture
def waits() -> Waits:
    return Waits()


@pytest.fixture
def opener(gitlab_url: str, waits: Waits) -> Iterator[Opener]:
    channels: list[Channel] = []

    def made(token: str = TOKEN, *, recorder: str = BOT, page_size: int = 100, run: CiRun | None = None) -> GitLab:
        channel = Channel(Connection(api_url=gitlab_url, token=token, backoff=0.001, page_size=page_size), wait=waits)
        channels.append(channel)
        project = Project.at(channel, "acme/ai-budgets")
        return GitLab(project, identify(channel), run or CiRun(), recorder=recorder)

    yield made
    for channel in channels:
        channel.__exit__(None, None, None)


@pytest.fixture
def forge(opener: Opener) -> GitLab:
    return opener()


def shown(amount: str = "2000.00", *, run: tuple[int, int] | None = None, head: str = HEAD) -> CheckVerdict:
    record = record_of(
        plan(allocate(amount=amount)), repository="acme/ai-budgets", pull_request=128, head=head, run=run
    )
    return CheckVerdict("success", "USD 2,000 move", "What it costs", record_text(record))


def test_it_is_a_forge(forge: GitLab) -> None:
    known: Forge = forge
    assert known.repository == "acme/ai-budgets"
    assert known.default_branch() == "main"
    assert known.words.request == "merge request"
    assert known.page_of("apply.yml").endswith("/-/pipelines/new?var%5BKT_BUDGETS_TASK%5D=apply")


# Merge requests


def test_a_merge_request_tells_its_head_its_target_and_what_git_calls_it(forge: GitLab) -> None:
    found = forge.change_request(128)
    assert (found.author, found.head, found.base, found.base_ref) == ("alice", HEAD, BASE, "main")
    assert (found.is_open, found.is_fork, found.merge_commit) == (True, False, None)
    assert found.reference == "refs/merge-requests/128/head"


@pytest.mark.parametrize("how", ["merge", "squash", "rebase"])
def test_however_it_was_merged_the_commit_that_came_in_is_told(gitlab: GitLabState, forge: GitLab, how: str) -> None:
    gitlab.merge(128, MERGE, how=how)
    found = forge.change_request(128)
    assert (found.merge_commit, found.is_open) == (MERGE, False)
    (brought,) = forge.change_requests_of(MERGE)
    assert (brought.number, brought.merge_commit) == (128, MERGE)


def test_open_ones_are_listed_oldest_first_whatever_the_size_of_a_page(gitlab: GitLabState, opener: Opener) -> None:
    for number in range(129, 136):
        gitlab.pulls[number] = Pull(number, "alice", [(NEXT, "alice")], BASE)
    gitlab.pulls[131].state = "closed"
    gitlab.pulls[132].base_ref = "other"
    found = opener(page_size=2).open_change_requests(into="main")
    assert [item.number for item in found] == [128, 129, 130, 133, 134, 135]


def test_what_a_branch_ended_with_before_it_was_pushed_to_is_told_of_that_branch_alone(
    gitlab: GitLabState, opener: Opener
) -> None:
    other = [(f"refs/heads/{name}", "e" * 40, HEAD) for name in ("mainly", "of/main", "main2")]
    gitlab.pushes += [("refs/heads/main", "", BASE), *other, ("refs/tags/main", "f" * 40, HEAD)]
    gitlab.force_pushes += [("refs/heads/main", NEXT, BASE), ("refs/heads/main", MERGE, HEAD)]
    assert list(opener(page_size=2).former_tips("main")) == [MERGE, NEXT]
    gitlab.fail("GET .*/events", answer(403, message="403 Forbidden"))
    assert list(opener().former_tips("main")) == []
    gitlab.fail("GET .*/events", *[answer(502)] * 10)
    with pytest.raises(RejectedError, match="502"):
        list(opener().former_tips("main"))


def test_a_fork_is_one(gitlab: GitLabState, forge: GitLab) -> None:
    gitlab.pulls[128].fork = "mallory/ai-budgets"
    assert forge.change_request(128).is_fork


# Approvals


@pytest.mark.parametrize("tells_when", [True, False])
def test_an_approval_is_of_the_head_that_was_there_when_it_was_given(
    gitlab: GitLabState, forge: GitLab, tells_when: bool
) -> None:
    gitlab.tells_when = tells_when
    gitlab.review(128, "lena")
    gitlab.push(128, NEXT, "alice")
    gitlab.review(128, "bob")
    found = {review.login: (review.opinion, review.commit) for review in forge.reviews(forge.change_request(128))}
    assert found == {"lena": ("approved", HEAD), "bob": ("approved", NEXT)}


def test_who_approves_again_approves_the_last_head(gitlab: GitLabState, forge: GitLab) -> None:
    gitlab.tells_when = False
    gitlab.review(128, "lena")
    gitlab.push(128, NEXT, "alice")
    gitlab.review(128, "lena", "DISMISSED")
    gitlab.review(128, "lena")
    (found,) = forge.reviews(forge.change_request(128))
    assert (found.opinion, found.commit) == ("approved", NEXT)


def test_an_approval_of_which_nobody_knows_the_time_is_of_no_head(gitlab: GitLabState, forge: GitLab) -> None:
    gitlab.review(128, "lena")
    gitlab.reviews[-1]["submitted_at"] = "some day"
    (found,) = forge.reviews(forge.change_request(128))
    assert (found.commit, found.at) == ("", None)
    gitlab.complaints.clear()


def test_an_approval_that_was_taken_back_is_none_and_who_asks_for_changes_does(
    gitlab: GitLabState, forge: GitLab
) -> None:
    gitlab.review(128, "lena")
    gitlab.review(128, "lena", "DISMISSED")
    gitlab.review(128, "sam")
    gitlab.review(128, "sam", "CHANGES_REQUESTED")
    (found,) = forge.reviews(forge.change_request(128))
    assert (found.login, found.opinion) == ("sam", "changes requested")


def test_after_the_merge_a_thumb_up_says_it(gitlab: GitLabState, forge: GitLab) -> None:
    gitlab.merge(128, MERGE)
    assert forge.reviews(forge.change_request(128)) == ()
    gitlab.review(128, "lena")
    (found,) = forge.reviews(forge.change_request(128))
    assert (found.login, found.opinion, found.commit) == ("lena", "approved", HEAD)


def test_a_thumb_up_of_any_skin_says_it_and_one_from_before_the_merge_does_not(
    gitlab: GitLabState, forge: GitLab
) -> None:
    gitlab.thumbs_before = {"lena": "thumbsup", "sam": "thumbsdown"}
    gitlab.merge(128, MERGE)
    (found,) = forge.reviews(forge.change_request(128))
    assert (found.login, found.opinion) == ("lena", "approved too early")
    gitlab.thumb = "thumbsup_tone3"
    gitlab.review(128, "lena")
    (found,) = forge.reviews(forge.change_request(128))
    assert (found.login, found.opinion, found.commit) == ("lena", "approved", HEAD)


# Authors


def test_everybody_who_wrote_something_is_an_author(gitlab: GitLabState, forge: GitLab) -> None:
    message = "More\n\nCo-authored-by: Leo <12-leo@users.noreply.gitlab.test>"
    gitlab.push(128, NEXT, "carol", message=message)
    found = forge.authors(forge.change_request(128))
    assert found.logins == {"alice", "carol", "leo"}
    assert (found.unknown, found.is_whole) == ((), True)


def test_a_committer_is_known_by_the_address_of_another_commit_and_else_unknown(
    gitlab: GitLabState, forge: GitLab
) -> None:
    gitlab.push(128, NEXT, "carol", committer="alice")
    assert forge.authors(forge.change_request(128)).unknown == ()
    gitlab.push(128, "e" * 40, "carol", committer="mallory")
    found = forge.authors(forge.change_request(128))
    assert (found.unknown, found.needed) == (("e" * 40,), 2)


def test_who_pushed_what_others_are_said_to_have_written_is_an_author(gitlab: GitLabState, forge: GitLab) -> None:
    gitlab.push(128, NEXT, "alice", pusher="Mallory")
    found = forge.authors(forge.change_request(128))
    assert found.logins == {"alice", "mallory"}
    assert found.pushers == {"mallory"}
    assert forge.authors(forge.change_request(128), asks_pushers=False).logins == {"alice"}


def test_who_pushed_what_is_not_there_any_more_or_a_clean_merge_is_none(gitlab: GitLabState, forge: GitLab) -> None:
    gitlab.push(128, NEXT, "alice", pusher="mallory")
    gitlab.pulls[128].commits.pop()
    merge = {"message": "Merge branch 'main'", "parents": (HEAD, BASE)}
    gitlab.push(128, "e" * 40, "lena", **merge)
    found = forge.authors(forge.change_request(128), is_clean=lambda commit, _: commit == "e" * 40)
    assert found.logins == {"alice"}
    assert forge.authors(forge.change_request(128)).logins == {"alice", "lena"}


def test_an_address_without_an_account_may_be_anybody(gitlab: GitLabState, forge: GitLab) -> None:
    gitlab.push(128, NEXT, "", email="somebody@home.test")
    assert forge.authors(forge.change_request(128)).unknown == (NEXT,)
    gitlab.addresses["somebody@home.test"] = "lena"
    assert forge.authors(forge.change_request(128)).logins == {"alice", "lena"}


def test_where_nobody_tells_accounts_every_address_is_unknown(gitlab: GitLabState, forge: GitLab) -> None:
    gitlab.answers_queries = False
    gitlab.push(128, NEXT, "carol")
    found = forge.authors(forge.change_request(128))
    assert found.logins == {"alice", "carol"}, "who opened it, and who pushed"
    assert found.needed == 3


def test_a_merge_that_git_makes_by_itself_has_no_author(gitlab: GitLabState, forge: GitLab) -> None:
    asked: list[tuple[str, tuple[str, ...]]] = []

    def is_clean(commit: str, parents: tuple[str, ...]) -> bool:
        asked.append((commit, parents))
        return True

    gitlab.push(128, NEXT, "lena", message="Merge branch 'main' into change", parents=(HEAD, BASE))
    found = forge.authors(forge.change_request(128), is_clean=is_clean)
    assert found.logins == {"alice"}
    assert asked == [(NEXT, (HEAD, BASE))]


def test_who_made_a_merge_by_hand_wrote_something(gitlab: GitLabState, forge: GitLab) -> None:
    gitlab.merge(128, MERGE)
    gitlab.mergers[MERGE] = "lena"
    request = forge.change_request(128)
    assert forge.authors(request, merged_in=[MERGE]).logins == {"alice", "lena"}
    gitlab.answers_queries = False
    assert MERGE in forge.authors(request, merged_in=[MERGE]).unknown


def test_many_commits_are_read_whole(gitlab: GitLabState, opener: Opener) -> None:
    for number in range(230):
        gitlab.push(128, f"{number:040x}", f"person-{number % 7}")
    found = opener().authors(opener().change_request(128))
    assert found.is_whole
    assert len(found.logins) == 8


# Records


def test_a_record_is_what_the_bot_sealed(gitlab: GitLabState, forge: GitLab) -> None:
    assert forge.publish_check(HEAD, shown()) == Written.PUBLISHED
    (check,) = forge.checks(HEAD, name=PLAN)
    assert check.record is not None
    assert (check.conclusion, check.record.pull_request) == ("success", 128)
    assert forge.publish_check(HEAD, shown()) == Written.UNCHANGED
    assert len(gitlab.comments) == 1
    assert forge.comments(128) == (), "a record is no comment of ours"


def test_another_plan_is_another_record_and_the_earlier_one_stays(forge: GitLab) -> None:
    forge.publish_check(HEAD, shown())
    forge.publish_check(HEAD, shown("3000.00"))
    first, second = forge.checks(HEAD, name=PLAN)
    assert first.record is not None
    assert second.record is not None
    assert first.record != second.record
    assert first.at is not None
    assert second.at is not None
    assert first.at < second.at


def test_a_note_that_was_edited_holds_no_record_and_the_next_run_writes_another(
    gitlab: GitLabState, forge: GitLab
) -> None:
    forge.publish_check(HEAD, shown())
    gitlab.comments[0]["body"] = gitlab.comments[0]["body"].replace('"12500.00"', '"99500.00"').replace("aaaa", "aaab")
    (check,) = forge.checks(HEAD, name=PLAN)
    assert check.record is None
    assert forge.publish_check(HEAD, shown()) == Written.PUBLISHED
    assert forge.checks(HEAD, name=PLAN)[-1].record is not None


def test_a_status_of_somebody_else_is_none_of_ours(gitlab: GitLabState, forge: GitLab, opener: Opener) -> None:
    opener("glpat-other").publish_check(HEAD, shown())
    opener("glpat-dana").publish_gate(HEAD, number=128, conclusion="success", title="Approved", summary="")
    assert forge.checks(HEAD, name=PLAN) == ()
    assert forge.checks(HEAD, name=GATE) == ()
    assert {item["by"] for item in gitlab.statuses} == {"project_7_bot_0000", "dana"}


def test_without_anybody_who_records_there_are_no_records(forge: GitLab, opener: Opener) -> None:
    forge.publish_check(HEAD, shown())
    assert opener("glpat-dana", recorder="").checks(HEAD, name=PLAN) == ()
    assert opener("glpat-dana").checks(HEAD, name=PLAN)[0].record is not None
    assert not opener("glpat-dana").can_record
    assert forge.can_record


def test_an_older_run_never_follows_a_newer_one(forge: GitLab) -> None:
    forge.publish_check(HEAD, shown(run=(12, 1)))
    assert forge.publish_check(HEAD, shown("3000.00", run=(11, 1))) == Written.SUPERSEDED


def waiting(forge: Forge, title: str = "Waits for acme/leads") -> Written:
    return forge.publish_gate(HEAD, number=128, conclusion="waiting", title=title, summary="")


def approved(forge: Forge) -> Written:
    return forge.publish_gate(HEAD, number=128, conclusion="success", title="Approved by lena", summary="")


@pytest.mark.parametrize("merges", ["", "f" * 40])
def test_the_check_stands_in_the_pipeline_by_which_gitlab_judges_the_request(
    gitlab: GitLabState, forge: GitLab, merges: str
) -> None:
    gitlab.requested(128, merges=merges)
    assert gitlab.may_be_merged(128), "until the first check: no pipeline of ours was there before"
    assert waiting(forge) is Written.PUBLISHED
    assert not gitlab.may_be_merged(128)
    assert waiting(forge) is Written.UNCHANGED

    again = gitlab.requested(128, merges=merges and "e" * 40)
    assert gitlab.may_be_merged(128)
    assert waiting(forge) is Written.PUBLISHED
    assert not gitlab.may_be_merged(128)
    assert [item["status"] for item in gitlab.statuses if item["pipeline_id"] == again["id"]] == ["pending"]
    assert waiting(forge, "Waits for acme/finance") is Written.PUBLISHED
    assert not gitlab.may_be_merged(128)

    assert approved(forge) is Written.PUBLISHED
    assert gitlab.may_be_merged(128)
    assert approved(forge) is Written.UNCHANGED
    assert gitlab.complaints == []


def test_a_check_that_waits_in_another_pipeline_is_left_as_it_is(gitlab: GitLabState, forge: GitLab) -> None:
    first = gitlab.requested(128)
    waiting(forge)
    gitlab.requested(128)
    waiting(forge, "Waits for acme/finance")
    assert [item["status"] for item in gitlab.statuses if item["pipeline_id"] == first["id"]] == ["pending"]


def test_a_pipeline_of_the_request_comes_before_any_other_of_its_commit(gitlab: GitLabState, forge: GitLab) -> None:
    own = gitlab.requested(128)
    gitlab.started("push", "raise-support", HEAD)
    waiting(forge)
    assert {item["pipeline_id"] for item in gitlab.statuses} == {own["id"]}


def test_a_test_merge_of_an_older_commit_is_no_place_for_it(gitlab: GitLabState, forge: GitLab) -> None:
    gitlab.requested(128, merges="f" * 40)
    gitlab.push(128, NEXT, "alice")
    assert forge.publish_gate(NEXT, number=128, conclusion="waiting", title="Waits", summary="") is Written.PUBLISHED
    assert {item["sha"] for item in gitlab.statuses} == {NEXT}
    assert not gitlab.may_be_merged(128)


def test_without_any_pipeline_the_check_makes_one(gitlab: GitLabState, forge: GitLab) -> None:
    assert waiting(forge) is Written.PUBLISHED
    assert [item["source"] for item in gitlab.pipelines] == ["external"]
    assert not gitlab.may_be_merged(128)
    assert waiting(forge) is Written.UNCHANGED
    assert approved(forge) is Written.PUBLISHED
    assert gitlab.may_be_merged(128)


def test_where_no_pipeline_of_a_status_is_told_a_new_one_gets_it_all_the_same(
    gitlab: GitLabState, forge: GitLab
) -> None:
    gitlab.tells_pipelines = False
    gitlab.requested(128)
    assert [waiting(forge), waiting(forge)] == [Written.PUBLISHED, Written.UNCHANGED]
    gitlab.requested(128)
    assert [waiting(forge), waiting(forge)] == [Written.PUBLISHED, Written.UNCHANGED]
    assert not gitlab.may_be_merged(128)
    assert [approved(forge), approved(forge)] == [Written.PUBLISHED, Written.UNCHANGED]
    assert gitlab.may_be_merged(128)


@pytest.mark.parametrize("what", ["POST .*/notes", "POST .*/statuses/.*"])
def test_a_lost_answer_leaves_one_record(gitlab: GitLabState, forge: GitLab, what: str) -> None:
    gitlab.fail(what, lost)
    assert forge.publish_check(HEAD, shown()) == Written.PUBLISHED
    assert len(forge.checks(HEAD, name=PLAN)) == 1
    assert len(gitlab.comments) == 1


def test_the_check_to_require_waits_and_is_changed_until_it_says_yes(gitlab: GitLabState, forge: GitLab) -> None:
    for title in ("Waits for finance", "Waits for finance", "Waits for the leads"):
        forge.publish_gate(HEAD, number=128, conclusion="waiting", title=title, summary="")
    forge.publish_gate(HEAD, number=128, conclusion="success", title="Approved by lena", summary="")
    (check,) = forge.checks(HEAD, name=GATE)
    assert check.conclusion == "success"
    assert [item["status"] for item in gitlab.statuses] == ["canceled", "success"]
    forge.publish_gate(HEAD, number=128, conclusion="waiting", title="Waits again", summary="")
    assert forge.checks(HEAD, name=GATE)[-1].conclusion == "waiting"


def test_a_long_title_keeps_its_seal(forge: GitLab) -> None:
    verdict = shown()
    long = CheckVerdict("success", "x" * 400, verdict.summary, verdict.text)
    forge.publish_check(HEAD, long)
    assert forge.checks(HEAD, name=PLAN)[0].record is not None


# Comments, remarks, issues


def test_comments_are_ours_alone_and_their_address_leads_to_them(gitlab: GitLabState, forge: GitLab) -> None:
    gitlab.comment(128, "mallory", "<!-- kt-budgets:v1 --> mine")
    address = forge.add_comment(128, "Hello")
    (note,) = forge.comments(128)
    assert (note.body, note.url) == ("Hello", address)
    assert address == f"https://gitlab.test/acme/ai-budgets/-/merge_requests/128#note_{note.id}"
    forge.edit_comment(128, note.id, "Bye")
    assert forge.comments(128)[0].body == "Bye"
    forge.remove_comment(128, note.id)
    forge.remove_comment(128, note.id)
    assert forge.comments(128) == ()
    with pytest.raises(RejectedError) as gone:
        forge.edit_comment(128, note.id, "Again")
    assert gone.value.status == 404


@pytest.mark.parametrize(
    ("body", "sent"),
    [
        ("/close", "&#47;close"),
        ("a\n  /approve now", "a\n  &#47;approve now"),
        ("see budgets/teams/a.yaml\n/ 3", "see budgets/teams/a.yaml\n/ 3"),
        ("```\n/merge\n```\n/merge", "```\n/merge\n```\n&#47;merge"),
        ("````\n```\n/merge\n````\n/label ~x", "````\n```\n/merge\n````\n&#47;label ~x"),
    ],
)
def test_nothing_that_we_write_is_a_quick_action(body: str, sent: str) -> None:
    assert without_commands(body) == sent


PATCH = "@@ -1,3 +1,4 @@\n version: 1\n-monthly: 1\n+monthly: 2\n+more: 3\n end: 1"


def test_what_is_shown_is_told_and_a_suggestion_stands_there(gitlab: GitLabState, forge: GitLab) -> None:
    gitlab.pulls[128].patches = {"budgets/a.yaml": PATCH, "budgets/large.yaml": ""}
    request = forge.change_request(128)
    expected = Lines(1, 4, ("version: 1", "monthly: 2", "more: 3", "end: 1"))
    assert forge.shown_lines(request) == {"budgets/a.yaml": (expected,)}
    assert forge.suggest(request, Suggested("budgets/a.yaml", 2, 3, "monthly: 5", "<!-- mark -->\nBetter"))
    (sent,) = [body for method, _, body in gitlab.requests if method == "POST" and "position" in (body or {})]
    assert sent["position"]["new_line"] == 3
    assert "old_line" not in sent["position"]
    assert sent["body"] == "<!-- mark -->\nBetter\n\n```suggestion:-1+0\nmonthly: 5\n```\n"
    assert forge.remarks(request) == (sent["body"],)
    assert forge.comments(128) == ()
    assert forge.suggest(request, Suggested("budgets/a.yaml", 4, 4, "", "<!-- mark -->"))
    assert gitlab.requests[-1][2]["position"]["old_line"] == 3


def test_a_suggestion_that_has_no_place_is_refused(gitlab: GitLabState, forge: GitLab) -> None:
    gitlab.pulls[128].patches = {"budgets/a.yaml": PATCH}
    request = forge.change_request(128)
    assert not forge.suggest(request, Suggested("budgets/a.yaml", 40, 40, "x", "m"))
    assert not forge.suggest(request, Suggested("budgets/b.yaml", 1, 1, "x", "m"))
    gitlab.push(128, NEXT, "alice")
    assert not forge.suggest(request, Suggested("budgets/a.yaml", 2, 2, "x", "m"))


def test_issues_are_opened_changed_assigned_and_closed(gitlab: GitLabState, forge: GitLab) -> None:
    gitlab.assignable = {"bob", "lena"}
    gitlab.issues.append({"id": 1, "number": 7, "state": "open", "user": {"login": "dana"}, "title": "x", "body": "y"})
    number = forge.open_issue("Drift", "Text", people=["bob", "nobody-there"])
    assert number is not None
    forge.assign(number, ["lena"])
    forge.edit_issue(number, title="Drift", body="None", is_open=False)
    (issue,) = forge.issues()
    assert (issue.number, issue.title, issue.body, issue.is_open) == (number, "Drift", "None", False)
    assert [person["login"] for person in gitlab.issues[-1]["assignees"]] == ["bob", "lena"]


def test_a_pipeline_is_started_with_its_task(gitlab: GitLabState, forge: GitLab) -> None:
    forge.start("resume.yml", branch="main", inputs={"reason": "killed"})
    assert gitlab.dispatches == [("resume", {"KT_BUDGETS_REASON": "killed"})]


# People


def test_a_group_has_its_direct_members(gitlab: GitLabState, forge: GitLab) -> None:
    gitlab.members |= {("acme/support-leads", "Lena"), ("acme/support-leads", "gone")}
    gitlab.blocked.add("gone")
    roster = forge.people.roster("acme/support-leads")
    assert roster is not None
    assert roster.logins == {"lena"}
    assert forge.people.roster("acme/nobody") is None
    assert forge.people.is_member("lena", "acme/support-leads")


GROUP_BOT, SERVICE = "group_12_bot_7f3a", "budgets-machine"


@pytest.mark.parametrize("merged", [False, True])
def test_nobody_approves_by_the_bot_of_a_group_or_a_service_account(
    gitlab: GitLabState, forge: GitLab, merged: bool
) -> None:
    gitlab.service_accounts.add(SERVICE)
    if merged:
        gitlab.merge(128, MERGE)
    for login in (GROUP_BOT, SERVICE, "lena"):
        gitlab.review(128, login)
    assert [found.login for found in forge.reviews(forge.change_request(128))] == ["lena"]


def test_a_bot_that_gitlab_made_a_member_of_a_group_is_nobody_who_could_approve(
    gitlab: GitLabState, forge: GitLab
) -> None:
    gitlab.members |= {("acme/finance", login) for login in (GROUP_BOT, "project_7_bot1", "Project_7_bot", "robot_bot")}
    roster = forge.people.roster("acme/finance")
    assert roster is not None
    assert roster.logins == {"robot_bot"}, "whoever is called that"


def test_only_a_member_of_the_group_knows_that_a_group_in_it_is_gone(gitlab: GitLabState, opener: Opener) -> None:
    assert opener().people.lists_teams("acme")
    assert not opener().people.lists_teams("other")
    gitlab.group_bots.clear()
    assert not opener().people.lists_teams("acme")


def test_what_a_person_may_do_is_her_access_level(gitlab: GitLabState, forge: GitLab) -> None:
    gitlab.roles |= {"dana": "read", "lena": "maintain"}
    gitlab.outsiders.add("mallory")
    people = forge.people
    assert [people.may_write(login) for login in ("dana", "lena", "mallory")] == [False, True, False]
    assert [people.sees_repository(login) for login in ("dana", "mallory")] == [True, False]
    assert [people.can_be_assigned(login) for login in ("dana", "mallory")] == [True, False]
    assert not people.may_write("../../users")


def test_owners_of_the_group_at_the_top_stand_in(gitlab: GitLabState, forge: GitLab) -> None:
    gitlab.administrators = {"olga"}
    gitlab.members.add(("acme", "lena"))
    assert forge.people.administrators() == ("olga",)


# An unkind GitLab


def test_a_rate_limit_is_waited_for_even_for_a_write(gitlab: GitLabState, forge: GitLab, waits: Waits) -> None:
    gitlab.fail("POST .*/notes", answer(429, "Too many", retry_after="7"))
    forge.add_comment(128, "Hello")
    assert waits.seconds == [7.0]
    assert len(gitlab.comments) == 1


def test_a_read_is_repeated_and_a_write_whose_answer_is_lost_is_not(gitlab: GitLabState, forge: GitLab) -> None:
    gitlab.fail("GET .*/merge_requests/128", answer(502), answer(502))
    assert forge.change_request(128).number == 128
    gitlab.fail("POST .*/notes", lost)
    with pytest.raises(LostAnswerError):
        forge.add_comment(128, "Hello")
    assert len(gitlab.comments) == 1


def test_a_listing_that_lags_makes_a_second_comment_and_no_wrong_one(gitlab: GitLabState, forge: GitLab) -> None:
    forge.add_comment(128, "Hello")
    gitlab.lag = 1
    assert forge.comments(128) == ()
    assert [note.body for note in forge.comments(128)] == ["Hello"]


def test_what_a_token_may_not_do_is_said_with_what_it_needs(opener: Opener) -> None:
    with pytest.raises(ForbiddenError) as refused:
        opener("glpat-reader").add_comment(128, "Hello")
    assert "scope `api`" in refused.value.hint
    with pytest.raises(UnauthorizedError) as unknown:
        opener("glpat-unknown")
    assert "glpat" not in str(unknown.value)


def test_an_answer_that_leads_elsewhere_is_not_followed(gitlab: GitLabState, forge: GitLab) -> None:
    elsewhere = JSONResponse([], headers={"link": '<https://evil.test/api/v4/x>; rel="next"'})
    gitlab.fail("GET .*/notes", lambda _: elsewhere)
    with pytest.raises(UnreadableError) as refused:
        forge.comments(128)
    assert "the token was not sent there" in refused.value.message


def test_a_merge_request_that_moves_while_it_is_read_is_told_by_its_own_head(
    gitlab: GitLabState, forge: GitLab
) -> None:
    request = forge.change_request(128)
    gitlab.review(128, "lena")
    gitlab.fail("GET .*/versions", meanwhile(lambda state: state.push(128, NEXT, "alice")))
    (found,) = forge.reviews(request)
    assert found.commit == HEAD


@pytest.mark.parametrize("name", ["", "budgets", "../acme/x", "acme/x?y"])
def test_what_is_no_project_is_refused_before_anything_is_sent(gitlab_url: str, name: str) -> None:
    variables = {"CI_API_V4_URL": gitlab_url, "GITLAB_TOKEN": "glpat-bot"}
    with pytest.raises(UsageError), PROVIDER.open(variables, CiRun(), repository=name, recorded_by=""):
        pass


def test_the_environment_opens_it(gitlab_url: str) -> None:
    variables = {"CI_API_V4_URL": gitlab_url, "GITLAB_TOKEN": "glpat-bot"}
    run = CiRun(repository="acme/ai-budgets")
    with PROVIDER.open(variables, run, repository=None, recorded_by="") as found:
        assert (found.can_record, found.login, found.recorder) == (True, BOT, BOT)
    with pytest.raises(UnauthorizedError), PROVIDER.open({}, run, repository=None, recorded_by=""):
        pass


def test_a_project_that_holds_every_change_back_has_no_flaw(forge: GitLab) -> None:
    assert list(forge.flaws()) == []


@pytest.mark.parametrize(
    ("must_succeed", "protected", "words"),
    [
        (False, {"main": 0}, "may be merged while"),
        (True, {}, "main is not protected"),
        (True, {"main": 40}, "takes pushes past merge requests"),
    ],
)
def test_each_setting_that_lets_a_change_in_past_the_check_is_named(
    gitlab: GitLabState, opener: Opener, must_succeed: bool, protected: dict[str, int], words: str
) -> None:
    gitlab.pipelines_must_succeed, gitlab.protected = must_succeed, protected
    (flaw,) = opener().flaws()
    assert words in flaw.message


TODAY = date(2026, 6, 18)


@pytest.mark.parametrize(
    ("ends", "is_soon"), [("2026-06-18", True), ("2026-07-18", True), ("2026-07-19", False), (None, False)]
)
def test_a_token_that_ends_within_a_month_is_warned_of(
    gitlab: GitLabState, forge: GitLab, ends: str | None, is_soon: bool
) -> None:
    gitlab.token_ends = ends
    found = [(flaw.message, flaw.cure) for flaw in forge.warnings(today=TODAY)]
    assert [f"ends on {ends}" in message for message, _ in found] == [True] * is_soon
    assert ["rotate it" in cure and "its bot stays the same" in cure for _, cure in found] == [True] * is_soon


@pytest.mark.parametrize("status", [401, 403, 404])
def test_where_gitlab_does_not_tell_when_a_token_ends_nothing_is_said(
    gitlab: GitLabState, forge: GitLab, status: int
) -> None:
    gitlab.token_ends = "2026-06-19"
    gitlab.faults.append((r"GET /api/v4/personal_access_tokens/self", answer(status, "no")))
    assert list(forge.warnings(today=TODAY)) == []
    assert gitlab.faults == []


def test_a_plain_http_address_gets_no_token() -> None:
    with pytest.raises(UsageError) as refused:
        Connection(api_url="http://gitlab.example.com/api/v4", token="glpat-x")
    assert "plain http" in str(refused.value)
    assert "glpat-x" not in repr(Connection(token="glpat-x"))
