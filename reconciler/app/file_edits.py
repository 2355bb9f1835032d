"""Values that are changed in budget files, one at a time, comments kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from reconciler.files import write_file
from reconciler.findings import FindingsError, UsageError
from reconciler.source.edits import EditError, set_value
from reconciler.source.load import read
from reconciler.source.removal import remove_item


@dataclass(frozen=True, slots=True)
class FileEdit:
    """A file's path as origins name it, the keys down to a value, and the value as YAML; None: the entry goes."""

    path: str
    keys: tuple[str | int, ...]
    literal: str | None

    @property
    def order(self) -> tuple[bool, str, tuple[tuple[bool, int, str], ...]]:
        """Values first, then entries from the last to the first: so that none moves the place of another."""
        places = tuple((isinstance(k, int), -k if isinstance(k, int) else 0, str(k)) for k in self.keys)
        return self.literal is None, self.path, places


def write_edits(budgets: Path, edits: Sequence[FileEdit]) -> tuple[Path, ...]:
    """Write `edits` and return the files; nothing is written unless all are possible, and valid as they are read.

    Raises:
        FindingsError: with every place that cannot be edited; or when the YAML would have errors.
    """
    before = {edit.path: _read(budgets / edit.path.partition("/")[2]) for edit in edits}
    texts, refused = dict(before), []
    for edit in sorted(edits, key=lambda edit: edit.order):
        text = texts[edit.path]
        try:
            texts[edit.path] = (
                remove_item(text, edit.keys) if edit.literal is None else set_value(text, edit.keys, edit.literal)
            )
        except EditError as error:
            refused.append(error.finding(edit.path, before[edit.path], edit.keys, edit.literal))
    if refused:
        raise FindingsError(refused, budgets=str(budgets))
    findings = read(budgets).rewritten(texts).findings if texts else ()
    if any(finding.is_error for finding in findings):
        raise FindingsError(findings, budgets=str(budgets))
    files = {budgets / path.partition("/")[2]: text for path, text in texts.items()}
    for file, text in files.items():
        write_file(file, text)
    return tuple(sorted(files))


def _read(file: Path) -> str:
    try:
        return file.read_bytes().decode("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{file} cannot be read: {type(error).__name__}", hint="run `kt-budgets validate`") from None
