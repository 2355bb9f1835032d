"""Tests keep files in memory where there is room for them, and where the machine's owner named no other folder."""

from __future__ import annotations

import fcntl
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import in_memory
import pytest
from in_memory import ROOM, has_room, keep_files_in_memory

BLOCK = 4096
KEEPING = """\
import os, subprocess, sys, tempfile
from pathlib import Path
import in_memory

in_memory.has_room = lambda _: True
in_memory.keep_files_in_memory(Path(sys.argv[1]))
started = subprocess.run([sys.executable, "-c", "import tempfile; tempfile.mkstemp()"], check=True)
if os.fork() == 0:
    sys.exit()
os.wait()
assert len(list(Path(tempfile.gettempdir()).iterdir())) == 1
if sys.argv[2] == "failed":
    in_memory.leave_files()
"""


@pytest.fixture
def mounted(monkeypatch: pytest.MonkeyPatch) -> Callable[[int, int], None]:
    """Say of every folder how much is free in it, and how it is mounted."""

    def mount(free: int, flags: int) -> None:
        blocks = free // BLOCK
        found = os.statvfs_result((BLOCK, BLOCK, 2 * blocks, blocks, blocks, 0, 0, 0, flags, 255))
        monkeypatch.setattr(os, "statvfs", lambda _: found)

    return mount


def test_a_folder_is_taken_if_it_has_room_and_programs_can_be_run_there(
    tmp_path: Path, mounted: Callable[[int, int], None]
) -> None:
    mounted(ROOM, os.ST_NOSUID)
    assert has_room(tmp_path)
    mounted(ROOM - BLOCK, os.ST_NOSUID)
    assert not has_room(tmp_path)
    mounted(ROOM, os.ST_NOEXEC)
    assert not has_room(tmp_path)
    mounted(ROOM, os.ST_RDONLY)
    assert not has_room(tmp_path)


def test_a_folder_that_is_not_there_is_not_taken(tmp_path: Path) -> None:
    assert not has_room(tmp_path / "shm")


def run(memory: Path, ended: str) -> None:
    environment = {"PYTHONPATH": str(Path(in_memory.__file__).parent)}
    subprocess.run([sys.executable, "-c", KEEPING, str(memory), ended], env=environment, check=True)


def test_what_is_started_keeps_its_files_there_too_and_all_of_them_go_at_the_end(tmp_path: Path) -> None:
    run(tmp_path, "passed")
    assert list(tmp_path.iterdir()) == []


def test_what_failed_leaves_its_files_until_the_next_run_and_one_under_way_keeps_its_own(tmp_path: Path) -> None:
    run(tmp_path, "failed")
    (left,) = tmp_path.iterdir()
    used = os.open(left, os.O_RDONLY)
    try:
        fcntl.flock(used, fcntl.LOCK_SH)
        run(tmp_path, "passed")
        assert list(tmp_path.iterdir()) == [left]
    finally:
        os.close(used)
    run(tmp_path, "passed")
    assert list(tmp_path.iterdir()) == []


def test_what_is_measured_is_counted_after_the_files_of_tests_are_gone(tmp_path: Path) -> None:
    measured = tmp_path / "measured.json"
    options = ["--branch", "--source", "tests/editors", "--json", "--out", str(measured)]
    tests = ["pytest", "-n", "1", "-k", "test_a_folder_that_is_not_there_is_not_taken", __file__]
    command = [sys.executable, "-m", "slipcover", *options, "-m", *tests]
    ours = ("KEPT_BY_TESTS", "PYTEST", "SLIPCOVER", "TMPDIR")
    variables = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    root = Path(__file__).parents[1]
    subprocess.run(command, cwd=root, env=variables, check=True, capture_output=True)
    assert json.loads(measured.read_text("utf-8"))["files"].keys() >= {"tests/editors/language_server.py"}


def test_a_folder_that_the_environment_names_stays_the_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mounted: Callable[[int, int], None]
) -> None:
    mounted(ROOM, 0)
    monkeypatch.setenv("TMPDIR", str(tmp_path / "named"))
    keep_files_in_memory(tmp_path)
    assert list(tmp_path.iterdir()) == []
    assert os.environ["TMPDIR"] == str(tmp_path / "named")
