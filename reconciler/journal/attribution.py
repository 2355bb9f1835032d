"""Who runs this and why: the run's page, the commit, the pull request, approvals."""

from __future__ import annotations

import getpass
import os
import platform
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from reconciler.journal.send_log import machine
from reconciler.journal.store import Owner


@dataclass(frozen=True, slots=True)
class Attribution:
    """`who` acts, `url` is the run's page, `why` holds what is known of commit, reference, pull request, approvals."""

    who: str
    url: str = ""
    why: Mapping[str, str] | None = None

    def facts(self) -> dict[str, Any]:
        return {"who": self.who, "url": self.url, "why": dict(sorted((self.why or {}).items()))}

    def owner(self, run: str) -> Owner:
        """Return the owner of the lock that `run` takes."""
        name = f"{self.who}@{platform.node() or 'unknown'}:{os.getpid()}"
        return Owner(
            "".join(c if c.isprintable() and c != " " else "-" for c in name), run, self.url, machine(), os.getpid()
        )


def local_user() -> str:
    """Return who is logged in on this machine."""
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):
        return "unknown"
