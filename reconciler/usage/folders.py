"""The exports in a folder and the folders below it, with a word on each thing there that is not read."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from reconciler.model.usage import RowIssue

SUFFIXES = (".csv", ".json", ".jsonl", ".ndjson", ".parquet")
KNOWN_SUFFIXES = (*SUFFIXES, *(f"{suffix}.gz" for suffix in SUFFIXES))
_ARCHIVES = (".zip", ".tar", ".tgz", ".gz", ".zst", ".bz2", ".xz", ".7z", ".xlsx", ".xls")
_KINDS = {stat.S_IFIFO: "a pipe", stat.S_IFSOCK: "a socket", stat.S_IFCHR: "a device", stat.S_IFBLK: "a disk"}

HIDDEN = "it is hidden, so it was left out; name it outright to have it read"

Inode = tuple[int, int]


@dataclass(slots=True)
class Walk:
    """What folders hold: `files` to read, `issues` for what is left out, `problems` for what should be read and cannot.

    A folder is gone through once, however many links lead to it.
    """

    files: list[str] = field(default_factory=list)
    issues: list[RowIssue] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    seen: dict[Inode, str] = field(default_factory=dict)

    def folder(self, path: str, above: frozenset[Inode] = frozenset()) -> None:
        """Go through a folder that `above` folders hold."""
        try:
            inode = _inode(Path(path).stat())
            with os.scandir(path) as found:
                entries = sorted(found, key=lambda entry: entry.name)
        except OSError as error:
            self.problems.append(f"{path}: the folder cannot be read ({error.strerror})")
            return
        if inode in self.seen:
            self._leave_out(path, "linked-twice", _again(inode, self.seen[inode], above))
            return
        self.seen[inode] = path
        for entry in entries:
            self._entry(entry, above | {inode})

    def _entry(self, entry: os.DirEntry[str], above: frozenset[Inode]) -> None:
        if entry.name.startswith("."):
            self._leave_out(entry.path, "hidden", HIDDEN)
            return
        try:
            mode = entry.stat().st_mode
        except OSError as error:
            self.problems.append(f"{entry.path}: {_unreadable(entry, error)}")
            return
        if stat.S_ISDIR(mode):
            if is_export(entry.name):
                self._leave_out(entry.path, "folder-like-a-file", "it is a folder; the exports in it were read")
            self.folder(entry.path, above)
        elif not stat.S_ISREG(mode):
            kind = _KINDS.get(stat.S_IFMT(mode), "no file")
            self._leave_out(entry.path, "not-an-export", f"it is {kind}, so it was left out")
        elif not is_export(entry.name):
            self._leave_out(entry.path, "not-an-export", not_an_export(entry.name))
        elif not os.access(entry.path, os.R_OK):
            self.problems.append(f"{entry.path}: the file cannot be read ({os.strerror(errno.EACCES)})")
        else:
            self.files.append(entry.path)

    def _leave_out(self, path: str, code: str, message: str) -> None:
        self.issues.append(RowIssue(path, 0, code, message))


def is_export(name: str) -> bool:
    return name.casefold().endswith(KNOWN_SUFFIXES)


def not_an_export(name: str) -> str:
    cure = "unpack it" if name.casefold().endswith(_ARCHIVES) else "name it outright to have it read all the same"
    return f"{Path(name).name} was left out: its name ends in none of {', '.join(SUFFIXES)}, plain or .gz; {cure}"


def unreadable_folders(pattern: str, folders: Iterator[str]) -> list[str]:
    """Return a problem for each of the `folders` that a glob looks into and cannot read; a glob itself is silent."""
    problems = []
    for folder in folders:
        try:
            os.scandir(folder).close()
        except NotADirectoryError:
            continue
        except OSError as error:
            problems.append(f"{folder}: the folder cannot be read ({error.strerror}), and `{pattern}` looks into it")
    return problems


def _inode(status: os.stat_result) -> Inode:
    return status.st_dev, status.st_ino


def _again(inode: Inode, first: str, above: frozenset[Inode]) -> str:
    where = "leads back to" if inode in above else "is the same folder as"
    return f"it {where} {first}, which is read once"


def _unreadable(entry: os.DirEntry[str], error: OSError) -> str:
    if not entry.is_symlink():
        return f"it cannot be read ({error.strerror})"
    target = Path(entry.path).readlink()
    if error.errno == errno.ENOENT:
        return f"the link leads to {target}, and nothing is there"
    if error.errno == errno.ELOOP:
        return f"the link leads to {target}, and from there back to itself"
    return f"the link leads to {target}, which cannot be read ({error.strerror})"
