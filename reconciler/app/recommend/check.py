"""`kt-budgets recommend`: what is written must not make the YAML warn of what it did not warn of before."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from reconciler.app.recommend.draft import UNDER, Draft, Edit
from reconciler.source.edits import EditError, set_value
from reconciler.source.load import Reading, read
from reconciler.source.problem import dotted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reconciler.findings import Finding


def unwarned(made: Draft, budgets: Path) -> Draft:
    """Return `made` without the edits after which the YAML would have a finding more; says which, and why not."""
    trial = _Trial(read(budgets))
    edits, kept = list(made.edits), list(made.kept)
    while found := trial.added(edits):
        culprit = trial.culprit(edits, found)
        edits.remove(culprit)
        kept.append(f"{culprit.path} {dotted(culprit.keys)}: the YAML would warn: {found[0].message}")
        for edit in [edit for edit in edits if edit.under and edit.under == culprit.target_of]:
            edits.remove(edit)
            kept.append(f"{edit.path} {dotted(edit.keys)}: {UNDER}")
    return replace(made, edits=tuple(edits), kept=tuple(kept))


@dataclass(frozen=True, slots=True)
class _Trial:
    """The budgets as they are read now."""

    reading: Reading

    def added(self, edits: Sequence[Edit]) -> list[Finding]:
        """Return the findings that `edits` add, a code and a file at a time."""
        texts = self._texts(edits)
        if not texts:
            return []
        before = Counter((finding.position.path, finding.code) for finding in self.reading.findings)
        found = []
        for finding in self.reading.rewritten(texts).findings:
            place = (finding.position.path, finding.code)
            before[place] -= 1
            if before[place] < 0:
                found.append(finding)
        return found

    def culprit(self, edits: Sequence[Edit], found: Sequence[Finding]) -> Edit:
        """Return the edit without which there is least to warn of: of the file that is warned of, if any is."""
        path = found[0].position.path
        near = [edit for edit in edits if edit.path == path] or list(edits)
        return min(near, key=lambda edit: len(self.added([other for other in edits if other is not edit])))

    def _texts(self, edits: Sequence[Edit]) -> dict[str, str]:
        """Return the files with `edits`; one that cannot be made in place is none, and refused where it is written."""
        texts: dict[str, str] = {}
        now = {file.path: file.data for file in self.reading.tree.files}
        for edit in edits:
            try:
                text = texts.get(edit.path) or now[edit.path].decode("utf-8")
                texts[edit.path] = set_value(text, edit.keys, edit.literal)
            except (EditError, KeyError, UnicodeDecodeError):
                continue
        return texts
