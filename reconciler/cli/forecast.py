"""`kt-budgets forecast`: how each wallet's month may end, when it runs out, and the months ahead."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from reconciler.cli.options import (
    format_option,
    network_options,
    offline_option,
    output_option,
    settings_of,
    usage_option,
    wallet_option,
    write_answer,
)
from reconciler.cli.terminal import Command

WEEKS = 8


@click.command(
    "forecast", cls=Command, epilog="Example: kt-budgets forecast --usage exports/ --wallet support/prod --horizon 3"
)
@network_options
@usage_option
@wallet_option
@click.option(
    "--horizon",
    type=click.IntRange(1, 24),
    metavar="MONTHS",
    help="How many months to look ahead, 1 to 24; default that of org.yaml.",
)
@offline_option
@format_option("forecast")
@output_option
def command(
    *,
    wallets: tuple[str, ...],
    horizon: int | None,
    offline: bool,
    format_: str,
    output: Path | None,
    **options: Any,
) -> None:
    """Show how the month may end, when money runs out, and the months ahead.

    Every figure is a statistic of the same simulated days, under the money of today and under that of the YAML.
    Without a token, `--usage` files are enough: each wallet is then taken to hold its target.
    """
    from reconciler.app.outlook.forecast import look_ahead

    found = look_ahead(settings_of(options), wallets=wallets, horizon=horizon, offline=offline)
    write_answer(found, format_, output)
