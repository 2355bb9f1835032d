"""Reviews: who approved the last head, by their last word on it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from reconciler.forge.github.channel import Channel
from reconciler.forge.github.check_run import instant
from reconciler.forge.github.repository import PullRequest, Repository, login_of

_DECISIVE = ("APPROVED", "CHANGES_REQUESTED", "DISMISSED")


@dataclass(frozen=True, slots=True)
class Review:
    """One person's last decisive word. `commit` is the head that it was said about."""

    login: str
    state: str
    commit: str
    at: datetime | None


def last_words(channel: Channel, repository: Repository, number: int) -> tuple[Review, ...]:
    """Return everybody's last decisive review of a pull request. A comment after an approval does not undo it."""
    listed = channel.pages(f"{repository.path}/pulls/{number}/reviews")
    latest: dict[str, Review] = {}
    for review in sorted((_review(item) for item in listed), key=_order):
        if review.login and review.state in _DECISIVE:
            latest[review.login.lower()] = review
    return tuple(latest.values())


def approving(reviews: Iterable[Review], pull: PullRequest, *, authors: frozenset[str]) -> tuple[Review, ...]:
    """Return the reviews that approve the last head, by people who are none of its `authors`, sorted by login."""
    given = (
        review
        for review in reviews
        if review.state == "APPROVED" and review.commit == pull.head and review.login.lower() not in authors
    )
    return tuple(sorted(given, key=lambda review: review.login.lower()))


def _order(review: Review) -> float:
    return review.at.timestamp() if review.at else 0.0


def _review(item: Mapping[str, Any]) -> Review:
    return Review(
        login=login_of(item.get("user")),
        state=str(item.get("state") or "").upper(),
        commit=str(item.get("commit_id") or ""),
        at=instant(item.get("submitted_at")),
    )
