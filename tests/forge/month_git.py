"""Git for a month: its answers about fixed objects are kept, and repositories of one store move references only.

Every clone of the month has the object store of the bare origin. So what git said of objects by their ids stays so in
all of them, a fetch brings references alone, and a push is its compare-and-swap. Git itself gives every answer and
makes every object and reference; what is left out is to ask it again, and to carry what is there already.
"""

from __future__ import annotations

import os
import re
import subprocess
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random
from types import SimpleNamespace
from typing import Any

import pytest

from reconciler.git import runner

Done = subprocess.CompletedProcess[bytes]
_READS = frozenset(
    {
        "cat-file",
        "diff",
        "for-each-ref",
        "log",
        "ls-tree",
        "merge-base",
        "merge-tree",
        "remote",
        "rev-list",
        "rev-parse",
    }
)
_PROVEN = frozenset({("merge-base", 1), ("merge-tree", 1)})
"""Failures that stay so: no ancestor, a conflict."""

_ID = r"[0-9a-f]{40}"
_FIXED = re.compile(rf"\^?{_ID}(\.\.\.?{_ID})?([:^].*)?|[0-9]+")
_LEASE = re.compile(r"--force-with-lease=([^:]+):(.*)")
_ABSENT = "0" * 40
_ASKED_AGAIN = 0.01
"""How many of the answers that are known are asked for again, and have to be the same."""


class MonthGit:
    """Stands before git's processes. `told` is called whenever git is asked for something.

    With `is_plain` every clone has a store of its own, and git does everything.
    """

    def __init__(self, origin: Path, *, seed: int = 0, is_plain: bool = False) -> None:
        self.origin, self.is_plain = origin, is_plain
        self.told: Callable[[], None] = lambda: None
        self.asked, self.started = 0, Counter[str]()
        self._known: dict[tuple[Any, ...], Done] = {}
        self._random = Random(seed)

    def run(self, command: list[str], **options: Any) -> Done:
        """Stand for `subprocess.run` of git."""
        self.told()
        self.asked += 1
        folder, words = parted(command)
        if self.is_plain:
            return self._start(words[0], command, options)
        if words[0] in ("fetch", "push", "ls-remote") and (carried := self._carried(folder, words)):
            return carried
        if words[0] not in _READS:
            return self._start(words[0], command, options)
        key = self._key(folder, words, options.get("input") or b"")
        known = self._known.get(key)
        if known is not None and self._random.random() >= _ASKED_AGAIN:
            return known
        done = self._start(words[0], command, options)
        assert known is None or (known.returncode, known.stdout) == (done.returncode, done.stdout), (
            command,
            known,
            done,
        )
        if done.returncode == 0 or (words[0], done.returncode) in _PROVEN:
            self._known[key] = done
        return done

    def _start(self, verb: str, command: list[str], options: dict[str, Any]) -> Done:
        self.started[verb] += 1
        done: Done = subprocess.run(command, **options)
        return done

    def _key(self, folder: Path, words: list[str], given: bytes) -> tuple[Any, ...]:
        """Return what an answer depends on: what is named, and where references among that point to in this folder."""
        directory = directory_of(folder)
        if words[0] == "for-each-ref":
            return (directory, *words, *references(directory, words[-1]).items())
        named = [word for word in words[1 : words.index("--") if "--" in words else None] if not word.startswith("-")]
        loose = [word for word in named if not _FIXED.fullmatch(word)]
        is_fixed = bool(named or given) and not loose and all(map(_FIXED.fullmatch, _lines(words, given)))
        if is_fixed:
            return (*words, given)
        names = [name for word in loose for name in re.split(r"\.\.\.?|[:^]", word) if name]
        points = [resolved(directory, name) or references(directory).items() for name in names]
        return (folder, *words, given, *map(str, points))

    def _carried(self, folder: Path, words: list[str]) -> Done | None:
        """Fetch, push or list as between two repositories whose objects are the same; None leaves it to git."""
        rest = [word for word in words[1:] if not word.startswith("-")]
        if not rest or rest[0] not in ("origin", str(self.origin)):
            return None
        if words[0] == "push":
            return self._pushed(words, rest[1])
        if words[0] == "ls-remote" and "*" not in rest[1]:
            commit = reference(self.origin, rest[1])
            return _said(f"{commit}\t{rest[1]}\n" if commit else "")
        if words[0] == "fetch" and rest[1].startswith("+"):
            return self._fetched(folder, rest[1])
        if words[0] == "ls-remote":
            return None
        return _said("") if all(re.fullmatch(_ID, name) or reference(self.origin, name) for name in rest[1:]) else None

    def _pushed(self, words: list[str], moved: str) -> Done | None:
        lease = next(filter(None, map(_LEASE.fullmatch, words)), None)
        if lease is None:
            return None
        commit, _, name = moved.partition(":")
        old = lease[2] or _ABSENT
        self.started["update-ref"] += 1
        order = [name, commit, old] if commit else ["-d", name, old]
        done = subprocess.run(
            ["git", f"--git-dir={self.origin}", "update-ref", *order], capture_output=True, check=False
        )
        return _said("") if done.returncode == 0 else Done(words, 1, b"", b"! [rejected] (stale info)")

    def _fetched(self, folder: Path, refspec: str) -> Done:
        """Bring what is below a name, with what is no longer there taken away."""
        theirs, _, ours = refspec.removeprefix("+").replace("*", "").partition(":")
        directory = directory_of(folder)
        there = {ours + name.removeprefix(theirs): c for name, c in references(self.origin, theirs).items()}
        here = references(directory, ours)
        orders = [f"update {name} {commit}\n" for name, commit in there.items() if here.get(name) != commit]
        orders += [f"delete {name}\n" for name in here.keys() - there.keys()]
        if orders:
            self.started["update-ref"] += 1
            command = ["git", f"--git-dir={directory}", "update-ref", "--stdin"]
            subprocess.run(command, input="".join(orders).encode(), capture_output=True, check=True)
        return _said("")


def _said(text: str) -> Done:
    return Done(["git"], 0, text.encode(), b"")


def _lines(words: list[str], given: bytes) -> list[str]:
    """Return the names that are asked about on stdin."""
    return given.decode().split() if words[0] == "cat-file" else []


def parted(command: list[str]) -> tuple[Path, list[str]]:
    """Return the folder that a command is about, and its words from the verb on."""
    folder, words = Path(), command[1:]
    while words[0].startswith("-"):
        if words[0].startswith("--git-dir="):
            folder = Path(words[0].removeprefix("--git-dir="))
        if words[0] == "-C":
            folder = Path(words[1])
        words = words[2 if words[0] in ("-C", "-c") else 1 :]
    return folder.absolute(), words


def directory_of(folder: Path) -> Path:
    """Return the git directory of a folder in a work tree, or that it is."""
    return next((each / ".git" for each in (folder, *folder.parents) if (each / ".git").exists()), folder)


def reference(directory: Path, name: str) -> str:
    """Return where a reference of a repository points to, an empty text where there is none."""
    try:
        return (directory / name).read_text(encoding="ascii").strip()
    except OSError:
        return ""


def resolved(directory: Path, name: str) -> str:
    """Return the commit that `HEAD` or a whole name of a reference stands for, else an empty text."""
    found = reference(directory, name) if name == "HEAD" or name.startswith("refs/") else ""
    return reference(directory, found.removeprefix("ref: ")) if found.startswith("ref: ") else found


def references(directory: Path, below: str = "") -> dict[str, str]:
    """Return every reference below a name, `HEAD` too when none is given, by its name. None is ever packed here."""
    found = {} if below else {"HEAD": reference(directory, "HEAD")}
    for folder, _, names in os.walk(directory / (below or "refs")):
        place = Path(folder).relative_to(directory)
        found |= {f"{place}/{name}": reference(directory, f"{place}/{name}") for name in names if ".lock" not in name}
    return found


@contextmanager
def answering(git: MonthGit) -> Iterator[None]:
    """Let `git` answer whatever the product asks git for, until the end of the block."""
    stand_in = SimpleNamespace(run=git.run, TimeoutExpired=subprocess.TimeoutExpired)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(runner, "subprocess", stand_in)
        yield
