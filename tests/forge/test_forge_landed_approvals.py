"""What is merged is applied by the approvals that count: who wrote it, who stood in, in which month, team by team."""

from __future__ import annotations

import pytest
from forge.merge_desk import SHADOW_FILE, SUPPORT_FILE, MergeDesk
from forge.sandbox_desk import DAY

from reconciler.findings import ExitCode

pytestmark = pytest.mark.slow


def updated(desk: MergeDesk, number: int, by: str, edit: str = "") -> None:
    """Let somebody merge main into a pull request's branch, with an edit of her own or none."""
    repository = desk.repository
    repository.git("switch", "--quiet", f"change-{number}")
    repository.git("merge", "--quiet", "--no-edit", "--no-commit", "--no-ff", "main")
    if edit:
        repository.edit(SUPPORT_FILE, "10600.00", edit)
    commit = repository.commit("Merge branch 'main'")
    parents = repository.git("rev-parse", "HEAD^1", "HEAD^2").split()
    repository.push(number)
    facts = {"parents": parents, "committer": "web-flow", "message": "Merge branch 'main'"}
    desk.github.push(number, commit, by, **facts)
    repository.git("switch", "--quiet", "main")
    desk.shown(number)


def applied_by_word_of_leo(desk: MergeDesk, why: str) -> None:
    """Let what is merged be refused, and applied once another owner approved it."""
    assert desk.apply() == ExitCode.REFUSED
    assert why in desk.desk.output
    assert desk.funded() == 10500.0
    desk.approved(128, "leo")
    assert desk.apply() == ExitCode.DONE, desk.desk.output + desk.desk.errors
    assert desk.funded() == 10900.0


@pytest.mark.parametrize("how", ["merge", "squash"])
def test_an_owner_who_brings_the_branch_up_to_date_can_still_approve_it(desk: MergeDesk, how: str) -> None:
    desk.opened(128, desk.target("10500.00", "10600.00"))
    desk.pushed(lambda: desk.repository.write({"README.md": "Hello\n"}))
    updated(desk, 128, "lena")
    desk.approved(128, "lena")
    desk.merged(128, how)
    assert desk.apply() == ExitCode.DONE, desk.desk.output + desk.desk.errors
    assert desk.funded() == 10600.0


def test_one_who_edits_something_on_the_way_cannot(desk: MergeDesk) -> None:
    desk.github.members.add(("acme/support-leads", "leo"))
    desk.opened(128, desk.target("10500.00", "10600.00"))
    desk.pushed(lambda: desk.repository.write({"README.md": "Hello\n"}))
    updated(desk, 128, "lena", edit="10900.00")
    desk.approved(128, "lena")
    desk.merged(128)
    applied_by_word_of_leo(desk, "lena wrote it and cannot approve it")


def test_one_who_pushes_money_under_the_address_of_somebody_else_cannot(desk: MergeDesk) -> None:
    desk.github.members.add(("acme/support-leads", "leo"))
    desk.opened(128, desk.target("10500.00", "10600.00"))
    desk.repository.git("switch", "--quiet", "change-128")
    desk.repository.edit(SUPPORT_FILE, "10600.00", "10900.00")
    commit = desk.repository.commit("A little more")
    desk.repository.push(128)
    desk.github.push(128, commit, "alice", pusher="lena")
    desk.shown(128)
    desk.approved(128, "lena")
    desk.merged(128)
    applied_by_word_of_leo(desk, "lena pushed it and cannot approve it")


def test_a_sole_owner_s_own_change_is_applied_by_the_word_of_the_organization_s_owners(desk: MergeDesk) -> None:
    desk.approved_and_merged(128, desk.target("10500.00", "10600.00"), author="lena", by="bob")
    assert desk.apply() == ExitCode.DONE, desk.desk.output + desk.desk.errors
    assert desk.landing(128)["approved_by"] == ["bob"]
    assert desk.landing(128)["stood_in"] == [
        "approved by bob instead (support: its plan, wallets or alerts change): @acme/support-leads has nobody who may"
        " approve what these authors wrote"
    ]
    assert desk.funded() == 10600.0


def test_what_its_only_owner_wrote_names_whoever_stands_in_wherever_an_approval_is_asked_for(desk: MergeDesk) -> None:
    desk.opened(128, desk.target("10500.00", "10600.00"), author="lena")
    desk.merged(128)
    assert desk.told() == ExitCode.REFUSED, desk.desk.output
    landing = desk.landing(128)
    assert landing["missing"] == ["@acme/finance"]
    assert "ask for the missing approval (@acme/finance" in landing["cure"]
    (next_step,) = [line for line in desk.comment(128).splitlines() if line.startswith("**Next:**")]
    assert "acme/finance" in next_step
    assert "acme/support-leads" not in next_step
    desk.approved(128, "bob")
    assert desk.told() == ExitCode.DONE, desk.desk.output


def test_who_stood_in_is_asked_again_where_the_plan_moved_since(desk: MergeDesk) -> None:
    desk.approved_and_merged(128, desk.target("10500.00", "10600.00"), author="lena", by="bob")
    desk.desk.by_hand(50.0)
    assert desk.told() == ExitCode.STALE, desk.desk.output
    landing = desk.landing(128)
    assert landing["missing"] == ["@bob"]
    assert "approved once more (@bob" in landing["cure"]
    desk.approved(128, "bob")
    assert desk.told() == ExitCode.DONE, desk.desk.output
    assert desk.funded() == 10600.0


def test_all_that_is_missing_names_those_who_can(desk: MergeDesk) -> None:
    desk.github.members -= {("acme/shadow-leads", "sam")}
    desk.github.members |= {("acme/shadow-leads", "lena")}
    raised = (desk.target("10500.00", "10600.00"), desk.target("300.00", "310.00", SHADOW_FILE))
    desk.opened(128, *raised, author="lena")
    merge = desk.merged(128)
    assert desk.desk.kt("pr", "approval", "--as-of", DAY, "--merge-sha", merge) == ExitCode.REFUSED
    assert "also by @acme/finance (" in desk.desk.errors


def test_somebody_unknown_takes_two_owners(desk: MergeDesk) -> None:
    desk.github.members.add(("acme/support-leads", "leo"))
    pull = desk.opened(128, desk.target("10500.00", "10600.00"))
    pull.commits[-1] = (pull.head, "")
    pull.facts[pull.head] = {"email": "lena@home.test"}
    desk.approved(128, "lena")
    desk.merged(128)
    assert desk.apply() == ExitCode.REFUSED
    assert "no account is known of an author, committer or co-author of" in desk.desk.output
    assert "so 2 owners must approve" in desk.desk.output
    desk.approved(128, "leo")
    assert desk.apply() == ExitCode.DONE, desk.desk.output + desk.desk.errors


def test_a_team_whose_owners_asked_for_changes_stays_and_the_other_one_is_applied(desk: MergeDesk) -> None:
    desk.opened(128, desk.target("10500.00", "10600.00"), desk.target("300.00", "310.00", SHADOW_FILE))
    desk.approved(128, "lena")
    desk.github.review(128, "sam", "CHANGES_REQUESTED")
    desk.merged(128)
    assert desk.apply() == ExitCode.PARTIAL, desk.desk.output + desk.desk.errors
    assert (desk.funded(), desk.funded("team_shadow")) == (10600.0, 300.0)
    assert "sam asked for changes" in desk.landing(128)["refused"]["shadow"]
    desk.approved(128, "sam")
    assert desk.apply() == ExitCode.DONE, desk.desk.output + desk.desk.errors
    assert desk.funded("team_shadow") == 310.0


def test_what_was_shown_in_june_is_not_applied_in_july(desk: MergeDesk) -> None:
    desk.opened(128, lambda: desk.repository.edit(SUPPORT_FILE, "amount: 12500.00", "amount: 13000.00"))
    desk.approved(128, "lena", "bob")
    desk.merged(128)
    assert desk.apply(day="2026-07-02") == ExitCode.STALE, desk.desk.output + desk.desk.errors
    assert desk.statuses == [(128, "stale")]
    why = desk.landing(128)["refused"]["support"]
    assert f"what was shown in {desk.desk.host.sign}128 was the plan for 2026-06, and this is 2026-07" in why
