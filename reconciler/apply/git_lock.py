"""The lock in a git remote: a ref that exists while a run holds it, with its owner and a lease that is renewed."""

from __future__ import annotations

import json
import secrets
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

from reconciler.apply.git import TRIES, Git
from reconciler.apply.ports import Clock
from reconciler.apply.record import JournalError
from reconciler.apply.store import FencedError, Owner
from reconciler.findings import LockHeldError

LOCK = "refs/kt-budgets/lock"
LEASE = timedelta(minutes=5)


class GitLock:
    """A lock that is held. Its ref points to a commit whose message says by whom, and until when."""

    def __init__(self, git: Git, owner: Owner, clock: Clock) -> None:
        self._git = git
        self._owner = owner
        self._clock = clock
        self._commit = ""
        self._until = clock.now()
        self._nonce = secrets.token_hex(8)

    def acquire(self) -> None:
        """Create the ref; LockHeldError when it exists."""
        if not self._renewed(tries=1):
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
                raise FencedError(
                    f"the lease ran out and cannot be renewed: {error.message}", hint=error.hint
                ) from None
            return
        if not renewed:
            raise fenced()

    def release(self) -> None:
        """Delete the ref, if it is still ours."""
        if self._commit:
            self._git.swap(LOCK, expected=self._commit, commit="")

    def _renewed(self, *, tries: int = TRIES) -> bool:
        until = self._clock.now() + LEASE
        facts = {**asdict(self._owner), "until": until.isoformat(timespec="seconds"), "nonce": self._nonce}
        message = json.dumps(facts, sort_keys=True, ensure_ascii=False)
        commit = self._git.commit({}, message, parent=self._commit)
        if not self._git.swap(LOCK, expected=self._commit, commit=commit, tries=tries):
            return False
        self._commit, self._until = commit, until
        return True


def fenced() -> FencedError:
    """Return the error for a run whose lock or journal somebody else took over."""
    return FencedError(
        "another run took the lock over while this one worked; nothing more is sent",
        hint="look at `kt-budgets audit`, then run `kt-budgets resume`",
    )


def lock_owner(git: Git) -> tuple[str, Owner, datetime | None] | None:
    """Return the commit of the lock, who holds it, and until when; None when it is free."""
    commit = git.fetch("refs/kt-budgets").get(LOCK)
    if commit is None:
        return None
    try:
        facts: dict[str, Any] = json.loads(git.ask("log", "-1", "--format=%B", commit))
        until = datetime.fromisoformat(facts.pop("until"))
        facts.pop("nonce", None)
        return commit, Owner(**facts), until
    except (ValueError, TypeError, KeyError, AttributeError):
        return commit, Owner("unreadable", "unknown"), None


def held_error(git: Git) -> LockHeldError:
    """Return the error that says who holds the lock, and how it is broken should that run be dead."""
    found = lock_owner(git)
    if found is None:
        return LockHeldError("the lock was taken and given back just now; nothing was written", hint="try again")
    _, owner, until = found
    page = f", {owner.url}" if owner.url else ""
    lease = f"lease until {until:%Y-%m-%d %H:%M:%S} UTC" if until else "its lease cannot be read"
    return LockHeldError(
        f"another apply holds the lock {LOCK}: {owner.name} (run {owner.run}{page}, {lease}); nothing was written",
        hint="wait until it has finished; if it is dead and its lease has run out:"
        f" kt-budgets resume --break-lock {owner.name}",
    )
