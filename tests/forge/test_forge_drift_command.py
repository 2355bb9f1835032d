"""`kt-budgets drift`, from the command line: exit codes, the issue, and live values written into the YAML."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from forge.budget_repository import SUPPORT, BudgetRepository
from forge.github_standin import State
from forge.sandbox_desk import DAY, sandbox_desk
from forge.sandbox_desk import SandboxDesk as Desk

from reconciler import files
from reconciler.findings import ExitCode


@pytest.fixture
def desk(tmp_path: Path, github: State, github_url: str, capsys: pytest.CaptureFixture[str]) -> Iterator[Desk]:
    repository = BudgetRepository.small(tmp_path)
    with sandbox_desk(repository, github, github_url, capsys) as made:
        yield made


def test_before_anything_is_applied_everything_is_pending(desk: Desk) -> None:
    assert desk.drift() == ExitCode.DONE
    assert "not applied yet" in desk.output
    assert "0 of them need attention" in desk.output
    assert {item["class"] for item in desk.items()} == {"pending"}


def test_after_an_apply_nothing_has_drifted(desk: Desk) -> None:
    desk.apply()
    assert desk.drift() == ExitCode.DONE
    assert desk.output == "No drift.\n"
    assert desk.drift("--accept") == ExitCode.DONE


def test_money_by_hand_is_drift_with_its_transaction(desk: Desk) -> None:
    desk.apply()
    transaction = desk.by_hand(700.0)
    assert desk.drift() == ExitCode.DRIFT
    assert desk.items() == [
        {
            "class": "changed",
            "team": "support",
            "wallet": "team_support",
            "key": None,
            "amount": "700.00",
            "evidence": [transaction],
            "sentence": desk.items()[0]["sentence"],
        }
    ]


def test_a_billing_budget_that_was_edited_or_deleted_is_drift(desk: Desk) -> None:
    desk.apply()
    (budget,) = desk.keeptrusts("GET", "/v1/billing/budgets")["data"]
    desk.keeptrusts("PUT", f"/v1/billing/budgets/{budget['id']}", **{**budget, "amount": 9.0, "hard_limit": True})
    assert [(item["class"], item["key"]) for item in desk.items()] == [("changed", "team/team_support/support-monthly")]
    assert desk.drift("--accept") == ExitCode.DONE
    text = (desk.repository.budgets / "teams" / "support.yaml").read_text(encoding="utf-8")
    assert text == SUPPORT.replace("amount: 12500.00", "amount: 9.00").replace("100]}", "100], hard_limit: true}")
    desk.repository.git("checkout", "--quiet", "--", "budgets")
    desk.keeptrusts("DELETE", f"/v1/billing/budgets/{budget['id']}")
    assert [item["class"] for item in desk.items()] == ["missing"]
    assert desk.drift("--accept") == ExitCode.DONE
    assert written(desk) == SUPPORT[: SUPPORT.index("billing_budgets:")] + "billing_budgets: []\n"
    assert desk.kt("drift", "--as-of", DAY) == ExitCode.DONE
    assert desk.output == "No drift.\n"


def written(desk: Desk, name: str = "teams/support.yaml") -> str:
    return (desk.repository.budgets / name).read_text(encoding="utf-8")


ALERTS = """\
billing_budgets:   # what warns us
  # agreed with finance
  - {name: support-monthly, amount: 12500.00, alert_percentages: [80, 100]}
  # the board wants to know
  - name: board
    amount: 9000.00   # three quarters
  # the last one
  - {name: late, amount: 10000.00}   # nearly all
"""


def gone(desk: Desk, *names: str) -> None:
    """Delete alerts by hand."""
    for budget in desk.keeptrusts("GET", "/v1/billing/budgets")["data"]:
        if budget["name"] in names:
            desk.keeptrusts("DELETE", f"/v1/billing/budgets/{budget['id']}")


def declare(desk: Desk, alerts: str) -> str:
    text = SUPPORT[: SUPPORT.index("billing_budgets:")] + alerts
    desk.repository.write({"budgets/teams/support.yaml": text})
    desk.repository.commit("Alerts")
    return text


def test_alerts_that_are_gone_go_from_the_yaml_and_their_neighbours_keep_their_comments(desk: Desk) -> None:
    text = declare(desk, ALERTS)
    desk.apply()
    gone(desk, "support-monthly", "late")
    by_name = {item["name"]: item for item in desk.keeptrusts("GET", "/v1/billing/budgets")["data"]}
    desk.keeptrusts("PUT", f"/v1/billing/budgets/{by_name['board']['id']}", **{**by_name["board"], "amount": 8000.0})
    desk.by_hand(100.0)

    assert desk.drift("--accept") == ExitCode.DONE, desk.errors

    lines = [line for line in text.splitlines() if not any(word in line for word in ("monthly, a", "late", "last one"))]
    expected = "\n".join(line for line in lines if "agreed with" not in line) + "\n"
    expected = expected.replace("9000.00", "8000.00").replace(
        "10500.00}", "10500.00, overrides: {2026-06: {amount: 10600.00, demand: usual}}}"
    )
    assert written(desk) == expected
    assert desk.keeptrusts("GET", "/v1/billing/budgets")["data"][0]["name"] == "board"
    assert desk.drift() == ExitCode.DONE
    desk.repository.commit("Accept")
    desk.apply()
    assert desk.drift() == ExitCode.DONE
    assert desk.output == "No drift.\n"


def test_alerts_between_brackets_go_one_by_one_until_the_list_is_empty(desk: Desk) -> None:
    text = declare(desk, "billing_budgets: [{name: a, amount: 1.00}, {name: b, amount: 2.00}]   # both\n")
    desk.apply()
    gone(desk, "a")
    assert desk.drift("--accept") == ExitCode.DONE, desk.errors
    assert written(desk) == text.replace("{name: a, amount: 1.00}, ", "")
    gone(desk, "b")
    assert desk.drift("--accept") == ExitCode.DONE, desk.errors
    assert written(desk).endswith("billing_budgets: []   # both\n")


def test_a_list_that_cannot_be_edited_in_place_is_left_whole(desk: Desk) -> None:
    text = declare(desk, "billing_budgets: [{name: a, amount: 1.00},  # first\n  {name: b, amount: 2.00}]\n")
    desk.apply()
    gone(desk, "a")
    desk.by_hand(100.0)
    assert desk.drift("--accept") == ExitCode.FINDINGS
    assert "comment between it and its neighbour" in desk.errors
    assert "budgets/teams/support.yaml:6:19: error not-in-place" in desk.errors
    assert "take this item out of `billing_budgets` by hand" in desk.errors
    assert written(desk) == text


BLOCK = """\
version: 1
team: support
owners: ["@acme/support-leads"]
"wallets":
  # what customers use
  "prod":
    team_id: team_support
    monthly: &usual 10500.00
    # months that differ
    "overrides":
      2026-07: 9000.00   # holidays
      # the trade fair
      2026-06: 11000.00   # agreed

# what warns us
billing_budgets:
  # the first
  -
    "name": support-monthly
    amount: *usual
    alert_percentages:
      # half
      - 50
      - 80    # most
      - 100
    # more of the first
  # the board wants to know
  - name: board
    amount: 9000.00
"""


def test_files_in_lines_with_quoted_keys_and_anchors_are_written_as_they_are_and_keep_comments(desk: Desk) -> None:
    desk.repository.write({"budgets/teams/support.yaml": BLOCK})
    desk.repository.commit("In lines")
    desk.apply()
    gone(desk, "board")
    (first,) = desk.keeptrusts("GET", "/v1/billing/budgets")["data"]
    changed = {**first, "amount": 9500.0, "alert_percentages": [50, 90, 95, 100]}
    desk.keeptrusts("PUT", f"/v1/billing/budgets/{first['id']}", **changed)
    desk.by_hand(250.0)
    assert desk.drift("--accept") == ExitCode.DONE, desk.errors
    expected = BLOCK.replace("11000.00", "{amount: 11250.00, demand: 11000.00}").replace(
        "amount: *usual", "amount: 9500.00"
    )
    expected = expected.replace("- 80    # most\n", "- 90    # most\n      - 95\n")
    assert written(desk) == expected[: expected.index("  # the board")]
    desk.repository.commit("Accept")
    desk.apply()
    gone(desk, "support-monthly")
    assert desk.drift("--accept") == ExitCode.DONE, desk.errors
    assert written(desk).endswith("# what warns us\nbilling_budgets: []\n")


def test_what_yaml_cannot_say_of_one_alert_keeps_nothing_else_from_being_accepted(desk: Desk) -> None:
    desk.apply()
    (budget,) = desk.keeptrusts("GET", "/v1/billing/budgets")["data"]
    desk.keeptrusts("PUT", f"/v1/billing/budgets/{budget['id']}", **{**budget, "alert_percentages": [5000]})
    assert desk.drift() == ExitCode.DRIFT
    assert "--accept" not in desk.output
    assert desk.drift("--accept") == ExitCode.DRIFT
    assert written(desk) == SUPPORT
    desk.by_hand(250.0)
    assert desk.drift() == ExitCode.DRIFT
    assert "writes 1 of 2 into the YAML" in desk.output
    assert desk.drift("--accept") == ExitCode.DRIFT
    assert "not written: billing budget" in desk.errors
    cannot = "YAML cannot declare its alert percentages 5000%. `plan` and `apply` put git's values back."
    assert cannot in " ".join(desk.errors.split())
    assert "Edit the YAML by hand" not in desk.errors
    assert written(desk) == SUPPORT.replace(
        "10500.00}", "10500.00, overrides: {2026-06: {amount: 10750.00, demand: usual}}}"
    )


def test_an_export_schedule_that_is_gone_goes_from_the_organization(desk: Desk) -> None:
    organization = written(desk, "org.yaml")
    weekly = '- {name: weekly, cron: "0 6 * * MON", window: 7d, s3: {bucket: finops, prefix: weekly/}}  # finance'
    desk.repository.write({"budgets/org.yaml": f"{organization}export_schedules:   # for finops\n  {weekly}\n"})
    desk.repository.commit("Schedule")
    desk.apply()
    assert desk.drift() == ExitCode.DONE, desk.output
    (schedule,) = desk.keeptrusts("GET", "/v1/exports/schedules")["data"]
    desk.keeptrusts("DELETE", f"/v1/exports/schedules/{schedule['id']}")
    assert [(item["class"], item["key"]) for item in desk.items()] == [("missing", "weekly")]
    assert desk.drift("--accept") == ExitCode.DONE, desk.errors
    assert written(desk, "org.yaml") == f"{organization}export_schedules: []   # for finops\n"


def test_accepting_writes_the_month_and_keeps_every_comment(desk: Desk) -> None:
    desk.apply()
    desk.by_hand(700.0)
    assert desk.drift("--accept") == ExitCode.DONE
    text = (desk.repository.budgets / "teams" / "support.yaml").read_text(encoding="utf-8")
    assert text == SUPPORT.replace("10500.00}", "10500.00, overrides: {2026-06: {amount: 11200.00, demand: usual}}}")
    desk.repository.commit("Accept")
    desk.apply()
    desk.by_hand(100.0, "reclaim")
    assert desk.drift("--accept") == ExitCode.DONE
    text = (desk.repository.budgets / "teams" / "support.yaml").read_text(encoding="utf-8")
    assert "overrides: {2026-06: {amount: 11100.00, demand: usual}}}  # what the pilot costs" in text
    assert desk.drift() == ExitCode.DONE


def test_a_file_that_cannot_be_written_is_said_and_nothing_is_half_written(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.apply()
    desk.by_hand(700.0)
    monkeypatch.setattr(files, "unlike_any_other", lambda: "taken")
    (desk.repository.budgets / "teams" / ".support.yaml.taken.partial").mkdir()
    assert desk.drift("--accept") == ExitCode.USAGE
    assert "support.yaml cannot be written" in desk.errors
    assert (desk.repository.budgets / "teams" / "support.yaml").read_text(encoding="utf-8") == SUPPORT


def test_a_wallet_in_no_yaml_that_spends_needs_a_person(desk: Desk) -> None:
    desk.apply()
    desk.by_hand(50.0, team="team_shadow")
    assert [(item["class"], item["wallet"], item["amount"]) for item in desk.items()] == [
        ("unmanaged", "team_shadow", "0.00")
    ]
    assert desk.drift() == ExitCode.DONE


def test_what_is_merged_and_not_applied_is_pending(desk: Desk) -> None:
    desk.apply()
    desk.repository.edit("budgets/teams/support.yaml", "10500.00", "11000.00")
    desk.repository.edit("budgets/teams/support.yaml", "[80, 100]", "[50, 100]")
    desk.repository.commit("Merged")
    assert desk.drift() == ExitCode.DONE
    assert [(item["class"], item["amount"]) for item in desk.items()] == [("pending", "500.00"), ("pending", None)]


def test_outside_of_the_commit_that_was_applied_the_yaml_of_now_stands_for_it(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.apply()
    desk.by_hand(1.0)
    desk.repository.git("clone", "--quiet", "--depth=1", f"file://{desk.repository.remote}", "../other")
    other = BudgetRepository(desk.repository.folder.parent / "other", desk.repository.remote)
    other.git("commit", "--quiet", "--amend", "--message", "Another history")
    other.git("reflog", "expire", "--expire=now", "--all")
    other.git("update-ref", "-d", "refs/remotes/origin/main")
    other.git("update-ref", "-d", "refs/remotes/origin/HEAD")
    other.git("gc", "--quiet", "--prune=now")
    other.git("remote", "remove", "origin")
    monkeypatch.chdir(other.folder)
    assert desk.drift() == ExitCode.DRIFT
    assert "the YAML of now stands for what was applied" in desk.errors


def test_one_issue_is_opened_and_closed(desk: Desk) -> None:
    desk.apply()
    assert desk.drift("--issue") == ExitCode.DONE
    assert desk.github.issues == []
    desk.by_hand(700.0)
    assert desk.drift("--issue") == ExitCode.DRIFT
    assert "issue 900: opened" in desk.errors
    desk.by_hand(700.0, "reclaim")
    assert desk.drift("--issue") == ExitCode.DONE
    assert "issue 900: closed" in desk.errors


def test_what_an_open_pull_request_asks_for_is_pending(desk: Desk) -> None:
    desk.apply()
    desk.opened("10500.00", "11200.00")
    desk.repository.git("switch", "--quiet", "main")
    desk.by_hand(700.0)
    assert desk.drift() == ExitCode.DRIFT
    assert desk.drift("--pull-requests") == ExitCode.DONE, desk.errors
    assert "as pull request 128 asks for" in desk.output
    desk.github.pulls[128].fork = "mallory/ai-budgets"
    assert desk.drift("--pull-requests") == ExitCode.DRIFT


def shown(desk: Desk) -> None:
    """Plan pull request 128 and show it, as its workflow does."""
    usage = str(desk.repository.folder.parent / "usage.csv")
    assert desk.kt("plan", "--as-of", DAY, "--usage", usage, "--output", "../pr.json") == 0, desk.errors
    assert desk.kt("pr", "comment", "--plan", "../pr.json", "--pr", "128") == 0, desk.errors
    desk.repository.git("switch", "--quiet", "main")


def refresh(desk: Desk, *options: str) -> dict[str, Any]:
    assert desk.kt("pr", "refresh", "--as-of", DAY, "--format", "json", *options) == 0, desk.errors
    (found,) = json.loads(desk.output)["pull_requests"]
    document: dict[str, Any] = found
    return document


def test_a_pull_request_whose_plan_moved_is_marked_and_unmarked(desk: Desk) -> None:
    desk.apply()
    pull = desk.opened("10500.00", "11200.00")
    shown(desk)
    assert refresh(desk) == {"pull_request": 128, "state": "current", "teams": []}
    assert len(desk.github.checks) == 1
    desk.by_hand(100.0)
    assert refresh(desk) == {"pull_request": 128, "state": "stale", "teams": ["support"]}
    assert desk.github.checks[-1]["conclusion"] == "action_required"
    assert desk.github.checks[-1]["head_sha"] == pull.head
    assert "The plan moved since it was shown" in desk.github.ours(128)[0]
    before = len(desk.github.writes)
    refresh(desk)
    assert len(desk.github.writes) == before
    desk.by_hand(100.0, "reclaim")
    assert refresh(desk)["state"] == "current"
    assert desk.github.checks[-1]["conclusion"] == "success"
    assert "The plan moved" not in desk.github.ours(128)[0]


def test_a_pull_request_that_cannot_be_planned_says_why(desk: Desk) -> None:
    desk.apply()
    desk.opened("10500.00", "11200.00")
    desk.repository.git("switch", "--quiet", "main")
    assert refresh(desk)["state"] == "no plan was recorded"
    desk.repository.git("switch", "--quiet", "change")
    shown(desk)
    desk.repository.edit("budgets/teams/support.yaml", "10500.00", "9000.00")
    desk.repository.commit("Conflict")
    assert "cannot be planned" in refresh(desk)["state"]


def test_a_merge_queue_refuses_a_plan_that_moved(desk: Desk, tmp_path: Path) -> None:
    desk.apply()
    desk.opened("10500.00", "11200.00")
    shown(desk)
    event = tmp_path / "event.json"
    group = {"head_ref": f"refs/heads/gh-readonly-queue/main/pr-128-{'d' * 40}", "head_sha": "e" * 40}
    event.write_text(json.dumps({"merge_group": group}), encoding="utf-8")
    desk.variables["GITHUB_EVENT_PATH"] = str(event)
    assert desk.kt("pr", "refresh", "--as-of", DAY) == ExitCode.DONE, desk.errors
    assert (desk.github.checks[-1]["head_sha"], desk.github.checks[-1]["conclusion"]) == ("e" * 40, "success")
    desk.by_hand(100.0)
    assert desk.kt("pr", "refresh", "--as-of", DAY) == ExitCode.STALE
    assert desk.github.checks[-1]["conclusion"] == "failure"


def test_a_person_cannot_mark_pull_requests(desk: Desk) -> None:
    desk.apply()
    desk.opened("10500.00", "11200.00")
    shown(desk)
    desk.variables["GITHUB_TOKEN"] = "ghp_dana"
    assert desk.kt("pr", "refresh", "--as-of", DAY, "--recorded-by", "github-actions") == ExitCode.REMOTE
    assert "GitHub App" in desk.errors
