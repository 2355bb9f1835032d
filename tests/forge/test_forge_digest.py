"""The digest of Mondays: in the summary of its run, and no failure where usage cannot be read."""

from __future__ import annotations

from pathlib import Path

import pytest
from forge.gitlab_shell import example
from forge.workflow_shell import Runner, load

from reconciler.findings import ExitCode

SCRIPT = '#!/bin/sh\necho "$@"\nprintf "%s\\n" "100% unread" "hint: wait" >&2\nexit {code}\n'
ASKED = "review --digest --format markdown"
WARNED = "::warning::100%25 unread%0Ahint: wait\n"


@pytest.fixture
def runner(tmp_path: Path) -> Runner:
    (tmp_path / "checkout").mkdir()
    values = {
        "vars.KEEPTRUSTS_API_URL": "https://keeptrusts.test",
        "secrets.KEEPTRUSTS_READ_TOKEN": "a-token",
        "github.token": "ghs_a",
    }
    return Runner(tmp_path / "checkout", {"PATH": f"{tmp_path}:/usr/bin:/bin"}, values)


@pytest.mark.parametrize(
    ("said", "ended", "told"),
    [
        (ExitCode.DONE, 0, "100% unread\nhint: wait\n"),
        (ExitCode.REMOTE, 0, WARNED),
        (ExitCode.USAGE, 0, WARNED),
        (ExitCode.FINDINGS, ExitCode.FINDINGS, "100% unread\nhint: wait\n"),
        (ExitCode.BUG, ExitCode.BUG, "100% unread\nhint: wait\n"),
    ],
)
def test_usage_that_cannot_be_read_is_a_warning_and_every_other_failure_stays_one(
    runner: Runner, tmp_path: Path, said: ExitCode, ended: int, told: str
) -> None:
    command = tmp_path / "kt-budgets"
    command.write_text(SCRIPT.format(code=int(said)), encoding="utf-8")
    command.chmod(0o755)
    assert runner.run("digest.yml", "digest") == ended
    assert runner.summary == f"{ASKED}\n"
    assert runner.log == [f"Review the last whole week: {ended}\n{told}"]


def test_it_reads_and_has_no_right_but_to_check_out() -> None:
    job = load("digest.yml")["jobs"]["digest"]
    assert job["permissions"] == {"contents": "read"}
    assert "light" not in str(job), "a light installation cannot read exports"


def test_the_pipeline_asks_the_same_and_lets_usage_that_cannot_be_read_pass() -> None:
    job = example()["digest"]
    assert any(line.startswith(f"kt-budgets {ASKED} ") for line in job["script"])
    assert job["allow_failure"] == {"exit_codes": [ExitCode.USAGE, ExitCode.REMOTE]}
