"""`drift` while Keeptrusts cannot be read: what git, GitHub and the journal show is told, and nothing is forgotten."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from forge.budget_repository import ORGANIZATION, PERSON
from forge.github_standin import answer
from forge.host import Host
from forge.merge_desk import SHADOW_FILE, MergeDesk, merge_desk

from reconciler.findings import ExitCode
from reconciler.keeptrusts.connection import Connection

LATER = "2026-06-19"
NOWHERE = "http://127.0.0.1:9"


@pytest.fixture
def desk(desk: MergeDesk, monkeypatch: pytest.MonkeyPatch) -> MergeDesk:
    monkeypatch.setitem(Connection.__init__.__kwdefaults__ or {}, "backoff", 0.001)
    return desk


def drift(desk: MergeDesk, *options: str, day: str = LATER) -> int:
    return desk.desk.kt("drift", "--as-of", day, "--issue", "--pull-requests", *options)


def goes_down(desk: MergeDesk) -> str:
    """Let Keeptrusts answer nobody from now on, and return where it was."""
    was = desk.desk.variables["KEEPTRUSTS_API_URL"]
    desk.desk.variables["KEEPTRUSTS_API_URL"] = NOWHERE
    return was


def waiting(desk: MergeDesk, *options: str, day: str = LATER) -> list[dict[str, Any]]:
    assert drift(desk, "--format", "json", *options, day=day) == ExitCode.REMOTE, desk.desk.errors
    document = json.loads(desk.desk.output)
    assert (document["format"], document["exit_code"]) == ("kt-budgets.error/1", 9)
    listed: list[dict[str, Any]] = document["waiting"]
    return listed


def test_a_merge_and_a_push_are_told_and_the_issue_says_that_the_rest_is_not_known(desk: MergeDesk) -> None:
    desk.opened(128, desk.target("10500.00", "11000.00"))
    desk.merged(128)
    commit = desk.pushed(desk.target("300.00", "400.00", SHADOW_FILE))
    was = goes_down(desk)
    assert drift(desk) == ExitCode.REMOTE
    assert "127.0.0.1:9 gave no answer" in desk.desk.errors
    (issue,) = desk.github.issues
    assert issue["title"] == "Budget drift: 2 things left behind and Keeptrusts could not be read"
    assert "**Keeptrusts could not be read**" in issue["body"]
    assert "128, merged 2026-06-18 09:00 UTC, is not applied for support." in issue["body"]
    assert "The direct push" in issue["body"]
    assert f"`{desk.desk.host.given('commit')}` = `{commit}`" in issue["body"]
    assert "once Keeptrusts answers" in issue["body"]
    assert [(item["kind"], item["state"]) for item in waiting(desk)] == [("landing", "not applied")] * 2
    assert "issue 900: unchanged" in desk.desk.errors, "an hour later nothing is new"

    desk.desk.variables["KEEPTRUSTS_API_URL"] = was
    assert drift(desk) == ExitCode.DRIFT
    assert "could not be read" not in issue["title"] + issue["body"]
    assert "lacks an approval" in issue["body"]


def test_a_push_of_this_hour_is_told_and_a_merge_of_this_hour_is_not_yet(
    desk: MergeDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = datetime.now(UTC)
    monkeypatch.setitem(PERSON, "GIT_COMMITTER_DATE", now.isoformat())
    desk.opened(128, desk.target("10500.00", "11000.00"))
    desk.merged(128)
    desk.pushed(desk.target("300.00", "400.00", SHADOW_FILE))
    goes_down(desk)
    assert [item["pull_request"] for item in waiting(desk, day=f"{now:%Y-%m-%d}") if item["kind"] == "landing"] == [
        None
    ]


def test_what_was_changed_by_hand_stays_in_the_issue_and_the_issue_stays_open(desk: MergeDesk) -> None:
    transaction = desk.desk.by_hand(700.0)
    assert drift(desk) == ExitCode.DRIFT
    (issue,) = desk.github.issues
    before = issue["body"].partition("-->\n")[2]
    was = goes_down(desk)
    for hour in range(3):
        assert drift(desk) == ExitCode.REMOTE
        assert issue["state"] == "open"
        assert issue["title"] == "Budget drift: Keeptrusts could not be read"
        assert "As far as they show, nothing is left behind." in issue["body"]
        assert issue["body"].count("### What this issue said before") == 1, hour
        assert issue["body"].rstrip().endswith(before.rstrip()), "nothing that was told is lost"
        assert transaction.replace("txn_", "") in issue["body"].replace("&#8203;", "")
    desk.desk.variables["KEEPTRUSTS_API_URL"] = was
    assert drift(desk) == ExitCode.DRIFT
    assert issue["body"].partition("-->\n")[2] == before


def test_where_nothing_is_known_to_be_left_behind_no_issue_is_opened(desk: MergeDesk) -> None:
    goes_down(desk)
    assert waiting(desk) == []
    assert drift(desk) == ExitCode.REMOTE
    assert desk.desk.output == "", "nobody says that there is no drift"
    assert desk.github.issues == []


def test_a_month_that_may_not_be_open_is_told_team_by_team_and_one_that_is_known_to_be_is_not(desk: MergeDesk) -> None:
    was = goes_down(desk)
    found = waiting(desk, day="2026-07-01")
    assert [(item["kind"], item["state"], item["teams"]) for item in found] == [
        ("month", "unknown", ["shadow"]),
        ("month", "unknown", ["support"]),
    ]
    assert "whether 2026-07 is funded is not known" in found[1]["sentence"]
    assert "USD 10,500.00 for team_support" in found[1]["sentence"]
    assert found[1]["dispatch"] == {"workflow": "fund.yml", "inputs": {}}
    (issue,) = desk.github.issues
    assert "### Nobody knows whether the month is open" in issue["body"]
    assert "### The month is not open" not in issue["body"]

    desk.desk.variables["KEEPTRUSTS_API_URL"] = was
    assert desk.desk.kt("apply", "--as-of", "2026-07-01", "--period", "2026-07") == ExitCode.DONE, desk.desk.errors
    goes_down(desk)
    assert waiting(desk, day="2026-07-02") == [], "the journal knows that it was opened"


def test_a_wallet_that_was_right_by_itself_counts_as_opened_for_that_month_alone(
    tmp_path: Path, host: Host, capsys: pytest.CaptureFixture[str]
) -> None:
    with merge_desk(tmp_path, host.state, host.url, capsys, is_applied=False) as desk:
        desk.desk.by_hand(300.0, team="team_shadow")
        desk.desk.apply()
        assert desk.ledger("team_shadow") == [("allocate", 300.0)], "nothing was to be moved"
        goes_down(desk)
        assert waiting(desk) == []
        assert [item["teams"] for item in waiting(desk, day="2026-07-02")] == [["shadow"], ["support"]]


def test_with_an_issue_for_each_team_none_is_closed_and_each_says_what_is_not_known(desk: MergeDesk) -> None:
    desk.repository.write({"budgets/org.yaml": ORGANIZATION + "drift_issues: per_team\n"})
    desk.repository.commit("An issue for each team")
    desk.desk.apply()
    desk.desk.by_hand(700.0)
    desk.desk.by_hand(50.0, team="team_shadow")
    assert drift(desk) == ExitCode.DRIFT, desk.desk.errors
    desk.opened(129, desk.target("300.00", "400.00", SHADOW_FILE))
    desk.merged(129)
    goes_down(desk)
    assert drift(desk) == ExitCode.REMOTE
    assert [(issue["title"], issue["state"]) for issue in desk.github.issues] == [
        ("Budget drift, shadow: 1 thing left behind and Keeptrusts could not be read", "open"),
        ("Budget drift, support: Keeptrusts could not be read", "open"),
    ]
    assert all("by hand" in issue["body"] for issue in desk.github.issues)


def test_with_the_forge_down_as_well_both_are_said(desk: MergeDesk) -> None:
    desk.opened(128, desk.target("10500.00", "11000.00"))
    desk.merged(128)
    goes_down(desk)
    desk.github.fail("GET .*/issues", *[answer(502)] * 20)
    assert drift(desk) == ExitCode.REMOTE
    assert f"what was left behind cannot be told: {desk.desk.host.name} answered 502" in desk.desk.errors
    assert "127.0.0.1:9 gave no answer" in desk.desk.errors


def test_live_values_that_cannot_be_read_are_not_written(desk: MergeDesk) -> None:
    goes_down(desk)
    assert desk.desk.kt("drift", "--as-of", LATER, "--accept") == ExitCode.REMOTE
    assert desk.repository.git("status", "--porcelain") == ""


def test_an_earlier_text_that_does_not_fit_is_cut_where_github_ends_it(desk: MergeDesk) -> None:
    desk.desk.by_hand(700.0)
    assert drift(desk) == ExitCode.DRIFT
    (issue,) = desk.github.issues
    issue["body"] += "ä" * 64_000
    goes_down(desk)
    assert drift(desk) == ExitCode.REMOTE
    assert "could not be read" in issue["body"]
    assert len(issue["body"].encode()) < 65_536
