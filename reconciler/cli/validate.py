"""`kt-budgets validate`: every finding of every budget file. Talks to nothing."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from reconciler.cli.options import budgets_option, format_option, output_option, write_result
from reconciler.cli.pr_files import suggestions_option
from reconciler.findings import ExitCode

if TYPE_CHECKING:
    from reconciler.findings import Finding
    from reconciler.source.load import Reading


@click.command("validate", epilog="Example: kt-budgets validate --format github")
@budgets_option
@format_option("text", "json", "github", "sarif")
@output_option
@suggestions_option
def command(budgets: Path, format_: str, output: Path | None, suggestions: Path | None) -> int:
    """Show every finding of every budget file.

    Each finding has its line and column and says how to cure it. Exits with 3 when one of them is an error.
    """
    from reconciler.report.findings_text import findings_summary
    from reconciler.source.load import read

    reading = read(budgets)
    findings, count = reading.findings, len(reading.tree.files)
    text = _rendered(findings, format_, budgets)
    if text or output:
        write_result(text, output)
    if suggestions:
        _suggest(reading, suggestions, budgets)
    files = f"{count:,} file{'s' if count != 1 else ''}"
    click.echo(findings_summary(findings, checked=files), err=True)
    return ExitCode.FINDINGS if any(finding.is_error for finding in findings) else ExitCode.DONE


def _suggest(reading: Reading, file: Path, budgets: Path) -> None:
    from reconciler.cli.pr_files import write_suggestions
    from reconciler.cli.pr_verdict import located
    from reconciler.source.cures import suggested_cures

    write_suggestions(file, suggested_cures(reading), command="kt-budgets validate", located=located(budgets))


def _rendered(findings: tuple[Finding, ...], format_: str, budgets: Path) -> str:
    """Return the findings in one format: JSON names files the same way on every machine, the others from here."""
    if format_ == "json":
        from reconciler.report.findings_json import findings_json

        return findings_json(findings)
    local = seen_from_here(findings, budgets)
    if format_ == "github":
        from reconciler.report.findings_github import findings_github

        return findings_github(local)
    if format_ == "sarif":
        from reconciler.report.findings_sarif import findings_sarif
        from reconciler.version import __version__

        return findings_sarif(local, version=__version__)
    from reconciler.report.findings_text import findings_text

    return findings_text(local)


def seen_from_here(findings: Iterable[Finding], budgets: Path) -> list[Finding]:
    """Return the findings with paths that can be opened from the working directory."""
    from reconciler.source.tree import folder_name

    here, name = Path.cwd(), folder_name(budgets)
    beside = budgets / ".." if budgets.name in ("", "..") else budgets.parent
    local = []
    for finding in findings:
        folder, _, rest = finding.position.path.partition("/")
        path = budgets / rest if folder == name else beside / finding.position.path
        if path.is_relative_to(here):
            path = path.relative_to(here)
        local.append(replace(finding, position=replace(finding.position, path=path.as_posix())))
    return local
