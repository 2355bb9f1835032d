"""Reviews: who approved the last head, by their last word on it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from reconciler.forge.change_request import ChangeRequest, Opinion, Review
from reconciler.forge.github.channel import Channel
from reconciler.forge.github.check_run import instant
from reconciler.forge.github.repository import Repository, login_of

_OPINIONS: dict[str, Opinion] = {
    "APPROVED": "approved",
    "CHANGES_REQUESTED": "changes requested",
    "DISMISSED": "withdrawn",
}


def last_words(channel: Channel, repository: Repository, number: int) -> tuple[Review, ...]:
    """Return everybody's last decisive review of a pull request. A comment after an approval does not undo it."""
    listed = channel.pages(f"{repository.path}/pulls/{number}/reviews")
    latest: dict[str, Review] = {}
    for review in sorted(_decisive(listed), key=_order):
        latest[review.login.lower()] = review
    return tuple(latest.values())


def approving(reviews: Iterable[Review], pull: ChangeRequest, *, authors: frozenset[str]) -> tuple[Review, ...]:
    """Return the reviews that approve the last head, by people who are none of its `authors`, sorted by login."""
    given = (
        review
        for review in reviews
        if review.opinion == "approved" and review.commit == pull.head and review.login.lower() not in authors
    )
    return tuple(sorted(given, key=lambda review: review.login.lower()))


def _order(review: Review) -> float:
    return review.at.timestamp() if review.at else 0.0


def _decisive(listed: Iterable[Mapping[str, Any]]) -> Iterator[Review]:
    for item in listed:
        login, opinion = login_of(item.get("user")), _OPINIONS.get(str(item.get("state") or "").upper())
        if login and opinion:
            yield Review(login, opinion, str(item.get("commit_id") or ""), instant(item.get("submitted_at")))
