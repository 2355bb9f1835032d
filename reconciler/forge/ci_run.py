"""The run of CI that we are in, as its environment tells it: which repository, which change request, who acts."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Literal

Cause = Literal["", "change request", "push", "manual", "comment", "queue", "schedule", "other"]
_NEVER = re.compile(r"(?!)")


@dataclass(frozen=True, slots=True)
class Queued:
    """A change request in a merge queue: `head` is the commit that the queue made of it, on top of `base`.

    `branches` is what `git ls-remote` lists the queue's own branches by. `branch` finds the number in the name of one,
    and `subject` in the subject that the forge gives to a merge or a squash: in its first group.
    """

    number: int
    head: str
    base: str | None = None
    branches: str = field(default="", compare=False)
    branch: re.Pattern[str] = field(default=_NEVER, compare=False)
    subject: re.Pattern[str] = field(default=_NEVER, compare=False)


@dataclass(frozen=True, slots=True)
class Comment:
    """A new comment by a person on the change request `number`: what started a run that carries out its commands."""

    id: int
    number: int
    login: str
    body: str
    url: str = ""


@dataclass(frozen=True, slots=True)
class CiRun:
    """What a run says of itself; None or an empty text stands for what it does not say.

    `cause` is what started it, empty outside of CI; `event` is that in the forge's own word. `number`, `head` (the last
    commit of its own branch, not of a merge made for testing), `base` (what it was opened against, or last compared
    with) and `target` (the branch that it is to be merged into) are those of the change request that it is for.
    `is_test_merge` says that what is checked out may be a merge into `target` that the forge made for testing. `before`
    is what a push found at the tip of its branch; `commit`, `reference` and `branch` are what the run is about. `run`
    orders runs of one head: its number, and how often it was started again. `comment` is the new one that started it;
    `has_event` says that what started it was told in whole. `actor` is who started it, `url` its page. `outputs` and
    `summary` are files: what later steps learn, and what people read on the run's page.
    """

    cause: Cause = ""
    event: str = ""
    repository: str | None = None
    number: int | None = None
    head: str | None = None
    base: str | None = None
    target: str = ""
    is_test_merge: bool = False
    before: str | None = None
    commit: str | None = None
    reference: str = ""
    branch: str = ""
    run: tuple[int, int] | None = None
    queued: Queued | None = None
    comment: Comment | None = None
    has_event: bool = False
    actor: str = ""
    url: str = ""
    outputs: str = ""
    summary: str = ""
