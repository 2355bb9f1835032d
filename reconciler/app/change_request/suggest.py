"""Suggested changes of `kt-budgets pr comment`: chosen before the comment, which counts the rest, then made."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from reconciler.app.listening import say
from reconciler.findings import RejectedError
from reconciler.forge.github.suggestion import Choice, Conversation
from reconciler.forge.marker import stamped

if TYPE_CHECKING:
    from reconciler.app.github import GitHub
    from reconciler.forge.change_request import ChangeRequest
    from reconciler.forge.github.suggestion import Suggestion
    from reconciler.forge.marker import Stamp


def chosen(session: GitHub, pull: ChangeRequest, suggestions: tuple[Suggestion, ...]) -> Choice:
    """Return which suggestions to make; where GitHub does not show the difference, say so and go on without any."""
    try:
        return _conversation(session, pull).choose(suggestions)
    except RejectedError as error:
        say(f"no suggested changes: {error.message}", error.hint)
        return Choice()


def suggest(session: GitHub, pull: ChangeRequest, choice: Choice) -> dict[str, int]:
    """Publish what was chosen, and return the counts for the command's own result."""
    made = _conversation(session, pull).suggest(choice.chosen)
    return {
        "suggestions": len(made),
        "suggestions_outside": len(choice.outside),
        "suggestions_held": len(choice.held),
    }


def _conversation(session: GitHub, pull: ChangeRequest) -> Conversation:

    return Conversation(session.channel, session.repository, pull, session.identity)


def with_remarks(body: str, remarks: Sequence[str], stamp: Stamp) -> str:
    """Return the comment with what is to be said at its end, about suggestions that were not made."""
    return stamped("\n\n".join([body.rstrip("\n"), *remarks]), stamp).body if remarks else body
