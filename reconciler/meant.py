"""What somebody meant by a name that there is not: the names there are that it is almost."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

LONGEST = 64
"""A longer text is no misspelt name, and comparing it would take long."""


def close_to(name: str, known: Iterable[str], *, most: int = 1, alike: float = 0.6) -> list[str]:
    """Return at most `most` of the `known` names that `name` is almost, the likeliest first; capitals do not count.

    `alike` is from 0, anything, to 1, the same.
    """
    if len(name) > LONGEST:
        return []
    names = {each.lower(): each for each in known}
    return [names[each] for each in get_close_matches(name.lower(), names, n=most, cutoff=alike)]


def only(close: list[str]) -> str | None:
    """Return the one name that is close to what was written, None where there are several or none."""
    return close[0] if len(close) == 1 else None


def did_you_mean(close: list[str]) -> str:
    """Return the question whether the likeliest name was meant, an empty text where there is none."""
    return f"did you mean `{close[0]}`?" if close else ""
