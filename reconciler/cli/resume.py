"""`kt-budgets resume`: prove or finish an interrupted apply."""

from __future__ import annotations

from typing import Any

import click

from reconciler.cli import options
from reconciler.cli.printing import prints
from reconciler.report.renderers import Answer


@options.command("resume --journal git:origin")
@options.network
@options.settle
@options.journal
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
@options.flag(
    "--repair-journal",
    "repair",
    help="Put back a journal that was deleted or rewound, or go on from what is whole of it and the branch bears out.",
)
@options.flag(
    "--move-journal",
    "moves",
    help="Move the journal from .kt-budgets/journal to the git remote that org.yaml or --journal names.",
)
@options.reason
@click.option("--break-lock", "owner", metavar="OWNER", help="Take the lock from this owner, whose run is dead.")
@options.wait
@prints("run")
def command(*, settle: float, wait: float, **values: Any) -> Answer:
    """Prove or finish an interrupted apply.

    The journal keeps the plan, so nothing has to be approved again and every operation keeps its id. What is unknown
    is looked for in the ledger and never sent again, unless you say with --assume-lost that it cannot come any more.
    What the ledger shows otherwise than the journal (twice, with another amount, not any more, by another journal)
    stays in doubt until you say with --accept that it is right as it stands.
    """
    from reconciler.app.execution import Ran, WayOut, resume

    way = options.made(WayOut, values)
    settings = options.settings(values, moves=way.moves)
    return Ran(resume(settings, way, settle=settle, wait=wait), settings.journal)
