"""`kt-budgets recommend --suggestions`: what `--write` would write, as changes to take one by one in a pull request."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from reconciler.cli.recommend_write import Edit
    from reconciler.model.desired import Desired
    from reconciler.model.plan import Plan
    from reconciler.model.suggestion import SuggestedChange
    from reconciler.source.load import Reading


def changed_wallets(desired: Desired, plan: Plan) -> frozenset[str]:
    """Return the keys of the wallets whose money or alerts a plan changes."""
    from reconciler.model.change import ExportScheduleChange

    changed = {
        (change.team, change.environment) for change in plan.changes if not isinstance(change, ExportScheduleChange)
    }
    return frozenset(key for key, wallet in desired.wallets.items() if (wallet.team, wallet.environment) in changed)


def suggested(edits: Sequence[Edit], *, budgets: Path) -> tuple[SuggestedChange, ...]:
    """Return the changes that `edits` come to; one that cannot be written in place, or adds an error, is left out."""
    from reconciler.source.load import read

    reading = read(budgets)
    by_path: dict[str, list[Edit]] = {}
    for edit in sorted(edits, key=lambda edit: edit.path):
        by_path.setdefault(edit.path, []).append(edit)
    texts = {file.path: file.data.decode("utf-8") for file in reading.tree.files if file.path in by_path}
    return tuple(
        change for path, listed in by_path.items() for change in _of_file(_Draft(reading, path, texts[path]), listed)
    )


@dataclass(frozen=True, slots=True)
class _Draft:
    reading: Reading
    path: str
    text: str

    def edited(self, text: str, edit: Edit) -> str | None:
        """Return the text with the edit, None where that is not possible or not valid."""
        from reconciler.source.edits import EditError, set_value

        try:
            edited = set_value(text, edit.keys, edit.literal)
        except EditError:
            return None
        findings = self.reading.rewritten({self.path: edited}).findings
        return None if any(finding.is_error for finding in findings) else edited


def _of_file(draft: _Draft, edits: Sequence[Edit]) -> Iterator[SuggestedChange]:
    from reconciler.model.suggestion import SuggestedChange
    from reconciler.source.hunks import hunks
    from reconciler.source.problem import dotted

    for hunk, taken in hunks(draft.text, edits, draft.edited):
        yield SuggestedChange(
            path=draft.path,
            start_line=hunk.start_line,
            line=hunk.line,
            original=hunk.original,
            replacement=hunk.replacement,
            key=", ".join(dotted(edit.keys) for edit in taken),
            before=", ".join(edit.before or "" for edit in taken),
            reason=" ".join(edit.reason for edit in taken),
        )
