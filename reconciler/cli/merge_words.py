"""Printing what became of what was merged."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from reconciler.cli.options import write_result
from reconciler.cli.output import kept_in
from reconciler.findings import UsageError

if TYPE_CHECKING:
    from reconciler.model.merges import Merges


def print_merges(found: Merges, format_: str, output: Path | None, *, journal: str) -> None:
    """Print the outcomes, or write them to `output` and the text for people to stderr."""
    from reconciler.cli.pr_session import add_to_summary
    from reconciler.report.merges_text import merges_text

    kept_in(f"the journal {journal}: `kt-budgets audit` prints it")
    text = merges_text(found)
    fenced = text.replace("```", "'''")
    add_to_summary(f"### What was merged\n\n```\n{fenced}```")
    document = json.dumps(found.document(), sort_keys=True, indent=2, ensure_ascii=False) + "\n"
    if output is not None or format_ == "json":
        click.echo(text, err=True, nl=False)
    try:
        write_result(document if format_ == "json" else text, output)
    except UsageError as error:
        click.echo(f"kt-budgets: {error.message}; the runs are in the journal {journal}", err=True)
        click.echo("  hint: print them with `kt-budgets audit`", err=True)
