"""Comments on requests that change no budgets any more: what stands there would not come of merging them."""

from __future__ import annotations

from reconciler.app.listening import say
from reconciler.findings import RejectedError, UnauthorizedError
from reconciler.forge.comment import Stamp, our_comments, publish, stamped
from reconciler.forge.protocol import Forge
from reconciler.report.comment import TAKEN_BACK


def take_back(session: Forge, number: int, head: str) -> None:
    """Make our comment on an open request, if there is one, say that no budgets change any more.

    `head` is the commit of which that is known. A token that may not write the comment stops nothing: it is said.
    """
    try:
        ours = our_comments(session, number)
        if not ours or ours[0].marked.text.strip() == TAKEN_BACK.strip():
            return
        request = session.change_request(number)
        if request.is_open:
            publish(session, request, stamped(TAKEN_BACK, Stamp(number, head, session.run.run)), create=False)
    except (UnauthorizedError, RejectedError) as error:
        words = f"{session.words.sign}{number} changes no budgets, and its comment is left as it was: {error.message}"
        say(words, error.hint)
