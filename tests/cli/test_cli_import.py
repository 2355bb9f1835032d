"""`import` on a Keeptrusts over HTTP: what it prints, writes and exits with."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from organizations import DAY

from reconciler.findings import ExitCode


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_example_is_imported_into_an_empty_folder_and_planned_without_a_change(kt: Any, here: Path) -> None:
    done = kt("import", "--sandbox", "--as-of", DAY, "--budgets", "ours")
    assert done.code == ExitCode.DONE, done.err
    assert "Added 5 teams, 8 wallets, 4 alerts, 2 export schedules of org_acme:" in done.out
    assert "The plan of what is written is empty for 2026-06: nothing would move." in done.out
    assert kt("validate", "--budgets", "ours").code == ExitCode.DONE
    planned = kt("plan", "--sandbox", "--as-of", DAY, "--budgets", "ours", "--detailed-exit-code")
    assert planned.code == ExitCode.DONE, planned.out


def test_a_dry_run_says_the_same_and_writes_nothing(kt: Any, here: Path) -> None:
    done = kt("import", "--sandbox", "--as-of", DAY, "--budgets", "ours", "--dry-run")
    assert done.code == ExitCode.DONE
    assert "Would add (--dry-run, nothing was written) 5 teams" in done.out
    assert "The plan of what would be written is empty" in done.out
    assert list(here.iterdir()) == []


def test_a_month_that_has_not_begun_is_refused(kt: Any, here: Path) -> None:
    done = kt("import", "--sandbox", "--as-of", DAY, "--period", "2026-07")
    assert done.code == ExitCode.USAGE
    assert "2026-07 has not begun" in done.err


def test_what_the_yaml_says_otherwise_is_told_and_left_as_it_is(kt: Any, here: Path) -> None:
    assert kt("import", "--sandbox", "--as-of", DAY, "--budgets", "ours").code == ExitCode.DONE
    file = here / "ours" / "teams" / "support.yaml"
    edited = file.read_text().replace("2026-06: 10500.00", "2026-06: 11000.00 # ours")
    file.write_text(edited)
    done = kt("import", "--sandbox", "--as-of", DAY, "--budgets", "ours", "--format", "json")
    assert done.code == ExitCode.PENDING
    (difference,) = json.loads(done.out)["plan"]["differences"]
    assert difference.startswith("ours/teams/support.yaml:")
    assert "support/prod would get USD 500.00" in difference
    assert file.read_text() == edited
