"""`kt-budgets schema`: write the JSON Schemas, or check that the written ones are current. Talks to nothing."""

from __future__ import annotations

from pathlib import Path

import click

from reconciler.cli.output import write_file
from reconciler.findings import ExitCode


@click.command("schema", epilog="Example: kt-budgets schema --check")
@click.option(
    "--output",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("schemas"),
    show_default=True,
    metavar="DIR",
    help="The folder of the schemas.",
)
@click.option("--check", is_flag=True, help="Write nothing; exit with 3 and name each file that is not current.")
def command(output: Path, check: bool) -> int:
    """Write the JSON Schemas, or check that they are current.

    Editors complete and check budget files with them: see the first line of each file in budgets/.
    """
    from reconciler.source.schemas import documents, schema_text

    texts = {output / name: schema_text(schema) for name, schema in documents().items()}
    if not check:
        for path, text in texts.items():
            write_file(path, text)
            click.echo(path)
        return ExitCode.DONE
    stale = [path for path, text in texts.items() if _content(path) != text]
    for path in stale:
        click.echo(f"{path}: {'not current' if path.exists() else 'missing'}")
    if stale:
        click.echo(f"hint: kt-budgets schema --output {output}", err=True)
        return ExitCode.FINDINGS
    click.echo(f"{len(texts)} schemas in {output} are current", err=True)
    return ExitCode.DONE


def _content(path: Path) -> str | None:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return None
