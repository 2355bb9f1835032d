"""Who we are on GitLab, and who records plans: a bot, which GitLab makes for an access token of a project or group."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from reconciler.forge.gitlab.channel import Channel
from reconciler.forge.gitlab.merge_request import login_of


@dataclass(frozen=True, slots=True)
class Identity:
    """The account that our token writes as. No person can log in as a bot: only its token writes for it."""

    id: int
    login: str
    is_bot: bool

    def wrote(self, document: Mapping[str, Any]) -> bool:
        """Whether a note, remark or issue is ours."""
        author = document.get("author")
        return isinstance(author, Mapping) and author.get("id") == self.id


def identify(channel: Channel) -> Identity:
    """Return who the token is, as GitLab says."""
    document = channel.get("/user")
    identity, login = (document.get("id"), login_of(document)) if isinstance(document, Mapping) else (None, "")
    if not isinstance(identity, int) or not login:
        raise channel.unreadable("GET", "/user", "it has no `id` or no `username`")
    return Identity(identity, login, document.get("bot") is True)
