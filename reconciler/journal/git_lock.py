"""The lock in a git remote: a ref that exists while a run holds it, with its owner and a lease that is renewed."""

from __future__ import annotations

import json
import secrets
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from reconciler.clock import Clock
from reconciler.findings import LockHeldError
from reconciler.git.failures import Trouble
from reconciler.journal.git import TRIES, Git, JournalUnreachableError
from reconciler.journal.record import JournalError
from reconciler.journal.store import FencedError, Owner
from reconciler.model.json_text import json_line

LOCK = "refs/kt-budgets/lock"
LEASE = timedelta(minutes=5)
_FREE = "kt-budgets: the lock is free"


class GitLock:
    """A lock that is held. Its ref points to a commit whose message says by whom, and until when.

    A lock that nobody holds has no ref, or one whose commit says that it is free: a remote may forbid that refs are
    deleted or rewound, so each commit follows the one before it (decision 0018). `broken` is the owner whose lease had
    run out.
    """

    def __init__(self, git: Git, owner: Owner, clock: Clock) -> None:
        self._git = git
        self._owner = owner
        self._clock = clock
        self._commit = ""
        self._until = clock.now()
        self._nonce = secrets.token_hex(8)
        self.broken: Owner | None = None

    def acquire(self) -> None:
        """Take the lock if it is free or its lease ran out a whole lease ago; LockHeldError when somebody holds it.

        Taking it from a run that still works is safe: that run is fenced before its next write.
        """
        if self._renewed(tries=1):
            return
        found = lock_state(self._git)
        if found is not None and (found.owner is None or self._ran_out(found)):
            self._commit = found.commit
            if self._renewed(tries=1):
                self.broken = found.owner
                return
        self._commit = ""
        raise held_error(self._git)

    def check(self) -> None:
        """Renew the lease once a third of it is used up; FencedError when the lock is no longer ours."""
        left = self._until - self._clock.now()
        if left > LEASE * 2 / 3:
            return
        try:
            renewed = self._renewed()
        except JournalError as error:
            if left <= timedelta():
                raise FencedError(f"the lock expired and cannot be renewed: {error.message}", hint=error.hint) from None
            return
        if not renewed:
            raise fenced()

    def release(self) -> None:
        """Give the lock back, if it is still ours."""
        if self._commit:
            freed(self._git, self._commit)

    def _ran_out(self, state: LockState) -> bool:
        return state.until is not None and state.until + LEASE < self._clock.now()

    def _renewed(self, *, tries: int = TRIES) -> bool:
        until = self._clock.now() + LEASE
        facts = {**asdict(self._owner), "until": until.isoformat(timespec="seconds"), "nonce": self._nonce}
        message = json_line(facts)
        commit = self._git.commit({}, message, parent=self._commit)
        if not self._git.swap(LOCK, expected=self._commit, commit=commit, tries=tries):
            return False
        self._commit, self._until = commit, until
        return True


def freed(git: Git, commit: str) -> bool:
    """Give back the lock that `commit` holds; False when somebody else holds it by now.

    Where the remote refuses to delete the ref, a commit on top says that it is free.
    """
    try:
        return git.swap(LOCK, expected=commit, commit="")
    except JournalUnreachableError as error:
        if error.trouble is not Trouble.REFUSED:
            raise
    free = git.commit({}, _FREE, parent=commit)
    return git.swap(LOCK, expected=commit, commit=free)


def fenced() -> FencedError:
    """Return the error for a run whose lock or journal somebody else took over."""
    return FencedError(
        "another run took the lock over while this one worked; nothing more is sent",
        hint="look at `kt-budgets audit`, then run `kt-budgets resume`",
    )


@dataclass(frozen=True, slots=True)
class LockState:
    """What the ref of the lock says: who holds it (None: nobody) and until when (None: it cannot be read)."""

    commit: str
    owner: Owner | None
    until: datetime | None = None


def lock_state(git: Git) -> LockState | None:
    """Return what the lock's ref says, None where there is none."""
    commit = git.fetch("refs/kt-budgets").get(LOCK)
    if commit is None:
        return None
    words = git.ask("log", "-1", "--format=%B", commit).decode("utf-8", "replace").strip()
    if words == _FREE:
        return LockState(commit, None)
    try:
        facts: dict[str, Any] = json.loads(words)
        until = datetime.fromisoformat(facts.pop("until"))
        facts.pop("nonce", None)
        return LockState(commit, Owner(**facts), until)
    except (ValueError, TypeError, KeyError, AttributeError):
        return LockState(commit, Owner("unreadable", "unknown"))


def held_error(git: Git) -> LockHeldError:
    """Return the error that says who holds the lock, and how it is broken should that run be dead."""
    found = lock_state(git)
    if found is None or found.owner is None:
        return LockHeldError("the lock was taken and given back just now; nothing was written", hint="try again")
    owner, until = found.owner, found.until
    page = f", {owner.url}" if owner.url else ""
    held = f"until {until:%Y-%m-%d %H:%M:%S} UTC" if until else "until when, cannot be read"
    soon = f"; from {until + LEASE:%H:%M:%S} UTC on the next run takes it by itself" if until else ""
    return LockHeldError(
        f"another apply holds the lock {LOCK}: {owner.name} (run {owner.run}{page}, {held}); nothing was written",
        hint=f"wait until it has finished{soon}; if it is dead: kt-budgets resume --break-lock {owner.name}",
    )
