"""What is kept for all processes of a run is whole, however many of them keep it at once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import kept


def test_many_threads_keep_the_same_at_once_and_each_finds_it_whole() -> None:
    path, content = kept.place("tests", 1), b"kept" * 100_000

    def keep_and_read(_: int) -> bytes:
        kept.keep(path, content)
        return path.read_bytes()

    with ThreadPoolExecutor(8) as threads:
        assert set(threads.map(keep_and_read, range(40))) == {content}
    assert kept.place("tests", 2) != path
