"""Scripts, each in a process of its own that is forked from one which has imported what most of them begin with.

It has imported nothing else: what a script imports besides, or does not, is its own doing.
"""

from __future__ import annotations

import atexit
import gc
import json
import os
import subprocess
import sys
import tempfile
import traceback
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple


class Ended(NamedTuple):
    out: str
    err: str


class ScriptForks:
    """What scripts are forked from."""

    def __init__(self, process: subprocess.Popen[str], folder: Path) -> None:
        self._process = process
        self._folder = folder

    def run(
        self, script: str, *arguments: str, folder: Path, environment: Mapping[str, str], stdin: Path = Path(os.devnull)
    ) -> Ended:
        """Run a script in `folder` with nothing but `environment`, and wait for its end."""
        out, err = self._folder / "out", self._folder / "err"
        asked = [script, ["-c", *arguments], str(folder), dict(environment), str(stdin), str(out), str(err)]
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(f"{json.dumps(asked)}\n")
        self._process.stdin.flush()
        assert self._process.stdout.readline() == "ended\n"
        return Ended(out.read_text("utf-8"), err.read_text("utf-8"))


@contextmanager
def script_forks(folder: Path, modules: Sequence[str]) -> Iterator[ScriptForks]:
    """Import `modules` in another process; `folder` is where it writes."""
    command = [sys.executable, "-P", __file__, *modules]
    variables = {**os.environ, "PYTHONHASHSEED": "0"}
    with subprocess.Popen(command, env=variables, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        yield ScriptForks(process, folder)
        process.communicate()


def _serve() -> None:
    for asked in sys.stdin:
        if not (fork := os.fork()):
            _run(*json.loads(asked))
        os.waitpid(fork, 0)
        sys.stdout.write("ended\n")
        sys.stdout.flush()


def _run(
    script: str, arguments: list[str], folder: str, environment: dict[str, str], stdin: str, out: str, err: str
) -> None:
    made = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
    for number, (path, flags) in enumerate(((stdin, os.O_RDWR), (out, made), (err, made))):
        opened = os.open(path, flags, 0o600)
        os.dup2(opened, number)
        os.close(opened)
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    tempfile.tempdir = None
    sys.argv = arguments
    try:
        exec(script, {"__name__": "__main__"})  # noqa: S102
    except SystemExit:
        pass
    except BaseException:
        traceback.print_exc()
    finally:
        atexit._run_exitfuncs()
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(0)


if __name__ == "__main__":
    for name in sys.argv[1:]:
        __import__(name)
    gc.collect()
    gc.freeze()
    _serve()
