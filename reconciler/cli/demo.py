"""`kt-budgets demo`: the whole loop on the embedded Keeptrusts, by the very commands that users type."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from pathlib import Path

import click

from reconciler.cli import options
from reconciler.findings import ExitCode


@options.command("demo --folder demo")
@options.folder("--folder", default=Path("demo"), show_default=True, metavar=None, help="Where to put the files.")
@click.pass_context
def command(context: click.Context, folder: Path) -> None:
    """Show the whole loop on the sandbox, in under a minute."""
    from reconciler.app import demo
    from reconciler.sandbox.server import running
    from reconciler.settings import overlaid

    demo.prepare(folder)
    database = folder / "keeptrusts.db"
    click.secho(f"Starting an embedded Keeptrusts, as of {demo.AS_OF} ({database})", bold=True)
    with (
        running(db=database, scenario="acme", as_of=demo.AS_OF) as sandbox,
        overlaid(KEEPTRUSTS_API_URL=sandbox.url, KEEPTRUSTS_API_TOKEN=sandbox.billing_token),
    ):
        for words, arguments in demo.story(folder):
            code = _step(words, arguments)
            if code not in (ExitCode.DONE, ExitCode.PENDING):
                context.exit(code)
    click.echo(demo.closing(folder))


def _step(words: str, arguments: Sequence[str]) -> int:
    from reconciler.cli.boundary import run
    from reconciler.cli.main import cli

    if words:
        click.secho(f"\n{words}", bold=True)
    click.secho(f"$ kt-budgets {shlex.join(arguments)}", dim=True)
    return run(cli, arguments)
