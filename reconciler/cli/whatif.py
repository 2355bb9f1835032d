"""`kt-budgets whatif`: other targets, growth, cache, models or demand, without editing a file."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from reconciler.cli.completion import offer
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
from reconciler.forecast.levers.registry import what_ifs


def _lever_options(command: Callable[..., None]) -> Callable[..., None]:
    for each in reversed(what_ifs()):
        named = offer("wallets", ending="=")
        command = click.option(
            f"--{each.option}", multiple=True, metavar=each.metavar, help=each.help, shell_complete=named
        )(command)
    return command


@click.command(
    "whatif",
    cls=Command,
    epilog="Example: kt-budgets whatif --wallet support/prod=14500 --growth support=+25% --cache support=28%",
)
@network_options
@usage_option
@click.option(
    "--wallet",
    "targets",
    multiple=True,
    metavar="TEAM/ENV=AMOUNT",
    shell_complete=offer("wallets", ending="="),
    help="Another monthly target.",
)
@_lever_options
@offline_option
@format_option("whatif")
@output_option
def command(
    *,
    targets: tuple[str, ...],
    offline: bool,
    format_: str,
    output: Path | None,
    **options: Any,
) -> None:
    """Show what other targets, growth, cache or models would do, without editing a file.

    Now is the YAML as it stands, once it is applied; both sides see the same simulated days. A TEAM may also be one
    of its wallets, TEAM/ENV. All options but the shared ones can be repeated.
    """
    from reconciler.app.outlook.whatif import Supposed, suppose

    supposed = Supposed(targets, {each.option: options.pop(each.option) for each in what_ifs()})
    write_answer(suppose(settings_of(options), supposed, offline=offline), format_, output)
