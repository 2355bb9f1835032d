"""A `kt-budgets` for shells: each run is a process of its own, forked from one that has done the imports.

The script hands what it is given (arguments, folder, variables, the three streams) to the fork over a socket, and
leaves with its exit code. A light installation's commands are forked from a process that is one; with any other
`PYTHONPATH`, a run does its imports itself.
"""

from __future__ import annotations

import atexit
import os
import shlex
import shutil
import signal
import sys
from functools import cache
from pathlib import Path
from tempfile import mkdtemp

import forked_server
from forked_from import LIGHT, forks, light, listening

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
case "${{PYTHONPATH:-}}" in
  "" | {path}) exec {python} -I -S {ask} {whole} "$@" ;;
  {light_path}) exec {python} -I -S {ask} {light} "$@" ;;
  *) exec {python} -m reconciler "$@" ;;
esac
"""


def install(path: Path, *, before: str = "") -> None:
    """Write a script that is `kt-budgets`. `before` are lines of bash, which may change its arguments."""
    folder = _served()
    known = {"path": os.environ.get("PYTHONPATH", ""), "light_path": LIGHT, "python": sys.executable}
    known |= {"ask": folder / "ask.py", "whole": folder / "whole", "light": light()}
    path.parent.mkdir(exist_ok=True)
    quoted = {name: shlex.quote(str(value)) for name, value in known.items()}
    path.write_text(_SCRIPT.format(before=before, **quoted), encoding="utf-8")
    path.chmod(0o755)


@cache
def _served() -> Path:
    """Begin to answer scripts until this process ends, and return the folder with the sockets."""
    folder = Path(mkdtemp(prefix="kt-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    (folder / "ask.py").write_text(_ASK, encoding="utf-8")
    with listening(folder / "whole") as listener:
        forks().Process(target=forked_server.serve, args=(listener,), daemon=True).start()
    return folder
