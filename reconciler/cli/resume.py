"""`kt-budgets resume`: prove or finish an interrupted apply."""

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
    settle_option,
    wait_option,
)
from reconciler.cli.result import print_run
from reconciler.cli.terminal import Command


@click.command(cls=Command, epilog="Example: kt-budgets resume --journal git:origin")
@network_options
@settle_option
@journal_option
@click.option(
    "--assume-lost", "lost", metavar="OP", help="Take this unknown operation for lost, so that it may be sent again."
)
@click.option(
    "--accept",
    "accepted",
    multiple=True,
    metavar="OP[=TXN]",
    help="The ledger as it stands is right about this operation, or about the entry ledger:TXN (repeatable).",
)
@click.option(
    "--repair-journal",
    "repair",
    is_flag=True,
    help="Put back a journal that was deleted or rewound, or go on from what is whole of it and the branch bears out.",
)
@click.option(
    "--move-journal",
    "moves",
    is_flag=True,
    help="Move the journal from .kt-budgets/journal to the git remote that org.yaml or --journal names.",
)
@click.option("--reason", default="", metavar="TEXT", help="Why; recorded, with who said it.")
@click.option("--break-lock", "owner", metavar="OWNER", help="Take the lock from this owner, whose run is dead.")
@wait_option
@format_option("run")
@output_option
@click.pass_context
def command(
    context: click.Context,
    /,
    *,
    settle: float,
    wait: float,
    lost: str | None,
    accepted: tuple[str, ...],
    repair: bool,
    moves: bool,
    reason: str,
    owner: str | None,
    format_: str,
    output: Path | None,
    **options: Any,
) -> None:
    """Prove or finish an interrupted apply.

    The journal keeps the plan, so nothing has to be approved again and every operation keeps its id. What is unknown
    is looked for in the ledger and never sent again, unless you say with --assume-lost that it cannot come any more.
    What the ledger shows otherwise than the journal (twice, with another amount, not any more, by another journal)
    stays in doubt until you say with --accept that it is right as it stands.
    """
    from reconciler.app.execution import WayOut, resume

    way = WayOut(lost, accepted, repair=repair, moves=moves, reason=reason, owner=owner)
    settings = settings_of({**options, "moves": moves})
    done = resume(settings, way, settle=settle, wait=wait)
    print_run(done, format_, output, context, journal=settings.journal)
