"""Who runs this and why, as far as the environment says: the run's page, the commit, the pull request, approvals."""

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
        """Return this as a JSON object."""
        return {"who": self.who, "url": self.url, "why": dict(sorted((self.why or {}).items()))}

    def owner(self, run: str) -> Owner:
        """Return the owner of the lock that `run` takes."""
        name = f"{self.who}@{platform.node() or 'unknown'}:{os.getpid()}"
        return Owner(
            "".join(c if c.isprintable() and c != " " else "-" for c in name), run, self.url, machine(), os.getpid()
        )


def attribution(environment: Mapping[str, str]) -> Attribution:
    """Return what `environment` says about this run; on a continuous-integration runner that is a good deal."""
    server, repository = environment.get("GITHUB_SERVER_URL", ""), environment.get("GITHUB_REPOSITORY", "")
    number = environment.get("GITHUB_RUN_ID", "")
    url = f"{server}/{repository}/actions/runs/{number}" if server and repository and number else ""
    known = {
        "commit": environment.get("GITHUB_SHA", ""),
        "reference": environment.get("GITHUB_REF", ""),
        "event": environment.get("GITHUB_EVENT_NAME", ""),
        "repository": repository,
        "pull_request": environment.get("KT_BUDGETS_PULL_REQUEST", "") or _pull_request(environment),
        "approved_by": environment.get("KT_BUDGETS_APPROVED_BY", ""),
        "reason": environment.get("KT_BUDGETS_REASON", ""),
    }
    who = environment.get("KT_BUDGETS_ACTOR") or environment.get("GITHUB_ACTOR") or _user()
    return Attribution(who, environment.get("KT_BUDGETS_RUN_URL") or url, {k: v for k, v in known.items() if v})


def _pull_request(environment: Mapping[str, str]) -> str:
    parts = environment.get("GITHUB_REF", "").split("/")
    return parts[2] if parts[:2] == ["refs", "pull"] and len(parts) > 2 else ""


def _user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):
        return "unknown"
