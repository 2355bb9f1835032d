"""`kt-budgets recommend --suggestions`: what `--write` would write, as changes to take one by one in a pull request."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from reconciler.model.suggestion import SuggestedChange
from reconciler.model.wallet_ref import WalletRef
from reconciler.source.edits import EditError, set_value
from reconciler.source.hunks import hunks
from reconciler.source.load import Reading, read
from reconciler.source.problem import dotted

if TYPE_CHECKING:
    from pathlib import Path

    from reconciler.app.recommend.draft import Edit
    from reconciler.model.desired import Desired
    from reconciler.model.plan import Plan


def changed_wallets(desired: Desired, plan: Plan) -> frozenset[WalletRef]:
    """Return the keys of the wallets whose money or alerts a plan changes."""
    changed = {(change.team, change.environment) for change in plan.changes}
    return frozenset(key for key, wallet in desired.wallets.items() if (wallet.team, wallet.environment) in changed)


def suggested(edits: Sequence[Edit], *, budgets: Path) -> tuple[tuple[SuggestedChange, ...], tuple[str, ...]]:
    """Return the changes that `edits` come to, and why others are left out: not in place, or with an error."""
    reading = read(budgets)
    by_path: dict[str, list[Edit]] = {}
    for edit in sorted(edits, key=lambda edit: edit.path):
        by_path.setdefault(edit.path, []).append(edit)
    texts = {file.path: file.data.decode("utf-8") for file in reading.tree.files if file.path in by_path}
    changes: list[SuggestedChange] = []
    left: list[str] = []
    for path, listed in by_path.items():
        draft = _Draft(reading, path, texts[path])
        for change, taken in _of_file(draft, listed):
            changes.append(change)
            listed = [edit for edit in listed if edit not in taken]
        left += [draft.refusal(edit) for edit in listed]
    return tuple(changes), tuple(left)


@dataclass(frozen=True, slots=True)
class _Draft:
    reading: Reading
    path: str
    text: str

    def edited(self, text: str, edit: Edit) -> str | None:
        """Return the text with the edit, None where that is not possible or not valid."""
        try:
            edited = set_value(text, edit.keys, edit.literal)
        except EditError:
            return None
        findings = self.reading.rewritten({self.path: edited}).findings
        return None if any(finding.is_error for finding in findings) else edited

    def refusal(self, edit: Edit) -> str:
        """Return where an edit would be, why it cannot be suggested, and what to write by hand."""
        try:
            edited = set_value(self.text, edit.keys, edit.literal)
        except EditError as error:
            found = error.finding(self.path, self.text, edit.keys, edit.literal)
            return f"{found.position}: {found.message}; write `{dotted(edit.keys)}: {edit.literal}` by hand"
        errors = [found for found in self.reading.rewritten({self.path: edited}).findings if found.is_error]
        why = f"the YAML would be wrong: {errors[0].message}" if errors else "it would change what others change too"
        return f"{self.path} {dotted(edit.keys)}: {why}"


def _of_file(draft: _Draft, edits: Sequence[Edit]) -> Iterator[tuple[SuggestedChange, tuple[Edit, ...]]]:
    for hunk, taken in hunks(draft.text, edits, draft.edited):
        change = SuggestedChange(
            path=draft.path,
            start_line=hunk.start_line,
            line=hunk.line,
            original=hunk.original,
            replacement=hunk.replacement,
            key=", ".join(dotted(edit.keys) for edit in taken),
            before=", ".join(edit.before or "" for edit in taken),
            reason=" ".join(edit.reason for edit in taken),
        )
        yield change, taken
