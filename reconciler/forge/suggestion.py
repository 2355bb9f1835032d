"""Suggested changes: review comments that one click turns into a commit. Few, and never the same twice."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha256

import httpx

from reconciler.findings import RejectedError
from reconciler.forge.channel import Channel
from reconciler.forge.failures import LostAnswerError
from reconciler.forge.identity import Identity
from reconciler.forge.repository import PullRequest, Repository
from reconciler.model.plan import canonical_json

MOST = 5
_MARK = re.compile(r"\A<!-- kt-budgets:suggestion:v1 id=([0-9a-f]{20}) -->")
_FENCE = re.compile(r"`{3,}")


@dataclass(frozen=True, slots=True)
class Suggestion:
    """Lines `start_line` to `line` of a file, counted from 1, and the text to put in their place.

    `path` is relative to the top of the repository; `reason` is a sentence, as Markdown that is safe to publish.
    """

    path: str
    start_line: int
    line: int
    replacement: str
    reason: str = ""

    @property
    def id(self) -> str:
        """What tells it from another: the place and the text, not the wording of the reason."""
        facts = [self.path, self.start_line, self.line, self.replacement]
        return sha256(canonical_json(facts).encode()).hexdigest()[:20]

    def body(self) -> str:
        """Return the review comment; the fence is longer than any in the text."""
        longest = max((len(run) for run in _FENCE.findall(self.replacement)), default=2)
        fence = "`" * (longest + 1)
        text = self.replacement.rstrip("\n")
        return f"<!-- kt-budgets:suggestion:v1 id={self.id} -->\n{self.reason}\n\n{fence}suggestion\n{text}\n{fence}\n"


@dataclass(frozen=True, slots=True)
class Conversation:
    """Our side of the review comments of one pull request."""

    channel: Channel
    repository: Repository
    pull: PullRequest
    identity: Identity

    @property
    def path(self) -> str:
        return f"{self.repository.path}/pulls/{self.pull.number}/comments"

    def made(self) -> frozenset[str]:
        """Return the ids of every suggestion that we made, resolved and outdated ones included."""
        ours: Iterable[object] = (
            item.get("body") for item in self.channel.pages(self.path) if self.identity.wrote(item)
        )
        found = (_MARK.match(body) for body in ours if isinstance(body, str))
        return frozenset(match[1] for match in found if match)

    def suggest(self, suggestions: Sequence[Suggestion]) -> tuple[Suggestion, ...]:
        """Publish what was not suggested before, five in all at most, and return what was published.

        Lines that the pull request does not show cannot carry a comment; GitHub refuses them, and they are left out.
        """
        made = self.made()
        fresh = [item for item in dict.fromkeys(suggestions) if item.id not in made]
        return tuple(item for item in fresh[: max(MOST - len(made), 0)] if self._published(item))

    def _published(self, item: Suggestion) -> bool:
        place: dict[str, str | int] = {"line": item.line, "side": "RIGHT"}
        if item.start_line < item.line:
            place |= {"start_line": item.start_line, "start_side": "RIGHT"}
        document = {"body": item.body(), "commit_id": self.pull.head, "path": item.path, **place}
        try:
            self.channel.write("POST", self.path, document)
        except LostAnswerError:
            if item.id not in self.made():
                raise
        except RejectedError as error:
            if error.status != httpx.codes.UNPROCESSABLE_ENTITY:
                raise
            return False
        return True
