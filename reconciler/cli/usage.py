"""`kt-budgets usage`: daily usage for finance."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from reconciler.cli import options
from reconciler.cli.printing import output_option, write_result
from reconciler.cli.terminal import Group


@click.group("usage", cls=Group, epilog="Example: kt-budgets usage export --format focus --output focus.csv")
def command() -> None:
    """Export daily usage for finance: CSV, FOCUS, Parquet or a workbook."""


@command.command("export", epilog="Example: kt-budgets usage export --usage exports/ --format xlsx")
@options.network_with(options.month("Only the days of this month; default all."))
@options.usage
@click.option(
    "--format", "format_", type=click.Choice(("csv", "focus", "parquet", "xlsx")), default="csv", show_default=True
)
@output_option
def export_command(*, format_: Any, output: Path | None, **values: Any) -> None:
    """Write what was spent, day by day, by wallet, workload, provider, model and lane; every cent of it."""
    from reconciler.app.usage_export import export

    write_result(export(options.settings(values), format_, output), None)
