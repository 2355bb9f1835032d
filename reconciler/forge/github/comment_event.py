"""What GitHub Actions says about a comment that started this run, and the commands in it. Read tolerantly."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from reconciler.forge.github.repository import login_of

SIGN = "/kt-budgets"
MOST = 5
"""Commands of one comment that are carried out."""

_LINE = re.compile(rf"^{SIGN}(?:[ \t]+(?P<name>\S+))?(?P<rest>(?:[ \t]+\S+)*)[ \t]*$")
_FENCE = re.compile(r"^ {0,3}(?:```|~~~)")
_LONGEST = 500


@dataclass(frozen=True, slots=True)
class Asked:
    """One command: its `name`, empty where none was written, and its words."""

    name: str
    words: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CommentEvent:
    """A new comment by a person on a pull request."""

    id: int
    number: int
    login: str
    body: str
    url: str = ""


def read_comment(payload: object) -> CommentEvent | None:
    """Return the comment that `payload` is about; None for an edited one, a bot's, or one on anything else."""
    document = payload if isinstance(payload, Mapping) else {}
    issue, comment = document.get("issue"), document.get("comment")
    if document.get("action") != "created" or not isinstance(issue, Mapping) or not isinstance(comment, Mapping):
        return None
    author = comment.get("user")
    is_bot = isinstance(author, Mapping) and author.get("type") != "User"
    login, identity, number, body = login_of(author), comment.get("id"), issue.get("number"), comment.get("body")
    if is_bot or not login or not issue.get("pull_request"):
        return None
    if not isinstance(identity, int) or not isinstance(number, int) or not isinstance(body, str):
        return None
    return CommentEvent(identity, number, login, body, str(comment.get("html_url") or ""))


def commands_in(body: str) -> Sequence[Asked]:
    """Return the commands of a comment, each on a line of its own, once; what is quoted or in a code block is none."""
    found: dict[Asked, None] = {}
    is_code = False
    for line in body.replace("\r\n", "\n").split("\n"):
        is_code ^= bool(_FENCE.match(line))
        match = None if is_code or len(line) > _LONGEST else _LINE.match(line)
        if match:
            found[Asked((match["name"] or "").lower(), tuple(match["rest"].split()))] = None
    return tuple(found)
