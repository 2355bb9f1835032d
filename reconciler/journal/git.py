"""Git plumbing for the journal: objects and refs only. No work tree, index or branch is touched, no hook is run."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping
from hashlib import sha256
from pathlib import Path

from reconciler.findings import ExitCode
from reconciler.git.failures import GitError, Trouble, failure
from reconciler.git.merging import version
from reconciler.git.places import work_tree
from reconciler.git.runner import Done, ask, run
from reconciler.journal.record import JournalError
from reconciler.journal.remote import Address, mirror
from reconciler.redaction import without_secrets
from reconciler.settings import environment

TRIES = 4
_ALWAYS = (
    *("-c", "user.name=kt-budgets", "-c", "user.email=kt-budgets@localhost"),
    *("-c", "gc.auto=0", "-c", "maintenance.auto=false", "-c", "push.gpgSign=false"),
)
NAMESPACE = "refs/kt-budgets"
APPLIED = "refs/kt-budgets/applied"
"""Leads to the commits that were applied, and so to the history of the budgets."""
_MIRROR = "journal"
_NEGATIVE = (2, 29)
"""The first git that can leave a reference out of those that it fetches."""
_KNOWN = "refs/kt-budgets-known"
_SEEN = "refs/seen/"
_LOST = re.compile(rb"\(stale info\)|but expected|reference already exists")
"""What a push says that came too late, though the ref may be back by now: whoever held a lock has given it back."""


class JournalUnreachableError(JournalError):
    """The git remote that keeps the journal does not answer, or does not let us in. `trouble` says of which kind."""

    exit_code = ExitCode.REMOTE

    def __init__(self, message: str, *, hint: str = "", trouble: Trouble = Trouble.OTHER) -> None:
        super().__init__(message, hint=hint)
        self.trouble = trouble


class Git:
    """One repository and one of its remotes. `place` names the remote in messages; it never holds a password."""

    def __init__(self, remote: str, *, folder: Path, pause: Callable[[float], None] = time.sleep) -> None:
        self._pause = pause
        self._address = Address.of(remote)
        self.place = without_secrets(self._address.plain)
        self._folder = folder
        self._found: tuple[str, str] | None = None
        self._seen: dict[str, str] | None = None
        self._version: tuple[int, int] | None = None

    def run(self, *arguments: str, data: bytes | None = None) -> Done:
        """Run git in the repository, away from the terminal, so that Ctrl-C reaches us and not a push under way."""
        directory, _ = self._repository()
        return self._start(f"--git-dir={directory}", *arguments, data=data)

    def ask(self, *arguments: str, data: bytes | None = None) -> bytes:
        """Return what git prints; JournalError with its own words when it fails."""
        done = self.run(*arguments, data=data)
        if done.returncode != 0:
            raise self.unreachable(failure(arguments[0], done.stderr))
        return done.stdout

    def fetch(self, namespace: str) -> dict[str, str]:
        """Fetch every ref below `namespace` and return their commits by full name; only these, and pruned."""
        _, remote = self._repository()
        refspec = f"+{namespace}/*:{_KNOWN}/{namespace.removeprefix('refs/')}/*"
        wanted = (refspec, *self._left_out())
        self.ask("fetch", "--quiet", "--no-tags", "--prune", "--no-write-fetch-head", remote, *wanted)
        listed = self.ask("for-each-ref", "--format=%(objectname) %(refname)", _KNOWN).decode().splitlines()
        known = {
            f"refs/{name.removeprefix(f'{_KNOWN}/')}": commit
            for commit, _, name in (line.partition(" ") for line in listed)
        }
        self._seen = {name: commit for name, commit in known.items() if name.startswith(_SEEN)}
        return {name: commit for name, commit in known.items() if name.startswith(f"{namespace}/")}

    def _left_out(self) -> tuple[str, ...]:
        """Return what keeps the history of the budgets out of a repository that does not hold them."""
        if self.has_history:
            return ()
        self._version = self._version or version() or (0, 0)
        return (f"^{APPLIED}",) if self._version >= _NEGATIVE else ()

    @property
    def has_history(self) -> bool:
        """Whether the repository here is a whole clone of budgets, and none that holds the journal alone."""
        directory, remote = self._repository()
        return remote != _MIRROR and not (Path(directory) / "shallow").exists()

    def swap(self, ref: str, *, expected: str, commit: str, tries: int = TRIES) -> bool:
        """Point the remote's `ref` from `expected` to `commit` (empty: absent); False when it is something else."""
        _, remote = self._repository()
        lease = f"--force-with-lease={ref}:{expected}"
        for attempt in range(tries):
            if attempt:
                self._pause(0.25 * 4**attempt)
            done = self.run("push", "--quiet", "--no-verify", lease, remote, f"{commit}:{ref}")
            if done.returncode == 0:
                return True
            try:
                present = self.present(ref)
            except JournalUnreachableError:
                pass
            else:
                if present != expected or _LOST.search(done.stderr):
                    return present == commit
            error = failure("push", done.stderr)
            if not commit and error.trouble is Trouble.REFUSED:
                break
        raise self.unreachable(error)

    def present(self, ref: str) -> str:
        """Return the commit that the remote's `ref` points to, empty when there is none."""
        _, remote = self._repository()
        listed = self.ask("ls-remote", remote, ref).decode().split()
        return listed[0] if listed else ""

    def keep(self, ref: str, commit: str) -> None:
        """Remember locally that the remote's `ref` was seen at `commit`."""
        name = f"seen/{ref.removeprefix('refs/')}"
        if self._seen is not None and self._seen.get(f"refs/{name}") == commit:
            return
        self.ask("update-ref", f"{_KNOWN}/{name}", commit)
        self._seen = {**(self._seen or {}), f"refs/{name}": commit}

    def kept(self, ref: str) -> str:
        """Return the commit at which the remote's `ref` was last seen from here, empty when it never was.

        What was seen before the last `fetch` is known from it.
        """
        if self._seen is None:
            self.fetch(NAMESPACE)
        return (self._seen or {}).get(f"{_SEEN}{ref.removeprefix('refs/')}", "")

    def commit(self, files: Mapping[str, str], message: str, *, parent: str | tuple[str, ...] = "") -> str:
        """Write a commit whose tree holds `files` (name to blob) and return its id."""
        listing = "".join(f"100644 blob {blob}\t{name}\n" for name, blob in sorted(files.items()))
        tree = self.ask("mktree", data=listing.encode()).decode().strip()
        parents = (parent,) if isinstance(parent, str) else parent
        after = [word for commit in parents if commit for word in ("-p", commit)]
        return self.ask("commit-tree", tree, *after, data=message.encode()).decode().strip()

    def blob(self, data: bytes) -> str:
        return self.ask("hash-object", "-w", "--stdin", data=data).decode().strip()

    def unreachable(self, error: GitError) -> JournalUnreachableError:
        """Return the error for a remote that does not answer, with git's last words, their kind, and a cure."""
        return JournalUnreachableError(
            f"the journal git:{self.place} cannot be reached: {error.message}", hint=error.hint, trouble=error.trouble
        )

    def cache(self, purpose: str) -> Path:
        """Return a local folder of our own for `purpose`, that belongs to this remote alone."""
        return self._folder / ".kt-budgets" / f"{purpose}-{sha256(self._address.plain.encode()).hexdigest()[:12]}"

    def _repository(self) -> tuple[str, str]:
        """Return the git directory to work in, and what the remote is called there."""
        if self._found is None:
            try:
                named = _remote_of(self._address, self._folder, work_tree(self._folder))
                self._found = named or (str(mirror(self._address, self._folder)), _MIRROR)
            except GitError as error:
                raise self.unreachable(error) from None
        return self._found

    def _start(self, *arguments: str, data: bytes | None = None) -> Done:
        given = environment().get("GIT_CONFIG_COUNT", "")
        after = int(given) if given.isdecimal() else 0
        try:
            return run(*_ALWAYS, *arguments, given=data or b"", extra=self._address.credentials(after=after))
        except GitError as error:
            raise self.unreachable(error) from None


def _remote_of(address: Address, folder: Path, top: Path | None) -> tuple[str, str] | None:
    """Return the repository here whose remote is meant; GitError for a name that it does not have."""
    if top is not None and (found := _known_remote(address.plain, folder.resolve(), top)):
        return found
    if address.is_name and not (folder / address.plain).exists():
        remotes = ask("remote", folder=folder).decode().split() if top is not None else []
        known = f"it has {', '.join(remotes)}" if remotes else "it has none"
        why = known if top is not None else "it is in no git repository"
        raise GitError(
            f"{folder} has no remote called {address.plain}: {why}",
            hint="name a remote that `git remote` lists, or write its address: git:https://HOST/PATH",
            trouble=Trouble.NO_REMOTE,
        )
    return None


def _known_remote(name: str, folder: Path, top: Path) -> tuple[str, str] | None:
    key = (name, folder, top)
    if key not in _REMOTES and name in ask("remote", folder=folder).decode().split():
        _REMOTES[key] = ask("rev-parse", "--absolute-git-dir", folder=folder).decode().strip()
    return (_REMOTES[key], name) if key in _REMOTES else None


_REMOTES: dict[tuple[str, Path, Path], str] = {}
"""The git directories of the repositories whose remote was looked for: a journal is opened several times in a run."""
