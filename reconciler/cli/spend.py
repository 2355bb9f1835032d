"""`kt-budgets spend`: what was spent this month, and whether everybody agrees."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from reconciler.cli.options import (
    format_option,
    network_options,
    output_option,
    settings_of,
    usage_option,
    write_answer,
)
from reconciler.cli.terminal import Command


@click.command("spend", cls=Command, epilog="Example: kt-budgets spend --sandbox --as-of 2026-06-18")
@network_options
@usage_option
@format_option("spend")
@output_option
def command(*, format_: str, output: Path | None, **options: Any) -> None:
    """Show what was spent, by whom and on what, and whether dashboard, export and ledger agree.

    Whole days of the month alone are counted. Where the three differ it says how much, where and since when.
    """
    from reconciler.app.spend import spend

    write_answer(spend(settings_of(options)), format_, output)
