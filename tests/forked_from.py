"""The processes that commands of tests are forked from: to do their imports takes as long as many commands do.

A run of everything has one of each kind, begun by the process that hands the tests out, which outlives all others.
"""

from __future__ import annotations

import atexit
import multiprocessing
import os
import shutil
import socket
import subprocess
import sys
from functools import cache
from multiprocessing import forkserver, resource_tracker, util
from multiprocessing.context import ForkServerContext
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import pytest

HERE = Path(__file__).parent
LIGHT = HERE / "forge" / "light"
"""On a Python's path, what a light installation leaves out is not there."""
_WHOLE_OF_RUN, _LIGHT_OF_RUN = "WHOLE_FORKS_OF_TESTS", "LIGHT_FORKS_OF_TESTS"
_FORKS = multiprocessing.get_context("forkserver")
_SERVER: Any = forkserver._forkserver
_UTIL: Any = util


def begin_for_all() -> None:
    """Begin what all processes of this run fork commands from."""
    os.environ[_WHOLE_OF_RUN] = _begun()
    os.environ[_LIGHT_OF_RUN] = str(light())


@cache
def forks() -> ForkServerContext:
    """Return what starts processes that have imported all of the code, and what of others it imports late."""
    if address := os.environ.get(_WHOLE_OF_RUN):
        _SERVER._forkserver_address = address
        _SERVER._forkserver_alive_fd = os.open(os.devnull, os.O_WRONLY)
        _SERVER.ensure_running = resource_tracker.ensure_running
    else:
        _begun()
    return _FORKS


def _begun() -> str:
    _FORKS.set_forkserver_preload(["as_a_script", "imported_late"])
    with pytest.MonkeyPatch.context() as variables:
        variables.setenv("PYTHONPATH", str(HERE), prepend=os.pathsep)
        forkserver.ensure_running()
    atexit.register(_UTIL._run_finalizers)  # its folder goes before that of all tests does
    return str(_SERVER._forkserver_address)


@cache
def light() -> Path:
    """Return the socket at which the scripts of a light installation are answered."""
    if address := os.environ.get(_LIGHT_OF_RUN):
        return Path(address)
    folder = Path(mkdtemp(prefix="kt-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    with listening(folder / "light") as listener:
        command = [sys.executable, "-P", str(HERE / "forked_server.py"), str(listener.fileno())]
        variables = {**os.environ, "PYTHONPATH": str(LIGHT)}
        server = subprocess.Popen(command, env=variables, stdin=subprocess.PIPE, pass_fds=[listener.fileno()])
    atexit.register(server.communicate)
    return folder / "light"


def listening(address: Path) -> socket.socket:
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(address))
    listener.listen()
    return listener
