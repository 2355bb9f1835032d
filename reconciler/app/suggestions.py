"""Suggested changes of budget files, as a file that a pull request is given."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path, PurePosixPath

from reconciler.app.checkout import prefix
from reconciler.app.listening import note
from reconciler.files import write_file
from reconciler.findings import BudgetsError
from reconciler.model.suggestion import SuggestedChange, SuggestionsDocument


def write_suggestions(
    path: Path, changes: Iterable[SuggestedChange], *, command: str, located: Callable[[str], str]
) -> None:
    """Write suggested changes into a file for `kt-budgets pr comment`, and say how many there are.

    `located` makes of the path of a finding the one from the top of the repository.
    """
    listed = tuple(change.model_copy(update={"path": located(change.path)}) for change in changes)
    document = SuggestionsDocument(command=command, suggestions=listed)
    write_file(path, document.text())
    note(f"{path}: {len(listed)} suggested change{'' if len(listed) == 1 else 's'}")


def located(budgets: Path) -> Callable[[str], str]:
    """Return how a path of a plan, which starts with the folder's name, is called from the top of the repository."""
    try:
        where = prefix(budgets)
    except BudgetsError:
        where = PurePosixPath(budgets.as_posix())
    return lambda path: str(where / path.partition("/")[2])
