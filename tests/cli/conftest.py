"""A way to run the command line in this process, as the installed script does."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import pytest
from cli.journal_desk import begun as begun
from cli.journal_desk import desk as desk
from direct import at_once as at_once
from published import judge_printed
from replayed_once import replayed_once as replayed_once
from seeded_once import seeded_once as seeded_once
from short_waits import short_waits as short_waits
from usage_read_once import usage_read_once as usage_read_once

from reconciler.cli.boundary import run
from reconciler.cli.main import cli


class Result(NamedTuple):
    code: int
    out: str
    err: str


Run = Callable[..., Result]


@pytest.fixture
def kt(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    """Return a function that runs `kt-budgets` with arguments and gives the exit code and both outputs."""
    for name in ("KEEPTRUSTS_API_URL", "KEEPTRUSTS_API_TOKEN", "KT_BUDGETS_JOURNAL", "GITHUB_ACTIONS"):
        monkeypatch.delenv(name, raising=False)

    def run_it(*arguments: object) -> Result:
        capsys.readouterr()
        code = run(cli, [str(argument) for argument in arguments])
        captured = capsys.readouterr()
        judge_printed(arguments, captured.out)
        return Result(code, captured.out, captured.err)

    return run_it
