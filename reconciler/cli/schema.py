"""`kt-budgets schema`: write the JSON Schemas, or check that the written ones are current. Talks to nothing."""

from __future__ import annotations

from pathlib import Path

import click

from reconciler.cli import options
from reconciler.findings import ExitCode


@options.command("schema --check")
@options.folder("--output", default=Path("schemas"), show_default=True, help="The folder of the schemas.")
@options.folder("--budgets", exists=True, help="Offer the environments of the org.yaml in this folder, and no others.")
@options.flag("--check", help="Write nothing; exit with 3 and name each file that is not current.")
def command(output: Path, budgets: Path | None, check: bool) -> int:
    """Write the JSON Schemas, or check that they are current.

    Editors complete and check budget files with them: see the first line of each file in budgets/. With --budgets they
    know the environments of one organization too.
    """
    from reconciler.app import schemas

    if not check:
        for path in schemas.write(output, budgets=budgets):
            click.echo(path)
        return ExitCode.DONE
    lines, told = schemas.checked(output, budgets=budgets)
    click.echo(lines, nl=False)
    click.echo(told, err=True)
    return ExitCode.FINDINGS if lines else ExitCode.DONE
