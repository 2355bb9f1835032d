"""A loop that is begun while somebody interrupts ends with its block, and is not waited for without end."""

from __future__ import annotations

import signal
import subprocess
import sys

import pytest

SCRIPT = """
import os, signal, threading

from anyio import from_thread

from reconciler.keeptrusts.event_loop import event_loop

class Interrupting(threading.Thread):
    def run(self):
        os.kill(os.getpid(), signal.SIGINT)
        super().run()

from_thread.Thread = Interrupting
signal.signal(signal.SIGINT, signal.default_int_handler)
try:
    with event_loop() as portal:
        print("begun")
except KeyboardInterrupt:
    print("interrupted", threading.active_count())
"""


@pytest.mark.skipif(not hasattr(signal, "pthread_sigmask"), reason="signals cannot be put off here")
def test_an_interruption_while_a_loop_begins_ends_it() -> None:
    done = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, timeout=60, check=False)
    assert (done.stdout, done.stderr) == ("interrupted 1\n", "")
