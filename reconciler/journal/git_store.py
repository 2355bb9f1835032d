"""A journal in a git remote: JSON Lines in the tree of an orphan ref, every append a compare-and-swap push."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path

from reconciler.clock import Clock
from reconciler.journal.git import NAMESPACE, Git
from reconciler.journal.git_lock import GitLock, LockState, fenced, freed, lock_state
from reconciler.journal.pins import Pins
from reconciler.journal.record import JournalError, distrust
from reconciler.journal.send_log import FileSendLog, SendLog, is_dead
from reconciler.journal.store import Anchor, Lock, Owner, Stored

JOURNAL = "refs/kt-budgets/journal"
SEGMENT_BYTES = 256 * 1024
"""A segment that has grown beyond this is left alone and a new one begun, so that an append stays small."""

_SUBJECT = re.compile(r"journal: ([0-9]+) records, (sha256:[0-9a-f]{64})(, repaired)?")


@dataclass(frozen=True, slots=True)
class _Version:
    """The journal in one commit: its files by name, what the last of them holds, and the lines of all."""

    files: dict[str, str]
    last: bytes
    stored: Stored


_NOTHING = _Version({}, b"", Stored())
_READ: dict[str, _Version] = {}
"""By commit, the newest last: what a commit holds never changes, and a run looks at the journal before each step."""
_MOST = 4


def _note(commit: str, version: _Version) -> None:
    _READ[commit] = version
    while len(_READ) > _MOST:
        del _READ[next(iter(_READ))]


class GitStore:
    """Keeps a journal in `refs/kt-budgets/journal` of a remote, the lock in `refs/kt-budgets/lock`.

    `refs/kt-budgets/applied` keeps the commits that the journal names.
    """

    def __init__(self, remote: str, *, folder: Path) -> None:
        self._git = Git(remote, folder=folder)
        self._pins = Pins(self._git)
        self._head = ""
        self._files: dict[str, str] = {}
        self._last = b""

    def __str__(self) -> str:
        return f"git:{self._git.place}"

    def load(self) -> Stored:
        head = self._git.fetch(NAMESPACE).get(JOURNAL, "")
        self._check_descent(head)
        self._head, self._files, self._last = head, {}, b""
        if not head:
            return Stored()
        stored = self._read(head)
        self._git.keep(JOURNAL, head)
        return stored

    def _read(self, head: str) -> Stored:
        if known := _READ.get(head):
            self._files, self._last = dict(known.files), known.last
            return known.stored
        stored = Stored.of(b"".join(self._segments()), where=str(self))
        if stored.torn:
            raise distrust(str(self), f"record {len(stored.lines) + 1} is incomplete")
        stored = replace(stored, anchor=self._acknowledged())
        _note(head, _Version(dict(self._files), self._last, stored))
        return stored

    def append(self, lines: Sequence[str], anchor: Anchor) -> None:
        self._pins.keep(lines)
        added = "".join(f"{line}\n" for line in lines).encode()
        fits = self._files and len(self._last) < SEGMENT_BYTES
        name = max(self._files) if fits else f"{len(self._files) + 1:06d}.jsonl"
        content = (self._last if fits else b"") + added
        files = {**self._files, name: self._git.blob(content)}
        commit = self._git.commit(files, f"journal: {anchor.count} records, {anchor.digest}\n", parent=self._head)
        if not self._git.swap(JOURNAL, expected=self._head, commit=commit):
            raise fenced()
        before = _READ.get(self._head) if self._head else _NOTHING
        if before is not None:
            _note(commit, _Version(files, content, Stored((*before.stored.lines, *lines), anchor=anchor)))
        self._head, self._files, self._last = commit, files, content

    def cut_torn(self) -> None:
        """Do nothing: a push is whole or not at all, so no line is ever torn."""

    def restore(self) -> Stored:
        """Put the ref back where it was last seen from here, if it was deleted or rewound since."""
        head, seen = self._git.fetch(NAMESPACE).get(JOURNAL, ""), self._git.kept(JOURNAL)
        if seen and seen != head and (not head or self._is_before(head, seen)):
            if not self._git.swap(JOURNAL, expected=head, commit=seen):
                raise fenced()
            head = seen
        self._head, self._files, self._last = head, {}, b""
        content = b"".join(self._segments()) if head else b""
        return Stored.of(content)

    def replace(self, lines: Sequence[str], anchor: Anchor, *, at: str) -> str:
        del at
        head, seen = self._head, self._git.kept(JOURNAL)
        content = "".join(f"{line}\n" for line in lines).encode()
        files = {"000001.jsonl": self._git.blob(content)}
        after = tuple(dict.fromkeys(commit for commit in (head, seen) if commit))
        words = f"journal: {anchor.count} records, {anchor.digest}, repaired\n"
        commit = self._git.commit(files, words, parent=after)
        if not self._git.swap(JOURNAL, expected=head, commit=commit):
            raise fenced()
        self._head, self._files, self._last = commit, files, content
        self._git.keep(JOURNAL, commit)
        return " and ".join(f"commit {known[:12]}" for known in after)

    def _is_before(self, commit: str, other: str) -> bool:
        return self._git.run("merge-base", "--is-ancestor", commit, other).returncode == 0

    @contextmanager
    def lock(self, owner: Owner, *, clock: Clock) -> Iterator[Lock]:
        held = GitLock(self._git, owner, clock)
        held.acquire()
        try:
            yield held
        finally:
            with suppress(JournalError):
                if self._head:
                    self._git.keep(JOURNAL, self._head)
                held.release()

    def break_lock(self, owner: str | None) -> Owner | None:
        found = lock_state(self._git)
        if found is None or found.owner is None:
            return None
        holder = found.owner
        if owner != holder.name and not (owner is None and is_dead(holder.machine, holder.process)):
            return None
        return holder if freed(self._git, found.commit) else None

    def lock_state(self) -> LockState | None:
        return lock_state(self._git)

    def send_log(self) -> SendLog:
        return FileSendLog(self._git.cache("sending"))

    def _segments(self) -> Iterator[bytes]:
        for entry in self._git.ask("ls-tree", "-z", self._head).decode().split("\0"):
            about, _, name = entry.partition("\t")
            if not name.endswith(".jsonl"):
                continue
            self._files[name] = about.split()[2]
            self._last = self._git.ask("cat-file", "blob", self._files[name])
            yield self._last

    def _check_descent(self, head: str) -> None:
        """Stop when the remote's journal is not a continuation of what was seen from here before."""
        seen = self._git.kept(JOURNAL)
        if not seen or seen == head:
            return
        if not head:
            raise distrust(str(self), f"{JOURNAL} was deleted since it was last seen from here")
        if not self._is_before(seen, head):
            raise distrust(str(self), f"{JOURNAL} was rewritten since it was last seen from here ({seen[:12]})")

    def _acknowledged(self) -> Anchor:
        """Return the highest count that any commit acknowledged since the last repair; every commit must name one."""
        anchors = []
        for line in self._git.ask("log", "--first-parent", "--format=%H %s", self._head).decode().splitlines():
            commit, _, subject = line.partition(" ")
            match = _SUBJECT.fullmatch(subject)
            if match is None:
                raise distrust(str(self), f"commit {commit[:12]} was not written by kt-budgets")
            anchors.append(Anchor(int(match[1]), match[2]))
            if match[3]:
                break
        return max(anchors, key=lambda anchor: anchor.count)
