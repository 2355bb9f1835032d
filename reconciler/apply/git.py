"""Git plumbing for the journal: objects and refs only. No work tree, index or branch is touched, no hook is run."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable, Mapping
from hashlib import sha256
from pathlib import Path

from reconciler.apply.record import JournalError
from reconciler.findings import ExitCode

SECONDS = 120
TRIES = 4
_ALWAYS = (
    *("-c", "user.name=kt-budgets", "-c", "user.email=kt-budgets@localhost"),
    *("-c", "gc.auto=0", "-c", "maintenance.auto=false", "-c", "push.gpgSign=false"),
    *("-c", "core.hooksPath=/dev/null", "-c", "core.fsmonitor=false"),
)
_KNOWN = "refs/kt-budgets-known"


class JournalUnreachableError(JournalError):
    """The git remote that keeps the journal does not answer, or does not let us in."""

    exit_code = ExitCode.REMOTE


class Git:
    """One repository and one of its remotes. `place` names the remote in messages; it never holds a password."""

    def __init__(self, remote: str, *, folder: Path, pause: Callable[[float], None] = time.sleep) -> None:
        self._pause = pause
        self.place = _without_password(remote)
        self._asked = remote
        self._folder = folder
        self._found: tuple[str, str] | None = None

    def run(self, *arguments: str, data: bytes | None = None) -> subprocess.CompletedProcess[bytes]:
        """Run git in the repository, away from the terminal, so that Ctrl-C reaches us and not a push under way."""
        directory, _ = self._repository()
        return self._start(f"--git-dir={directory}", *arguments, data=data)

    def ask(self, *arguments: str, data: bytes | None = None) -> bytes:
        """Return what git prints; JournalError with its own words when it fails."""
        done = self.run(*arguments, data=data)
        if done.returncode != 0:
            raise self.unreachable(done.stderr)
        return done.stdout

    def fetch(self, namespace: str) -> dict[str, str]:
        """Fetch every ref below `namespace` and return their commits by full name; only these, and pruned."""
        _, remote = self._repository()
        refspec = f"+{namespace}/*:{_KNOWN}/{namespace.removeprefix('refs/')}/*"
        self.ask("fetch", "--quiet", "--no-tags", "--prune", "--no-write-fetch-head", remote, refspec)
        prefix = f"{_KNOWN}/"
        listed = self.ask(
            "for-each-ref", "--format=%(objectname) %(refname)", f"{_KNOWN}/{namespace.removeprefix('refs/')}"
        )
        return {
            f"refs/{name.removeprefix(prefix)}": commit
            for commit, _, name in (line.partition(" ") for line in listed.decode().splitlines())
        }

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
                present = expected
            if present != expected:
                return present == commit
        raise self.unreachable(done.stderr)

    def present(self, ref: str) -> str:
        """Return the commit that the remote's `ref` points to, empty when there is none."""
        _, remote = self._repository()
        listed = self.ask("ls-remote", remote, ref).decode().split()
        return listed[0] if listed else ""

    def keep(self, ref: str, commit: str) -> None:
        """Remember locally that the remote's `ref` was seen at `commit`."""
        self.ask("update-ref", f"{_KNOWN}/seen/{ref.removeprefix('refs/')}", commit)

    def kept(self, ref: str) -> str:
        """Return the commit at which the remote's `ref` was last seen from here, empty when it never was."""
        done = self.run("rev-parse", "--verify", "--quiet", f"{_KNOWN}/seen/{ref.removeprefix('refs/')}")
        return done.stdout.decode().strip() if done.returncode == 0 else ""

    def commit(self, files: Mapping[str, str], message: str, *, parent: str = "") -> str:
        """Write a commit whose tree holds `files` (name to blob) and return its id."""
        listing = "".join(f"100644 blob {blob}\t{name}\n" for name, blob in sorted(files.items()))
        tree = self.ask("mktree", data=listing.encode()).decode().strip()
        after = ("-p", parent) if parent else ()
        return self.ask("commit-tree", tree, *after, data=message.encode()).decode().strip()

    def blob(self, data: bytes) -> str:
        """Write a blob and return its id."""
        return self.ask("hash-object", "-w", "--stdin", data=data).decode().strip()

    def unreachable(self, words: bytes) -> JournalUnreachableError:
        """Return the error for a remote that does not answer, with git's last words and without any password."""
        text = " ".join(words.decode("utf-8", "replace").split())[:500]
        for secret in _passwords(self._asked):
            text = text.replace(secret, "***")
        return JournalUnreachableError(
            f"the journal git:{self.place} cannot be reached: {text or 'git gave no reason'}",
            hint="check that the remote exists and that this machine may push to refs/kt-budgets/*",
        )

    def cache(self, purpose: str) -> Path:
        """Return a local folder of our own for `purpose`, that belongs to this remote alone."""
        return self._folder / ".kt-budgets" / f"{purpose}-{sha256(self._asked.encode()).hexdigest()[:12]}"

    def _repository(self) -> tuple[str, str]:
        """Return the git directory to work in, and what the remote is called there."""
        if self._found is None:
            self._found = self._named_remote() or self._private_repository()
        return self._found

    def _named_remote(self) -> tuple[str, str] | None:
        here = ("-C", str(self._folder))
        done = self._start(*here, "rev-parse", "--absolute-git-dir")
        if done.returncode != 0:
            return None
        remotes = self._start(*here, "remote").stdout.decode().split()
        return (done.stdout.decode().strip(), self._asked) if self._asked in remotes else None

    def _private_repository(self) -> tuple[str, str]:
        """Use a repository of our own: the address is written to its configuration, not to a command line."""
        address = self._asked
        if (self._folder / address).exists():
            address = str((self._folder / address).resolve())
        name = sha256(address.encode()).hexdigest()[:12]
        directory = self._folder / ".kt-budgets" / f"journal-{name}.git"
        try:
            if not (directory / "HEAD").exists():
                directory.parent.mkdir(parents=True, exist_ok=True)
                done = self._start("init", "--quiet", "--bare", str(directory))
                if done.returncode != 0:
                    raise self.unreachable(done.stderr)
            quoted = address.replace("\\", "\\\\").replace('"', '\\"')
            configuration = directory / "config"
            text = configuration.read_text(encoding="utf-8")
            if f'url = "{quoted}"' not in text:
                configuration.chmod(0o600)
                configuration.write_text(f'{text}[remote "journal"]\n\turl = "{quoted}"\n', encoding="utf-8")
        except OSError as error:
            raise self.unreachable(f"{directory}: {error.strerror}".encode()) from None
        return str(directory), "journal"

    def _start(self, *arguments: str, data: bytes | None = None) -> subprocess.CompletedProcess[bytes]:
        try:
            return subprocess.run(
                ["git", *_ALWAYS, *arguments],
                input=data if data is not None else b"",
                capture_output=True,
                timeout=SECONDS,
                check=False,
                start_new_session=True,
            )
        except FileNotFoundError:
            raise self.unreachable(b"git is not installed") from None
        except subprocess.TimeoutExpired:
            raise self.unreachable(f"git {arguments[-1]} took longer than {SECONDS} s".encode()) from None


def _passwords(address: str) -> list[str]:
    authority = address.partition("://")[2].partition("/")[0]
    userinfo, at, _ = authority.rpartition("@")
    return sorted({part for part in (userinfo, *userinfo.split(":")) if at and len(part) > 3}, key=len, reverse=True)


def _without_password(address: str) -> str:
    scheme, separator, rest = address.partition("://")
    authority, slash, path = rest.partition("/")
    return f"{scheme}://{authority.rpartition('@')[2]}{slash}{path}" if separator else address
