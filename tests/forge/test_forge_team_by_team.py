"""Teams that were adopted one by one: what waits is told by `drift`, and git's values are put back."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from forge.budget_repository import ORGANIZATION
from forge.host import Host
from forge.merge_desk import SHADOW, SHADOW_FILE, SUPPORT_FILE, MergeDesk, merge_desk
from forge.sandbox_desk import DAY

from reconciler.findings import ExitCode

pytestmark = pytest.mark.slow

LATER = "2026-06-19"
SUPPORT = SHADOW.replace("shadow", "support").replace("300.00", "10500.00")
LATER_MONTH = "monthly: 300.00, overrides: {2026-07: 9000.00}"


@pytest.fixture
def desk(tmp_path: Path, host: Host, capsys: pytest.CaptureFixture[str]) -> Iterator[MergeDesk]:
    """A desk of two teams that somebody funded by hand; nothing was applied or adopted yet."""
    files = {"budgets/org.yaml": ORGANIZATION, SUPPORT_FILE: SUPPORT, SHADOW_FILE: SHADOW}
    made = merge_desk(tmp_path, host.state, host.url, capsys, files=files, journal="git:origin", is_applied=False)
    with made as desk:
        desk.desk.by_hand(10500.0)
        desk.desk.by_hand(300.0, team="team_shadow")
        yield desk


def adopt(desk: MergeDesk, *teams: str) -> None:
    for team in teams:
        assert desk.desk.kt("adopt", team, "--as-of", DAY) == ExitCode.DONE, desk.desk.errors


def drift(desk: MergeDesk, *options: str, day: str = LATER) -> dict[str, Any]:
    desk.desk.kt("drift", "--as-of", day, "--format", "json", *options)
    found: dict[str, Any] = json.loads(desk.desk.output)
    return found


def waiting(desk: MergeDesk, *options: str, day: str = LATER) -> list[dict[str, Any]]:
    listed: list[dict[str, Any]] = drift(desk, *options, day=day)["waiting"]
    return listed


def test_a_push_of_later_months_is_told_with_the_forge_and_without_it(desk: MergeDesk) -> None:
    adopt(desk, "support", "shadow")
    commit = desk.pushed(lambda: desk.repository.edit(SHADOW_FILE, "monthly: 300.00", LATER_MONTH))
    assert desk.apply() == ExitCode.REFUSED
    (left,) = waiting(desk, "--pull-requests")
    assert (left["kind"], left["state"], left["commit"]) == ("landing", "not approved", commit)
    assert "shadow" in left["teams"] or not left["teams"]
    assert "pushed directly" in left["sentence"]
    (left,) = waiting(desk)
    assert (left["kind"], left["commit"]) == ("landing", commit)


def test_what_was_merged_before_anything_was_applied_is_told_where_a_forge_is_asked(desk: MergeDesk) -> None:
    assert waiting(desk) == []
    (left,) = waiting(desk, "--pull-requests")
    assert (left["kind"], left["teams"]) == ("landing", [])
    assert "kt-budgets apply" in left["cure"]


def test_what_a_first_apply_left_out_is_told_and_so_is_its_month(desk: MergeDesk) -> None:
    desk.opened(
        128,
        lambda: desk.repository.edit(SHADOW_FILE, "monthly: 300.00", LATER_MONTH),
        desk.target("10500.00", "11000.00"),
    )
    desk.approved(128, "lena", "bob", "pat")
    desk.merged(128)
    desk.told()
    assert desk.apply() in (ExitCode.REFUSED, ExitCode.PARTIAL), desk.desk.output
    assert "shadow" in {team for left in waiting(desk, "--pull-requests") for team in left["teams"]}
    months = [left["teams"] for left in waiting(desk, day="2026-07-02") if left["kind"] == "month"]
    assert months == [["support"]]


def test_money_given_by_hand_goes_back_and_nothing_that_is_not_approved_comes(desk: MergeDesk) -> None:
    adopt(desk, "support", "shadow")
    desk.desk.by_hand(700.0)
    desk.pushed(desk.target("300.00", "99000.00", SHADOW_FILE))
    (changed,) = (item for item in drift(desk)["items"] if item["class"] == "changed")
    assert changed["team"] == "support"
    assert desk.apply("--put-back") == ExitCode.REFUSED
    assert desk.merges["put_back"]["converged"]
    assert (desk.funded(), desk.funded("team_shadow")) == (10500.0, 300.0)
    assert desk.apply("--put-back") == ExitCode.REFUSED
    assert desk.merges["put_back"]["outcomes"] == []


def test_a_team_that_was_never_adopted_keeps_what_it_has_and_stays_unfinished(desk: MergeDesk) -> None:
    adopt(desk, "support")
    desk.desk.by_hand(50.0)
    desk.desk.by_hand(50.0, team="team_shadow")
    desk.apply("--put-back")
    assert (desk.funded(), desk.funded("team_shadow")) == (10500.0, 350.0)
    (left,) = drift(desk)["items"]
    assert (left["team"], left["class"]) == ("shadow", "pending")


def test_where_nothing_was_applied_it_is_said_that_nothing_is_put_back_and_what_leads_out(desk: MergeDesk) -> None:
    desk.desk.by_hand(700.0)
    assert desk.apply("--put-back") == ExitCode.REFUSED
    assert desk.merges["put_back"] is None
    assert "git's values were not put back: nothing was applied or adopted" in desk.desk.errors
    assert desk.desk.kt("plan", "--as-of", DAY, "--usage", desk.usage, "--first-apply", "--output", "../hand.json") == 0
    assert desk.desk.kt("apply", "--as-of", DAY, "--plan", "../hand.json", "--first-apply") == ExitCode.DONE
    desk.desk.by_hand(700.0)
    assert desk.apply("--put-back") == ExitCode.DONE
    assert desk.funded() == 10500.0


def test_what_was_applied_uncommitted_is_not_taken_back_and_that_is_said(desk: MergeDesk) -> None:
    adopt(desk, "support", "shadow")
    desk.repository.edit(SHADOW_FILE, "300.00", "350.00")
    assert desk.desk.kt("plan", "--as-of", DAY, "--usage", desk.usage, "--output", "../hand.json") == ExitCode.DONE
    assert desk.desk.kt("apply", "--as-of", DAY, "--plan", "../hand.json") == ExitCode.DONE, desk.desk.errors
    desk.repository.git("checkout", "--quiet", "--", "budgets")
    desk.desk.by_hand(700.0)
    desk.apply("--put-back")
    assert (
        "teams/shadow.yaml: applied with changes that are in no commit, so that it is not put back" in desk.desk.errors
    )
    assert (desk.funded(), desk.funded("team_shadow")) == (10500.0, 350.0)


def test_a_branch_that_was_pushed_back_behind_an_adoption_is_told_and_a_clone_left_behind_is_refused(
    desk: MergeDesk,
) -> None:
    adopt(desk, "support")
    before = desk.repository.head
    lost = desk.pushed(lambda: desk.repository.edit(SHADOW_FILE, "monthly: 300.00", LATER_MONTH))
    adopt(desk, "shadow")
    desk.repository.git("reset", "--quiet", "--hard", before)
    assert desk.desk.kt("drift", "--as-of", LATER) == ExitCode.REFUSED
    assert "git pull" in desk.desk.errors
    desk.repository.git("push", "--quiet", "--force", "origin", desk.repository.main)
    desk.github.force_pushes.append((f"refs/heads/{desk.repository.main}", lost, before))
    (left,) = waiting(desk, "--pull-requests")
    assert left["teams"] == ["shadow"]
    assert "pushed back by force" in left["sentence"]
