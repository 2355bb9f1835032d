"""What is merged with approval is applied, whatever way it was merged; what is not keeps its place and is told."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from forge.host import Host
from forge.merge_desk import SHADOW_FILE, SUPPORT_FILE, MergeDesk, merge_desk
from jsonschema import Draft7Validator

from reconciler.findings import ExitCode

SCHEMA = Path(__file__).parents[2] / "schemas" / "merges.schema.json"


@pytest.mark.parametrize("how", ["merge", "squash", "rebase"])
def test_what_was_approved_is_applied_however_it_was_merged(desk: MergeDesk, how: str) -> None:
    merge = desk.approved_and_merged(
        128, desk.target("10500.00", "10900.00"), desk.target("10900.00", "11000.00"), by="lena", how=how
    )

    assert desk.apply() == ExitCode.DONE, desk.desk.output + desk.desk.errors
    assert desk.statuses == [(128, "applied")]
    assert desk.landing(128)["approved_by"] == ["lena"]
    assert desk.merges["applied_commit"] == merge
    assert desk.funded() == 11000.0

    ledger, asked = desk.ledger(), len(desk.github.requests)
    assert desk.apply() == ExitCode.DONE
    assert desk.merges["landings"] == []
    assert desk.ledger() == ledger
    assert len(desk.github.requests) == asked


def test_two_pull_requests_that_a_queue_lands_in_one_push_are_each_applied_by_their_own_approval(
    desk: MergeDesk,
) -> None:
    desk.opened(128, desk.target("10500.00", "11000.00"))
    desk.opened(129, desk.target("300.00", "400.00", SHADOW_FILE))
    desk.approved(128, "lena")
    desk.approved(129, "sam")
    desk.merged(128)
    desk.merged(129)

    assert desk.apply() == ExitCode.DONE, desk.desk.output + desk.desk.errors
    assert desk.statuses == [(128, "applied"), (129, "applied")]
    assert (desk.funded(), desk.funded("team_shadow")) == (11000.0, 400.0)


def test_what_lacks_an_approval_is_told_and_stays_pending_and_the_next_one_goes_on(desk: MergeDesk) -> None:
    desk.opened(128, desk.target("10500.00", "11000.00"))
    desk.opened(129, desk.target("300.00", "400.00", SHADOW_FILE))
    desk.approved(129, "sam")
    desk.merged(128)
    desk.merged(129)

    assert desk.apply() == ExitCode.REFUSED
    Draft7Validator(json.loads(SCHEMA.read_text(encoding="utf-8"))).validate(desk.merges)
    assert desk.statuses == [(128, "refused"), (129, "applied")]
    assert "lacks an approval of its last commit" in desk.landing(128)["refused"]["support"]
    assert "@acme/support-leads" in desk.landing(128)["cure"]
    assert desk.merges["pending"] == 1
    assert (desk.funded(), desk.funded("team_shadow")) == (10500.0, 400.0)

    desk.approved(128, "lena")
    assert desk.apply() == ExitCode.DONE, desk.desk.output
    assert desk.statuses == [(128, "applied")]
    assert desk.merges["pending"] == 0
    assert desk.funded() == 11000.0


def test_of_two_teams_in_one_pull_request_the_approved_one_is_applied(desk: MergeDesk) -> None:
    def both() -> None:
        desk.target("10500.00", "11000.00")()
        desk.target("300.00", "400.00", SHADOW_FILE)()

    desk.approved_and_merged(128, both, by="sam")

    assert desk.apply() == ExitCode.PARTIAL, desk.desk.output
    assert desk.statuses == [(128, "partly")]
    assert list(desk.landing(128)["refused"]) == ["support"]
    assert (desk.funded(), desk.funded("team_shadow")) == (10500.0, 400.0)
    desk.approved(128, "lena")
    assert desk.apply() == ExitCode.DONE, desk.desk.output
    assert (desk.funded(), desk.funded("team_shadow")) == (11000.0, 400.0)
    assert len(desk.ledger("team_shadow")) == 2


def test_a_direct_push_is_never_applied_and_a_revert_of_it_clears_it(desk: MergeDesk) -> None:
    desk.pushed(desk.target("10500.00", "99000.00"))
    assert desk.apply() == ExitCode.REFUSED
    assert desk.statuses == [(None, "refused")]
    assert "pushed directly" in desk.landing(None)["reason"]

    desk.opened(128, desk.target("99000.00", "10500.00"))
    desk.merged(128)
    assert desk.apply() == ExitCode.DONE, desk.desk.output
    assert desk.merges["pending"] == 0
    assert desk.funded() == 10500.0


@pytest.mark.parametrize(
    "edit",
    [
        lambda desk: desk.repository.edit(SUPPORT_FILE, "what the pilot costs", "what the pliot costs"),
        lambda desk: desk.repository.write({"budgets/README.md": "# Budgets\n"}),
        lambda desk: desk.repository.edit(SUPPORT_FILE, "monthly: 10500.00", "monthly:   10500.0"),
    ],
)
def test_what_is_no_value_blocks_nothing_and_needs_nobody(desk: MergeDesk, edit: object) -> None:
    assert callable(edit)
    desk.pushed(lambda: edit(desk))
    asked = len(desk.github.requests)
    assert desk.apply() == ExitCode.DONE, desk.desk.output
    assert desk.merges["landings"] == []
    assert len(desk.github.requests) == asked
    merge = desk.approved_and_merged(128, desk.target("300.00", "400.00", SHADOW_FILE), by="sam")
    assert desk.apply() == ExitCode.DONE, desk.desk.output
    assert desk.merges["applied_commit"] == merge


def test_a_later_change_of_a_team_waits_for_the_approval_of_the_earlier_one(desk: MergeDesk) -> None:
    desk.opened(128, desk.target("10500.00", "11000.00"))
    desk.merged(128)
    desk.approved_and_merged(129, desk.target("11000.00", "11100.00"), by="lena")

    assert desk.apply() == ExitCode.REFUSED
    assert desk.statuses == [(128, "refused"), (129, "refused")]
    assert f"{desk.desk.host.sign}128 changes it too and is not approved" in desk.landing(129)["refused"]["support"]
    assert desk.funded() == 10500.0


def test_a_later_pull_request_that_showed_all_of_it_carries_what_had_become_stale(desk: MergeDesk) -> None:
    desk.opened(128, desk.target("10500.00", "11000.00"))
    desk.approved(128, "lena")
    desk.desk.by_hand(100.0)
    desk.merged(128)
    assert desk.apply() == ExitCode.STALE
    assert desk.statuses == [(128, "stale")]

    merge = desk.approved_and_merged(129, desk.target("11000.00", "11100.00"), by="lena")
    assert desk.apply() == ExitCode.DONE
    assert desk.statuses == [(128, "nothing"), (129, "applied")]
    assert desk.merges["pending"] == 0
    assert desk.merges["applied_commit"] == merge
    assert desk.funded() == 11100.0


def test_a_pull_request_that_merged_main_into_itself_is_one_landing(desk: MergeDesk) -> None:
    pull = desk.opened(128, desk.target("10500.00", "11000.00"), shown=False)
    desk.pushed(lambda: desk.repository.write({"README.md": "# Budgets\n"}))
    desk.repository.git("switch", "--quiet", pull.head_ref)
    desk.repository.git("merge", "--quiet", "--no-edit", "main")
    pull.commits.append((desk.repository.push(128), "alice"))
    desk.shown(128)
    desk.approved(128, "lena")
    desk.merged(128)
    assert desk.apply() == ExitCode.DONE, desk.desk.output
    assert desk.statuses == [(128, "applied")]
    assert desk.funded() == 11000.0


def test_a_change_of_the_organization_that_nobody_approved_weakens_no_rule(desk: MergeDesk) -> None:
    desk.pushed(lambda: desk.repository.edit("budgets/org.yaml", "finance_above: 1000.00", "finance_above: 900000"))
    desk.approved_and_merged(128, desk.target("10500.00", "12500.00"), by="lena")
    assert desk.apply() == ExitCode.REFUSED
    assert desk.statuses == [(None, "refused"), (128, "refused")]
    assert "@acme/finance" in desk.landing(128)["reason"]
    desk.approved(128, "bob")
    assert desk.apply() == ExitCode.REFUSED
    assert desk.statuses == [(None, "refused"), (128, "applied")]
    assert desk.funded() == 12500.0
    assert desk.merges["pending"] == 1


def test_a_file_with_errors_holds_back_its_own_landing_and_what_mends_it_clears_it(desk: MergeDesk) -> None:
    desk.opened(128, desk.target("10500.00", "11000.00"))
    desk.approved(128, "lena")
    desk.pushed(lambda: desk.repository.edit(SHADOW_FILE, "monthly", "montly"), "A typo")
    desk.merged(128)
    assert desk.apply() == ExitCode.FINDINGS
    assert desk.statuses == [(None, "refused"), (128, "applied")]
    assert "its YAML has errors: budgets/teams/shadow.yaml:5:" in desk.landing(None)["reason"]
    assert desk.funded() == 11000.0
    desk.opened(129, lambda: desk.repository.edit(SHADOW_FILE, "montly", "monthly"))
    desk.merged(129)
    assert desk.apply() == ExitCode.DONE, desk.desk.output
    assert desk.merges["pending"] == 0


def test_one_pull_request_can_be_asked_for_and_brings_what_it_needs(desk: MergeDesk) -> None:
    desk.opened(128, desk.target("10500.00", "11000.00"))
    desk.opened(129, desk.target("300.00", "400.00", SHADOW_FILE))
    desk.approved(128, "lena")
    desk.approved(129, "sam")
    desk.merged(128)
    desk.merged(129)
    assert desk.apply("--pr", "129") == ExitCode.DONE, desk.desk.output
    assert desk.statuses == [(129, "applied")]
    assert desk.merges["pending"] == 1
    assert (desk.funded(), desk.funded("team_shadow")) == (10500.0, 400.0)
    assert desk.apply() == ExitCode.DONE
    assert desk.statuses == [(128, "applied")]
    assert desk.apply("--pr", "129") == ExitCode.DONE


def test_by_hand_git_s_values_are_put_back_without_what_is_not_approved(desk: MergeDesk) -> None:
    desk.desk.by_hand(700.0)
    desk.pushed(desk.target("10500.00", "99000.00"))
    assert desk.apply("--put-back") == ExitCode.REFUSED
    assert desk.funded() == 10500.0
    assert desk.merges["put_back"]["converged"]


def test_before_the_first_apply_everything_is_one_landing_and_what_was_not_shown_is_shown_first(
    tmp_path: Path, host: Host, capsys: pytest.CaptureFixture[str]
) -> None:
    with merge_desk(tmp_path, host.state, host.url, capsys, is_applied=False) as desk:
        desk.opened(128, desk.target("10500.00", "11000.00"))
        desk.approved(128, "lena", "bob")
        desk.merged(128)
        assert desk.told() == ExitCode.PARTIAL, desk.desk.output
        assert desk.landing(128)["teams"] is None
        assert desk.landing(128)["stale"] == ["shadow"]
        assert (desk.funded(), desk.funded("team_shadow")) == (11000.0, 0.0)
        desk.approved(128, "sam", "bob")
        assert desk.told() == ExitCode.DONE, desk.desk.output
        assert (desk.funded(), desk.funded("team_shadow")) == (11000.0, 300.0)
        assert desk.merges["applied_commit"] == desk.merges["head"]


def test_before_the_first_apply_new_owners_do_not_approve_themselves(
    tmp_path: Path, host: Host, capsys: pytest.CaptureFixture[str]
) -> None:
    with merge_desk(tmp_path, host.state, host.url, capsys, is_applied=False) as desk:

        def take_over() -> None:
            desk.repository.edit("budgets/org.yaml", 'owners: ["@acme/finance"]', 'owners: ["@mallory"]')
            desk.repository.edit(SUPPORT_FILE, 'owners: ["@acme/support-leads"]', 'owners: ["@mallory"]')
            desk.target("10500.00", "11000.00")()

        desk.approved_and_merged(128, take_over, by="mallory")
        assert desk.apply() == ExitCode.REFUSED
        assert desk.funded() == 0.0
