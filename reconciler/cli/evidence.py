"""`kt-budgets evidence`: exports that are kept, and packets that prove what was planned and done."""

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
    write_result,
)
from reconciler.cli.terminal import Command, screen

FOLDER = click.Path(path_type=Path, file_okay=False)
FILE = click.Path(path_type=Path, dir_okay=False)


@click.group("evidence", epilog="Example: kt-budgets evidence pull")
def command() -> None:
    """Keep exports, and make and verify packets that prove what was planned and done."""


@command.command("pull", cls=Command, epilog="Example: kt-budgets evidence pull --to evidence")
@network_options
@click.option(
    "--to", "folder", type=FOLDER, default=".kt-budgets/evidence", show_default=True, help="Where exports are kept."
)
@format_option("exports")
@output_option
def pull_command(*, folder: Path, format_: str, output: Path | None, **options: Any) -> None:
    """Fetch exports of the past year, month by month, and keep them with a manifest.

    What is there is not fetched again, so a run that was interrupted goes on where it stopped.
    """
    from reconciler.app.evidence.pull import pull

    write_result(pull(settings_of(options), folder).rendered(format_, screen(output)), output)


@command.command("packet", cls=Command, epilog="Example: kt-budgets evidence packet --reviewed plan.json --key key.pem")
@network_options
@journal_option
@click.option(
    "--exports", type=FOLDER, default=".kt-budgets/evidence", show_default=True, help="Where exports are kept."
)
@click.option("--reviewed", type=FILE, help="The plan.json that was reviewed, to be in the packet.")
@click.option("--key", type=FILE, help="Sign it with this private Ed25519 key, in PEM.")
@format_option("packet")
@click.option("--output", type=FILE, help="The archive; default ORGANIZATION-DATE.packet.zip.")
def packet_command(
    *, exports: Path, reviewed: Path | None, key: Path | None, format_: str, output: Path | None, **options: Any
) -> None:
    """Write a packet that proves what was planned, foreseen and done, and is verified anywhere, offline."""
    from reconciler.app.evidence.packet import packet

    made = packet(settings_of(options), exports, output, reviewed=reviewed, key=key)
    write_result(made.rendered(format_, screen()), None)


@command.command("verify", cls=Command, epilog="Example: kt-budgets evidence verify org_acme-2026-06-18.packet.zip")
@click.argument("packet", type=FILE)
@click.option("--key", type=FILE, help="The public Ed25519 key, in PEM, of who must have signed it.")
@click.option("--digest", metavar="SHA256", help="What the digest of the archive must be.")
@format_option("evidence-check")
@output_option
@click.pass_context
def verify_command(
    context: click.Context, /, *, packet: Path, key: Path | None, digest: str | None, format_: str, output: Path | None
) -> None:
    """Verify a packet, offline: every byte, and that its plan and forecast follow from its inputs.

    Exit 4 where anything is wrong with it; everything that is wrong is named.
    """
    from reconciler.app.evidence.verify import verify

    found = verify(packet, key=key, digest=digest)
    write_result(found.rendered(format_, screen(output)), output)
    context.exit(found.exit_code)
