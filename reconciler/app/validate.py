"""Validate: every finding of every budget file, without any network."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

from reconciler.findings import ExitCode, Finding
from reconciler.model.plan_finding import FindingsDocument
from reconciler.report.findings_text import findings_summary
from reconciler.report.renderers import Answer, render
from reconciler.report.screen import PAPER, Screen
from reconciler.settings import today
from reconciler.source.load import Reading, read
from reconciler.source.tree import folder_name


@dataclass(frozen=True, slots=True)
class Validated(Answer):
    """What was read from the files in `budgets`."""

    budgets: Path
    reading: Reading

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Every finding, sorted."""
        return self.reading.findings

    @property
    def exit_code(self) -> ExitCode:
        """What the process returns: 3 when one of the findings is an error."""
        return ExitCode.FINDINGS if any(finding.is_error for finding in self.findings) else ExitCode.DONE

    @property
    def summary(self) -> str:
        """One line on how many findings there are."""
        files = len(self.reading.tree.files)
        return findings_summary(self.findings, checked=f"{files:,} file{'s' if files != 1 else ''}")

    def beside(self, format_: str, *, to_file: bool) -> str:
        del format_, to_file
        return f"{self.summary}\n"

    def suggest(self, file: Path) -> None:
        """Write changes that take findings away into `file`, for a pull request; UsageError where it cannot be."""
        from reconciler.app.suggestions import located, write_suggestions
        from reconciler.source.cures import suggested_cures

        changes = suggested_cures(self.reading)
        write_suggestions(file, changes, command="kt-budgets validate", located=located(self.budgets))

    def rendered(self, format_: str, screen: Screen = PAPER) -> str:
        """Return the findings as `text`, `json` (kt-budgets.findings/1), `github`, `sarif` or `code-quality`.

        JSON names files the same way on every machine, the others from the working directory.
        """
        if format_ == "json":
            return render("findings", format_, FindingsDocument.of(self.findings))
        return render("findings", format_, seen_from_here(self.findings, self.budgets), screen)


def validate(budgets: Path, *, as_of: date | None = None) -> Validated:
    """Return every finding of the files in `budgets`; nothing that is wrong with them raises.

    What ends soon is seen from `as_of`, by default today (UTC).
    """
    return Validated(budgets, read(budgets, today=as_of or today()))


def seen_from_here(findings: Iterable[Finding], budgets: Path) -> list[Finding]:
    """Return the findings with paths that can be opened from the working directory, also in what they say."""
    here, name = Path.cwd(), folder_name(budgets)
    beside = budgets / ".." if budgets.name in ("", "..") else budgets.parent

    def seen(text: str) -> str:
        folder, _, rest = text.partition("/")
        path = budgets / rest if folder == name else beside / text
        return (path.relative_to(here) if path.is_relative_to(here) else path).as_posix()

    named = re.compile(rf"(?<![\w./-]){re.escape(name)}/(?=org\.yaml|teams/|policies/)")
    local = []
    for finding in findings:
        message, hint = (named.sub(f"{seen(name)}/", text) for text in (finding.message, finding.hint))
        placed = finding.at(replace(finding.position, path=seen(finding.position.path)))
        local.append(replace(placed, message=message, hint=hint))
    return local
