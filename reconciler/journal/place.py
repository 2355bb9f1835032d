"""Where an organization's journal is: one place, whatever folder, work tree or link a command is started from.

Its name, `file:PATH` or `git:REMOTE`, opens the store.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from reconciler.findings import UsageError
from reconciler.git.failures import GitError
from reconciler.git.places import work_tree
from reconciler.git.runner import ask, run
from reconciler.journal.file_store import FileStore
from reconciler.journal.git_store import JOURNAL, GitStore
from reconciler.journal.remote import OWN, Address
from reconciler.journal.store import Store
from reconciler.redaction import without_secrets

DEFAULT = f"file:{OWN}/journal"
_ASKED_FOR = 15.0
"""Seconds that a remote may take to say whether it keeps a journal."""
_SCP = re.compile(r"(?:[^/@:\s]+@)?(?P<host>[^/@:\s]{2,}):(?P<path>(?!//).*)")
_DEFAULT_PORT = re.compile(r":(22|80|443|9418)$")


@dataclass(frozen=True, slots=True)
class Place:
    """`name` opens the store, git remotes are seen from `folder`. `shown` is for messages and holds no password."""

    name: str
    folder: Path

    @property
    def shown(self) -> str:
        return without_secrets(self.name)

    @property
    def file(self) -> Path | None:
        kind, _, place = self.name.partition(":")
        return Path(place) if kind == "file" else None

    @property
    def is_remote(self) -> bool:
        """Whether it is named by what a repository calls a remote."""
        kind, _, place = self.name.partition(":")
        return kind == "git" and Address.of(place).is_name

    @property
    def holds_records(self) -> bool:
        """Whether it is a file with something in it."""
        return self.file is not None and _size(self.file) > 0

    @property
    def identity(self) -> str:
        """What is equal for two names of one place."""
        if self.file is not None:
            return f"file:{self.file}"
        return f"git:{_repository(self._address())}"

    def _address(self) -> str:
        asked = Address.of(self.name.partition(":")[2]).plain
        if work_tree(self.folder) and asked in ask("remote", folder=self.folder).decode().split():
            return ask("remote", "get-url", asked, folder=self.folder).decode().strip()
        return asked


def place_of(name: str, *, root: Path, seen_from: Path) -> Place:
    """Return the place that `name` means; a relative path is seen from `seen_from`, a remote from `root`."""
    kind, colon, place = name.partition(":")
    if kind == "file" and colon and place:
        return Place(f"file:{os.path.realpath(seen_from / Path(place).expanduser())}", root)
    if kind == "git" and colon and place and not Address.of(place).is_name and (seen_from / place).exists():
        return Place(f"git:{os.path.realpath(seen_from / place)}", root)
    return Place(name, root)


def others(place: Place, folders: Iterator[Path] | list[Path], organization: str) -> Iterator[Path]:
    """Yield the files below `folders`, in the place that a journal has there, that are a journal of `organization`.

    `place` itself is none of them.
    """
    found = dict.fromkeys(Path(os.path.realpath(folder / OWN / "journal")) for folder in folders)
    yield from (path for path in found if path != place.file and _belongs(path, organization))


def remotes_with_journal(folder: Path) -> tuple[list[str], list[str]]:
    """Return the remotes of the repository here that keep a journal, and sentences about those that did not say."""
    if work_tree(folder) is None:
        return [], []
    try:
        names = ask("remote", folder=folder).decode().split()
    except GitError as error:
        return [], [error.message]
    having, silent = [], []
    for name in names:
        try:
            done = run("ls-remote", name, JOURNAL, folder=folder, seconds=_ASKED_FOR)
        except GitError as error:
            silent.append(f"{name}: {error.message}")
            continue
        if done.returncode:
            silent.append(f"the remote {name} did not say whether it keeps a journal")
        elif done.stdout.strip():
            having.append(name)
    return having, silent


def _repository(address: str) -> str:
    """Return what two ways to write the address of one repository have in common."""
    scheme, separator, rest = address.partition("://")
    found = _SCP.fullmatch(address) if not separator else None
    if separator and scheme != "file":
        authority, _, path = rest.partition("/")
        host = _DEFAULT_PORT.sub("", authority.rpartition("@")[2]).lower()
        common = f"{host}/{path}"
    elif found is not None:
        common = f"{found['host'].lower()}/{found['path'].lstrip('/')}"
    else:
        common = os.path.realpath(rest if separator else address)
    return common.rstrip("/").removesuffix(".git")


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0


def _belongs(path: Path, organization: str) -> bool:
    """Whether there is a journal of `organization` at `path`; one that cannot be read may be."""
    if not _size(path):
        return False
    try:
        with path.open("rb") as file:
            first = json.loads(file.readline())
    except OSError:
        return True
    except ValueError:
        return False
    return isinstance(first, dict) and first.get("organization") in (organization, None)


def names_store(name: str) -> bool:
    """Whether `name` is of the form that `open_store` takes."""
    kind, _, place = name.partition(":")
    return kind in ("file", "git") and bool(place) and not place.startswith("-")


def open_store(name: str, *, folder: Path | None = None) -> Store:
    """Return the store that `name` means; relative paths and git remotes are seen from `folder` (default: here)."""
    kind, _, place = name.partition(":")
    here = folder or Path.cwd()
    if names_store(name) and kind == "file":
        return FileStore(here / Path(place).expanduser())
    if names_store(name) and kind == "git":
        return GitStore(place, folder=here)
    shown = without_secrets(name)
    raise UsageError(
        f"`{shown[:80] if '@' not in shown else '***@' + shown.rpartition('@')[2][:80]}` names no journal",
        hint="write file:PATH or git:REMOTE, such as file:.kt-budgets/journal or git:origin",
    )
