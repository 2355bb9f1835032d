"""`kt-budgets sandbox`: run the embedded Keeptrusts, to try things and to rehearse failures."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import click

from reconciler.cli import options

EPILOG = """\b
Example:
  kt-budgets sandbox serve --as-of 2026-06-18
  export KEEPTRUSTS_API_URL=… KEEPTRUSTS_API_TOKEN=…   (as it prints them)
  kt-budgets plan --as-of 2026-06-18
"""


@click.group("sandbox", epilog="Example: kt-budgets sandbox serve --as-of 2026-06-18")
def command() -> None:
    """Run the embedded Keeptrusts on this machine."""


@command.command("serve", epilog=EPILOG)
@click.option("--port", type=click.IntRange(0, 65535), default=0, metavar="PORT", help="Listen here; default any free.")
@options.file("--db", help="Keep the state in FILE; one that exists is served as it is. Default: in memory.")
@click.option(
    "--scenario",
    type=click.Choice(["acme", "globex", "empty"]),
    default="acme",
    show_default=True,
    help="What a new sandbox holds: the example organization `org_acme` with a year of events; `org_globex`, which ran"
    " by hand for a year; or nothing.",
)
@options.day("The day on which it is; default today (UTC).")
@click.option(
    "--latency", type=click.IntRange(0, 60_000), default=0, metavar="MS", help="Answer each request this much later."
)
@options.file("--faults", help="Misbehave as FILE says: lost answers, delays, duplicates and more.")
def serve(port: int, db: Path | None, scenario: str, as_of: date | None, latency: int, faults: Path | None) -> None:
    """Serve a Keeptrusts on loopback until Ctrl-C, and print its URL and tokens."""
    from reconciler.sandbox.server import running
    from reconciler.sandbox.stopping import stop_signals

    chosen: dict[str, Any] = {"port": port, "db": db, "scenario": scenario, "as_of": as_of, "latency_ms": latency}
    if faults is not None:
        from reconciler.sandbox.faults import load_faults

        chosen["faults"] = load_faults(faults)
    with stop_signals() as stopped, running(**chosen) as sandbox:
        click.echo(f"export KEEPTRUSTS_API_URL={sandbox.url}")
        click.echo(f"export KEEPTRUSTS_API_TOKEN={sandbox.billing_token}")
        click.echo(f"# may only read: export KEEPTRUSTS_API_TOKEN={sandbox.read_token}")
        click.echo("Serving until Ctrl-C.", err=True)
        stopped.recv(1)
    click.echo("Stopped.", err=True)


@command.command("faults", epilog="Example: kt-budgets sandbox faults")
def faults_guide() -> None:
    """Explain the file that `serve --faults` reads."""
    from reconciler.sandbox.faults import guide

    click.echo(guide())
