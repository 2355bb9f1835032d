"""Who we are on GitHub: what tells our own comments and check runs from everybody else's."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from reconciler.findings import RejectedError
from reconciler.forge.github.channel import Channel
from reconciler.forge.github.repository import login_of
from reconciler.http.failures import ForbiddenError

ACTIONS = "github-actions"
_BOT = "[bot]"


@dataclass(frozen=True, slots=True)
class Identity:
    """The login that our token writes as; an app writes as `slug[bot]`."""

    login: str

    @property
    def app(self) -> str | None:
        """The slug of the app that we are, None for a person."""
        return self.login.removesuffix(_BOT) if self.login.endswith(_BOT) else None

    def wrote(self, document: Mapping[str, Any]) -> bool:
        """Whether a comment, review comment or issue is ours."""
        return login_of(document.get("user")).lower() == self.login.lower()


def identify(channel: Channel, *, named: str | None = None) -> Identity:
    """Return who the token is: as `named`, else as GitHub says.

    An installation token may not ask who it is. The one of GitHub Actions then is the usual one; any other app says
    its name with `named`.
    """
    if named:
        return Identity(named)
    try:
        document = channel.get("/user")
    except ForbiddenError:
        return Identity(f"{ACTIONS}{_BOT}")
    except RejectedError as error:
        if error.status == 404:
            return Identity(f"{ACTIONS}{_BOT}")
        raise
    login = login_of(document)
    if not login:
        raise Channel.unreadable("GET", "/user", "it has no `login`")
    return Identity(login)
