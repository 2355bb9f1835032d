"""What git said of commits and trees by their ids, kept for the tests of a process: they begin with equal repositories.

Git itself gives every answer. It is given again where a repository holds the same objects, and names stand for the same
commits in it; of one that is shallow, or holds packs, git is always asked.
"""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from forge.month_git import directory_of, parted, resolved
from thorough import THOROUGH

Done = subprocess.CompletedProcess[bytes]
_READS = ("cat-file", "ls-tree", "merge-base", "rev-list", "rev-parse")
_ID = re.compile(r"\b[0-9a-f]{40}\b")
_NAME = re.compile(r"(HEAD|refs/[\w/.-]+)(?=$|\^\{)")
_TOLD = re.compile(r"-.*|\^?[0-9a-f]{40}(\.\.\.?[0-9a-f]{40})?([:^].*)?")
"""An option, or what begins with the commits or trees that it is about."""
_EVERY = re.compile(r"--(all|branches|tags|remotes|glob|not|stdin|disambiguate)\b")
_ASKS_FOR_ITSELF = ("test_forge_git_started", "test_forge_old_git", "test_forge_month")
"""Modules that are about how often git is asked, or about another git."""

_KNOWN: dict[tuple[object, ...], Done] = {}


def run(command: list[str], **options: Any) -> Done:
    """Stand for `subprocess.run` of git."""
    key = _key(command, options.get("input") or b"", options["env"].get("PATH"))
    if key is None:
        return subprocess.run(command, **options)
    if key not in _KNOWN:
        done = subprocess.run(command, **options)
        if done.returncode:
            return done
        _KNOWN[key] = done
    return _KNOWN[key]


def _key(command: list[str], given: bytes, path: str | None) -> tuple[object, ...] | None:
    """Return what an answer follows from, None where it may follow from more."""
    folder, words = parted(command)
    directory = directory_of(folder)
    if words[0] not in _READS or any(map(_EVERY.match, words)) or not _holds_plain_objects(directory):
        return None
    asked = [_resolved(directory, word) for word in words]
    ids = _ID.findall("\n".join([*asked, given.decode("ascii", "replace")]))
    is_told = bool(ids) and all(map(_TOLD.fullmatch, asked[1 : asked.index("--") if "--" in asked else None]))
    is_here = all((directory / "objects" / one[:2] / one[2:]).exists() for one in ids)
    return (*asked, given, path) if is_told and is_here else None


def _holds_plain_objects(directory: Path) -> bool:
    packs = directory / "objects" / "pack"
    return packs.is_dir() and not any(packs.iterdir()) and not (directory / "shallow").exists()


def _resolved(directory: Path, word: str) -> str:
    """Return a word with commits in place of the names that it begins with."""
    name = _NAME.match(word)
    commit = resolved(directory, name[0]) if name else ""
    return word.replace(name[0], commit, 1) if name and commit else word


@pytest.fixture(scope="module", autouse=True)
def known_git(request: pytest.FixtureRequest) -> Iterator[None]:
    """Let git be asked for what it did not say before, but for tests that are about that, and in a thorough run."""
    from reconciler.git import runner

    if THOROUGH or request.path.stem in _ASKS_FOR_ITSELF:
        yield
        return
    stand_in = SimpleNamespace(run=run, TimeoutExpired=subprocess.TimeoutExpired)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(runner, "subprocess", stand_in)
        yield
