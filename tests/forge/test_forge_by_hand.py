"""What is applied by hand and did less than the commit asks leaves the rest to the next run of the pipeline."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from forge.doubts import unclear_alert
from forge.host import Host
from forge.merge_desk import SHADOW_FILE, SUPPORT_FILE, MergeDesk, merge_desk
from forge.sandbox_desk import DAY

from reconciler.findings import ExitCode
from reconciler.sandbox.faults import Error, Faults

pytestmark = pytest.mark.slow

SHADOWS = "team_shadow"


def asked(desk: MergeDesk, number: int, before: str, after: str, file: str = SUPPORT_FILE) -> None:
    desk.approved_and_merged(number, desk.target(before, after, file), by="sam" if file == SHADOW_FILE else "lena")


def planned(desk: MergeDesk) -> None:
    """Make a plan by hand of all that is merged."""
    desk.repository.git("switch", "--quiet", desk.repository.main)
    made = desk.desk.kt("plan", "--as-of", DAY, "--usage", desk.usage, "--output", "../hand.json")
    assert made == ExitCode.DONE, desk.desk.errors


def by_hand(desk: MergeDesk) -> int:
    return desk.desk.kt("apply", "--as-of", DAY, "--plan", "../hand.json")


def applied_next(desk: MergeDesk, number: int = 128, by: str = "lena") -> None:
    """Let the next run of the pipeline apply what was left, where it is shown and approved anew if it has moved."""
    code = desk.told()
    if code == ExitCode.STALE:
        assert desk.landing(number)["status"] == "stale"
        desk.approved(number, by)
        code = desk.told()
    assert code == ExitCode.DONE, desk.desk.output
    assert desk.landing(number)["status"] == "applied"
    assert "Applied (merged" in desk.comment(number)
    assert desk.told() == ExitCode.DONE
    assert (desk.merges["landings"], desk.merges["pending"]) == ([], 0)


def test_a_team_whose_ledger_moved_is_refused_by_hand_and_applied_by_the_next_run(desk: MergeDesk) -> None:
    asked(desk, 128, "10500.00", "10600.00")
    asked(desk, 129, "300.00", "400.00", SHADOW_FILE)
    planned(desk)
    desk.desk.by_hand(20.0)
    assert by_hand(desk) == ExitCode.STALE, desk.desk.errors
    assert (desk.funded(), desk.funded(SHADOWS)) == (10520.0, 400.0)
    applied_next(desk)
    assert (desk.funded(), desk.funded(SHADOWS)) == (10600.0, 400.0)


def test_a_team_whose_target_moved_since_the_plan_keeps_its_place(desk: MergeDesk) -> None:
    asked(desk, 128, "10500.00", "10600.00")
    planned(desk)
    asked(desk, 129, "10600.00", "10700.00")
    assert by_hand(desk) == ExitCode.STALE, desk.desk.errors
    assert desk.funded() == 10500.0
    code = desk.told()
    while desk.merges["pending"]:
        for landing in desk.merges["landings"]:
            desk.approved(landing["pull_request"], "lena")
        code = desk.told()
    assert code == ExitCode.DONE, desk.desk.output
    assert desk.funded() == 10700.0


def test_a_plan_by_hand_that_is_applied_whole_leaves_nothing(desk: MergeDesk) -> None:
    asked(desk, 128, "10500.00", "10600.00")
    asked(desk, 129, "300.00", "400.00", SHADOW_FILE)
    planned(desk)
    assert by_hand(desk) == ExitCode.DONE, desk.desk.errors
    assert desk.told() == ExitCode.DONE
    assert (desk.merges["landings"], desk.merges["pending"]) == ([], 0)
    assert desk.merges["applied_commit"] == desk.repository.head


def test_the_rest_of_a_plan_by_hand_is_applied_by_the_next_plan_by_hand(desk: MergeDesk) -> None:
    asked(desk, 128, "10500.00", "10600.00")
    asked(desk, 129, "300.00", "400.00", SHADOW_FILE)
    planned(desk)
    desk.desk.by_hand(20.0)
    assert by_hand(desk) == ExitCode.STALE
    planned(desk)
    assert by_hand(desk) == ExitCode.DONE, desk.desk.errors
    assert desk.told() == ExitCode.DONE
    assert desk.merges["landings"] == []
    assert desk.merges["applied_commit"] == desk.repository.head


def test_files_that_are_not_committed_stand_for_no_commit_while_a_team_of_theirs_is_left(desk: MergeDesk) -> None:
    asked(desk, 128, "10500.00", "10600.00")
    desk.repository.git("switch", "--quiet", desk.repository.main)
    desk.repository.edit(SHADOW_FILE, "monthly: 300.00", "monthly: 350.00")
    planned(desk)
    desk.desk.by_hand(20.0)
    assert by_hand(desk) == ExitCode.STALE, desk.desk.errors
    assert (desk.funded(), desk.funded(SHADOWS)) == (10520.0, 350.0)
    desk.repository.git("checkout", "--quiet", ".")
    applied_next(desk)
    assert desk.funded() == 10600.0


@pytest.fixture
def poor(tmp_path: Path, host: Host, capsys: pytest.CaptureFixture[str]) -> Iterator[MergeDesk]:
    """A desk at which Keeptrusts refuses an allocation."""
    refused = Faults(faults=(Error(when="before", status=400, method="POST", route="/v1/wallets/allocate", nth=1),))
    with merge_desk(tmp_path, host.state, host.url, capsys, faults=refused) as made:
        yield made


def test_what_keeptrusts_refuses_by_hand_is_tried_by_the_next_run(poor: MergeDesk) -> None:
    desk = poor
    asked(desk, 128, "10500.00", "10600.00")
    planned(desk)
    assert by_hand(desk) == ExitCode.PARTIAL, desk.desk.output
    assert desk.funded() == 10500.0
    applied_next(desk)
    assert desk.funded() == 10600.0


def test_an_alert_that_is_not_understood_leaves_its_team_to_the_next_run_and_the_run_is_not_called_done(
    desk: MergeDesk,
) -> None:
    edit = lambda: desk.repository.edit(SUPPORT_FILE, "amount: 12500.00", "amount: 12600.00")  # noqa: E731
    desk.approved_and_merged(128, edit, by="lena")
    undone = unclear_alert(desk.desk.sandbox.store)
    planned(desk)
    assert by_hand(desk) == ExitCode.PARTIAL, desk.desk.output
    assert "in a form that is not understood" in desk.desk.output
    undone()
    applied_next(desk)
    assert desk.desk.keeptrusts("GET", "/v1/billing/budgets")["data"][0]["amount"] == 12600.0


def test_money_beside_an_alert_that_is_not_understood_and_not_changed_is_applied_by_hand(desk: MergeDesk) -> None:
    asked(desk, 128, "10500.00", "10600.00")
    unclear_alert(desk.desk.sandbox.store)
    planned(desk)
    assert by_hand(desk) == ExitCode.DONE, desk.desk.output
    assert desk.told() == ExitCode.DONE
    assert (desk.merges["landings"], desk.funded()) == ([], 10600.0)
