"""A lock that another run holds is waited for, and no longer than was asked."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from reconciler.findings import LockHeldError
from reconciler.journal.file_store import FileStore
from reconciler.journal.store import Owner, PatientStore


class Clock:
    """Time that passes only in sleep; `meanwhile` is what happens during it."""

    def __init__(self, meanwhile: Callable[[], None] = lambda: None) -> None:
        self.seconds = 0.0
        self.meanwhile = meanwhile

    def now(self) -> datetime:
        return datetime(2026, 6, 18, tzinfo=UTC) + timedelta(seconds=self.seconds)

    def monotonic(self) -> float:
        return self.seconds

    def sleep(self, seconds: float) -> None:
        self.seconds += seconds
        self.meanwhile()


def test_a_lock_that_is_given_back_is_taken(tmp_path: Path) -> None:
    told: list[LockHeldError] = []
    with ExitStack() as other:
        other.enter_context(FileStore(tmp_path).lock(Owner("other", "r-1"), clock=Clock()))
        clock = Clock(other.close)
        with PatientStore(FileStore(tmp_path), 60.0, told.append).lock(Owner("me", "r-2"), clock=clock) as lock:
            lock.check()
    assert len(told) == 1
    assert "other" in told[0].message
    assert clock.seconds == 5.0


@pytest.mark.parametrize("patience", [1.0, 60.0])
def test_it_is_not_waited_for_longer_than_was_asked(tmp_path: Path, patience: float) -> None:
    clock = Clock()
    with FileStore(tmp_path).lock(Owner("other", "r-1"), clock=Clock()):
        store = PatientStore(FileStore(tmp_path), patience, lambda _: None)
        with pytest.raises(LockHeldError, match="other"), store.lock(Owner("me", "r-2"), clock=clock):
            pytest.fail("it was held")
    assert patience <= clock.seconds <= patience + 5.0
