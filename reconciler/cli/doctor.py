"""`kt-budgets doctor`: what would fail, why it matters, and what mends it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from reconciler.cli import options
from reconciler.cli.printing import prints
from reconciler.report.renderers import Answer


@options.command("doctor --format json")
@options.network
@options.usage
@options.journal
@options.repository
@options.folder(
    "--record",
    help="Keep the answers of Keeptrusts in DIR, without names, e-mail addresses and tokens, to replay in tests.",
)
@click.option("--probe/--no-probe", default=True, help="Whether to ask for the export job, and to try the push.")
@prints("doctor")
def command(repo: str | None, record: Path | None, probe: bool, **values: Any) -> Answer:
    """Say what would fail, why it matters, and what mends it.

    All checks run, whatever fails, and what cannot be looked at is said. Keeptrusts is only read, but for one export
    job (none with --usage); a reference is pushed to the journal's remote and taken away: with --no-probe neither.
    Exits with 0, or with the largest code that a command would end with.
    """
    from reconciler.app.doctor.doctor import doctor

    journal = values["journal"]
    given = options.settings(values, begins=True)
    return doctor(given, journal=journal, repository=repo, record_in=record, probe=probe)
