"""`drift` tells what was left behind: a merge, a month, a run, a lock; each with the one dispatch that mends it."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from forge.budget_repository import ORGANIZATION, PERSON, SUPPORT
from forge.merge_desk import SHADOW_FILE, SUPPORT_FILE, MergeDesk

from reconciler.app.change_request.left_behind import is_late
from reconciler.findings import ExitCode
from reconciler.model.period import Period
from reconciler.plan.opening import is_due

LATER = "2026-06-19"


def drift(desk: MergeDesk, *options: str, day: str = LATER) -> int:
    return desk.desk.kt("drift", "--as-of", day, *options)


def waiting(desk: MergeDesk, *options: str, day: str = LATER) -> list[dict[str, Any]]:
    drift(desk, "--format", "json", *options, day=day)
    listed: list[dict[str, Any]] = json.loads(desk.desk.output)["waiting"]
    return listed


def test_a_merge_that_nobody_approved_is_told_with_who_is_missing_and_the_dispatch(desk: MergeDesk) -> None:
    desk.opened(128, desk.target("10500.00", "11000.00"))
    desk.merged(128)

    assert drift(desk, day="2026-06-18") == ExitCode.DONE, "it was merged that day"
    assert drift(desk, "--pull-requests") == ExitCode.DRIFT
    assert (
        f"not approved  {desk.desk.host.sign}128, merged 2026-06-18 09:00 UTC, is not applied for support"
        in desk.desk.output
    )
    (found,) = waiting(desk, "--pull-requests")
    assert (found["kind"], found["state"], found["teams"]) == ("landing", "not approved", ["support"])
    assert found["pull_request"] == 128
    assert found["missing"] == ["@acme/support-leads"]
    assert found["dispatch"] == {"workflow": "apply.yml", "inputs": {"pull_request": "128"}}

    desk.approved(128, "lena")
    (found,) = waiting(desk, "--pull-requests")
    assert (found["state"], found["missing"]) == ("not applied", [])
    assert desk.apply() == ExitCode.DONE
    assert drift(desk, "--pull-requests") == ExitCode.DONE, desk.desk.output
    assert desk.desk.output == "No drift.\n"


def test_of_two_merges_of_one_team_each_is_told_for_what_it_is(desk: MergeDesk) -> None:
    desk.approved_and_merged(128, desk.target("10500.00", "11000.00"), by="lena")
    desk.approved_and_merged(129, desk.target("11000.00", "11500.00"), by="lena")
    assert [item["state"] for item in waiting(desk, "--pull-requests")] == ["not applied", "not applied"]
    assert desk.ledger() == [("allocate", 10500.0)], "nothing was applied by looking"


def test_a_plan_that_moved_since_it_was_shown_is_told_as_that(desk: MergeDesk) -> None:
    desk.approved_and_merged(128, desk.target("10500.00", "11000.00"), by="lena")
    desk.desk.by_hand(700.0)
    (found,) = waiting(desk, "--pull-requests")
    assert (found["kind"], found["state"]) == ("landing", "plan moved")


def test_a_direct_push_and_yaml_with_errors_are_told(desk: MergeDesk) -> None:
    desk.pushed(desk.target("10500.00", "11000.00"), "Just this once")
    (found,) = waiting(desk, "--pull-requests")
    assert (found["state"], found["pull_request"]) == ("not approved", None)
    assert "direct push" in found["sentence"]
    assert found["dispatch"]["inputs"] == {"commit": desk.repository.head}
    (found,) = waiting(desk)
    assert found["state"] == "not applied", "GitHub was not asked"
    assert "(Just this once)" not in found["sentence"] or found["commit"] == desk.repository.head


def test_errors_in_what_was_merged_hide_neither_drift_nor_the_merge(desk: MergeDesk) -> None:
    desk.pushed(desk.target("10500.00", "-1"))
    desk.desk.by_hand(700.0)
    assert drift(desk, "--pull-requests") == ExitCode.DRIFT, desk.desk.errors
    assert "700.00 by hand" in desk.desk.output
    (found,) = waiting(desk, "--pull-requests")
    assert (found["kind"], found["state"]) == ("landing", "errors")
    assert "support.yaml" in found["sentence"]
    assert drift(desk, "--accept") == ExitCode.FINDINGS, "nothing is written into files with errors"
    (found,) = waiting(desk)
    assert found["state"] == "errors"


def test_a_direct_push_is_told_at_once_with_a_commit_that_can_be_copied(
    desk: MergeDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = datetime.now(UTC)
    monkeypatch.setitem(PERSON, "GIT_COMMITTER_DATE", now.isoformat())
    commit = desk.pushed(desk.target("10500.00", "11000.00"))
    assert drift(desk, "--issue", day=f"{now:%Y-%m-%d}") == ExitCode.DRIFT
    assert "direct push" in desk.github.issues[0]["body"]
    assert f"`{desk.desk.host.given('commit')}` = `{commit}`" in desk.github.issues[0]["body"]


def test_where_members_are_not_to_be_seen_the_check_to_require_says_it(desk: MergeDesk) -> None:
    desk.approved_and_merged(128, desk.target("10500.00", "11000.00"), by="lena")
    desk.github.reads_members.clear()
    (found,) = waiting(desk, "--pull-requests")
    assert found["state"] == "not approved"
    if not desk.desk.host.is_gitlab:
        assert "has no check `kt-budgets / approval`" in found["sentence"]


def test_a_month_that_was_not_funded_is_told_team_by_team(desk: MergeDesk) -> None:
    found = waiting(desk, day="2026-07-02")
    assert [(item["kind"], item["teams"]) for item in found] == [("month", ["shadow"]), ("month", ["support"])]
    assert "2026-07 is not funded: team_support lacks USD 10,500.00" in found[1]["sentence"]
    assert found[1]["dispatch"]["workflow"] == "fund.yml"
    assert drift(desk, day="2026-07-02") == ExitCode.DRIFT


def test_a_month_after_the_fiscal_year_says_what_stops_its_funding(desk: MergeDesk) -> None:
    found = waiting(desk, day="2027-06-02")
    assert {item["kind"] for item in found} == {"month"}
    assert "set `fiscal_year` there to the year that holds it" in found[0]["cure"]


def test_a_wallet_that_was_funded_and_then_changed_by_hand_is_drift_and_no_month(desk: MergeDesk) -> None:
    desk.desk.by_hand(500.0, "reclaim")
    assert drift(desk) == ExitCode.DRIFT
    assert waiting(desk) == []


@pytest.mark.parametrize(
    ("moment", "due"),
    [("2026-07-01T05:59", False), ("2026-07-01T06:00", True), ("2026-07-02T00:00", True), ("2026-06-30T23:00", False)],
)
def test_a_month_is_due_on_its_first_day_at_six(moment: str, *, due: bool) -> None:
    assert is_due(Period.parse("2026-07"), datetime.fromisoformat(moment).replace(tzinfo=UTC)) is due


def test_a_merge_is_late_after_an_hour_and_a_clock_ahead_is_not_believed() -> None:
    now = datetime(2026, 6, 18, 12, tzinfo=UTC)
    assert not is_late(now - timedelta(minutes=59), now)
    assert is_late(now - timedelta(hours=1), now)
    assert is_late(now + timedelta(days=400), now)


def test_the_issue_is_assigned_to_owners_who_are_people_and_pings_nobody(desk: MergeDesk) -> None:
    person = SUPPORT.replace('owners: ["@acme/support-leads"]', 'owners: ["@acme/support-leads", "@lena", "@gone"]')
    desk.repository.write({SUPPORT_FILE: person})
    desk.repository.commit("Owners")
    desk.desk.apply()
    desk.github.assignable |= {"lena"}
    desk.opened(128, desk.target("10500.00", "11000.00"))
    desk.merged(128)
    assert drift(desk, "--issue") == ExitCode.DRIFT, desk.desk.errors
    (issue,) = desk.github.issues
    assert [person["login"] for person in issue["assignees"]] == ["lena"]
    assert "@acme" not in issue["body"]
    assert "@gone" not in issue["body"]
    assert "gone" in issue["body"]
    address = {
        "GitHub": "https://github.com/acme/ai-budgets/actions/workflows/apply.yml",
        "GitLab": "https://gitlab.test/acme/ai-budgets/-/pipelines/new?var%5BKT_BUDGETS_TASK%5D=apply",
    }[desk.desk.host.name]
    button = {"GitHub": "Run workflow: [apply.yml]", "GitLab": "Run pipeline: [KT_BUDGETS_TASK=apply]"}
    given = desk.desk.host.given("pull_request")
    assert f"({button[desk.desk.host.name]}({address}), with `{given}` = `128`)" in issue["body"]
    assert issue["title"] == "Budget drift: 1 thing left behind"

    assert drift(desk, "--issue") == ExitCode.DRIFT
    assert "issue 900: unchanged" in desk.desk.errors
    desk.approved(128, "lena")
    desk.approved(128, "bob")
    assert desk.apply() == ExitCode.DONE, desk.desk.output
    assert drift(desk, "--issue") == ExitCode.DONE
    assert desk.github.issues[0]["state"] == "closed"


def test_with_an_issue_for_each_team_each_is_opened_and_closed_by_itself(desk: MergeDesk) -> None:
    desk.repository.write({"budgets/org.yaml": ORGANIZATION + "drift_issues: per_team\n"})
    desk.repository.commit("An issue for each team")
    desk.desk.apply()
    desk.opened(128, desk.target("10500.00", "11000.00"))
    desk.opened(129, desk.target("300.00", "400.00", SHADOW_FILE))
    desk.merged(128)
    desk.merged(129)
    assert drift(desk, "--issue") == ExitCode.DRIFT, desk.desk.errors
    assert [issue["title"] for issue in desk.github.issues] == [
        "Budget drift, shadow: 1 thing left behind",
        "Budget drift, support: 1 thing left behind",
    ]
    desk.approved(129, "sam")
    desk.apply()
    assert drift(desk, "--issue") == ExitCode.DRIFT
    assert [issue["state"] for issue in desk.github.issues] == ["closed", "open"]

    desk.repository.write({"budgets/org.yaml": ORGANIZATION})
    desk.repository.commit("One issue")
    assert drift(desk, "--issue") == ExitCode.DRIFT
    assert [issue["state"] for issue in desk.github.issues] == ["closed", "closed", "open"]
