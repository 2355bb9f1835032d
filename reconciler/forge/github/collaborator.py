"""What a person may do in a repository, as GitHub says now, and workflows that are started for her."""

from __future__ import annotations

import re
from collections.abc import Mapping

from reconciler.forge.github.channel import Channel
from reconciler.forge.github.repository import Repository

_WRITES = frozenset({"admin", "write"})
_LOGIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,99}")


def may_write(channel: Channel, repository: Repository, login: str) -> bool:
    """Whether a person may write to the repository; to GitHub maintain is a kind of write, triage a kind of read."""
    if _LOGIN.fullmatch(login) is None:
        return False
    found = channel.find(f"{repository.path}/collaborators/{login}/permission")
    return isinstance(found, Mapping) and found.get("permission") in _WRITES


def dispatch(
    channel: Channel, repository: Repository, workflow: str, *, branch: str, inputs: Mapping[str, str]
) -> None:
    """Start a workflow by hand on a branch."""
    path = f"{repository.path}/actions/workflows/{workflow}/dispatches"
    channel.start(path, {"ref": branch, "inputs": dict(inputs)})
