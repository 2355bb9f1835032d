"""Work that is spread over processes gives what one process would give, whatever becomes of the others."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

import pytest

from reconciler.forked import FEWEST, IsBusy, aside, idle, spread

needs_fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
SCRIPT = """
import os, signal, sys, time
from reconciler.forked import idle, spread

HERE = os.getpid()

class Odd:
    def __reduce__(self):
        return int, ("no number",)

def awaited(name):
    deadline = time.monotonic() + 30
    while not os.path.exists(name) and time.monotonic() < deadline:
        time.sleep(0.01)

def work(items):
    if os.getpid() != HERE:
        {elsewhere}
    else:
        open("here", "w").close()
        awaited("met")
    return [(item * item, os.getpid() == HERE) for item in items]

called = []

def meanwhile():
    called.append(os.getpid())
    return {busy}

found = dict(spread(work, range(500), fewest=1, processors=3, patience={patience}, meanwhile=meanwhile))
assert called == [HERE]
assert {{item: square for item, (square, _) in found.items()}} == {{item: item * item for item in range(500)}}
try:
    os.waitpid(-1, os.WNOHANG)
    print("a process is left")
except ChildProcessError:
    heres = [here for _, here in found.values()]
    print("all" if all(heres) else "some" if any(heres) else "none")
"""
MEET = 'open("met", "w").close()'
MEET_AND_WAIT = f'{MEET}; awaited("here")'


def ran(folder: object, elsewhere: str, *, patience: float = 60, busy: str = "idle") -> str:
    script = SCRIPT.format(elsewhere=elsewhere, patience=patience, busy=busy)
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=str(folder), capture_output=True, text=True, check=False, timeout=60
    )
    return (done.stdout + done.stderr).strip()


@needs_fork
def test_parts_are_done_in_several_processes_and_come_back_with_their_items(tmp_path: object) -> None:
    assert ran(tmp_path, MEET_AND_WAIT) == "some"


@needs_fork
def test_while_this_process_has_something_else_to_do_the_others_do_it_all(tmp_path: object) -> None:
    assert ran(tmp_path, MEET, busy="lambda: True") == "none"


@needs_fork
@pytest.mark.parametrize("end", ["os._exit(3)", "return [lambda: 1 for _ in items]"])
def test_what_others_that_fail_leave_is_done_here_whatever_else_there_is_to_do(tmp_path: object, end: str) -> None:
    assert ran(tmp_path, f"{MEET}\n        {end}", busy="lambda: True") == "all"


@needs_fork
def test_once_this_process_has_nothing_else_to_do_it_does_what_is_left(tmp_path: object) -> None:
    assert (
        ran(tmp_path, f"{MEET}\n        signal.pause()", patience=0.1, busy="lambda: not os.path.exists('met')")
        == "all"
    )


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux lets single threads give way")
def test_another_process_gives_way_while_it_prepares_and_no_longer_when_it_is_asked(tmp_path: object) -> None:
    elsewhere = "return [prepared[0] - order, os.nice(0) - order]"
    here = "was = os.nice(0); other.ask(was); print(other.answer() == [min(10, 19 - was), 0], end=' ')"
    assert ran_aside(tmp_path, elsewhere, here, prepares="os.nice(0)") == f"True {LEFT}"


@needs_fork
@pytest.mark.parametrize(
    "end",
    [
        "os._exit(3)",
        "os.kill(os.getpid(), signal.SIGKILL)",
        "raise ValueError('no')",
        "return [lambda: 1 for _ in items]",
    ],
)
def test_what_a_process_that_fails_had_taken_is_done_here(tmp_path: object, end: str) -> None:
    assert ran(tmp_path, f"{MEET}\n        {end}") == "all"


@needs_fork
def test_of_a_process_one_of_whose_results_cannot_be_read_the_others_are_still_the_right_ones(tmp_path: object) -> None:
    assert ran(tmp_path, f"{MEET}\n        if items[0] % 100: return [Odd() for _ in items]") == "some"


@needs_fork
def test_a_process_that_does_not_come_to_an_end_is_not_waited_for(tmp_path: object) -> None:
    assert ran(tmp_path, f"{MEET}\n        signal.pause()", patience=0.1) == "all"


def _who(items: Sequence[int]) -> list[int]:
    return [os.getpid() for _ in items]


def _processes(items: int, *, processors: int) -> set[int]:
    return {process for _, process in spread(_who, range(items), processors=processors)}


def test_a_few_items_or_one_processor_make_no_process() -> None:
    assert _processes(FEWEST - 1, processors=4) == {os.getpid()}
    assert _processes(FEWEST, processors=1) == {os.getpid()}
    called: list[int] = []

    def meanwhile() -> IsBusy:
        called.append(1)
        return idle

    assert list(spread(_who, (), meanwhile=meanwhile)) == []
    assert called == [1]


def test_a_process_with_other_threads_is_not_forked() -> None:
    done = threading.Event()
    thread = threading.Thread(target=done.wait)
    thread.start()
    try:
        assert _processes(2 * FEWEST, processors=4) == {os.getpid()}
    finally:
        done.set()
        thread.join()


@needs_fork
def test_where_no_process_can_be_made_all_is_done_here_and_nothing_stays_open(monkeypatch: pytest.MonkeyPatch) -> None:
    def fork() -> int:
        raise BlockingIOError("no more processes")

    monkeypatch.setattr(os, "fork", fork)
    before = sorted(Path("/dev/fd").iterdir())
    assert _processes(2 * FEWEST, processors=4) == {os.getpid()}
    assert sorted(Path("/dev/fd").iterdir()) == before


def test_an_error_of_the_work_is_raised_here() -> None:
    def fails(items: Sequence[int]) -> list[int]:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        list(spread(fails, range(FEWEST), processors=2))


ASIDE = """
import os, signal, time
from reconciler.forked import LostError, aside

HERE = os.getpid()
prepared = []

def work(order):
    assert os.getpid() != HERE and prepared
    {elsewhere}
    return sorted(order)

with aside(lambda: prepared.append({prepares}), work, processors=2) as other:
    {here}
try:
    os.waitpid(-1, os.WNOHANG)
    print("a process is left")
except ChildProcessError:
    print("none is left,", "prepared here" if prepared else "nothing is prepared here")
"""
ASKED = """other.ask(set(range(100_000)))
    try:
        print(other.answer() == list(range(100_000)), end=" ")
    except LostError:
        print("lost", end=" ")
"""
LEFT = "none is left, nothing is prepared here"


def ran_aside(folder: object, elsewhere: str, here: str = ASKED, *, prepares: str = "1") -> str:
    script = ASIDE.format(elsewhere=elsewhere, here=here, prepares=prepares)
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=str(folder), capture_output=True, text=True, check=False, timeout=60
    )
    return (done.stdout + done.stderr).strip()


@needs_fork
def test_another_process_is_prepared_and_answers_what_it_is_asked(tmp_path: object) -> None:
    assert ran_aside(tmp_path, "pass") == f"True {LEFT}"


@needs_fork
@pytest.mark.parametrize(
    "end",
    ["os._exit(3)", "os.kill(os.getpid(), signal.SIGKILL)", "raise ValueError('no')", "return lambda: 1"],
)
def test_of_one_that_comes_to_nothing_it_is_said_so(tmp_path: object, end: str) -> None:
    assert ran_aside(tmp_path, end) == f"lost {LEFT}"


@needs_fork
def test_one_that_is_at_work_ends_with_the_process_that_was_killed_before_it_was_done(tmp_path: object) -> None:
    kills_the_one_that_asked = "os.kill(HERE, signal.SIGKILL); signal.pause()"
    assert ran_aside(tmp_path, kills_the_one_that_asked, "other.ask([]); signal.pause()") == ""


@needs_fork
def test_a_process_whose_forks_would_be_forgotten_is_not_forked() -> None:
    former = signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    try:
        assert _processes(2 * FEWEST, processors=4) == {os.getpid()}
        with aside(_never, _never, processors=4) as other:
            assert other is None
    finally:
        signal.signal(signal.SIGCHLD, former)


@needs_fork
@pytest.mark.parametrize("here", ["pass", "other.ask([2, 1])"], ids=["never asked", "never heard"])
def test_one_that_is_not_needed_any_more_ends_with_the_block(tmp_path: object, here: str) -> None:
    assert ran_aside(tmp_path, "signal.pause()", here) == LEFT


def _never(*_: object) -> None:
    raise AssertionError("nothing is to be done here")


def test_on_one_processor_and_beside_threads_there_is_no_other_process() -> None:
    with aside(_never, _never, processors=1) as other:
        assert other is None
    done = threading.Event()
    thread = threading.Thread(target=done.wait)
    thread.start()
    try:
        with aside(_never, _never, processors=4) as other:
            assert other is None
    finally:
        done.set()
        thread.join()


@needs_fork
def test_where_no_process_can_be_made_there_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    def fork() -> int:
        raise BlockingIOError("no more processes")

    monkeypatch.setattr(os, "fork", fork)
    before = sorted(Path("/dev/fd").iterdir())
    with aside(_never, _never, processors=4) as other:
        assert other is None
    assert sorted(Path("/dev/fd").iterdir()) == before
