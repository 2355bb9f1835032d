"""Approval: bound to the last head and to the plan that was shown, by the rules that held before."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from forge.forge_world import BASE, HEAD, MERGE, allocate, plan
from forge.github_standin import State, answer
from worlds import billing_budget, desired, object_change, wallet

from reconciler.app.change_request.approval import require
from reconciler.findings import RefusedError, UnauthorizedError
from reconciler.forge.approval import Approval, belongs_to, judge, merged_request
from reconciler.forge.check import CheckVerdict
from reconciler.forge.ci_run import CiRun
from reconciler.forge.github.channel import Channel, Connection
from reconciler.forge.github.ci_run import WORDS
from reconciler.forge.github.identity import Identity
from reconciler.forge.github.repository import Repository
from reconciler.forge.github.session import GitHub
from reconciler.forge.membership import Membership
from reconciler.forge.protocol import Forge
from reconciler.model.approvals import Acknowledgement, Approvals
from reconciler.model.desired import Desired
from reconciler.model.plan import Plan
from reconciler.model.requirement import Requirement
from reconciler.model.wallet_ref import WalletRef
from reconciler.policy.approvals import requirements
from reconciler.policy.facts import step_of
from reconciler.policy.plan_record import record_of, record_text
from reconciler.policy.rulings import Shortfall
from reconciler.report.approvals import missing_words

FINANCE = Requirement(reason="USD 2,000.00 move, above USD 1,000.00", owners=("@acme/finance",))
LEADS = Requirement(reason="support: its plan, wallets or alerts change", owners=("@acme/support-leads", "@lena"))
PLAN = plan(allocate())


AS_OF = date(2026, 6, 18)


def message(missing: Shortfall) -> str:
    return missing_words(missing, WORDS)[0]


def hint(missing: Shortfall) -> str:
    return missing_words(missing, WORDS)[1]


@pytest.fixture
def approved(github: State, session: Forge) -> State:
    """Pull request 128: planned and recorded, approved by finance and by lena, merged."""
    shown(session, PLAN)
    github.members.add(("acme/finance", "bob"))
    github.review(128, "bob")
    github.review(128, "lena")
    github.merge(128, MERGE)
    return github


def shown(
    session: Forge,
    made: Plan,
    *,
    instead: dict[str, Any] | None = None,
) -> None:
    about: dict[str, Any] = {"repository": session.repository, "pull_request": 128, "head": HEAD, **(instead or {})}
    verdict = CheckVerdict("success", "Plan", "Plan.", record_text(record_of(made, **about)))
    session.publish_check(HEAD, verdict)


def ask(session: Forge, *required: Requirement, now: Plan = PLAN, merge: str = MERGE) -> Approval:
    pull = merged_request(session, merge)
    found = judge(session, pull, required=required or (LEADS, FINANCE), plan=now)
    require(found)
    return found


def test_an_approved_merge_with_an_unchanged_plan_is_approved(approved: State, session: Forge) -> None:
    found = ask(session)
    assert found.approved_by == ("bob", "lena")
    assert found.stale == ()
    assert found.record.digest == PLAN.digest


def test_a_plan_that_moved_since_it_was_shown_is_stale_for_that_team_alone(approved: State, session: Forge) -> None:
    now = plan(allocate(amount="2500.00"), fingerprints={**PLAN.fingerprints, "support": "sha256:other"})
    assert ask(session, now=now).stale == ("support",)


def test_a_commit_that_was_pushed_directly_is_refused(approved: State, session: Forge) -> None:
    with pytest.raises(RefusedError, match="pushed directly"):
        ask(session, merge="e" * 40)


def test_a_commit_of_the_pull_request_that_is_not_its_merge_is_refused(approved: State, session: Forge) -> None:
    with pytest.raises(RefusedError, match="not the merge"):
        ask(session, merge=HEAD)


def test_a_merge_into_another_branch_is_refused(approved: State, session: Forge) -> None:
    approved.pulls[128].base_ref = "staging"
    with pytest.raises(RefusedError, match="into main"):
        ask(session)


def test_an_open_pull_request_is_no_merge(github: State, session: Forge) -> None:
    github.pulls[128].landed.append(MERGE)
    with pytest.raises(RefusedError):
        ask(session)


def test_an_approval_of_an_older_head_does_not_count(approved: State, session: Forge) -> None:
    approved.reviews.clear()
    approved.review(128, "lena", commit="d" * 40)
    with pytest.raises(RefusedError, match="lena approved the older commit dddddddddddd") as error:
        ask(session)
    assert "@acme/support-leads or @lena" in error.value.hint


def test_authors_cannot_approve_their_own(approved: State, session: Forge) -> None:
    approved.reviews.clear()
    approved.pulls[128].author = "lena"
    approved.review(128, "lena")
    with pytest.raises(RefusedError, match="lena wrote it and cannot approve it"):
        ask(session)


def test_somebody_who_pushed_a_commit_of_it_cannot_approve_it(approved: State, session: Forge) -> None:
    approved.pulls[128].commits.insert(0, ("d" * 40, "Lena"))
    with pytest.raises(RefusedError, match="lena wrote it"):
        ask(session)


def test_an_approval_that_was_dismissed_does_not_count(approved: State, session: Forge) -> None:
    approved.review(128, "lena", "DISMISSED")
    with pytest.raises(RefusedError, match="lacks an approval"):
        ask(session)


def test_a_comment_after_an_approval_does_not_undo_it(approved: State, session: Forge) -> None:
    approved.review(128, "lena", "COMMENTED")
    assert ask(session).approved_by == ("bob", "lena")


def test_an_owner_who_asks_for_changes_stops_it_even_when_another_owner_approved(
    approved: State, session: Forge
) -> None:
    approved.members.add(("acme/finance", "carol"))
    approved.review(128, "carol", "CHANGES_REQUESTED")
    with pytest.raises(RefusedError, match="carol asked for changes"):
        ask(session)


def test_somebody_else_who_asks_for_changes_stops_nothing(approved: State, session: Forge) -> None:
    approved.review(128, "mallory", "CHANGES_REQUESTED")
    assert ask(session).stale == ()


def test_an_invited_member_of_a_team_is_not_an_owner_yet(approved: State, session: Forge) -> None:
    approved.pending_members.add(("acme/finance", "bob"))
    approved.members.clear()
    with pytest.raises(RefusedError, match="@acme/finance"):
        ask(session)


def test_a_change_that_nobody_is_named_for_cannot_be_approved(approved: State, session: Forge) -> None:
    with pytest.raises(RefusedError, match="nobody is named") as error:
        ask(session, Requirement(reason="it is new", owners=()))
    assert "owners" in error.value.hint


def test_a_token_that_cannot_see_teams_says_which_permission_is_missing(approved: State, session: Forge) -> None:
    approved.fail(r"GET /orgs/.*", answer(403, "Resource not accessible by integration"))
    with pytest.raises(UnauthorizedError) as error:
        ask(session)
    assert "members: read" in error.value.hint


def test_without_a_record_of_ours_nothing_is_approved(approved: State, session: Forge) -> None:
    approved.checks.clear()
    with pytest.raises(RefusedError, match="no plan was recorded"):
        ask(session)


def test_a_plan_recorded_by_somebody_else_does_not_count(
    approved: State, session: Forge, repository: Repository, github_url: str
) -> None:
    approved.checks.clear()
    with Channel(Connection(api_url=github_url, token="ghs_other")) as other:
        shown(GitHub(other, repository, Identity("other-app[bot]"), "other-app", CiRun()), PLAN)
    with pytest.raises(RefusedError, match="no plan was recorded by github-actions"):
        ask(session)


@pytest.mark.parametrize(
    ("about", "why"),
    [
        ({"pull_request": 127}, "no plan was recorded"),
        ({"head": "d" * 40}, "no plan was recorded"),
        (
            {"repository": "acme/other"},
            r"was recorded for acme/other, and this is acme/.*: since it was renamed or moved",
        ),
    ],
    ids=["number", "head", "repo"],
)
def test_the_record_of_another_pull_request_head_or_repository_cannot_be_replayed(
    approved: State, session: Forge, about: dict[str, Any], why: str
) -> None:
    approved.checks.clear()
    shown(session, PLAN, instead=about)
    with pytest.raises(RefusedError, match=why):
        ask(session)


def test_what_a_comment_says_has_no_weight(approved: State, session: Forge) -> None:
    approved.checks.clear()
    record = record_of(PLAN, repository=session.repository, pull_request=128, head=HEAD)
    approved.comment(128, "github-actions[bot]", f"<!-- kt-budgets:v1 head={HEAD} -->\n{record_text(record)}")
    with pytest.raises(RefusedError, match="no plan was recorded"):
        ask(session)


def test_a_missing_approval_of_one_team_refuses_that_team_alone(approved: State, session: Forge) -> None:
    data = Requirement(reason="data: it is new", owners=("@dora",), team="data")
    pull = merged_request(session, MERGE)
    found = judge(session, pull, required=(LEADS, data, FINANCE), plan=PLAN)
    assert list(found.refused) == ["data"]
    assert found.stops == ()
    assert "ask @dora to approve that commit" in hint(found.refused["data"])
    approved.reviews = [review for review in approved.reviews if review["user"]["login"] == "lena"]
    found = judge(session, pull, required=(LEADS, data, FINANCE), plan=PLAN)
    assert [missing.requirement for missing in found.stops] == [FINANCE]


def test_an_owner_who_asks_for_changes_stops_what_is_hers(approved: State, session: Forge) -> None:
    approved.review(128, "lena", "CHANGES_REQUESTED")
    data = Requirement(reason="data: it is new", owners=("@bob",), team="data")
    support = LEADS.model_copy(update={"team": "support"})
    pull = merged_request(session, MERGE)
    found = judge(session, pull, required=(support, data, FINANCE), plan=PLAN)
    assert list(found.refused) == ["support"]
    assert "lena asked for changes" in message(found.refused["support"])


def test_an_approval_before_any_plan_was_shown_does_not_count(approved: State, session: Forge) -> None:
    approved.checks.clear()
    shown(session, PLAN)
    with pytest.raises(RefusedError, match="lena approved before this plan was shown"):
        ask(session)
    with pytest.raises(RefusedError, match="bob approved before this plan was shown"):
        ask(session, now=plan())
    approved.review(128, "lena")
    approved.review(128, "bob")
    assert ask(session).approved_by == ("bob", "lena")


def test_what_an_older_run_records_when_it_is_started_again_does_not_count(approved: State, session: Forge) -> None:
    approved.checks.clear()
    newer, older = plan(allocate()), plan(allocate(amount="9000.00"))
    shown(session, newer, instead={"run": (1005, 1)})
    shown(session, older, instead={"run": (1001, 2)})
    approved.review(128, "lena")
    approved.review(128, "bob")
    assert ask(session).record.run == (1005, 1)
    assert ask(session, now=older).stale == ("support",)


def test_an_approval_that_was_given_before_another_plan_was_shown_is_for_the_first(
    approved: State, session: Forge
) -> None:
    second = plan(allocate(amount="9000.00"))
    shown(session, second)
    with pytest.raises(RefusedError, match="lena approved before this plan was shown"):
        ask(session, now=second)
    approved.review(128, "lena")
    approved.review(128, "bob")
    assert ask(session, now=second).approved_by == ("bob", "lena")


def test_the_commits_of_a_rebase_belong_to_the_pull_request(approved: State, session: Forge) -> None:
    pull = merged_request(session, MERGE)
    assert belongs_to(session, pull, HEAD)
    assert not belongs_to(session, pull, BASE)


def test_each_membership_is_asked_for_once(approved: State, session: Forge) -> None:
    membership = Membership(session.people)
    assert membership.is_any("bob", ["@acme/finance", "acme/finance"])
    assert membership.is_owner("bob", "@acme/Finance")
    assert not membership.is_owner("bob", "not an owner/at all/x")
    assert membership.is_owner("Bob", "@bob")
    assert len([path for _, path, _ in approved.requests if path.startswith("/orgs/")]) == 1


def organization(rules: Desired, **fields: Any) -> Desired:
    return replace(rules, organization=rules.organization.model_copy(update=fields))


def teams(world: Desired, **owners: tuple[str, ...]) -> Desired:
    changed = {name: world.teams[name].model_copy(update={"owners": listed}) for name, listed in owners.items()}
    return replace(world, teams={**world.teams, **changed})


BEFORE = teams(
    organization(desired([wallet("support", "prod", "10500.00")]), owners=("@acme/finance",)), support=("@lena",)
)


def asked(before: Desired, after: Desired, made: Plan | None = None) -> list[tuple[str, tuple[str, ...]]]:
    step = step_of(made or plan(), before, after, as_of=AS_OF)
    return [(item.reason, item.owners) for item in requirements(before, step)]


def test_nothing_that_changes_needs_nobody() -> None:
    assert asked(BEFORE, BEFORE) == []


def test_a_team_is_approved_by_the_owners_it_had_before() -> None:
    after = teams(BEFORE, support=("@mallory",))
    assert asked(BEFORE, after) == [("support: its plan, wallets or alerts change", ("@lena",))]


def test_a_new_team_and_the_organization_are_approved_by_the_organizations_owners() -> None:
    after = organization(desired([wallet("support", "prod", "10500.00")], teams=["legal"]), owners=("@mallory",))
    assert asked(BEFORE, teams(after, support=("@lena",))) == [
        ("the organization's settings change", ("@acme/finance",)),
        ("legal: it is new", ("@acme/finance",)),
    ]


def test_finance_approves_money_above_its_threshold_in_this_run_or_in_any_month() -> None:
    rules = organization(BEFORE, approvals=Approvals(finance_above=Decimal(1000), finance=("@cfo",)))
    later = replace(
        rules, wallets={WalletRef.team("team_support"): wallet("support", "prod", "10500.00", m2026_11="15000.00")}
    )
    assert asked(rules, rules, plan(allocate(amount="1000.00")))[1:] == []
    assert asked(rules, rules, plan(allocate()))[1:] == [("USD 2,000.00 move, above USD 1,000.00", ("@cfo",))]
    assert asked(rules, later) == [("USD 4,500.00 move, above USD 1,000.00", ("@cfo",))]


def test_a_threshold_cannot_be_passed_by_many_small_changes() -> None:
    rules = organization(BEFORE, approvals=Approvals(finance_above=Decimal(1000)))
    many = plan(*(allocate(f"team{number}", "999.00") for number in range(2)))
    assert asked(rules, rules, many)[-1] == ("USD 1,998.00 move, above USD 1,000.00", ("@acme/finance",))


def test_platform_approves_hard_limits_that_are_switched_on_or_off() -> None:
    rules = organization(BEFORE, approvals=Approvals(platform=("@acme/platform",)))
    on = replace(
        rules,
        objects=desired(budgets=[("support", billing_budget("monthly", "1", hard_limit=True))]).objects,
    )
    expected = ("the hard limit of team/team_support/monthly is switched", ("@acme/platform",))
    assert asked(rules, on) == [expected]
    assert asked(on, rules) == [expected]
    created = object_change(
        "create_billing_budget",
        team="support",
        environment="prod",
        key="team/team_support/monthly",
        after=billing_budget("monthly", "1", hard_limit=True),
    )
    assert asked(rules, rules, plan(created))[-1] == expected


def test_weakening_the_rules_needs_the_owners_that_the_rules_name() -> None:
    rules = organization(BEFORE, approvals=Approvals(finance_above=Decimal(1000)))
    after = organization(rules, approvals=Approvals(finance_above=Decimal(999_999)), owners=("@mallory",))
    found = asked(rules, after, plan(allocate()))
    assert ("the organization's settings change", ("@acme/finance",)) in found
    assert ("USD 2,000.00 move, above USD 1,000.00", ("@acme/finance",)) in found


def test_a_requirement_names_the_team_that_it_is_about() -> None:
    rules = organization(BEFORE, approvals=Approvals(finance_above=Decimal(1000)))
    budget = billing_budget("monthly", "1", hard_limit=True)
    after = organization(rules, owners=("@mallory",))
    after = replace(after, objects=desired(budgets=[("support", budget)]).objects)
    found = requirements(rules, step_of(plan(allocate(), allocate("engineering")), rules, after, as_of=AS_OF))
    assert [(item.team, item.reason.partition(" ")[0]) for item in found] == [
        (None, "the"),
        ("engineering", "engineering:"),
        ("support", "support:"),
        (None, "USD"),
        ("support", "the"),
    ]


def test_the_step_may_begin_elsewhere_than_the_rules_that_judge_it() -> None:
    before = organization(teams(BEFORE, support=("@mallory",)), owners=("@mallory",))
    after = replace(before, wallets={WalletRef.team("team_support"): wallet("support", "prod", "12500.00")})
    found = requirements(BEFORE, step_of(plan(allocate()), before, after, as_of=AS_OF))
    assert [(item.reason, item.owners) for item in found] == [
        ("support: its plan, wallets or alerts change", ("@lena",))
    ]


def test_export_schedules_are_the_organizations() -> None:
    made = plan(object_change("create_export_schedule", key="weekly", after={"name": "weekly", "s3": {"bucket": "b"}}))
    assert asked(BEFORE, BEFORE, made) == [("the organization's export schedules change", ("@acme/finance",))]


def test_an_acknowledgement_covers_its_key_until_its_day() -> None:
    entry = Acknowledgement(key="team_support", until=date(2026, 6, 30), reason="pilot", approved_by="finance")
    assert entry.covers("team_support", date(2026, 6, 30))
    assert not entry.covers("team_support", date(2026, 7, 1))
    assert not entry.covers("team_other", date(2026, 6, 1))
