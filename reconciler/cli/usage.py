"""`kt-budgets usage`: daily usage for finance."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from reconciler.cli.options import network_options, output_option, settings_of, usage_option, write_result
from reconciler.cli.terminal import Command


@click.group("usage", epilog="Example: kt-budgets usage export --format focus --output focus.csv")
def command() -> None:
    """Export daily usage for finance: CSV, FOCUS, Parquet or a workbook."""


@command.command("export", cls=Command, epilog="Example: kt-budgets usage export --usage exports/ --format xlsx")
@network_options
@usage_option
@click.option(
    "--format", "format_", type=click.Choice(("csv", "focus", "parquet", "xlsx")), default="csv", show_default=True
)
@output_option
def export_command(*, format_: Any, output: Path | None, **options: Any) -> None:
    """Write what was spent, day by day, by wallet, workload, provider, model and lane; every cent of it."""
    from reconciler.app.usage_export import export

    if text := export(settings_of(options), format_, output):
        write_result(text, None)
