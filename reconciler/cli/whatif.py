"""`kt-budgets whatif`: other targets, growth, cache, models, demand or limits, without editing a file."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

from reconciler.cli import options
from reconciler.cli.completion import offer
from reconciler.cli.printing import prints
from reconciler.forecast.levers.registry import what_ifs
from reconciler.report.renderers import Answer

_NAMED = offer("wallets", ending="=")


def _levers(command: Callable[..., None]) -> Callable[..., None]:
    for each in reversed(what_ifs()):
        command = click.option(
            f"--{each.option}", multiple=True, metavar=each.metavar, help=each.help, shell_complete=_NAMED
        )(command)
    return command


@options.command("whatif --wallet support/prod=14500 --growth support=+25% --cache support=28%")
@options.network
@options.usage
@click.option(
    "--wallet",
    "targets",
    multiple=True,
    metavar="TEAM/ENV=AMOUNT",
    shell_complete=_NAMED,
    help="Another monthly target.",
)
@_levers
@options.offline
@prints("whatif")
def command(*, targets: tuple[str, ...], offline: bool, **values: Any) -> Answer:
    """Show what other targets, growth, cache, models or limits would do, without editing a file.

    Now is the YAML as it stands, once it is applied; both sides see the same simulated days. A TEAM may also be one
    of its wallets, TEAM/ENV; new demand comes to a team's first wallet. All options but the shared
    ones can be repeated.
    """
    from reconciler.app.outlook.whatif import Supposed, suppose

    supposed = Supposed(targets, {each.option: values.pop(each.option.replace("-", "_")) for each in what_ifs()})
    return suppose(options.settings(values), supposed, offline=offline)
