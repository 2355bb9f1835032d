"""What the steps after a command learn of it, as a runner reads GITHUB_OUTPUT."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from forge.workflow_shell import outputs
from hypothesis import given
from hypothesis import strategies as st
from installed import kt_budgets

from reconciler.app import job
from reconciler.app.planning.saved import load_plan
from reconciler.model.merges import LandingOutcome, Merges
from reconciler.model.outcome import Outcome, Run, Status
from reconciler.model.plan import Tool, read_plan, sealed

ROOT = Path(__file__).resolve().parents[2]
DAY = ("--sandbox", "--as-of", "2026-06-18")


def ran(folder: Path, *arguments: str, **variables: str) -> tuple[int, dict[str, str], str]:
    """Run a command as a step does, and return its exit code, its outputs and the summary of the job."""
    files = {name: folder / name for name in ("GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY")}
    for file in files.values():
        file.write_text("", encoding="utf-8")
    environment = {name: value for name, value in os.environ.items() if not name.startswith("KEEPTRUSTS_")}
    environment |= {**{name: str(file) for name, file in files.items()}, **variables}
    done = kt_budgets(*arguments, folder=ROOT, environment=environment)
    written = outputs(files["GITHUB_OUTPUT"].read_text(encoding="utf-8"))
    return done.returncode, written, files["GITHUB_STEP_SUMMARY"].read_text(encoding="utf-8")


def test_a_plan_says_whether_anything_changes_and_which_plan_it_is(tmp_path: Path) -> None:
    saved = tmp_path / "plan.json"
    code, written, _ = ran(tmp_path, "plan", *DAY, "--output", str(saved))
    assert (code, written["changed"], written["exit_code"]) == (0, "true", "0")
    assert written["digest"] == json.loads(saved.read_text(encoding="utf-8"))["digest"]
    assert "failure_reason" not in written


def test_a_month_that_is_opened_says_what_it_did_and_so_does_the_summary(tmp_path: Path) -> None:
    code, written, summary = ran(tmp_path, "apply", "--period", "2026-06", *DAY)
    counted = json.loads(written["outcomes"])
    assert (code, written["changed"]) == (0, "true")
    assert counted["applied"] > 0
    assert f"{counted['applied']} applied" in summary


def test_drift_says_whether_somebody_is_needed_and_lists_it_in_the_summary(tmp_path: Path) -> None:
    code, written, summary = ran(tmp_path, "drift", *DAY)
    assert (code == 11) is (written["changed"] == "true")
    assert "Budget drift" in summary
    if code:
        assert written["failure_reason"] in summary


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (("plan", "--budgets", "nowhere"), "1 error in the budget files"),
        (("apply", "--plan", "nowhere.json"), "nowhere.json cannot be read"),
        (("drift", "--api-url", "http://[::1/secret-token-of-keeptrusts"), ""),
    ],
)
def test_a_command_that_fails_says_why_without_the_token(tmp_path: Path, arguments: tuple[str, ...], why: str) -> None:
    code, written, _ = ran(tmp_path, *arguments, KEEPTRUSTS_API_TOKEN="secret-token-of-keeptrusts")
    assert written["exit_code"] == str(code) != "0"
    assert why in written["failure_reason"]
    assert written["failure_reason"]
    assert "secret-token" not in str(written)


def test_findings_are_a_reason_of_their_own(tmp_path: Path) -> None:
    (tmp_path / "budgets").mkdir()
    (tmp_path / "budgets" / "org.yaml").write_text("version: 1\n", encoding="utf-8")
    code, written, _ = ran(tmp_path, "validate", "--budgets", str(tmp_path / "budgets"))
    assert (code, written) == (3, {"failure_reason": "the YAML has errors", "exit_code": "3"})


def test_a_command_beside_the_loop_changes_no_output(tmp_path: Path) -> None:
    assert ran(tmp_path, "help", "exit-codes")[1] == {}


def test_an_output_file_that_cannot_be_written_changes_no_exit_code(tmp_path: Path) -> None:
    assert ran(tmp_path, "validate", GITHUB_OUTPUT=str(tmp_path / "no" / "folder"))[0] == 0


def test_what_was_merged_is_told_with_what_is_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GITHUB_OUTPUT", str(tmp_path / "output"))
    job.tell(digest="of an earlier command")
    job.forget()
    done = Run(run="r", converged=True, outcomes=(Outcome(op="o", kind="allocate", team="a", status=Status.APPLIED),))
    landed = LandingOutcome(pull_request=128, commit="c" * 40, base=None, teams=("a",), status="applied", run=done)
    left = LandingOutcome(
        pull_request=129,
        commit="d" * 40,
        base=None,
        teams=("b",),
        status="refused",
        reason="nobody approved",
        cure="ask",
    )
    merges = Merges(head="d" * 40, applied_commit=None, landings=(landed, left), pending=1, exit_code=4)
    job.tell(**job.told_merges(merges))
    job.hand_over("pr", 4)
    written = outputs((tmp_path / "output").read_text(encoding="utf-8"))
    assert written == {
        "outcomes": '{"applied": 1}',
        "changed": "true",
        "pending": "1",
        "failure_reason": "pull request 129: refused. nobody approved ask",
        "exit_code": "4",
    }


@given(st.text(max_size=200))
def test_no_value_can_bring_in_an_output_of_its_own(value: str) -> None:
    hostile = f"{value}\nchanged=false\nend\nEOF\ndigest<<end\n"
    entry = job._entry("failure_reason", hostile)
    first, *inside, last = entry.splitlines()
    assert first == f"failure_reason<<{last}"
    assert last not in inside


def test_a_plan_of_another_version_is_taken_and_told(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    saved = tmp_path / "plan.json"
    assert ran(tmp_path, "plan", *DAY, "--output", str(saved))[0] == 0
    load_plan(saved)
    assert caplog.messages == []
    other = read_plan(saved.read_text(encoding="utf-8")).model_copy(update={"tool": Tool(version="9.9.9")})
    saved.write_text(sealed(other).text(), encoding="utf-8")
    assert load_plan(saved).tool.version == "9.9.9"
    assert "was made by version 9.9.9, and this is" in caplog.text
