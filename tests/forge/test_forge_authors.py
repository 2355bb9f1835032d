"""Authors of a pull request, and who stands in where those who are named cannot approve."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from forge.budget_repository import BudgetRepository
from forge.forge_world import HEAD, MERGE, allocate, plan
from forge.github_standin import State, answer
from starlette.responses import JSONResponse, Response

from reconciler.findings import RefusedError, UnauthorizedError
from reconciler.forge.approval import Approval, judge, merged_request
from reconciler.forge.change_request import Authors, IsClean
from reconciler.forge.check import CheckVerdict
from reconciler.forge.github.ci_run import WORDS
from reconciler.forge.membership import Membership
from reconciler.forge.protocol import Forge
from reconciler.git.merging import clean_merges
from reconciler.model.requirement import Requirement
from reconciler.policy.plan_record import record_of, record_text
from reconciler.policy.rulings import Shortfall
from reconciler.report.approvals import missing_words, stand_in_document

TEAM = Requirement(
    reason="support: its plan, wallets or alerts change",
    owners=("@acme/leads",),
    team="support",
    fallback=("@acme/finance",),
)
PLAN = plan(allocate())


def message(missing: Shortfall) -> str:
    return missing_words(missing, WORDS)[0]


def hint(missing: Shortfall) -> str:
    return missing_words(missing, WORDS)[1]


OTHER = "d" * 40


@pytest.fixture
def shown(github: State, session: Forge) -> State:
    """Pull request 128, planned and recorded; two leads, one from finance, one who administrates."""
    record = record_of(PLAN, repository=session.repository, pull_request=128, head=HEAD)
    session.publish_check(HEAD, CheckVerdict("success", "Plan", "Plan.", record_text(record)))
    github.members |= {("acme/leads", "lena"), ("acme/leads", "leo"), ("acme/finance", "bob")}
    github.administrators = {"ada"}
    return github


def ask(session: Forge, *required: Requirement, is_clean: IsClean | None = None) -> Approval:
    pull = session.change_request(128)
    return judge(session, pull, required=required or (TEAM,), plan=PLAN, is_clean=is_clean)


def nothing_listed(_: State) -> Response:
    return JSONResponse({"commits": [], "total_commits": 301})


def written(state: State, author: str, **facts: Any) -> None:
    """Put a commit under the head."""
    pull = state.pulls[128]
    sha = f"{len(pull.commits):040x}"
    pull.commits.insert(0, (sha, author))
    pull.facts[sha] = facts


@pytest.mark.parametrize(
    ("author", "facts"),
    [
        ("lena", {}),
        ("alice", {"committer": "lena"}),
        ("alice", {"message": "Raise\n\nCo-authored-by: Lena <7+lena@users.noreply.github.com>"}),
        ("alice", {"message": "Raise\n\nco-authored-by: L <LENA@users.noreply.ghe.acme.test>\n"}),
        ("", {"email": "12+lena@users.noreply.github.com"}),
    ],
    ids=["author", "committer", "co-author", "co-author elsewhere", "address of GitHub's"],
)
def test_whoever_wrote_a_part_of_it_cannot_approve_it(
    shown: State, session: Forge, author: str, facts: dict[str, Any]
) -> None:
    written(shown, author, **facts)
    shown.review(128, "lena")
    assert "lena wrote it and cannot approve it" in message(ask(session).refused["support"])
    shown.review(128, "leo")
    assert ask(session).missing == ()


@pytest.mark.parametrize(
    ("author", "facts"),
    [
        ("", {"email": "lena@home.test"}),
        ("alice", {"message": "Raise\n\nCo-authored-by: L <lena@home.test>"}),
        ("", {"email": ""}),
    ],
    ids=["author", "co-author", "no address at all"],
)
def test_somebody_without_an_account_may_be_any_owner_so_one_more_must_approve(
    shown: State, session: Forge, author: str, facts: dict[str, Any]
) -> None:
    written(shown, author, **facts)
    shown.review(128, "lena")
    words = message(ask(session).refused["support"])
    assert "no account is known of an author, committer or co-author of" in words
    assert "so 2 owners must approve" in words
    shown.review(128, "leo")
    assert ask(session).missing == ()


def test_commits_of_one_address_are_one_person(shown: State, session: Forge) -> None:
    for _ in range(3):
        written(shown, "", email="lena@home.test")
    found = session.authors(session.change_request(128))
    assert found.needed == 2


def test_a_program_that_is_named_as_co_author_is_nobody(shown: State, session: Forge) -> None:
    written(shown, "alice", committer="web-flow", message="Raise\n\nCo-authored-by: A tool <noreply@tool.test>")
    found = session.authors(session.change_request(128))
    assert found == Authors(frozenset({"alice"}))


def test_a_deleted_account_may_be_anybody_too(shown: State, session: Forge) -> None:
    shown.pulls[128].author = ""
    shown.pulls[128].commits[-1] = (HEAD, "")
    shown.review(128, "lena")
    assert ask(session).refused
    shown.review(128, "leo")
    assert ask(session).missing == ()


def test_more_commits_than_github_lists_are_read_elsewhere(shown: State, session: Forge) -> None:
    pull = shown.pulls[128]
    pull.commits[:0] = [(f"{number:040x}", "alice") for number in range(300)]
    pull.commits[-2] = (OTHER, "lena")
    shown.review(128, "lena")
    assert "lena wrote it" in message(ask(session).refused["support"])


def test_where_commits_cannot_be_read_nobody_can_approve(shown: State, session: Forge) -> None:
    pull = shown.pulls[128]
    pull.commits[:0] = [(f"{number:040x}", "alice") for number in range(300)]
    shown.review(128, "leo")
    shown.fail(r"GET .*/compare/.*", nothing_listed)
    with pytest.raises(RefusedError, match="nobody knows who wrote them"):
        ask(session)


@pytest.fixture
def git(tmp_path: Path) -> BudgetRepository:
    """A repository whose branch `change` edits the first line of a file, while main edits the last."""
    made = BudgetRepository.create(tmp_path, {"budgets/a.yaml": "one: 1\n# a\n# b\n# c\n# d\ntwo: 2\n"})
    made.branch("change")
    made.edit("budgets/a.yaml", "one: 1", "one: 11")
    made.commit("Change")
    made.git("switch", "--quiet", "main")
    made.edit("budgets/a.yaml", "two: 2", "two: 22")
    made.commit("Meanwhile")
    made.git("push", "--quiet", "origin", "main")
    made.git("switch", "--quiet", "change")
    return made


def updated(git: BudgetRepository, edit: str = "") -> tuple[str, tuple[str, ...]]:
    """Merge main into the branch, with an edit on top or none; return the merge and its parents."""
    git.git("merge", "--quiet", "--no-edit", "--no-commit", "main")
    if edit:
        git.edit("budgets/a.yaml", "one: 11", edit)
    git.commit("Merge main")
    git.push(128)
    return git.head, tuple(git.git("rev-parse", "HEAD^1", "HEAD^2").split())


def judge_of(git: BudgetRepository, clone: Path) -> IsClean:
    """Return the judge of a clone that does not have the branch yet."""
    git.git("clone", "--quiet", "--branch", "main", str(git.remote), str(clone))
    return clean_merges(clone, reference="refs/pull/128/head")


def test_bringing_a_branch_up_to_date_makes_nobody_an_author(
    shown: State, session: Forge, git: BudgetRepository, tmp_path: Path
) -> None:
    merge, parents = updated(git)
    is_clean = judge_of(git, tmp_path / "fresh")
    assert is_clean(merge, parents)
    shown.pulls[128].commits.insert(0, (merge, "lena"))
    shown.pulls[128].facts[merge] = {"parents": parents, "committer": "web-flow"}
    shown.review(128, "lena")
    assert ask(session, is_clean=is_clean).missing == ()
    assert ask(session).refused, "without git, nobody knows what a merge holds"


def test_a_merge_in_which_something_was_edited_has_an_author(git: BudgetRepository, tmp_path: Path) -> None:
    merge, parents = updated(git, edit="one: 999")
    assert not judge_of(git, tmp_path / "fresh")(merge, parents)


def test_a_merge_is_judged_by_the_parents_that_git_has(git: BudgetRepository, tmp_path: Path) -> None:
    merge, parents = updated(git)
    is_clean = judge_of(git, tmp_path / "fresh")
    assert not is_clean(merge, (parents[0], parents[0]))
    assert not is_clean(merge, (*parents, parents[0]))
    assert not is_clean("e" * 40, parents)


def test_the_organizations_owners_stand_in_for_an_owner_who_wrote_it_alone(shown: State, session: Forge) -> None:
    shown.members.discard(("acme/leads", "leo"))
    shown.pulls[128].author = "lena"
    shown.pulls[128].commits[-1] = (HEAD, "lena")
    refused = ask(session).refused["support"]
    assert "ask @acme/finance to approve that commit" in hint(refused)
    assert "@acme/leads has nobody who may approve what these authors wrote" in message(refused)
    shown.review(128, "bob")
    found = ask(session)
    assert found.missing == ()
    (stand_in,) = found.stood_in
    assert (stand_in.requirement, stand_in.logins) == (TEAM, ("bob",))
    assert stand_in_document(stand_in).team == "support"


@pytest.mark.parametrize("gone", ["renamed", "empty", "a person who left"])
def test_the_organizations_owners_stand_in_for_owners_who_are_not_there(
    shown: State, session: Forge, gone: str
) -> None:
    shown.members -= {("acme/leads", "lena"), ("acme/leads", "leo")}
    owners = ("@leo",) if gone == "a person who left" else ("@acme/leads",)
    shown.outsiders = {"leo"}
    if gone == "empty":
        shown.teams = {"acme/leads"}
    requirement = Requirement(
        reason="support: its wallets change", owners=owners, team="support", fallback=("@acme/finance",)
    )
    assert "has no members, or is not there any more" in message(ask(session, requirement).missing[0])
    shown.review(128, "bob")
    found = ask(session, requirement)
    assert (found.missing, [item.logins for item in found.stood_in]) == ((), [("bob",)])


def test_nobody_stands_in_while_an_owner_could_approve(shown: State, session: Forge) -> None:
    shown.review(128, "bob")
    refused = ask(session).refused["support"]
    assert "bob approved and is none of them" in message(refused)
    assert "ask @acme/leads" in hint(refused)


def test_who_owns_the_organization_on_github_stands_in_for_finance_that_is_gone(shown: State, session: Forge) -> None:
    shown.members.discard(("acme/finance", "bob"))
    whole = Requirement(reason="the organization's settings change", owners=("@acme/finance",))
    assert "ask @ada to approve that commit" in hint(ask(session, whole).stops[0])
    shown.review(128, "ada")
    assert [item.logins for item in ask(session, whole).stood_in] == [("ada",)]


def test_a_team_that_may_only_be_out_of_sight_is_not_gone(shown: State, session: Forge) -> None:
    shown.members -= {("acme/leads", "lena"), ("acme/leads", "leo")}
    shown.fail(r"GET /orgs/acme/teams", answer(404))
    shown.review(128, "bob")
    refused = ask(session).refused["support"]
    assert "ask @acme/leads" in hint(refused)
    unread = "the members of @acme/leads cannot be read, so that no approval counts as theirs until"
    assert f"{unread} the secret BUDGETS_MEMBERS_TOKEN, outside of workflows KT_BUDGETS_MEMBERS_TOKEN," in message(
        refused
    )
    assert "is a token of somebody who sees that team, with read:org" in message(refused)
    assert "none of them" not in message(refused), "nobody can know that"


def test_a_token_that_may_not_read_members_is_told(shown: State, session: Forge) -> None:
    shown.reads_members = set()
    shown.review(128, "lena")
    with pytest.raises(UnauthorizedError) as error:
        ask(session)
    assert "members: read" in error.value.hint


@pytest.mark.parametrize("answers_queries", [True, False])
def test_300_teams_take_few_requests(shown: State, session: Forge, answers_queries: bool) -> None:
    shown.answers_queries = answers_queries
    people = [f"owner{number}" for number in range(4)]
    required = []
    for number in range(300):
        shown.members |= {(f"acme/team-{number}", person) for person in people[number % 4 :]}
        required.append(
            Requirement(reason=f"team-{number}: it changes", owners=(f"@acme/team-{number}",), team=f"team-{number}")
        )
    for person in people:
        shown.review(128, person)
    shown.merge(128, MERGE)
    shown.requests.clear()
    pull = merged_request(session, MERGE)
    found = judge(session, pull, required=required, plan=PLAN)
    assert found.missing == ()
    assert len(shown.requests) <= (60 if answers_queries else 320)


def test_a_team_of_thousands_is_not_read_whole(shown: State, session: Forge) -> None:
    shown.members |= {("acme/everybody", f"person{number}") for number in range(1_500)}
    shown.requests.clear()
    membership = Membership(session.people)
    assert membership.is_owner("person0", "@acme/everybody")
    assert membership.is_owner("person999", "@acme/everybody")
    assert not membership.is_owner("mallory", "@acme/everybody")
    assert membership.could_approve(["@acme/everybody"], without=frozenset(), needed=2)
    assert len(shown.requests) == 3
