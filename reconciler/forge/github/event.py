"""What GitHub Actions says about the run that we are in: repository, pull request, head, run. Read tolerantly."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

_PULL = re.compile(r"refs/pull/([1-9][0-9]{0,9})/(?:merge|head)")
_QUEUED = re.compile(r"/pr-([1-9][0-9]{0,9})-[0-9a-f]{40,64}$")


@dataclass(frozen=True, slots=True)
class Queued:
    """A pull request in a merge queue: `head` is the commit that the queue made of it, on top of `base`."""

    number: int
    head: str
    base: str | None = None


@dataclass(frozen=True, slots=True)
class Event:
    """None stands for what the run does not say, such as the pull request of a push.

    `base` is the commit of the target branch that a pull request was opened against or last compared with; `before` is
    what a push found at the tip of its branch.
    """

    repository: str | None = None
    number: int | None = None
    head: str | None = None
    base: str | None = None
    before: str | None = None
    sha: str | None = None
    run: tuple[int, int] | None = None
    queued: Queued | None = None


def read_event(variables: Mapping[str, str], payload: object) -> Event:
    """Return what `variables` of the environment and the event's `payload` say.

    The head is the pull request's own last commit: in a run for a pull request, GITHUB_SHA is a merge made for testing.
    """
    document = payload if isinstance(payload, Mapping) else {}
    pull = document.get("pull_request")
    pull = pull if isinstance(pull, Mapping) else {}
    number = pull.get("number", document.get("number") if pull else _number(variables))
    return Event(
        repository=variables.get("GITHUB_REPOSITORY") or None,
        number=number if isinstance(number, int) else None,
        head=_text(_inside(pull, "head"), "sha"),
        base=_text(_inside(pull, "base"), "sha"),
        before=_text(document, "before"),
        sha=variables.get("GITHUB_SHA") or None,
        run=_run(variables),
        queued=_queued(_inside(document, "merge_group")),
    )


def _queued(group: Mapping[str, Any]) -> Queued | None:
    """Return the pull request that a merge group's branch, `…/pr-128-<base>`, is named after."""
    match = _QUEUED.search(_text(group, "head_ref") or "")
    head = _text(group, "head_sha")
    return Queued(int(match[1]), head, _text(group, "base_sha")) if match and head else None


def _number(variables: Mapping[str, str]) -> int | None:
    match = _PULL.fullmatch(variables.get("GITHUB_REF", ""))
    return int(match[1]) if match else None


def _run(variables: Mapping[str, str]) -> tuple[int, int] | None:
    run, attempt = variables.get("GITHUB_RUN_ID", ""), variables.get("GITHUB_RUN_ATTEMPT") or "1"
    return (int(run), int(attempt)) if run.isdigit() and attempt.isdigit() else None


def _inside(document: Mapping[str, Any], *keys: str) -> Mapping[str, Any]:
    for key in keys:
        found = document.get(key)
        if not isinstance(found, Mapping):
            return {}
        document = found
    return document


def _text(document: Mapping[str, Any], key: str) -> str | None:
    value = document.get(key)
    return value if isinstance(value, str) and value else None
