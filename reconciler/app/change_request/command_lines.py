"""The commands in a comment: each on a line of its own."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

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
