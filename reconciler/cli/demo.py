"""`kt-budgets demo`: the whole loop on the embedded Keeptrusts, by the very commands that users type."""

from __future__ import annotations

import shlex
import shutil
from collections.abc import Sequence
from datetime import date
from pathlib import Path

import click

from reconciler.findings import ExitCode, UsageError

AS_OF = date(2026, 6, 18)


@click.command(epilog="Example: kt-budgets demo --folder demo")
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
    from reconciler.sandbox.server import running
    from reconciler.settings import overlaid

    _prepare(folder)
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


def example_budgets() -> Path:
    """Return the folder of the example organization: in the package, or at the top of a checkout."""
    package = Path(__file__).resolve().parent.parent
    for candidate in (package / "example" / "budgets", package.parent / "budgets"):
        if (candidate / "org.yaml").is_file():
            return candidate
    raise UsageError(
        "the example budgets are not beside this installation", hint="install keeptrusts-budgets again, or clone it"
    )


def _prepare(folder: Path) -> None:
    marker = folder / ".kt-budgets-demo"
    if folder.exists() and any(folder.iterdir()) and not marker.exists():
        raise UsageError(
            f"{folder} is not empty and was not made by the demo", hint="name another folder with `--folder`"
        )
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(example_budgets(), folder / "budgets")
    marker.touch()


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
