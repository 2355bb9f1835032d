"""Who pushed a pull request, by GitHub's own list: an author of all but clean merges, whatever the commits say."""

from __future__ import annotations

from typing import Any

import pytest
from forge.forge_world import BASE, HEAD, MERGE, Waits, allocate, plan
from forge.github_standin import NOWHERE, Pull, State, answer

from reconciler.findings import RemoteError
from reconciler.forge.approval import Approval, judge
from reconciler.forge.change_request import Authors, IsClean
from reconciler.forge.check import CheckVerdict
from reconciler.forge.github.ci_run import WORDS
from reconciler.forge.protocol import Forge
from reconciler.http.failures import ForbiddenError
from reconciler.model.requirement import Requirement
from reconciler.policy.plan_record import record_of, record_text
from reconciler.report.approvals import missing_words

NEXT, LOST, OLD = "d" * 40, "1" * 40, "2" * 40
TEAM = Requirement(
    reason="support: its wallets change", owners=("@acme/leads",), team="support", fallback=("@acme/finance",)
)
PLAN = plan(allocate())


def authors(session: Forge, *, is_clean: IsClean | None = None) -> Authors:
    return session.authors(session.change_request(128), is_clean=is_clean)


def shown(state: State, session: Forge) -> State:
    """Record the plan of the last commit, which two leads may approve, or one from finance in their place."""
    head = state.pulls[128].head
    record = record_of(PLAN, repository=session.repository, pull_request=128, head=head)
    session.publish_check(head, CheckVerdict("success", "Plan", "Plan.", record_text(record)))
    state.members |= {("acme/leads", "lena"), ("acme/leads", "leo"), ("acme/finance", "bob")}
    return state


def ask(session: Forge) -> Approval:
    return judge(session, session.change_request(128), required=(TEAM,), plan=PLAN)


def said(session: Forge) -> str:
    return missing_words(ask(session).refused["support"], WORDS)[0]


def listings(state: State) -> int:
    return sum(path.endswith("/activity") for _, path, _ in state.requests)


def test_an_owner_who_pushes_in_the_name_of_somebody_else_cannot_approve_it(github: State, session: Forge) -> None:
    github.push(128, NEXT, "alice", pusher="Lena")
    shown(github, session).review(128, "lena")
    assert "lena pushed it and cannot approve it" in said(session)
    github.review(128, "leo")
    assert ask(session).approved_by == ("leo",)


def test_who_pushed_before_the_pull_request_was_opened_counts(github: State, session: Forge) -> None:
    github.pulls[128].facts[HEAD] = {"pusher": "lena"}
    found = authors(session)
    assert found == Authors(frozenset({"alice", "lena"}), pushers=frozenset({"lena"}))


def test_who_wrote_what_she_pushed_is_said_to_have_written_it(github: State, session: Forge) -> None:
    github.push(128, NEXT, "lena")
    shown(github, session).review(128, "lena")
    assert "lena wrote it and cannot approve it" in said(session)


def test_who_brings_a_branch_up_to_date_pushed_nothing(github: State, session: Forge) -> None:
    github.push(128, NEXT, "lena", parents=(HEAD, MERGE), committer="web-flow")
    found = authors(session, is_clean=lambda commit, _: commit == NEXT)
    assert found == Authors(frozenset({"alice"}))
    assert "lena" in authors(session).logins, "without git, nobody knows what a merge holds"


def test_a_merge_and_something_more_in_one_push_make_an_author(github: State, session: Forge) -> None:
    pull = github.pulls[128]
    pull.facts[NEXT] = {"parents": (HEAD, MERGE)}
    pull.commits += [(NEXT, "alice"), (OLD, "alice")]
    github.rewrite(128, ("branch_creation", NOWHERE, HEAD, "alice"), ("push", HEAD, OLD, "lena"))
    assert authors(session, is_clean=lambda commit, _: commit == NEXT).logins == {"alice", "lena"}


def test_one_push_of_many_commits_is_one_persons(github: State, session: Forge) -> None:
    github.pulls[128].commits.append((NEXT, "alice"))
    github.rewrite(128, ("branch_creation", NOWHERE, MERGE, "bob"), ("push", MERGE, NEXT, "lena"))
    github.pulls[128].facts[HEAD] = {"parents": (MERGE,)}
    found = authors(session)
    assert found.logins == {"alice", "lena"}, "who made the branch on the web brought nothing"
    assert found.unseen == ()
    assert not any("/compare/" in path for _, path, _ in github.requests)


@pytest.mark.parametrize("kind", ["push", "force_push", "pr_merge"])
def test_however_it_came_to_the_branch(github: State, session: Forge, kind: str) -> None:
    github.pulls[128].commits.append((NEXT, "alice"))
    github.rewrite(128, ("branch_creation", NOWHERE, HEAD, "alice"), (kind, HEAD, NEXT, "lena"))
    assert authors(session).pushers == {"lena"}


def test_who_pushed_what_is_there_no_more_is_nobody(github: State, session: Forge) -> None:
    made = ("branch_creation", NOWHERE, OLD, "alice")
    github.rewrite(128, made, ("push", OLD, LOST, "lena"), ("force_push", LOST, HEAD, "alice"))
    github.pulls[128].lost = {LOST: (OLD,), OLD: (BASE,)}
    assert authors(session) == Authors(frozenset({"alice"}))


def test_who_pushed_what_stayed_when_more_was_pushed_away_counts(github: State, session: Forge) -> None:
    github.pulls[128].commits.append((NEXT, "alice"))
    github.rewrite(128, ("branch_creation", NOWHERE, LOST, "lena"), ("force_push", LOST, NEXT, "alice"))
    github.pulls[128].lost = {LOST: (HEAD,)}
    assert authors(session).pushers == {"lena"}


def test_of_what_was_pushed_away_and_cannot_be_read_the_pusher_counts(github: State, session: Forge) -> None:
    github.rewrite(128, ("branch_creation", NOWHERE, LOST, "lena"), ("force_push", LOST, HEAD, "alice"))
    assert authors(session).pushers == {"lena"}


def test_few_commits_that_were_pushed_away_are_asked_about(github: State, session: Forge) -> None:
    gone = [f"{number:040x}" for number in range(100, 140)]
    pushes = [("force_push", before, after, "lena") for before, after in zip([NOWHERE, *gone], gone, strict=False)]
    github.rewrite(128, *pushes, ("force_push", gone[-1], HEAD, "alice"))
    github.pulls[128].lost = dict.fromkeys(gone, (BASE,))
    assert authors(session).pushers == {"lena"}
    assert sum("/compare/" in path for _, path, _ in github.requests) == 20


def test_an_older_branch_of_that_name_is_another_one(github: State, session: Forge) -> None:
    older = [
        ("branch_creation", NOWHERE, OLD, "lena"),
        ("push", OLD, LOST, "leo"),
        ("branch_deletion", LOST, NOWHERE, "lena"),
    ]
    github.rewrite(128, *older, ("branch_creation", NOWHERE, HEAD, "alice"))
    assert authors(session) == Authors(frozenset({"alice"}))
    assert not any("/compare/" in path for _, path, _ in github.requests)


def test_a_branch_that_was_deleted_and_restored_is_the_same(github: State, session: Forge) -> None:
    gone = ("branch_deletion", HEAD, NOWHERE, "lena")
    github.rewrite(128, ("branch_creation", NOWHERE, HEAD, "lena"), gone, ("branch_creation", NOWHERE, HEAD, "alice"))
    assert authors(session).pushers == {"lena"}


def test_what_came_after_the_head_is_another_matter(github: State, session: Forge) -> None:
    """After a merge its branch is deleted, and another one may have its name."""
    github.merge(128, MERGE)
    github.pulls[128].facts[HEAD] = {"pusher": "lena"}
    github.pulls[128].later = [
        ("branch_deletion", HEAD, NOWHERE, "bob"),
        ("branch_creation", NOWHERE, NEXT, "leo"),
    ]
    assert authors(session) == Authors(frozenset({"alice", "lena"}), pushers=frozenset({"lena"}))


def test_more_than_a_page_is_read(github: State, session: Forge) -> None:
    pull = github.pulls[128]
    pull.commits[:0] = [(f"{number:040x}", "alice") for number in range(1, 121)]
    pull.facts[pull.commits[0][0]] = {"pusher": "lena"}
    assert authors(session).logins == {"alice", "lena"}
    assert listings(github) == 2


FORK = "dana/ai-budgets"


@pytest.mark.parametrize("is_public", [True, False])
def test_of_a_fork_its_own_list_is_asked(github: State, session: Forge, is_public: bool) -> None:
    github.pulls[128].fork = FORK
    github.pulls[128].facts[HEAD] = {"pusher": "lena"}
    github.public_forks = {FORK} if is_public else set()
    shown(github, session).review(128, "lena")
    if is_public:
        assert "lena pushed it and cannot approve it" in said(session)
    else:
        assert f"nobody can see who pushed {HEAD[:12]}, so 2 owners must approve" in said(session)
    github.review(128, "leo")
    assert ask(session).missing == ()


@pytest.mark.parametrize("facts", [{"pusher": ""}, {}], ids=["an account that is gone", "a list that is not shown"])
@pytest.mark.parametrize("status", [404, 422])
def test_where_nobody_knows_who_pushed_one_owner_more_must_approve(
    github: State, session: Forge, facts: dict[str, Any], status: int
) -> None:
    github.push(128, NEXT, "alice", **facts)
    shown(github, session).review(128, "lena")
    if not facts:
        github.fail("GET .*/activity", *[answer(status)] * 2)
    assert "nobody can see who pushed" in said(session)
    github.review(128, "leo")
    found = ask(session)
    assert (found.missing, found.approved_by) == ((), ("lena", "leo"))


NOT_FOR_APPS = answer(403, "Resource not accessible by integration")
ABUSE = answer(403, "You have triggered an abuse detection mechanism. Please wait a few minutes.")


@pytest.mark.parametrize("asked", ["activity", "compare/.*"])
def test_a_token_that_may_not_read_who_pushed_is_told_its_permission(github: State, session: Forge, asked: str) -> None:
    github.rewrite(128, ("branch_creation", NOWHERE, LOST, "lena"), ("force_push", LOST, HEAD, "alice"))
    shown(github, session).review(128, "leo")
    github.fail(f"GET .*/{asked}", NOT_FOR_APPS)
    with pytest.raises(ForbiddenError) as error:
        ask(session)
    assert error.value.hint == "grant `contents: read`"


def test_what_a_fork_does_not_show_is_hidden(github: State, session: Forge) -> None:
    github.pulls[128].fork = FORK
    github.public_forks = {FORK}
    github.fail("GET .*/activity", NOT_FOR_APPS)
    assert authors(session).unseen == (HEAD,)


@pytest.mark.parametrize("is_fork", [True, False])
@pytest.mark.parametrize("asked", ["activity", "compare/.*"])
def test_who_pushed_is_asked_again_after_a_rate_limit(
    github: State, session: Forge, waits: Waits, asked: str, *, is_fork: bool
) -> None:
    pull = github.pulls[128]
    pull.fork = FORK if is_fork else None
    github.public_forks = {FORK}
    github.rewrite(128, ("branch_creation", NOWHERE, LOST, "lena"), ("force_push", LOST, HEAD, "alice"))
    pull.lost = {LOST: (OLD,), OLD: (BASE,)}
    github.fail(f"GET .*/{asked}", ABUSE)
    assert authors(session).unseen == ()
    assert waits.seconds == [60.0]


@pytest.mark.parametrize("asked", ["activity", "compare/.*"])
def test_a_rate_limit_that_lasts_is_no_answer(github: State, session: Forge, asked: str) -> None:
    github.rewrite(128, ("branch_creation", NOWHERE, LOST, "lena"), ("force_push", LOST, HEAD, "alice"))
    github.fail(f"GET .*/{asked}", *[ABUSE] * 6)
    with pytest.raises(RemoteError, match="limits the rate"):
        authors(session)


@pytest.mark.parametrize(("status", "is_answer"), [(404, True), (502, False), (429, False)])
def test_former_tips_are_none_where_there_is_no_list_and_unknown_in_an_outage(
    github: State, session: Forge, status: int, *, is_answer: bool
) -> None:
    github.fail("GET .*/activity", *[answer(status)] * 10)
    if is_answer:
        assert list(session.former_tips("main")) == []
    else:
        with pytest.raises(RemoteError):
            list(session.former_tips("main"))


def test_a_fork_that_is_gone_tells_nothing(github: State, session: Forge, monkeypatch: pytest.MonkeyPatch) -> None:
    github.pulls[128].is_orphan = True
    monkeypatch.setattr(github, "is_judged", lambda *_: False)  # GitHub's description knows no repository that is gone
    found = authors(session)
    assert (found.unseen, found.needed, listings(github)) == ((HEAD,), 2, 0)


def test_a_commit_of_nobodys_address_is_counted_once(github: State, session: Forge) -> None:
    github.push(128, NEXT, "", email="lena@home.test", pusher="")
    found = authors(session)
    assert (found.unknown, found.unseen, found.needed) == ((NEXT,), (), 2)


def test_a_list_that_does_not_tell_of_the_last_commit_is_not_believed(github: State, session: Forge) -> None:
    github.rewrite(128, ("branch_creation", NOWHERE, OLD, "alice"))
    assert authors(session).unseen == (HEAD,)


@pytest.mark.parametrize("asked", ["activity", "compare/.*"])
def test_an_outage_is_no_answer(github: State, session: Forge, asked: str) -> None:
    github.rewrite(128, ("branch_creation", NOWHERE, LOST, "lena"), ("force_push", LOST, HEAD, "alice"))
    github.fail(f"GET .*/{asked}", *[answer(502)] * 10)
    with pytest.raises(RemoteError, match="answered 502"):
        authors(session)


def test_the_list_is_asked_for_once_and_only_where_somebody_approved(github: State, session: Forge) -> None:
    shown(github, session)
    assert ask(session).missing
    assert listings(github) == 0
    github.review(128, "leo", "CHANGES_REQUESTED")
    assert ask(session).missing
    assert listings(github) == 0
    github.review(128, "lena")
    ask(session)
    assert listings(github) == 1


def test_only_merges_that_git_makes_itself_are_nobodys_push(github: State, session: Forge) -> None:
    github.pulls[128] = Pull(128, "alice", [(HEAD, "lena")], BASE, facts={HEAD: {"parents": (BASE, MERGE)}})
    assert authors(session, is_clean=lambda *_: True) == Authors(frozenset({"alice"}))
    assert listings(github) == 0
