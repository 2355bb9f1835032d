"""Fmt: the one layout of budget files. Blanks and line ends change, values and comments never do."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from shlex import quote

from reconciler.app.validate import seen_from_here
from reconciler.files import write_file
from reconciler.findings import ExitCode, Finding
from reconciler.report.renderers import render
from reconciler.source.characters import readable
from reconciler.source.layout import LayoutError, laid_out
from reconciler.source.load import read
from reconciler.source.tree import SourceFile

_SPLIT = "thousands-separator"
"""Blanks behind the comma of `12,500` would hide what it was meant to be."""


@dataclass(frozen=True, slots=True)
class Formatted:
    """Which files are, or with `check` would be, laid out anew, and which could not be."""

    budgets: Path
    check: bool
    changed: tuple[Path, ...]
    findings: tuple[Finding, ...]
    count: int

    @property
    def exit_code(self) -> ExitCode:
        """3 where a file cannot be laid out, or with `check` is not; else 0."""
        return ExitCode.FINDINGS if self.findings or (self.check and self.changed) else ExitCode.DONE

    def rendered(self) -> str:
        """Return a line for each file that changes, and the findings."""
        names = "".join(f"{path}{': not laid out' if self.check else ''}\n" for path in self.changed)
        return names + render("findings", "text", seen_from_here(self.findings, self.budgets))

    @property
    def summary(self) -> str:
        """One line on how many files there are, and the cure where `check` found one."""
        files = f"{self.count:,} file{'s' if self.count != 1 else ''}"
        if self.check and self.changed:
            fix = f"kt-budgets fmt --budgets {quote(str(self.budgets))}"
            return f"{files}, {len(self.changed):,} not laid out\n  hint: {fix}"
        if self.changed or self.findings:
            return f"{files}, {len(self.changed):,} laid out anew"
        return f"{files}, all laid out"


def fmt(budgets: Path, *, check: bool = False) -> Formatted:
    """Lay out every file in `budgets`; with `check` nothing is written. A file that cannot be is left as it is.

    Raises:
        UsageError: a file cannot be written.
    """
    reading = read(budgets)
    changed, findings = [], [finding for finding in reading.tree.findings if finding.is_error]
    split = [finding for finding in reading.findings if finding.code == _SPLIT]
    for file in reading.tree.files:
        if of_file := [finding for finding in split if finding.position.path == file.path]:
            findings += of_file
            continue
        try:
            text = _laid_out(file)
        except LayoutError as error:
            findings.append(_refused(file, error))
            continue
        if text.encode("utf-8") != file.data:
            changed.append(budgets / file.relative)
            if not check:
                write_file(budgets / file.relative, text)
    return Formatted(budgets, check, tuple(changed), tuple(sorted(findings)), len(reading.tree.files))


def _laid_out(file: SourceFile) -> str:
    try:
        text = file.data.decode("utf-8")
    except UnicodeDecodeError:
        raise LayoutError(readable(file.data)[1][0]) from None
    return laid_out(text)


def _refused(file: SourceFile, error: LayoutError) -> Finding:
    found = error.finding
    return found.at(replace(found.position, path=file.path))
