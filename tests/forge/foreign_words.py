"""What people say on the other forge alone: nothing that they read on this one may hold it."""

from __future__ import annotations

import re
from collections.abc import Iterator

from forge.gitlab_state import BOT, OTHER_BOT, GitLabState

_FOREIGN = re.compile(
    r"pull[ -]requests?\b|\bworkflows?\b|check[ -]runs?\b|git ?hub\b|`pull_request`|\bgh (?:workflow|run|pr)\b"
    r"|fetch-depth|(?<![\w&])#(?:&#8203;)?[1-9]\d*\b|\b(?:apply|drift|fund|plan|refresh|resume)\.yml\b",
    re.IGNORECASE,
)
_KEYS = re.compile(r'"workflow": ?"\w+\.yml"|"pull_request":')
"""Names of documents for programs, which are the same everywhere."""


def refuse_foreign_words(state: object, *texts: str) -> None:
    """Hold all that people read on GitLab to its own words; on any other forge, nothing."""
    if isinstance(state, GitLabState):
        found = [
            _around(text, match) for text in (*map(_read, texts), *_written(state)) for match in _FOREIGN.finditer(text)
        ]
        assert found == []


def _written(state: GitLabState) -> Iterator[str]:
    yield from (
        item["body"] for item in (*state.comments, *state.review_comments) if item["user"]["login"] in (BOT, OTHER_BOT)
    )
    yield from (f"{item['title']}\n{item['body']}" for item in state.issues)
    yield from (str(item["description"]) for item in state.statuses)


def _read(text: str) -> str:
    """Return what was printed without the names that only programs read."""
    return _KEYS.sub("", text)


def _around(text: str, match: re.Match[str]) -> str:
    return text[max(0, match.start() - 60) : match.end() + 30]
