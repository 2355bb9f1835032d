"""Whatever goes wrong becomes an exit code and a sentence with its cure; never a traceback."""

from __future__ import annotations

import errno
import json
import re
from pathlib import Path
from typing import Any

import click
import pytest

from reconciler.cli.boundary import run
from reconciler.cli.main import COMMANDS, cli
from reconciler.findings import (
    BudgetsError,
    ExitCode,
    Finding,
    FindingsError,
    LockHeldError,
    Position,
    RejectedError,
    Severity,
    StalePlanError,
    UnauthorizedError,
)


def failing(error: BaseException) -> click.Command:
    @click.command()
    @click.option("--format", "format_")
    def command(format_: str | None) -> None:
        raise error

    return command


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (StalePlanError("moved"), ExitCode.STALE),
        (LockHeldError("held"), ExitCode.LOCKED),
        (UnauthorizedError("no"), ExitCode.REMOTE),
        (RejectedError("no", status=409), ExitCode.REMOTE),
        (BudgetsError("?"), ExitCode.BUG),
        (KeyboardInterrupt(), ExitCode.INTERRUPTED),
        (click.Abort(), ExitCode.INTERRUPTED),
        (click.UsageError("no such"), ExitCode.USAGE),
    ],
)
def test_each_error_has_its_exit_code(error: BaseException, code: ExitCode) -> None:
    assert run(failing(error), []) == code


def test_an_error_says_what_and_how_to_cure_it_on_stderr(capsys: pytest.CaptureFixture[str]) -> None:
    run(failing(StalePlanError("the ledger moved", hint="plan again")), [])
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err == "kt-budgets: the ledger moved\n  hint: plan again\n"


@pytest.mark.parametrize("arguments", [["--format", "json"], ["--format=json"]])
def test_where_json_was_asked_for_the_error_is_json_on_stdout(
    capsys: pytest.CaptureFixture[str], arguments: list[str]
) -> None:
    code = run(failing(StalePlanError("the ledger moved", hint="plan again")), arguments)
    assert json.loads(capsys.readouterr().out) == {
        "format": "kt-budgets.error/1",
        "exit_code": code,
        "error": "the ledger moved",
        "hint": "plan again",
    }


def test_findings_are_all_listed_before_the_command_stops(capsys: pytest.CaptureFixture[str]) -> None:
    place = Position("budgets/org.yaml", 3, 9)
    findings = [Finding(place, code, Severity.ERROR, f"{code} is wrong", "mend it") for code in ("one", "two")]
    assert run(failing(FindingsError(findings)), []) == ExitCode.FINDINGS
    errors = capsys.readouterr().err
    assert "one is wrong" in errors
    assert "two is wrong" in errors


def test_a_bug_is_kept_in_a_file_without_the_token(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KEEPTRUSTS_API_TOKEN", "kt_secret_value")
    assert run(failing(ZeroDivisionError("with kt_secret_value")), []) == ExitCode.BUG
    errors = capsys.readouterr().err
    assert "Traceback" not in errors
    path = re.search(r"\S+kt-budgets-bug-\S+\.txt", errors)
    assert path is not None
    details = Path(path[0]).read_text()
    Path(path[0]).unlink()
    assert "ZeroDivisionError" in details
    assert "kt_secret_value" not in details


def test_a_package_that_is_missing_is_no_bug_and_says_what_to_install(capsys: pytest.CaptureFixture[str]) -> None:
    lacks = ModuleNotFoundError("No module named 'ibis'", name="ibis")
    assert run(failing(lacks), []) == ExitCode.USAGE
    errors = capsys.readouterr().err
    assert "kt-budgets is not installed whole: the Python package `ibis` is missing" in errors
    assert "pip install ." in errors
    for module, extra in {"xlsxwriter": "xlsx", "cryptography.hazmat": "signing"}.items():
        lacks = ModuleNotFoundError(f"No module named '{module}'", name=module)
        assert run(failing(lacks), []) == ExitCode.USAGE
        assert f"`pip install '.[{extra}]'` in a clone of kt-budgets" in capsys.readouterr().err
    ours = ModuleNotFoundError("No module named 'reconciler.gone'", name="reconciler.gone")
    assert run(failing(ours), []) == ExitCode.BUG


def test_control_characters_in_an_error_do_not_reach_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    run(failing(StalePlanError("evil \x1b[31m name")), [])
    assert "\x1b" not in capsys.readouterr().err


def test_a_mistyped_command_is_named_with_the_one_that_was_meant(kt: Any) -> None:
    result = kt("paln")
    assert result.code == ExitCode.USAGE
    assert "Did you mean `plan`?" in result.err


def test_an_unknown_command_without_a_near_one_is_a_usage_error(kt: Any) -> None:
    assert kt("xyzzy").code == ExitCode.USAGE


@pytest.mark.parametrize("name", list(COMMANDS))
def test_every_command_is_listed_with_its_own_summary_and_has_an_example(kt: Any, name: str) -> None:
    command = cli.get_command(click.Context(cli), name)
    assert command is not None
    assert command.get_short_help_str(limit=100) == COMMANDS[name]
    result = kt(name, "--help")
    assert result.code == ExitCode.DONE
    assert "Example" in result.out


def test_the_list_of_commands_is_what_help_shows(kt: Any) -> None:
    shown = " ".join(kt("--help").out.split())
    for name, summary in COMMANDS.items():
        assert name in shown
        assert summary in shown


def test_the_exit_codes_are_explained(kt: Any, golden: Any) -> None:
    golden("cli/exit-codes.txt", kt("help", "exit-codes").out)


@pytest.mark.parametrize("arguments", [("plan", "--as-of", "18.6.2026"), ("plan", "--period", "June")])
def test_a_day_or_month_that_is_none_is_refused_with_how_to_write_it(kt: Any, arguments: tuple[str, ...]) -> None:
    result = kt(*arguments)
    assert result.code == ExitCode.USAGE
    assert "YYYY-MM" in result.err


def test_a_full_disk_is_no_bug() -> None:
    assert run(failing(OSError(errno.ENOSPC, "No space left on device")), []) == ExitCode.USAGE
    assert run(failing(OSError(errno.EBADF, "Bad file descriptor")), []) == ExitCode.BUG


@pytest.mark.parametrize("day", ["0001-01-01", "9999-12-31"])
def test_a_day_out_of_all_reason_is_refused(kt: Any, day: str) -> None:
    assert kt("plan", "--as-of", day).code == ExitCode.USAGE


@pytest.mark.parametrize("error", [BrokenPipeError(), BrokenPipeError(errno.EPIPE, "Broken pipe")])
def test_a_pipe_that_breaks_elsewhere_than_on_stdout_is_never_taken_for_a_success(error: OSError) -> None:
    assert run(failing(error), []) == ExitCode.BUG
