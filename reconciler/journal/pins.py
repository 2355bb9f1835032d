"""What was applied stays: one ref leads to it, also where the branch was pushed by force and the remote tidied up.

Decision 0078.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from reconciler.journal.git import APPLIED, NAMESPACE, Git
from reconciler.journal.record import JournalError, Step

_STATES = (Step.STARTED, Step.FINISHED, Step.RECOVERED)
_ABOUT = "kt-budgets: what was applied\n"
_TRIES = 3

_logger = logging.getLogger(__name__)


class Pins:
    """A ref of the journal's remote whose commits have as parents those that the journal names, and the one before.

    It only ever moves on, so that a remote may forbid everything else. Commits that are not in the repository here are
    left out: the journal is in another one than the budgets.
    """

    def __init__(self, git: Git) -> None:
        self._git = git

    def keep(self, lines: Sequence[str]) -> None:
        """Keep the commits that the last state in `lines` names. What cannot be kept stops nothing: it is there now."""
        try:
            named = dict.fromkeys(_named(lines))
            if named and self._git.has_history:
                self._kept([commit for commit in named if self._is_here(commit)])
        except JournalError as error:
            _logger.warning("%s is not moved on: %s", APPLIED, error.message)

    def _kept(self, wanted: Sequence[str]) -> None:
        for _ in range(_TRIES):
            head = self._git.fetch(NAMESPACE).get(APPLIED, "")
            known = self._known(head)
            left = [commit for commit in wanted if commit not in known]
            if not left or self._git.swap(
                APPLIED, expected=head, commit=self._git.commit({}, _ABOUT, parent=(head, *left))
            ):
                return
        raise JournalError(f"{APPLIED} is moved by somebody else")

    def _known(self, head: str) -> frozenset[str]:
        listed = self._git.ask("log", "--first-parent", "--format=%P", head).decode().split() if head else ()
        return frozenset(listed)

    def _is_here(self, commit: str) -> bool:
        return self._git.run("cat-file", "-e", f"{commit}^{{commit}}").returncode == 0


def _named(lines: Iterable[str]) -> Iterator[str]:
    """Yield the commits that the last state in some records names: what is applied, and what is about to be."""
    states = [document for document in map(json.loads, lines) if document["step"] in _STATES]
    for facts in (state["facts"] for state in states[-1:]):
        yield from _of(facts)
        yield from _of(facts.get("declared") or {})
        yield from _of(facts.get("landed") or {})
        plan = facts.get("plan")
        yield from _of(plan["source"] if isinstance(plan, dict) else {})


def _of(facts: Mapping[str, Any]) -> Iterator[str]:
    found = [facts.get("commit"), *facts.get("ahead", {}).values()]
    yield from (commit for commit in found if isinstance(commit, str))
