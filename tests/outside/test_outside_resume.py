"""What resume says when every run has finished, and the ledger no longer shows what the journal knows."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from other_keeptrusts import World, other_keeptrusts

Run = Callable[..., Any]
TEAMS = ("t-alpha", "t-alpha-dev", "t-beta", "t-gamma")
DAY = ("--as-of", "2026-06-18")
PLAN = ("plan", *DAY, "--usage", "usage.csv", "--detailed-exit-code")
APPLY = ("apply", *DAY, "--settle", "0.3")
RESUME = ("resume", *DAY, "--settle", "0.3")


def test_a_restored_backup_is_left_by_doing_what_each_command_says(kt: Run) -> None:
    state = World(teams={key: key for key in TEAMS})
    with other_keeptrusts(state) as url:
        assert kt(url, *PLAN).returncode == 10
        assert kt(url, *APPLY).returncode == 0
        assert kt(url, *RESUME).returncode == 0
        state.ledger["t-gamma"].clear()
        planned = kt(url, *PLAN)
        assert planned.returncode == 0
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
    with other_keeptrusts(state) as url:
        assert kt(url, *PLAN).returncode == 10
        assert kt(url, *APPLY).returncode == 0
        state.enter(
            "t-beta", "allocate", Decimal(3), f"[kt-budgets op=2026-06-{'b' * 20}] June", "2026-06-17T09:00:00Z"
        )
        left = kt(url, *RESUME)
    assert left.returncode == 5, left.stdout
    assert f"--accept 2026-06-{'b' * 20}" in left.stdout
