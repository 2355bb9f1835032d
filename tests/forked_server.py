"""What answers the scripts of `forked_command`: each command runs in a fork of this process.

It needs nothing but what is ours. Run with a light installation's path, it has imported what can be imported there,
and what such an installation leaves out is not there for its forks either. It ends with its standard input.
"""

from __future__ import annotations

import atexit
import gc
import importlib
import json
import os
import select
import signal
import socket
import sys
import time
from contextlib import suppress
from pkgutil import walk_packages

import reconciler
from reconciler.cli.main import main


def serve(listener: socket.socket, *, end: int | None = None) -> None:
    """Answer scripts, until nothing more can be read of `end`."""
    signal.signal(signal.SIGCHLD, _reap)
    watched = [listener.fileno(), *([] if end is None else [end])]
    while select.select(watched, [], [])[0] == watched[:1]:
        asked, _ = listener.accept()
        with asked:
            if os.fork() == 0:
                listener.close()
                _answer(asked)


def _reap(*_: object) -> None:
    with suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass


def _answer(asked: socket.socket) -> None:
    """Run the command as the script that asks for it would, and say its exit code."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    code = 1
    try:
        _, streams, _, _ = socket.recv_fds(asked, 1, 3)
        with asked.makefile("rb") as request:
            arguments, folder, variables = json.loads(request.read())
        _become(streams, arguments, folder, variables)
        main()
    except SystemExit as left:
        code = int(left.code or 0)
    finally:
        atexit._run_exitfuncs()
        sys.stdout.flush()
        sys.stderr.flush()
        asked.sendall(str(code).encode())
        os._exit(code)


def _become(streams: list[int], arguments: list[str], folder: str, variables: dict[str, str]) -> None:
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
        os.close(stream)
    sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115
    sys.stdout = open(1, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
    sys.stderr = open(2, "w", encoding="utf-8", errors="backslashreplace", closefd=False)  # noqa: SIM115
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(variables)
    time.tzset()
    sys.argv = ["kt-budgets", *arguments]


def _import_what_is_there() -> None:
    """Import what is ours, but for what needs something that this installation leaves out."""
    names = [module.name for module in walk_packages(reconciler.__path__, "reconciler.")]
    for name in (name for name in names if not name.endswith("__main__")):
        try:
            importlib.import_module(name)
        except ModuleNotFoundError as error:
            if (error.name or "").startswith("reconciler"):
                raise


if __name__ == "__main__":
    _import_what_is_there()
    gc.collect()
    gc.freeze()
    serve(socket.socket(fileno=int(sys.argv[1])), end=0)
