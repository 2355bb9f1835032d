"""What is merged beside an adoption is judged by its own approvals: adopting teams, or again, approves none of it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from forge.budget_repository import ORGANIZATION, SUPPORT
from forge.host import Host
from forge.merge_desk import SHADOW_FILE, SUPPORT_FILE, MergeDesk, merge_desk
from forge.sandbox_desk import DAY

from reconciler.findings import ExitCode

pytestmark = pytest.mark.slow

WITHOUT_ALERTS = SUPPORT.partition("billing_budgets")[0]
LATER = "monthly: [{amount: 300.00, from: 2026-06}, {amount: 900.00, from: 2026-09}]"


@pytest.fixture
def desk(tmp_path: Path, host: Host, capsys: pytest.CaptureFixture[str]) -> Iterator[MergeDesk]:
    """A desk whose Keeptrusts holds what the YAML says, by hand; nothing was applied or adopted yet."""
    files = {SUPPORT_FILE: WITHOUT_ALERTS}
    with merge_desk(tmp_path, host.state, host.url, capsys, is_applied=False, files=files) as made:
        made.desk.by_hand(10500.0)
        made.desk.by_hand(300.0, team="team_shadow")
        yield made


def adopted(desk: MergeDesk, *teams: str) -> str:
    assert desk.desk.kt("adopt", *teams, "--as-of", DAY) == ExitCode.DONE, desk.desk.errors
    return " ".join(desk.desk.output.split())


def later_without_approval(desk: MergeDesk, number: int = 128) -> None:
    desk.opened(number, lambda: desk.repository.edit(SHADOW_FILE, "monthly: 300.00", LATER))
    desk.merged(number)


def raised_with_approvals(desk: MergeDesk, number: int = 129) -> None:
    desk.opened(number, desk.target("10500.00", "10600.00"))
    desk.approved(number, "lena", "sam", "bob")
    desk.merged(number)


def test_after_teams_were_adopted_one_by_one_no_approval_counts_for_what_another_merge_brought(desk: MergeDesk) -> None:
    adopted(desk, "support")
    adopted(desk, "shadow")
    later_without_approval(desk)
    raised_with_approvals(desk)
    assert desk.told() == ExitCode.REFUSED, desk.desk.output
    assert desk.statuses == [(128, "refused"), (129, "applied")]
    assert desk.landing(128)["missing"] == ["@acme/shadow-leads"]
    assert (desk.merges["pending"], desk.funded()) == (1, 10600.0)
    desk.approved(128, "sam")
    assert desk.told() == ExitCode.DONE, desk.desk.output
    assert desk.merges["applied_commit"] == desk.merges["head"]


def test_teams_that_were_adopted_at_different_commits_are_each_left_at_their_own(desk: MergeDesk) -> None:
    adopted(desk, "shadow")
    later_without_approval(desk)
    adopted(desk, "support")
    raised_with_approvals(desk)
    assert desk.told() == ExitCode.REFUSED, desk.desk.output
    assert desk.statuses == [(128, "refused"), (129, "applied")]


def test_once_every_team_was_adopted_nothing_waits(desk: MergeDesk) -> None:
    adopted(desk, "support")
    adopted(desk, "shadow")
    assert desk.told() == ExitCode.DONE, desk.desk.output
    assert (desk.merges["landings"], desk.merges["pending"]) == ([], 0)


def test_a_team_that_nobody_adopted_waits_and_holds_no_other_back(desk: MergeDesk) -> None:
    adopted(desk, "support")
    raised_with_approvals(desk, 128)
    assert desk.told() == ExitCode.REFUSED, desk.desk.output
    assert desk.statuses == [(None, "refused"), (128, "applied")]
    adopted(desk, "shadow")
    assert desk.told() == ExitCode.DONE, desk.desk.output
    assert (desk.merges["pending"], desk.funded()) == (0, 10600.0)


def test_before_anything_was_applied_later_months_that_nobody_was_shown_wait_for_their_owners(desk: MergeDesk) -> None:
    later_without_approval(desk)
    raised_with_approvals(desk)
    desk.told()
    assert "shadow" in desk.landing(129)["stale"]
    assert desk.merges["pending"] == 1
    desk.approved(129, "lena")
    desk.told()
    assert desk.merges["pending"] == 1
    desk.approved(129, "sam", "bob", "lena")
    assert desk.told() == ExitCode.DONE, desk.desk.output


@pytest.mark.parametrize("teams", [(), ("shadow",)])
def test_adopting_again_takes_no_merge_for_applied_that_was_refused(desk: MergeDesk, teams: tuple[str, ...]) -> None:
    adopted(desk)
    later_without_approval(desk)
    assert desk.told() == ExitCode.REFUSED
    assert "Not applied: what the YAML says otherwise of shadow than" in adopted(desk, *teams)
    assert desk.told() == ExitCode.REFUSED, desk.desk.output
    assert desk.statuses == [(128, "refused")]
    desk.approved(128, "sam")
    assert desk.told() == ExitCode.DONE, desk.desk.output
    assert desk.merges["pending"] == 0


def test_adopting_the_organization_after_a_team_takes_its_refused_merge_for_applied_neither(desk: MergeDesk) -> None:
    adopted(desk, "shadow")
    later_without_approval(desk)
    assert "of shadow than" in adopted(desk)
    raised_with_approvals(desk)
    assert desk.told() == ExitCode.REFUSED, desk.desk.output
    assert desk.statuses == [(128, "refused"), (129, "applied")]


def test_owners_that_nobody_approved_are_not_adopted(desk: MergeDesk) -> None:
    adopted(desk)
    taken = ORGANIZATION.replace('owners: ["@acme/finance"]', 'owners: ["@acme/shadow-leads"]')
    desk.opened(128, lambda: desk.repository.write({"budgets/org.yaml": taken}))
    desk.merged(128)
    assert desk.desk.kt("adopt", "--as-of", DAY, "--format", "json") == ExitCode.DONE, desk.desk.errors
    assert json.loads(desk.desk.output)["pending"] == ["org.yaml"]
    assert desk.told() == ExitCode.REFUSED, desk.desk.output


def test_a_plan_by_hand_brings_what_adopting_left(desk: MergeDesk) -> None:
    adopted(desk)
    later_without_approval(desk)
    adopted(desk)
    assert desk.desk.kt("plan", "--as-of", DAY, "--usage", desk.usage, "--output", "../hand.json") == ExitCode.DONE
    assert desk.desk.kt("apply", "--as-of", DAY, "--plan", "../hand.json") == ExitCode.DONE, desk.desk.errors
    assert desk.told() == ExitCode.DONE, desk.desk.output
    assert desk.merges["pending"] == 0


def test_a_team_that_comes_new_is_adopted_whole_beside_one_that_waits(desk: MergeDesk) -> None:
    adopted(desk)
    later_without_approval(desk)
    new = "version: 1\nteam: legal\nwallets:\n  prod: {team_id: team_legal, monthly: 0.00}\n"
    desk.approved_and_merged(129, lambda: desk.repository.write({"budgets/teams/legal.yaml": new}), by="bob")
    adopted(desk)
    assert desk.told() == ExitCode.REFUSED, desk.desk.output
    assert desk.statuses == [(128, "refused")]


def test_what_was_applied_by_hand_and_is_committed_as_it_was_does_not_wait(desk: MergeDesk) -> None:
    adopted(desk)
    desk.repository.git("switch", "--quiet", desk.repository.main)
    desk.repository.edit(SHADOW_FILE, "monthly: 300.00", LATER)
    assert desk.desk.kt("plan", "--as-of", DAY, "--usage", desk.usage, "--output", "../hand.json") == ExitCode.DONE
    assert desk.desk.kt("apply", "--as-of", DAY, "--plan", "../hand.json") == ExitCode.DONE, desk.desk.errors
    desk.pushed(lambda: None, "What was applied")
    assert "Not applied" not in adopted(desk)
