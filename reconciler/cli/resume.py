"""`kt-budgets resume`: prove or finish an interrupted apply."""

from __future__ import annotations

from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from reconciler.cli.options import (
    format_option,
    journal_option,
    network_options,
    output_option,
    settings_of,
    settle_option,
    wait_option,
    write_result,
)
from reconciler.findings import UsageError

if TYPE_CHECKING:
    from reconciler.apply.result import Result
    from reconciler.model.desired import Desired
    from reconciler.settings import Settings


@click.command(epilog="Example: kt-budgets resume --journal git:origin")
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
    help="Put back a journal that was deleted or rewound, or go on from what is whole of a damaged one.",
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
@format_option("text", "json")
@output_option
@click.pass_context
def command(context: click.Context, /, *, format_: str, output: Path | None, **options: Any) -> None:
    """Prove or finish an interrupted apply.

    The journal keeps the plan, so nothing has to be approved again and every operation keeps its id. What is unknown
    is looked for in the ledger and never sent again, unless you say with --assume-lost that it cannot come any more.
    What the ledger shows otherwise than the journal (twice, with another amount, not any more, by another journal)
    stays in doubt until you say with --accept that it is right as it stands.
    """
    from reconciler.cli.journal_place import move_here
    from reconciler.cli.run_place import print_result
    from reconciler.cli.session import load_desired

    asked = Asked(**{field.name: options[field.name] for field in fields(Asked)})
    if asked.names and not asked.reason.strip():
        raise UsageError(f"{asked.names} needs a reason", hint='add --reason "how you know"; it is kept in the journal')
    settings = settings_of(options)
    desired, _ = load_desired(settings)
    if asked.moves:
        click.echo(move_here(settings, desired.organization.organization, asked.reason.strip()), err=True)
    result = _resumed(settings, desired, asked)
    if asked.names:
        about = ", ".join(asked.accepted) or asked.lost or ""
        click.echo(
            f"Recorded in the journal: {asked.names} {about}".rstrip() + f", because {asked.reason.strip()}", err=True
        )
    if result is None:
        _say_nothing_to_resume(format_, output)
        return
    print_result(result, format_, output, journal=settings.journal)
    context.exit(result.exit_code)


@dataclass(frozen=True, slots=True)
class Asked:
    """What the options of `resume` ask for, besides those that every network command shares."""

    settle: float
    lost: str | None
    accepted: tuple[str, ...]
    repair: bool
    moves: bool
    reason: str
    owner: str | None
    wait: float

    @property
    def names(self) -> str:
        """The option that a person answers for, if one was given."""
        if self.lost:
            return "--assume-lost"
        if self.accepted:
            return "--accept"
        return "--repair-journal" if self.repair else "--move-journal" if self.moves else ""


def _resumed(settings: Settings, desired: Desired, asked: Asked) -> Result | None:
    from reconciler.apply.acceptance import Accepted
    from reconciler.apply.resume import Permission, resume
    from reconciler.cli.run_place import site

    permission = Permission(
        operation=asked.lost,
        reason=asked.reason.strip(),
        owner=asked.owner,
        accepted=tuple(map(Accepted.parse, asked.accepted)),
        repair=asked.repair,
    )
    wallets = {key: wallet.currency for key, wallet in desired.wallets.items()}
    with site(settings, desired, settle=asked.settle, label="Resuming", wait=asked.wait) as place:
        return resume(desired.organization.organization, place, permission, wallets=wallets)


def _say_nothing_to_resume(format_: str, output: Path | None) -> None:
    if format_ == "text":
        said = "Nothing to resume: every run in the journal finished, and no operation is unknown."
    else:
        import json

        from reconciler.model.outcome import Run

        said = json.dumps(Run(run="", outcomes=(), converged=True).document(), sort_keys=True, indent=2)
    write_result(f"{said}\n", output)
