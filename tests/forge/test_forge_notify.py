"""A chat that is told every morning what needs somebody: only where there is one, and no failure of anything else."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from forge.gitlab_shell import example
from forge.workflow_shell import Runner, load

from reconciler.findings import ExitCode

COMMAND = """\
#!/bin/sh
echo "$1 $2" | sed "s|/.*/||" >> "{calls}"
case "$1" in drift) exit {drift} ;; forecast) exit {forecast} ;; notify) exit {notify} ;; esac
"""
MONDAY, TUESDAY = "2026-06-22", "2026-06-23"
TOLD = ["drift --journal", "notify drift.json", "forecast --format", "notify forecast.json"]


@pytest.fixture
def calls(tmp_path: Path) -> Path:
    return tmp_path / "calls"


def prepare(place: Path, calls: Path, *, day: str = TUESDAY, drift: int = 0, forecast: int = 0, notify: int = 0) -> str:
    """Put commands that stand for ours and for `date` into a folder, and return the path that finds them."""
    scripts = {
        "kt-budgets": COMMAND.format(calls=calls, drift=drift, forecast=forecast, notify=notify),
        "date": f'#!/bin/sh\nexec /usr/bin/env -i /bin/date --date {day} "$@"\n',
    }
    for name, text in scripts.items():
        (place / name).write_text(text, encoding="utf-8")
        (place / name).chmod(0o755)
    return f"{place}:/usr/bin:/bin"


def run(place: Path, path: str, webhook: str = "https://hooks.slack.com/secret") -> Runner:
    (place / "checkout").mkdir()
    values = {
        "vars.KEEPTRUSTS_API_URL": "https://keeptrusts.test",
        "secrets.KEEPTRUSTS_READ_TOKEN": "a-token",
        "secrets.KT_BUDGETS_WEBHOOK": webhook,
        "secrets.BUDGETS_MEMBERS_TOKEN": "",
        "github.token": "another",
    }
    runner = Runner(place / "checkout", {"PATH": path}, values)
    assert runner.run("notify.yml", "notify") == 0
    return runner


def lines(calls: Path) -> list[str]:
    return calls.read_text(encoding="utf-8").splitlines() if calls.exists() else []


def test_drift_and_wallets_are_told_every_morning_and_the_review_on_mondays(tmp_path: Path, calls: Path) -> None:
    runner = run(tmp_path, prepare(tmp_path, calls, day=MONDAY, drift=ExitCode.DRIFT))
    assert lines(calls) == [*TOLD, "review --digest", "notify review.json"]
    assert not any("::warning::" in said or "hooks.slack.com" in said for said in runner.log)


def test_what_fails_is_a_warning_and_the_rest_is_told(tmp_path: Path, calls: Path) -> None:
    runner = run(tmp_path, prepare(tmp_path, calls, drift=ExitCode.REMOTE, notify=ExitCode.USAGE))
    assert lines(calls) == ["drift --journal", "forecast --format", "notify forecast.json"]
    warned = [said for said in runner.log[-1].splitlines() if said.startswith("::warning::")]
    assert warned == [
        "::warning::nobody was told of drift: exit code 9",
        "::warning::nobody was told of forecast: exit code 2",
    ]


def test_without_a_chat_nothing_runs(tmp_path: Path, calls: Path) -> None:
    run(tmp_path, prepare(tmp_path, calls), webhook="")
    assert lines(calls) == []
    steps = load("notify.yml")["jobs"]["notify"]["steps"]
    assert all(step["if"] == "steps.chat.outputs.named == 'yes'" for step in steps[1:])


@pytest.mark.parametrize(("fails", "ended"), [(0, 0), (ExitCode.REMOTE, 1)])
def test_the_pipeline_tells_the_same_where_its_variable_is_set(
    tmp_path: Path, calls: Path, fails: int, ended: int
) -> None:
    job = example()["notify"]
    assert job["allow_failure"] is True
    assert job["rules"][0]["if"].endswith("&& $KT_BUDGETS_WEBHOOK")
    path = prepare(tmp_path, calls, drift=ExitCode.DRIFT, notify=fails)
    done = subprocess.run(["bash", "-e", "-c", "\n".join(job["script"])], env={"PATH": path}, check=False)
    assert done.returncode == ended
    assert [line.replace("--pull-requests", "--journal") for line in lines(calls)] == TOLD
