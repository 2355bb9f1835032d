"""What the notes on this machine prove about a process that is gone, and what they do not."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from contextlib import suppress
from contextvars import ContextVar
from pathlib import Path

import pytest

from reconciler.clock import SignalInterruption, SystemClock
from reconciler.journal.record import JournalError
from reconciler.journal.send_log import FileSendLog, is_dead, machine

pytestmark = pytest.mark.skipif(not machine(), reason="this machine cannot be told from others")


def noted_by_another_process(folder: Path, sent: list[str]) -> str:
    """Return the name of a process that noted `sent` and died."""
    code = (
        "import sys; from pathlib import Path; from reconciler.journal.send_log import FileSendLog\n"
        "send_log = FileSendLog(Path(sys.argv[1])); print(send_log.begin())\n"
        "[send_log.sending(intent) for intent in sys.argv[2:]]"
    )
    done = subprocess.run([sys.executable, "-c", code, str(folder), *sent], check=True, capture_output=True, text=True)
    return done.stdout.strip()


def test_a_dead_process_that_noted_nothing_never_sent(tmp_path: Path) -> None:
    name = noted_by_another_process(tmp_path, ["sha256:a"])
    assert FileSendLog(tmp_path).never_sent(name, "sha256:b")
    assert not FileSendLog(tmp_path).never_sent(name, "sha256:a")


def test_a_living_process_proves_nothing(tmp_path: Path) -> None:
    send_log = FileSendLog(tmp_path)
    name = send_log.begin()
    assert not FileSendLog(tmp_path).never_sent(name, "sha256:b")
    send_log.end()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["", "missing", "../../etc/passwd"])
def test_a_process_that_left_no_notes_proves_nothing(tmp_path: Path, name: str) -> None:
    assert not FileSendLog(tmp_path).never_sent(name, "sha256:b")


@pytest.mark.parametrize("change", [{"machine": "elsewhere"}, {"machine": ""}, {"process": 0}, {"process": "1"}])
def test_notes_of_another_machine_or_an_earlier_boot_prove_nothing(tmp_path: Path, change: dict[str, object]) -> None:
    name = noted_by_another_process(tmp_path, [])
    path = tmp_path / name
    path.write_text(json.dumps({**json.loads(path.read_text(encoding="utf-8")), **change}), encoding="utf-8")
    assert not FileSendLog(tmp_path).never_sent(name, "sha256:b")


def test_a_folder_that_cannot_be_written_means_no_notes(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    send_log = FileSendLog(tmp_path / "file")
    assert send_log.begin() == ""
    send_log.sending("sha256:a")
    send_log.end()


def test_a_note_that_cannot_be_written_withdraws_all_notes_of_its_process(tmp_path: Path) -> None:
    send_log = FileSendLog(tmp_path)
    path = tmp_path / send_log.begin()
    path.unlink()
    path.mkdir()
    with pytest.raises(JournalError, match="neither written nor removed"):
        send_log.sending("sha256:a")
    send_log.sending("sha256:b")


def test_a_process_is_dead_only_when_this_machine_can_tell() -> None:
    ended = subprocess.Popen(["true"])
    ended.wait()
    assert is_dead(machine(), ended.pid)
    assert not is_dead(machine(), os.getpid())
    assert not is_dead("elsewhere", ended.pid)
    assert not is_dead(machine(), 0)


def test_a_process_that_ended_and_was_not_waited_for_is_dead() -> None:
    with subprocess.Popen(["true"]) as child:
        os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
        assert is_dead(machine(), child.pid)


def test_the_first_signal_asks_to_stop_and_the_second_stops() -> None:
    interruption = SignalInterruption()
    former = signal.getsignal(signal.SIGTERM)
    with interruption.listening():
        signal.raise_signal(signal.SIGTERM)
        assert interruption.requested
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
    assert signal.getsignal(signal.SIGTERM) == former


@pytest.mark.parametrize("signals", [0, 1, 2])
def test_of_the_first_signal_is_told_once_and_to_whoever_listens_there(signals: int) -> None:
    listener = ContextVar("listener", default="nobody")
    listener.set("a person")
    heard: list[str] = []
    interruption = SignalInterruption(lambda: heard.append(listener.get()))
    with suppress(KeyboardInterrupt), interruption.listening():
        for _ in range(signals):
            signal.raise_signal(signal.SIGINT)
    assert heard == ["a person"][:signals]


def test_signals_are_left_alone_in_any_thread_but_the_main_one() -> None:
    seen: list[object] = []

    def work() -> None:
        with SignalInterruption().listening():
            seen.append(signal.getsignal(signal.SIGTERM))

    former = signal.getsignal(signal.SIGTERM)
    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert seen == [former]


def test_the_clock_wakes_up_when_somebody_asks_to_stop() -> None:
    interruption = SignalInterruption()
    clock = SystemClock(interruption)
    began = clock.monotonic()
    timer = threading.Timer(0.01, interruption._asked.set)
    timer.start()
    clock.sleep(30)
    timer.join()
    assert clock.monotonic() - began < 20
    assert clock.now().tzinfo is not None
