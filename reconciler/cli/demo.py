"""`kt-budgets demo`: the whole loop on the embedded Keeptrusts, by the very commands that users type."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from datetime import date
from pathlib import Path

import click

from reconciler.cli.terminal import Command
from reconciler.findings import ExitCode

AS_OF = date(2026, 6, 18)


@click.command(cls=Command, epilog="Example: kt-budgets demo --folder demo")
@click.option(
    "--folder",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("demo"),
    show_default=True,
    help="Where to put the files.",
)
@click.pass_context
def command(context: click.Context, folder: Path) -> None:
    """Show the whole loop on the sandbox, in under a minute."""
    from reconciler.app import demo
    from reconciler.sandbox.server import running
    from reconciler.settings import overlaid

    demo.prepare(folder)
    database = folder / "keeptrusts.db"
    click.secho(f"Starting an embedded Keeptrusts, as of {AS_OF} ({database})", bold=True)
    with (
        running(db=database, scenario="acme", as_of=AS_OF) as sandbox,
        overlaid(KEEPTRUSTS_API_URL=sandbox.url, KEEPTRUSTS_API_TOKEN=sandbox.billing_token),
    ):
        for words, arguments in _story(folder):
            code = _step(words, arguments)
            if code not in (ExitCode.DONE, ExitCode.PENDING):
                context.exit(code)
    click.echo(_closing(folder))


def _story(folder: Path) -> Sequence[tuple[str, Sequence[str]]]:
    budgets = ("--budgets", str(folder / "budgets"))
    network = (*budgets, "--as-of", str(AS_OF))
    journal = ("--journal", f"file:{folder / 'journal'}")
    saved, comment, report = (str(folder / name) for name in ("plan.json", "comment.md", "report.html"))
    return (
        ("Every finding of every file", ("validate", *budgets)),
        ("What would change, and what it does", ("plan", *network, *journal, "--first-apply", "--output", saved)),
        ("The comment that a reviewer reads", ("show", saved, "--format", "markdown")),
        ("The same, kept beside the full report", ("show", saved, "--format", "markdown", "--output", comment)),
        ("", ("show", saved, "--format", "html", "--output", report)),
        ("Merged: apply exactly what was reviewed", ("apply", *network, *journal, "--first-apply", "--plan", saved)),
        (
            "And nothing is left to do",
            ("plan", *network, *journal, "--output", str(folder / "after.json"), "--detailed-exit-code"),
        ),
    )


def _step(words: str, arguments: Sequence[str]) -> int:
    from reconciler.cli.boundary import run
    from reconciler.cli.main import cli

    if words:
        click.secho(f"\n{words}", bold=True)
    click.secho(f"$ kt-budgets {shlex.join(arguments)}", dim=True)
    return run(cli, arguments)


def _closing(folder: Path) -> str:
    return f"""
The files are in {folder}/: budgets/ (edit them), plan.json, comment.md, report.html (open it in a browser), journal.
Try next:
  kt-budgets sandbox serve --db {folder}/keeptrusts.db --as-of {AS_OF}
  (then in another terminal, with the lines it prints)
  $EDITOR {folder}/budgets/teams/support.yaml
  kt-budgets plan --budgets {folder}/budgets --as-of {AS_OF} --journal file:{folder}/journal"""
