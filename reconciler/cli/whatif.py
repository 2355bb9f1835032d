"""`kt-budgets whatif`: other targets, growth, cache, models or demand, without editing a file."""

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
    write_answer,
)
from reconciler.cli.terminal import Command


@click.command(
    "whatif",
    cls=Command,
    epilog="Example: kt-budgets whatif --wallet support/prod=14500 --growth support=+25% --cache support=28%",
)
@network_options
@usage_option
@click.option("--wallet", "targets", multiple=True, metavar="TEAM/ENV=AMOUNT", help="Another monthly target.")
@click.option(
    "--growth", multiple=True, metavar="TEAM=+25%[@MONTH]", help="Demand beyond the plan, at once or from MONTH."
)
@click.option("--cache", multiple=True, metavar="TEAM=28%[@MONTH]", help="Cache hit rate, at once or reached by MONTH.")
@click.option(
    "--mix",
    multiple=True,
    metavar="TEAM=FROM,TO,30%[@MONTH]",
    help="Traffic that moves between two models (provider/model), at once or by MONTH.",
)
@click.option(
    "--demand",
    multiple=True,
    metavar="TEAM=600.00[@MONTH]",
    help="New demand a month, from MONTH; default the first month of which nothing is known.",
)
@offline_option
@format_option("text", "json")
@output_option
def command(
    *,
    targets: tuple[str, ...],
    growth: tuple[str, ...],
    cache: tuple[str, ...],
    mix: tuple[str, ...],
    demand: tuple[str, ...],
    offline: bool,
    format_: str,
    output: Path | None,
    **options: Any,
) -> None:
    """Show what other targets or levers would do, without editing a file.

    Now is the YAML as it stands, once it is applied; both sides see the same simulated days. A TEAM may also be one
    of its wallets, TEAM/ENV. All options but the shared ones can be repeated.
    """
    from reconciler.app.outlook.whatif import Supposed, suppose

    supposed = Supposed(targets, growth, cache, mix, demand)
    write_answer(suppose(settings_of(options), supposed, offline=offline), format_, output)
