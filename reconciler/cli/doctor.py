"""`kt-budgets doctor`: what would fail, why it matters, and what mends it."""

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
    usage_option,
    write_result,
)
from reconciler.cli.pr_options import repository_option
from reconciler.cli.terminal import Command, known_screen


@click.command(cls=Command, epilog="Example: kt-budgets doctor --format json")
@network_options
@usage_option
@journal_option
@repository_option
@click.option(
    "--record",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="DIR",
    help="Keep the answers of Keeptrusts in DIR, without names, e-mail addresses and tokens, to replay in tests.",
)
@click.option("--probe/--no-probe", default=True, help="Whether to ask for the export job, and to try the push.")
@format_option("doctor")
@output_option
def command(
    journal: str | None, repo: str | None, record: Any, probe: bool, format_: str, output: Path | None, **options: Any
) -> int:
    """Say what would fail, why it matters, and what mends it.

    All checks run, whatever fails, and what cannot be looked at is said. Keeptrusts is only read, but for one export
    job (none with --usage); a reference is pushed to the journal's remote and taken away: with --no-probe neither.
    Exits with 0, or with the largest code that a command would end with.
    """
    from reconciler.app.doctor.doctor import doctor

    found = doctor(settings_of(options), journal=journal, repository=repo, record_in=record, probe=probe)
    write_result(found.rendered(format_, known_screen()), output)
    return found.exit_code
