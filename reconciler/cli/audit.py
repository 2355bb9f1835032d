"""`kt-budgets audit`: print and verify the trail."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from reconciler.cli.options import (
    format_option,
    journal_option,
    network_options,
    output_option,
    settings_of,
    write_result,
)
from reconciler.cli.terminal import Command
from reconciler.findings import ExitCode


@click.command(cls=Command, epilog="Example: kt-budgets audit --verify --format json")
@network_options
@journal_option
@click.option("--verify", is_flag=True, help="Check every record, and the ledger where a token is given.")
@format_option("audit")
@output_option
@click.pass_context
def command(context: click.Context, /, *, verify: bool, format_: str, output: Path | None, **options: Any) -> None:
    """Print and verify the trail: who moved what, why, with which ledger ids.

    Reading the journal always checks its chain: an edited, removed or reordered record stops with its number. With
    --verify, each operation is also looked up in the ledger; exit 11 when they disagree.
    """
    from reconciler.app.audit import audit

    found = audit(settings_of(options), verify=verify)
    write_result(found.rendered(format_), output)
    if not found.is_sound:
        context.exit(ExitCode.DRIFT)
