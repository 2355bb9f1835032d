"""Results reach files through links, devices and pipes; what stdout does not take never changes how a command ends."""

from __future__ import annotations

import json
import os
import shlex
import signal
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from decimal import Decimal
from pathlib import Path
from typing import Any

import forked_command
import pytest
from cli.small_folder import small_folder
from installed import kt_budgets
from memory_over_http import TOKEN, World, over_http
from thorough import drawn

from reconciler.files import write_file
from reconciler.findings import UsageError

TOOL = str(Path(sys.executable).parent / "kt-budgets")
PLAN = ("plan", "--as-of", "2026-06-18", "--usage", "usage.csv", "--detailed-exit-code")
APPLY = ("apply", "--as-of", "2026-06-18")
FULL = Path("/dev/full")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder with one team, of whose name a terminal may lack a character, and a day of events."""
    small_folder(tmp_path, alerts="billing_budgets:\n  - {name: Zürich → 東京, amount: 90}\n")
    (tmp_path / "usage.csv").write_text(
        "id,timestamp,team_id,provider,model,cost\n"
        + "".join(f"e{n},2026-06-{n:02d}T12:00:00Z,t-alpha,openai,gpt-4o,1.25\n" for n in range(1, 18))
    )
    return tmp_path


def world() -> World:
    state = World(teams={"t-alpha": "t-alpha"})
    state.enter("t-alpha", "allocate", Decimal(40), at="2026-06-01T00:00:00Z")
    return state


def kt(folder: Path, url: str, *arguments: str, tool: str = TOOL, **options: Any) -> subprocess.CompletedProcess[bytes]:
    variables = {**os.environ, "KEEPTRUSTS_API_URL": url, "KEEPTRUSTS_API_TOKEN": TOKEN, **options.pop("env", {})}
    given = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **options}
    return subprocess.run([tool, *arguments], cwd=folder, env=variables, check=False, **given)


def planned(folder: Path, url: str) -> None:
    """Make a plan, of which nothing is asked but that it is there."""
    variables = {**os.environ, "KEEPTRUSTS_API_URL": url, "KEEPTRUSTS_API_TOKEN": TOKEN}
    assert kt_budgets(*PLAN, folder=folder, environment=variables).returncode == 10


@contextmanager
def closed_pipe() -> Iterator[int]:
    """Yield the writing end of a pipe that nobody reads."""
    reading, writing = os.pipe()
    os.close(reading)
    try:
        yield writing
    finally:
        os.close(writing)


@pytest.mark.slow
def test_a_run_whose_result_cannot_be_printed_ends_as_it_went_and_says_where_it_is(folder: Path) -> None:
    state = world()
    with over_http(state) as url, FULL.open("wb") as full, closed_pipe() as pipe:
        assert kt(folder, url, *PLAN, stdout=full).returncode == 10
        applied = kt(folder, url, *APPLY, "--format", "json", stdout=pipe)
        again = kt(folder, url, *APPLY, stdout=full)
    assert state.funded("t-alpha", "2026-06") == 100
    for done, reason in ((applied, b"Broken pipe"), (again, b"No space left on device")):
        assert done.returncode == 0, done.stderr
        assert b"the result could not be printed (" + reason in done.stderr
        assert b"; it is in the journal file:" in done.stderr
        assert b".kt-budgets/journal: `kt-budgets audit` prints it" in done.stderr
        assert b"Traceback" not in done.stderr
    assert "allocate" in kt_budgets("audit", folder=folder).stdout


@pytest.mark.slow
def test_a_run_with_changes_that_were_refused_keeps_its_exit_code_on_a_closed_pipe(folder: Path) -> None:
    state = world()
    with over_http(state) as url, closed_pipe() as pipe:
        planned(folder, url)
        state.enter("t-alpha", "allocate", Decimal(1), "by hand")
        assert kt(folder, url, *APPLY, stdout=pipe).returncode == 5


@pytest.mark.slow
def test_a_run_is_written_to_the_output_file_and_a_full_disk_there_changes_nothing_either(folder: Path) -> None:
    state = world()
    with over_http(state) as url:
        planned(folder, url)
        done = kt(folder, url, *APPLY, "--output", str(FULL))
        assert (done.returncode, state.funded("t-alpha", "2026-06")) == (0, Decimal(100))
        assert b"/dev/full cannot be written: No space left on device; the run is in the journal" in done.stderr
        assert kt(folder, url, *APPLY, "--format", "json", "--output", "run.json").stdout == b""
    assert json.loads((folder / "run.json").read_text())["converged"] is True


@pytest.mark.slow
def test_a_reader_that_leaves_early_is_no_error_and_a_full_disk_is_one_where_nothing_else_keeps_the_result(
    folder: Path,
) -> None:
    with closed_pipe() as pipe:
        done = kt(folder, "", "help", "exit-codes", stdout=pipe)
        assert (done.returncode, done.stderr) == (0, b"")
    with FULL.open("wb") as full:
        done = kt(folder, "", "help", "exit-codes", stdout=full)
        assert done.returncode == 2
        assert b"the result could not be printed: No space left on device" in done.stderr
        assert kt(folder, "", "plan", "--nonsense", stderr=full).returncode == 2


@pytest.mark.slow
@pytest.mark.parametrize("encoding", ["cp1252", "latin-1"][: drawn(2, sample=1)])
def test_a_terminal_without_a_character_gets_another_one(folder: Path, encoding: str) -> None:
    with over_http(world()) as url:
        planned(folder, url)
    narrow = {"PYTHONIOENCODING": encoding}
    text = kt(folder, "", "show", "plan.json", env=narrow)
    document = kt(folder, "", "show", "plan.json", "--format", "json", env=narrow)
    written = kt(folder, "", "show", "plan.json", "--output", "shown.txt", env=narrow)
    assert text.returncode == document.returncode == 0, text.stderr
    assert "rich -> ??" in text.stdout.decode(encoding)
    assert "Zürich → 東京" in json.dumps(json.loads(document.stdout), ensure_ascii=False)
    assert written.returncode == 0
    assert "Zürich -> 東京" in (folder / "shown.txt").read_text(encoding="utf-8")


@pytest.mark.slow
def test_stdout_and_stderr_that_are_closed_do_not_stop_a_command(folder: Path) -> None:
    with over_http(world()) as url:
        shell = ["sh", "-c", f"{shlex.join([str(TOOL), *PLAN])} >&- 2>&-"]
        variables = {**os.environ, "KEEPTRUSTS_API_URL": url, "KEEPTRUSTS_API_TOKEN": TOKEN}
        assert subprocess.run(shell, cwd=folder, env=variables, check=False).returncode == 10
    assert json.loads((folder / "plan.json").read_text())["organization"] == "org_acme"


def test_a_file_is_written_through_a_link_with_its_mode_and_leaves_nothing_beside_it(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    target, link, dangling = tmp_path / "real" / "a.txt", tmp_path / "link", tmp_path / "dangling"
    target.write_text("old")
    target.chmod(0o640)
    link.symlink_to(target)
    dangling.symlink_to(tmp_path / "real" / "b.txt")
    write_file(link, "new")
    write_file(dangling, "made")
    assert link.is_symlink()
    assert dangling.is_symlink()
    assert (target.read_text(), stat.S_IMODE(target.stat().st_mode)) == ("new", 0o640)
    assert (tmp_path / "real" / "b.txt").read_text() == "made"
    assert sorted(path.name for path in (tmp_path / "real").iterdir()) == ["a.txt", "b.txt"]


def test_a_pipe_and_a_device_are_written_to_and_stay_what_they_are(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    received: list[bytes] = []
    reader = threading.Thread(target=lambda: received.append(pipe.read_bytes()))
    reader.start()
    write_file(pipe, "through" * 20_000)
    reader.join()
    assert received == [b"through" * 20_000]
    assert stat.S_ISFIFO(pipe.stat().st_mode)
    write_file(Path(os.devnull), "gone")
    assert stat.S_ISCHR(Path(os.devnull).stat().st_mode)
    with pytest.raises(UsageError, match="No space left on device"):
        write_file(FULL, "x")
    with pytest.raises(UsageError, match="cannot be written"):
        write_file(tmp_path, "x")


@pytest.mark.slow
def test_a_plan_written_to_stdout_is_all_that_stands_there(folder: Path) -> None:
    forked = folder / "bin" / "kt-budgets"
    forked_command.install(forked)
    with over_http(world()) as url:
        piped = kt(folder, url, *PLAN, "--output", "/dev/stdout")
        for name in ("/dev/fd/1", "/proc/self/fd/1"):
            with (folder / "redirected.json").open("wb") as file:
                kt(folder, url, *PLAN, "--output", name, tool=str(forked), stdout=file)
            assert (folder / "redirected.json").read_bytes() == piped.stdout
    assert json.loads(piped.stdout)["organization"] == "org_acme"


@pytest.mark.slow
@pytest.mark.parametrize("send", [os.kill, os.killpg], ids=["one process", "as a terminal does"])
def test_ctrl_c_while_usage_is_read_is_an_interruption(folder: Path, send: Callable[[int, int], None]) -> None:
    rows = "".join(
        f"e{n},2026-06-{n % 17 + 1:02d}T12:00:00Z,t-alpha,openai,gpt-4o,1.25,{'x' * 40}{n}\n" for n in range(400_000)
    )
    (folder / "usage.csv").write_text("id,timestamp,team_id,provider,model,cost,more\n" + rows)
    with over_http(world()) as url:
        variables = {**os.environ, "KEEPTRUSTS_API_URL": url, "KEEPTRUSTS_API_TOKEN": TOKEN}
        process = subprocess.Popen(
            [TOOL, *PLAN],
            cwd=folder,
            env=variables,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
        _wait_for_the_engine(process)
        send(process.pid, signal.SIGINT)
        _, errors = process.communicate(timeout=60)
    assert process.returncode == 130, errors
    with pytest.raises(ProcessLookupError):
        os.killpg(process.pid, 0)
    assert b"kt-budgets: interrupted" in errors
    assert b"bug" not in errors
    assert b"Traceback" not in errors


def _wait_for_the_engine(process: subprocess.Popen[bytes]) -> None:
    """Wait until it or a process that it began has loaded what reads usage, by what that has mapped into its memory."""
    while process.poll() is None and "duckdb" not in _mapped(process.pid):
        time.sleep(0.01)


def _mapped(process: int) -> str:
    """Return what a process and those that it began have mapped; of one that has just ended, nothing."""
    own = Path(f"/proc/{process}")
    with suppress(OSError):
        begun = (own / f"task/{process}/children").read_text().split()
        return (own / "maps").read_text() + "".join(_mapped(int(each)) for each in begun)
    return ""
