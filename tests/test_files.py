"""A file that is replaced is the old one or the new one, never a part, and nothing is left beside it."""

from __future__ import annotations

import stat
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from reconciler.files import beside, put, replacing, write_whole


def test_what_breaks_off_leaves_the_file_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "teams.yaml"
    path.write_bytes(b"before")

    def break_off() -> None:
        with replacing(path) as partial:
            partial.write_bytes(b"aft")
            raise OSError("disk full")

    with pytest.raises(OSError, match="full"):
        break_off()
    assert (path.read_bytes(), list(tmp_path.iterdir())) == (b"before", [path])


def test_a_file_that_is_replaced_keeps_its_permissions(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    path.write_bytes(b"before")
    path.chmod(0o600)
    write_whole(path, b"after")
    assert (path.read_bytes(), stat.S_IMODE(path.stat().st_mode)) == (b"after", 0o600)


def test_two_threads_that_write_one_file_each_write_it_whole(tmp_path: Path) -> None:
    """Both have written before either puts its file there."""
    path, met = tmp_path / "plan.json", threading.Barrier(2, timeout=60)

    def write(data: bytes) -> None:
        with replacing(path) as partial:
            partial.write_bytes(data)
            met.wait()
            assert partial.read_bytes() == data
            met.wait()

    with ThreadPoolExecutor(2) as threads:
        for written in [threads.submit(write, data) for data in (b"one" * 1000, b"two")]:
            written.result()
    assert path.read_bytes() in (b"one" * 1000, b"two")
    assert list(tmp_path.iterdir()) == [path]


def test_folders_that_are_missing_are_made(tmp_path: Path) -> None:
    write_whole(tmp_path / "new" / "folder" / "plan.json", b"{}")
    assert [path.name for path in (tmp_path / "new" / "folder").iterdir()] == ["plan.json"]


def test_a_file_may_be_named_after_it_was_written(tmp_path: Path) -> None:
    with beside(tmp_path / "export") as partial:
        partial.write_bytes(b"rows")
        found = put(partial, tmp_path / "export.csv")
    assert (found.read_bytes(), list(tmp_path.iterdir())) == (b"rows", [found])
