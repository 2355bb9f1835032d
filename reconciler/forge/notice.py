"""A notice on top of our comment, such as that the plan in it is stale; at most one, and it can be taken back."""

from __future__ import annotations

import re

_BLOCK = re.compile(r"\A<!-- kt-budgets:notice -->\n.*?\n<!-- /kt-budgets:notice -->\n+", re.DOTALL)


def with_notice(text: str, notice: str) -> str:
    """Return a comment's text under `notice`, which is safe Markdown on one line, or without one when it is empty."""
    below = _BLOCK.sub("", text)
    if not notice:
        return below
    return f"<!-- kt-budgets:notice -->\n> {notice}\n<!-- /kt-budgets:notice -->\n\n{below}"
