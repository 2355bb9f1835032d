"""A `kt-budgets` for shells: each run is a process of its own, forked from one that has done the imports.

The script hands what it is given (arguments, folder, variables, the three streams) to the fork over a socket, and
leaves with its exit code. With another `PYTHONPATH`, which makes a light installation, it does its imports itself.
"""

from __future__ import annotations

import atexit
import json
import os
import shlex
import shutil
import signal
import socket
import sys
import time
from contextlib import suppress
from functools import cache
from pathlib import Path
from tempfile import mkdtemp

from installed import forks

from reconciler.cli.main import main

_ASK = f"""\
import json, os, socket, sys
with socket.socket(socket.AF_UNIX) as asked:
    asked.connect(sys.argv[1])
    socket.send_fds(asked, [b"!"], [0, 1, 2])
    asked.sendall(json.dumps([sys.argv[2:], os.getcwd(), dict(os.environ)]).encode())
    asked.shutdown(socket.SHUT_WR)
    sys.exit(int(asked.recv(3) or {128 + signal.SIGKILL}))
"""
_SCRIPT = """\
#!/bin/bash
{before}
if [ -n "${{PYTHONPATH:-}}" ] && [ "$PYTHONPATH" != {path} ]; then exec {python} -m reconciler "$@"; fi
exec {python} -I -S {ask} {address} "$@"
"""


def install(path: Path, *, before: str = "") -> None:
    """Write a script that is `kt-budgets`. `before` are lines of bash, which may change its arguments."""
    folder = _served()
    asked = {"python": sys.executable, "ask": str(folder / "ask.py"), "address": str(folder / "address")}
    quoted = {name: shlex.quote(value) for name, value in asked.items()}
    quoted["path"] = shlex.quote(os.environ.get("PYTHONPATH", ""))
    path.parent.mkdir(exist_ok=True)
    path.write_text(_SCRIPT.format(before=before, **quoted), encoding="utf-8")
    path.chmod(0o755)


@cache
def _served() -> Path:
    """Begin to answer scripts until this process ends, and return the folder with the socket."""
    folder = Path(mkdtemp(prefix="kt-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    (folder / "ask.py").write_text(_ASK, encoding="utf-8")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(folder / "address"))
        listener.listen()
        forks().Process(target=_serve, args=(listener,), daemon=True).start()
    return folder


def _serve(listener: socket.socket) -> None:
    signal.signal(signal.SIGCHLD, _reap)
    while True:
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
