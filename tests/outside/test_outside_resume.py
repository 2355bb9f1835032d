"""What resume says when every run has finished, and the ledger no longer shows what the journal knows."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from memory_over_http import Habits, World, over_http

pytestmark = pytest.mark.slow

Run = Callable[..., Any]
TEAMS = ("t-alpha", "t-alpha-dev", "t-beta", "t-gamma")
DAY = ("--as-of", "2026-06-18")
PLAN = ("plan", *DAY, "--usage", "usage.csv", "--detailed-exit-code")
APPLY = ("apply", *DAY, "--settle", "0.3")
RESUME = ("resume", *DAY, "--settle", "0.3")


def test_a_restored_backup_is_left_by_doing_what_each_command_says(kt: Run) -> None:
    state = World(teams={key: key for key in TEAMS})
    with over_http(state) as url:
        assert kt(url, *PLAN).returncode == 10
        assert kt(url, *APPLY).returncode == 0
        assert kt(url, *RESUME).returncode == 0
        state.forget("t-gamma")
        planned = kt(url, *PLAN)
        assert planned.returncode == 8
        assert "Nothing to change" not in planned.stdout
        assert "No change is planned, and nothing is planned for t-gamma" in planned.stdout
        sent = kt(url, *APPLY)
        assert sent.returncode == 8
        assert "kt-budgets resume" in sent.stdout
        left = kt(url, *RESUME)
        assert left.returncode == 8, left.stdout
        assert "Nothing to resume" not in left.stdout
        (operation,) = set(re.findall(r"--accept (2026-06-\w+)", left.stdout))
        document = json.loads(kt(url, *RESUME, "--format", "json").stdout)
        assert [doubt["wallet"] for doubt in document["doubts"]] == ["t-gamma"]
        accepted = kt(url, *RESUME, "--accept", operation, "--reason", "the backup of Monday was restored")
        assert accepted.returncode == 0, accepted.stdout
        assert kt(url, *PLAN).returncode == 10
        assert kt(url, *APPLY).returncode == 0
        assert kt(url, *PLAN).returncode == 0
        assert kt(url, "audit", "--verify", *DAY).returncode == 0
    assert state.balance("t-gamma") == Decimal(450)


def test_a_mark_of_another_journal_that_came_in_later_is_told_by_resume(kt: Run) -> None:
    state = World(teams={key: key for key in TEAMS})
    with over_http(state) as url:
        assert kt(url, *PLAN).returncode == 10
        assert kt(url, *APPLY).returncode == 0
        state.enter(
            "t-beta", "allocate", Decimal(3), f"[kt-budgets op=2026-06-{'b' * 20}] June", "2026-06-17T09:00:00Z"
        )
        left = kt(url, *RESUME)
    assert left.returncode == 5, left.stdout
    assert f"--accept 2026-06-{'b' * 20}" in left.stdout


@pytest.mark.parametrize("extra", ["0.0000001", "1"])
@pytest.mark.parametrize("hang_ups", [0, 1])
def test_an_amount_that_was_booked_otherwise_is_left_by_one_command_that_each_command_names(
    kt: Run, extra: str, hang_ups: int
) -> None:
    state = World(teams={key: key for key in TEAMS}, habits=Habits(extra=Decimal(extra), hang_ups=hang_ups))
    with over_http(state) as url:
        assert kt(url, *PLAN).returncode == 10
        said = [kt(url, *APPLY)]
        state.habits.extra = Decimal(0)
        said += [kt(url, *RESUME), kt(url, *PLAN), kt(url, *APPLY), kt(url, *RESUME)]
        assert {run.returncode for run in said} == {8}, [run.stdout for run in said]
        told = [set(re.findall(r"--accept\s+(2026-06-\w+)", run.stdout)) for run in said]
        assert all(told), [run.stdout for run, found in zip(said, told, strict=True) if not found]
        assert not any("plan shows what is left" in run.stdout for run in said)
        operations = set[str]().union(*told)
        accepted = [word for operation in sorted(operations) for word in ("--accept", operation)]
        kt(url, *RESUME, *accepted, "--reason", "the bank rounds so")
        for _ in range(2):
            kt(url, *PLAN, "--first-apply")
            kt(url, *APPLY, "--first-apply")
        assert kt(url, *PLAN).returncode == 0
        assert kt(url, *RESUME).returncode == 0
        assert kt(url, "audit", "--verify", *DAY).returncode == 0
    assert round(state.balance("t-gamma"), 2) == Decimal(450)
