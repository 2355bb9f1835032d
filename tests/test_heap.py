"""The collector is off while much is made, and does not search it afterwards."""

from __future__ import annotations

import gc
import subprocess
import sys

import pytest

from reconciler.heap import gc_paused


@pytest.mark.parametrize(("objects", "kept"), [(0, False), (1000, True)])
def test_what_makes_a_large_heap_is_not_searched_for_garbage_afterwards(
    objects: int, kept: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("reconciler.heap.LARGE_HEAP", 500)
    gc.collect()
    before = gc.get_freeze_count()
    with gc_paused():
        assert not gc.isenabled()
        made = [[number] for number in range(objects)]
    assert gc.isenabled()
    assert (gc.get_freeze_count() > before) == kept
    assert len(made) == objects


ENDS = """
import atexit, os, threading
from reconciler import heap

heap.HUGE_HEAP = {huge}

class Held:
    def __del__(self, write=os.write):
        write(1, b"taken apart\\n")

def main():
    held = Held()
    atexit.register(print, "done at the end", flush=True)
    print("said", end=" ", flush=True)
    {before}
    heap.leave(3)

main()
"""


@pytest.mark.parametrize(
    ("huge", "before", "ends"),
    [
        (10, "pass", "said done at the end\n"),
        (1 << 40, "pass", "said taken apart\ndone at the end\n"),
        (10, "threading.Timer(0.5, print, ['waited for']).start()", "said taken apart\nwaited for\ndone at the end\n"),
    ],
    ids=["much is held", "little is held", "a thread is left"],
)
def test_what_is_held_at_the_end_is_taken_apart_only_where_it_is_little(huge: int, before: str, ends: str) -> None:
    script = ENDS.format(huge=huge, before=before)

    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False, timeout=60)

    assert (done.returncode, done.stdout, done.stderr) == (3, ends, "")
