"""What cannot be read of one merge's approvals holds back that merge and its teams, and nobody else's money."""

from __future__ import annotations

import pytest
from forge.github_standin import State, answer
from forge.merge_desk import SHADOW_FILE, MergeDesk
from starlette.responses import Response

from reconciler.findings import ExitCode

pytestmark = pytest.mark.slow

MEMBERS = "GET .*support-leads/members.*"
REQUEST = "GET .*/(pulls|merge_requests)/128(/.*)?"


def two_merged(desk: MergeDesk) -> None:
    """Merge a change of support, and after it one of shadow, both approved."""
    desk.opened(128, desk.target("10500.00", "11000.00"))
    desk.opened(129, desk.target("300.00", "400.00", SHADOW_FILE))
    for number, person in ((128, "lena"), (129, "sam")):
        desk.approved(number, person)
        desk.merged(number)


def goes_down(state: State) -> Response | None:
    state.fail(".*", *[answer(501)] * 50)
    return answer(501)(state)


@pytest.mark.parametrize(
    ("asked", "status"),
    [(MEMBERS, 403), (MEMBERS, 501), (REQUEST, 404)],
    ids=["may not read the team", "cannot list the team", "request is gone"],
)
def test_one_merge_that_cannot_be_judged_waits_and_those_of_other_teams_are_applied(
    desk: MergeDesk, asked: str, status: int
) -> None:
    two_merged(desk)
    desk.github.fail(asked, *[answer(status, "No.")] * 30)
    assert desk.apply() == ExitCode.REMOTE, desk.desk.output
    assert desk.statuses == [(128, "refused"), (129, "applied")]
    assert (desk.funded(), desk.funded("team_shadow")) == (10500.0, 400.0)
    told = desk.landing(128)
    assert f"nobody can tell whether it was approved: {desk.desk.host.name} answered {status}" in told["reason"]
    assert f"or revert {desk.desk.host.sign}128" in told["cure"]

    desk.github.faults.clear()
    assert desk.apply() == ExitCode.DONE, desk.desk.output
    assert desk.funded() == 11000.0


def test_what_is_merged_later_for_the_same_team_waits_with_it(desk: MergeDesk) -> None:
    two_merged(desk)
    desk.opened(130, desk.target("11000.00", "12000.00"))
    desk.approved(130, "lena")
    desk.merged(130)
    desk.github.fail(MEMBERS, answer(403))
    assert desk.apply() == ExitCode.REMOTE, desk.desk.output
    assert desk.statuses == [(128, "refused"), (129, "applied"), (130, "refused")]
    assert desk.funded() == 10500.0


def test_reverting_it_is_a_way_out(desk: MergeDesk) -> None:
    two_merged(desk)
    desk.github.fail(MEMBERS, *[answer(403)] * 30)
    assert desk.apply() == ExitCode.REMOTE
    desk.approved_and_merged(130, desk.target("11000.00", "10500.00"), by="lena")
    assert desk.apply() == ExitCode.DONE, desk.desk.output
    assert desk.merges["pending"] == 0
    assert (desk.funded(), desk.funded("team_shadow")) == (10500.0, 400.0)


def test_a_forge_that_answers_nothing_more_is_asked_about_no_other_merge(desk: MergeDesk) -> None:
    two_merged(desk)
    desk.github.fail(MEMBERS, goes_down)
    assert desk.apply() == ExitCode.REMOTE, desk.desk.output
    assert desk.statuses == [(128, "failed"), (129, "failed")]
    assert (desk.funded(), desk.funded("team_shadow")) == (10500.0, 300.0)
    assert len(desk.github.faults) >= 47, "one more question tells that it is the forge as a whole"


def test_drift_tells_which_check_said_no_where_the_team_cannot_be_read(desk: MergeDesk) -> None:
    desk.opened(128, desk.target("10500.00", "11000.00"))
    desk.merged(128)
    desk.github.fail(MEMBERS, *[answer(403)] * 30)
    desk.desk.kt("drift", "--as-of", "2026-06-19", "--pull-requests", "--format", "json")
    assert "who approved it cannot be seen with this token" in desk.desk.output
