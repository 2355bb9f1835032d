"""The files that `kt-budgets pr` takes besides a plan: findings, and suggested changes."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reconciler.app.listening import note
from reconciler.findings import UsageError

if TYPE_CHECKING:
    from reconciler.forge.suggestion import Suggestion
    from reconciler.model.plan import PlanFinding
    from reconciler.model.suggestion import SuggestedChange

_COMMAND = re.compile(r"kt-budgets [a-z-]{1,30}")


def read_findings(path: Path) -> tuple[PlanFinding, ...]:
    """Return the findings that `kt-budgets validate --format json` wrote into a file."""
    import json

    from reconciler.model.plan import PlanFinding

    hint = "give the output of `kt-budgets validate --format json`"
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        if document["format"] != "kt-budgets.findings/1":
            raise ValueError(document["format"])
        return tuple(PlanFinding.model_validate(item) for item in document["findings"])
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}", hint=hint) from None
    except (ValueError, KeyError, TypeError):
        raise UsageError(f"{path} holds no findings", hint=hint) from None


def read_suggestions(path: Path) -> tuple[Suggestion, ...]:
    """Return the suggested changes that a file of format kt-budgets.suggestions/1 holds; unknown fields are ignored."""
    import json

    hint = "give what `kt-budgets validate --suggestions FILE` or `recommend --suggestions FILE` wrote"
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        if document["format"] != "kt-budgets.suggestions/1":
            raise ValueError(document["format"])
        command = str(document.get("command") or "")
        return tuple(_suggestion(item, command) for item in document["suggestions"])
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}", hint="name a readable file") from None
    except (ValueError, KeyError, TypeError, AttributeError):
        raise UsageError(f"{path} holds no suggestions", hint=hint) from None


def _suggestion(item: dict[str, Any], command: str) -> Suggestion:
    from reconciler.forge.suggestion import Suggestion
    from reconciler.report.escape import escaped

    return Suggestion(
        path=str(item["path"]),
        start_line=int(item.get("start_line") or item["line"]),
        line=int(item["line"]),
        replacement=str(item["replacement"]),
        reason=escaped(str(item.get("reason", ""))[:2000]),
        original=str(item.get("original", "")),
        key=str(item.get("key", "")),
        before=str(item.get("before", "")),
        command=command if _COMMAND.fullmatch(command) else "",
    )


def write_suggestions(
    path: Path, changes: Iterable[SuggestedChange], *, command: str, located: Callable[[str], str]
) -> None:
    """Write suggested changes into a file for `kt-budgets pr comment`, and say on stderr how many there are.

    `located` makes of the path of a finding the one from the top of the repository.
    """
    from reconciler.files import write_file
    from reconciler.model.suggestion import SuggestionsDocument

    listed = tuple(change.model_copy(update={"path": located(change.path)}) for change in changes)
    document = SuggestionsDocument(command=command, suggestions=listed)
    write_file(path, document.model_dump_json(indent=2) + "\n")
    note(f"{path}: {len(listed)} suggested change{'' if len(listed) == 1 else 's'}")
