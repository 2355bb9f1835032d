"""What git's refusals mean: told apart by its own words, said with their cure, and never with a password in them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from shlex import quote

from reconciler.findings import RemoteError
from reconciler.redaction import without_secrets


class Trouble(StrEnum):
    """Why git did not do what it was asked."""

    NOT_INSTALLED = "not installed"
    NOT_A_REPOSITORY = "not a repository"
    OWNERSHIP = "ownership"
    NO_REMOTE = "no remote"
    NOT_SERVED = "not served"
    AUTHENTICATION = "authentication"
    REFUSED = "refused"
    NETWORK = "network"
    DISK = "disk"
    SLOW = "slow"
    TOO_OLD = "too old"
    OTHER = "other"


class GitError(RemoteError):
    """Git cannot answer. `trouble` says of which kind that is."""

    def __init__(self, message: str, *, hint: str = "", trouble: Trouble = Trouble.OTHER) -> None:
        super().__init__(message, hint=hint)
        self.trouble = trouble


@dataclass(frozen=True, slots=True)
class _Sign:
    trouble: Trouble
    words: re.Pattern[str]
    hint: str


def _sign(trouble: Trouble, words: str, hint: str) -> _Sign:
    return _Sign(trouble, re.compile(words, re.IGNORECASE), hint)


_SIGNS = (
    _sign(
        Trouble.OWNERSHIP,
        r"dubious ownership",
        "the repository belongs to another user; if you trust it: git config --global --add safe.directory {path}",
    ),
    _sign(
        Trouble.NOT_SERVED,
        r"not our ref|couldn't find remote ref|unadvertised object",
        "the remote does not have that commit; push it there, or fetch from where it is",
    ),
    _sign(
        Trouble.REFUSED,
        r"\[remote rejected\]|hook declined|deletion prohibited|denying ref deletion|GH006|GH013|protected ref",
        "a hook or a protection rule of the remote refuses it; allow pushes to refs/kt-budgets/*",
    ),
    _sign(
        Trouble.AUTHENTICATION,
        r"authentication failed|could not read (username|password)|permission denied \(|returned error: 40[13]|"
        r"terminal prompts disabled|host key verification|access denied|permission to .* denied|invalid credentials",
        "the remote does not let this machine in; check its credential helper, deploy key or token",
    ),
    _sign(
        Trouble.NO_REMOTE,
        r"does not appear to be a git repository|no such remote|repository .*not found|returned error: 404|"
        r"no configured push destination",
        "check the remote's name and address with `git remote -v`; it may also be hidden from these credentials",
    ),
    _sign(
        Trouble.NOT_A_REPOSITORY,
        r"not a git repository|must be run in a work tree",
        "run it in a clone of the budgets' repository",
    ),
    _sign(
        Trouble.DISK,
        r"no space left|read-only file system|insufficient permission|unable to create .*(denied|exists)|"
        r"cannot (create|mkdir|lock)",
        "make sure that this user may write to the local repository, and that there is room",
    ),
    _sign(
        Trouble.NETWORK,
        r"could not resolve|unable to access|connection (refused|reset|timed out|closed)|failed to connect|"
        r"network is unreachable|unable to (connect|look up)|early eof|hung up|returned error: 5|ssl|certificate|"
        r"could not read from remote",
        "check the network, the proxy and the remote's address",
    ),
)
_OWNED = re.compile(r"repository at '([^']+)'")
_MOST = 500


def failure(doing: str, words: bytes) -> GitError:
    """Return the error for a git that printed `words` and failed; `doing` is what it was asked."""
    lines = [line.strip() for line in words.decode("utf-8", "replace").splitlines()]
    said = [line for line in lines if line and not line.lower().startswith("hint:")]
    text = without_secrets(" ".join(said))
    sign = next((sign for sign in _SIGNS if sign.words.search(text)), None)
    owned = _OWNED.search(text)
    hint = sign.hint if sign else "run it in a full clone, which `git fetch --unshallow` makes of this one"
    return GitError(
        f"git {doing} failed: {text[:_MOST] or 'git gave no reason'}",
        hint=hint.replace("{path}", quote(owned[1]) if owned else "THE-REPOSITORY"),
        trouble=sign.trouble if sign else Trouble.OTHER,
    )
