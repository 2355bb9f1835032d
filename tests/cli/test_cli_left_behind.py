"""`drift` names a run that was left in the middle and a write of which nobody knows whether it arrived."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from shutil import copytree
from typing import Any

from cli.conftest import Run
from cli.journal_desk import AS_OF, Desk

from reconciler.journal.abandoned import abandoned
from reconciler.journal.git_lock import LEASE, LockState
from reconciler.journal.journal import read_records
from reconciler.journal.record import Step
from reconciler.journal.store import Owner


def waiting(desk: Desk) -> list[dict[str, Any]]:
    done = desk.kt("drift", *AS_OF, "--format", "json")
    listed: list[dict[str, Any]] = json.loads(done.out)["waiting"]
    return listed


def test_a_write_nobody_knows_about_is_told_with_its_dispatch_until_resume_proved_it(desk: Desk) -> None:
    desk.world.habits.failures = 1
    assert desk.applied().code == 8
    (found,) = waiting(desk)
    assert (found["kind"], found["state"], found["teams"]) == ("operation", "unknown", ["alpha"])
    assert "Whether 1 write of the run" in found["sentence"]
    assert found["dispatch"]["workflow"] == "resume.yml"
    assert desk.kt("drift", *AS_OF).code == 11
    lost = found["sentence"].rpartition(": ")[2].rstrip(".")
    desk.kt("resume", *AS_OF, "--settle", "0", "--assume-lost", lost, "--reason", "checked")
    assert waiting(desk) == []


def test_a_run_that_never_finished_is_told_unless_it_is_under_way(desk: Desk) -> None:
    assert desk.applied().code == 0
    records = read_records("file:.kt-budgets/journal", folder=desk.clone)
    assert abandoned(records, None, now=datetime.now(UTC)) == ()
    (last,) = [number for number, record in enumerate(records) if record.step is Step.FINISHED]
    left, at = records[:last], datetime.fromisoformat(records[last - 1].at)
    held = LockState("c" * 40, Owner("ci", "r"), at + timedelta(hours=3))
    assert abandoned(left, held, now=at + timedelta(hours=2)) == ()
    assert abandoned(left, None, now=at + LEASE / 2) == ()
    (found,) = abandoned(left, None, now=at + LEASE)
    assert (found.kind, found.state, found.teams) == ("run", "interrupted", ("alpha",))
    assert found.dispatch.workflow == "resume.yml"
    kinds = [item.kind for item in abandoned(left, held, now=at + timedelta(hours=4))]
    assert kinds == ["lock", "run"]


def drift_of_acme(kt: Run, tmp_path: Path, acknowledged: str) -> str:
    """Return what `drift` says of the sandbox with the given entries of `acknowledged_drift`, on one line."""
    copytree(Path(__file__).parents[2] / "budgets", tmp_path / "budgets", dirs_exist_ok=True)
    organization = tmp_path / "budgets" / "org.yaml"
    text = organization.read_text(encoding="utf-8")
    organization.write_text(f"{text}acknowledged_drift: [{acknowledged}]\n", encoding="utf-8")
    done = kt("drift", "--sandbox", "--as-of", "2026-06-18", "--budgets", tmp_path / "budgets")
    return " ".join(done.out.split())


def test_what_is_next_names_only_what_can_be_done_with_what_needs_a_person(kt: Run, tmp_path: Path) -> None:
    both = drift_of_acme(kt, tmp_path / "both", "")
    assert "changed* engineering / dev was given" in both
    assert "unmanaged* team_marketing" in both
    assert "pending finance / prod" in both
    assert "2 of them need attention (they are marked with *)" in both
    assert "`kt-budgets drift --accept` writes 1 of 2 into the YAML; `plan` and `apply`" in both
    assert "for what is in no YAML: declare it" in both

    accepted = "{key: %s, until: 2026-12-31, reason: a trial, approved_by: finance}"
    unmanaged = drift_of_acme(kt, tmp_path / "unmanaged", accepted % "team_engineering_dev")
    assert "1 of them needs attention (it is marked with *)" in unmanaged
    assert "drift --accept" not in unmanaged
    assert "`plan` and `apply`" not in unmanaged
    assert "under `acknowledged_drift` in org.yaml" in unmanaged

    changed = drift_of_acme(kt, tmp_path / "changed", accepted % "team_marketing")
    assert "`kt-budgets drift --accept` writes it into the YAML" in changed
    assert "acknowledged_drift" not in changed
