"""The collector is off while much is made, and does not search it afterwards."""

from __future__ import annotations

import gc

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
