"""`kt-budgets resume`: prove or finish an interrupted apply."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from reconciler.cli.options import format_option, network_options, output_option, settings_of, wait_option, write_result
from reconciler.findings import UsageError


@click.command(epilog="Example: kt-budgets resume --journal git:origin")
@network_options
@click.option(
    "--settle",
    type=click.FloatRange(min=0),
    default=60.0,
    show_default=True,
    metavar="SECONDS",
    help="How long an open operation is looked for in the ledger.",
)
@click.option("--journal", metavar="STORE", help="Where runs are recorded: file:PATH or git:REMOTE.")
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
def command(
    context: click.Context,
    /,
    *,
    settle: float,
    lost: str | None,
    accepted: tuple[str, ...],
    repair: bool,
    moves: bool,
    reason: str,
    owner: str | None,
    wait: float,
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
    from reconciler.apply.acceptance import Accepted
    from reconciler.apply.resume import Permission, resume
    from reconciler.cli.apply import print_result, site
    from reconciler.cli.journal_place import move_here
    from reconciler.cli.session import load_desired

    asked = "--assume-lost" if lost else "--accept" if accepted else "--repair-journal" if repair else ""
    asked = asked or ("--move-journal" if moves else "")
    if asked and not reason.strip():
        raise UsageError(f"{asked} needs a reason", hint='add --reason "how you know"; it is kept in the journal')
    settings = settings_of({**options, "moves": moves})
    desired, _ = load_desired(settings)
    if moves:
        click.echo(move_here(settings, desired.organization.organization, reason.strip()), err=True)
    with site(settings, desired, settle=settle, label="Resuming", wait=wait) as place:
        permission = Permission(
            operation=lost,
            reason=reason.strip(),
            owner=owner,
            accepted=tuple(map(Accepted.parse, accepted)),
            repair=repair,
        )
        wallets = {key: wallet.currency for key, wallet in desired.wallets.items()}
        result = resume(desired.organization.organization, place, permission, wallets=wallets)
    if asked:
        click.echo(
            f"Recorded in the journal: {asked} {', '.join(accepted) or lost}, because {reason.strip()}", err=True
        )
    if result is None:
        _say_nothing_to_resume(format_, output)
        return
    print_result(result, format_, output, journal=settings.journal)
    context.exit(result.exit_code)


def _say_nothing_to_resume(format_: str, output: Path | None) -> None:
    if format_ == "text":
        said = "Nothing to resume: every run in the journal finished, and no operation is unknown."
    else:
        import json

        from reconciler.model.outcome import Run

        said = json.dumps(Run(run="", outcomes=(), converged=True).document(), sort_keys=True, indent=2)
    write_result(f"{said}\n", output)
