"""`kt-budgets backtest`: how wrong the forecast would have been on the organization's own past."""

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
    wallet_option,
    write_answer,
)
from reconciler.cli.terminal import Command


@click.command("backtest", cls=Command, epilog="Example: kt-budgets backtest --usage exports/ --months 6")
@network_options
@usage_option
@wallet_option
@click.option(
    "--months",
    type=click.IntRange(1, 24),
    default=12,
    show_default=True,
    help="How many whole months to replay; the export must reach back that far.",
)
@format_option("backtest")
@output_option
def command(*, wallets: tuple[str, ...], months: int, format_: str, output: Path | None, **options: Any) -> None:
    """Show how wrong the forecast was on your own past.

    From the 1st, 8th, 15th and 22nd of each past month, the month end is forecast with what was known then, beside the
    run rate, the 28-day mean and a line. With `--usage` files nothing is asked of Keeptrusts.
    """
    from reconciler.app.outlook.backtest import backtest

    write_answer(backtest(settings_of(options), wallets=wallets, months=months), format_, output)
