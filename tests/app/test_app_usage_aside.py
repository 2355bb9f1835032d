"""What another process reads of exports is what this one would read, and what goes wrong is said as it would say it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from cli.small_folder import small_folder
from script_forks import script_forks

from reconciler.forked import FEWEST

needs_fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
SCRIPT = """
import reconciler.forked

reconciler.forked.count = lambda: {processors}

import os, sys
from datetime import date
from pathlib import Path

from reconciler.app.listening import heard_by
from reconciler.app.session import load_desired, settings
from reconciler.app.usage_aside import UsageAside
from reconciler.findings import BudgetsError

class Heard:
    def said(self, line, hint): print("said", line)
    def noted(self, line): print("noted", line)
    def progress(self, label):
        from contextlib import nullcontext
        return nullcontext(lambda done, total: None)

{before}
chosen = settings("budgets", as_of=date(2026, 6, 18), usage=sys.argv[1:], usage_store="store", journal="file:j")
with heard_by(Heard()), UsageAside(chosen) as exports:
    desired, _ = load_desired(chosen)
    named = exports.begin(desired)
    print("here" if exports.is_here else "elsewhere", file=sys.stderr)
    {meanwhile}
    try:
        usage = named()
        assert usage is named()
        print(usage.source)
        for column in usage.__slots__[1:-1]:
            print(column, getattr(usage, column).tolist(), getattr(usage, column).dtype)
    except BudgetsError as error:
        print(type(error).__name__, error, error.hint)
print("imported" if "ibis" in sys.modules else "not imported", file=sys.stderr)
print(sorted(Path(os.environ["TMPDIR"]).iterdir()))
"""
HERE = "import reconciler.usage.read"
ENDS = """
from reconciler.app import usage_aside

def read_or_end(exports, *, folder=None, read=usage_aside.read_exports, here=os.getpid()):
    if os.getpid() != here:
        (folder / "begun").touch()
        os.kill(os.getpid(), 9)
    return read(exports)

usage_aside.read_exports = read_or_end
"""
FULL = """
def full(*_):
    raise OSError(28, "No space left on device")

reconciler.forked.os.pwrite = full
"""
UNREACHABLE = """
from reconciler.app import usage_aside
from reconciler.findings import UnreachableError

def unreachable(exports, *, folder=None, here=os.getpid()):
    assert os.getpid() != here, "it is asked for again"
    raise UnreachableError("the store does not answer", hint="try again")

usage_aside.read_exports = unreachable
"""
EXPORT = """id,timestamp,team_id,cost
1,2026-06-02T10:00:00Z,t-alpha,12.50
1,2026-06-02T10:00:00Z,t-alpha,12.50
2,2026-06-03T10:00:00Z,team_nobody,0.000000001
3,yesterday,t-alpha,1
"""


IMPORTED = (
    *("reconciler.app.listening", "reconciler.app.session", "reconciler.app.usage_aside"),
    *("duckdb", "fsspec", "numpy", "pyarrow", "sqlglot.dialects.athena", "sqlglot.dialects.duckdb", "toolz"),
)
"""What a script need not import: with Ibis itself, exports would be read where it is."""
Ran = Callable[..., tuple[str, list[str]]]


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ran]:
    """Return what runs the script in a folder, and says what was found, and where it was read."""

    def run(
        folder: Path,
        *usage: str,
        before: str = "",
        meanwhile: str = "pass",
        processors: int = 2,
        stdin: Path = Path(os.devnull),
    ) -> tuple[str, list[str]]:
        script = SCRIPT.format(before=before, meanwhile=meanwhile, processors=processors)
        temporary = folder / "temporary"
        temporary.mkdir(exist_ok=True)
        shutil.rmtree(folder / "store", ignore_errors=True)
        environment = {**os.environ, "TMPDIR": str(temporary)}
        done = forks.run(script, *usage, folder=folder, environment=environment, stdin=stdin)
        return done.out, done.err.split("\n")

    with script_forks(tmp_path_factory.mktemp("scripts"), IMPORTED) as forks:
        yield run


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    small_folder(tmp_path)
    (tmp_path / "usage.csv").write_text(EXPORT)
    (tmp_path / "wrong.csv").write_text("id,timestamp,team,price\n1,2026-06-02T10:00:00Z,t-alpha,1\n")
    return tmp_path


@needs_fork
def test_what_another_process_reads_is_what_this_one_would_read(folder: Path, ran: Ran) -> None:
    found, where = ran(folder, "usage.csv")
    assert where[:2] == ["elsewhere", "not imported"]
    assert found.startswith("noted usage store store: read 1 of 1 exports")
    assert "rows=2" in found
    assert "unknown_teams={'team_nobody': 1}" in found
    assert found.endswith("[]\n")
    assert ran(folder, "usage.csv", before=HERE) == (found, ["here", "imported", ""])


@needs_fork
@pytest.mark.parametrize("usage", ["wrong.csv", "none.csv"])
def test_what_is_wrong_with_exports_is_said_as_this_process_would_say_it(folder: Path, usage: str, ran: Ran) -> None:
    found, where = ran(folder, usage)
    assert where[:2] == ["elsewhere", "not imported"]
    assert found.startswith("UsageError")
    assert usage in found
    assert ran(folder, usage, before=HERE)[0] == found


@needs_fork
def test_where_the_other_process_cannot_be_asked_this_one_reads(folder: Path, ran: Ran) -> None:
    found, where = ran(folder, "usage.csv", before=FULL)
    assert where[:2] == ["here", "imported"]
    assert "rows=2" in found
    assert found.endswith("[]\n")


@needs_fork
def test_where_the_other_process_is_ended_this_one_reads_and_nothing_is_left(folder: Path, ran: Ran) -> None:
    found, where = ran(folder, "usage.csv", before=ENDS)
    assert where[:2] == ["elsewhere", "imported"]
    assert "rows=2" in found
    assert found.endswith("[]\n")


@needs_fork
@pytest.mark.parametrize("usage", ["pipe.csv", "pipe*", "/dev/stdin"])
def test_a_pipe_is_read_here_as_nothing_would_be_left_of_what_another_process_took(
    folder: Path, usage: str, ran: Ran
) -> None:
    os.mkfifo(folder / "pipe.csv")
    found = ran(folder, usage, meanwhile="sys.exit()", stdin=folder / "pipe.csv")
    assert found == ("", ["here", ""])


@needs_fork
def test_what_an_object_store_does_not_answer_is_not_asked_for_again(folder: Path, ran: Ran) -> None:
    found, where = ran(folder, "usage.csv", before=UNREACHABLE)
    assert where[:2] == ["elsewhere", "not imported"]
    assert found.startswith("UnreachableError the store does not answer try again\n")


def test_without_exports_there_is_no_other_process_and_no_usage(folder: Path, ran: Ran) -> None:
    found, where = ran(folder, meanwhile="print(named()); sys.exit()")
    assert (found, where) == ("None\n", ["here", ""])


@needs_fork
@pytest.mark.parametrize(("processors", "where"), [(1, "here"), (2, "elsewhere")])
def test_beside_a_large_folder_exports_are_another_process_s_too(
    folder: Path, processors: int, where: str, ran: Ran
) -> None:
    for number in range(FEWEST):
        (folder / "budgets" / "teams" / f"t{number:04d}.yaml").write_text(f"version: 1\nteam: t{number:04d}\n")
    found = ran(folder, "usage.csv", meanwhile="sys.exit()", processors=processors)
    assert found == ("", [where, ""])
