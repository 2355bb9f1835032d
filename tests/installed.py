"""The command in a process of its own, forked from one that has done the imports: they take longer than most commands.

What depends on how a process starts (its streams, signals, the installed script) is tested with the script itself.
"""

from __future__ import annotations

import atexit
import os
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import redirect_stderr, redirect_stdout
from functools import partial
from io import StringIO
from multiprocessing.process import BaseProcess
from pathlib import Path
from subprocess import CompletedProcess
from tempfile import TemporaryDirectory

import pytest
from forked_from import forks
from published import judge_printed

from reconciler.cli.boundary import run
from reconciler.cli.main import cli, main


def kt_budgets(*arguments: str, folder: Path, environment: Mapping[str, str] = os.environ) -> CompletedProcess[str]:
    """Run `kt-budgets` in `folder`, where nothing but `environment` is set."""
    done = _ended(arguments, partial(begun, *arguments, folder=folder, environment=environment))
    judge_printed(arguments, done.stdout)
    return done


def python(program: str, *, folder: Path, environment: Mapping[str, str]) -> CompletedProcess[str]:
    """Run a program as `kt_budgets` runs a command."""

    def started(*, out: Path, err: Path) -> BaseProcess:
        process = forks().Process(target=_program, args=(program, folder, dict(environment), out, err))
        process.start()
        return process

    return _ended(("python", "-c", program), started)


def _ended(arguments: tuple[str, ...], started: Callable[..., BaseProcess]) -> CompletedProcess[str]:
    """Return what came of a process that was started, once it has ended; what it prints goes to two files."""
    with TemporaryDirectory() as kept:
        out, err = Path(kept) / "out", Path(kept) / "err"
        process = started(out=out, err=err)
        process.join()
        assert process.exitcode is not None
        return CompletedProcess(arguments, process.exitcode, out.read_text("utf-8"), err.read_text("utf-8"))


def begun(*arguments: str, folder: Path, environment: Mapping[str, str], out: Path, err: Path) -> BaseProcess:
    """Begin `kt-budgets` as `kt_budgets` does, and return its process; what it prints goes to two files."""
    process = forks().Process(target=_command, args=(arguments, folder, dict(environment), out, err))
    process.start()
    return process


def in_this_process(*arguments: str, folder: Path, environment: Mapping[str, str]) -> CompletedProcess[str]:
    """Run `kt-budgets` in this process: for tests that do not ask how one starts or ends."""
    out, err = StringIO(), StringIO()
    with pytest.MonkeyPatch.context() as process, redirect_stdout(out), redirect_stderr(err):
        process.chdir(folder)
        for name in os.environ.keys() - environment.keys():
            process.delenv(name)
        for name, value in environment.items():
            process.setenv(name, value)
        code = run(cli, arguments)
    judge_printed(arguments, out.getvalue())
    return CompletedProcess(arguments, code, out.getvalue(), err.getvalue())


def _command(arguments: tuple[str, ...], folder: Path, environment: dict[str, str], out: Path, err: Path) -> None:
    _begin(folder, environment, out, err)
    sys.argv = ["kt-budgets", *arguments]
    try:
        main()
    finally:
        _end()


def _program(program: str, folder: Path, environment: dict[str, str], out: Path, err: Path) -> None:
    _begin(folder, environment, out, err)
    try:
        exec(program, {"__name__": "__main__"})  # noqa: S102
    finally:
        _end()


def _begin(folder: Path, environment: dict[str, str], out: Path, err: Path) -> None:
    """Give this process the folder, the variables and the streams of one that was started so."""
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    time.tzset()
    sys.stdout = out.open("w", encoding="utf-8")
    sys.stderr = err.open("w", encoding="utf-8", errors="backslashreplace")
    os.dup2(sys.stdout.fileno(), 1)
    os.dup2(sys.stderr.fileno(), 2)


def _end() -> None:
    sys.stdout.flush()
    sys.stderr.flush()
    atexit._run_exitfuncs()
