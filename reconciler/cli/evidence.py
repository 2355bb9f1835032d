"""`kt-budgets evidence`: exports that are kept, and packets that prove what was planned and done."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from reconciler.cli import options
from reconciler.cli.printing import prints
from reconciler.cli.terminal import Group
from reconciler.report.renderers import Answer

_KEPT = ".kt-budgets/evidence"


@click.group("evidence", cls=Group, epilog="Example: kt-budgets evidence pull")
def command() -> None:
    """Keep exports, and make and verify packets that prove what was planned and done."""


@command.command("pull", epilog="Example: kt-budgets evidence pull --to evidence")
@options.network_with(options.month("Only this month; default those of the past year."))
@options.folder("--to", "folder", default=_KEPT, show_default=True, help="Where exports are kept.")
@prints("exports")
def pull_command(*, folder: Path, **values: Any) -> Answer:
    """Fetch exports of the past year, month by month, and keep them with a manifest.

    What is there is not fetched again, so a run that was interrupted goes on where it stopped.
    """
    from reconciler.app.evidence.pull import pull

    return pull(options.settings(values), folder)


@command.command("packet", epilog="Example: kt-budgets evidence packet --reviewed plan.json --key key.pem")
@options.network
@options.journal
@options.folder("--exports", default=_KEPT, show_default=True, help="Where exports are kept.")
@options.file("--reviewed", help="The plan.json that was reviewed, to be in the packet.")
@options.file("--key", help="Sign it with this private Ed25519 key, in PEM.")
@prints("packet", to_file=False)
@options.file("--output", "archive", help="The archive; default ORGANIZATION-DATE.packet.zip.")
def packet_command(*, exports: Path, archive: Path | None, **values: Any) -> Answer:
    """Write a packet that proves what was planned, foreseen and done, and is verified anywhere, offline."""
    from reconciler.app.evidence.packet import packet

    return packet(options.settings(values), exports, archive, **values)


@command.command("verify", epilog="Example: kt-budgets evidence verify org_acme-2026-06-18.packet.zip")
@click.argument("packet", type=click.Path(path_type=Path, dir_okay=False))
@options.file("--key", help="The public Ed25519 key, in PEM, of who must have signed it.")
@click.option("--digest", metavar="SHA256", help="What the digest of the archive must be.")
@prints("evidence-check")
def verify_command(*, packet: Path, key: Path | None, digest: str | None) -> Answer:
    """Verify a packet, offline: every byte, and that its plan and forecast follow from its inputs.

    Exit 4 where anything is wrong with it; everything that is wrong is named.
    """
    from reconciler.app.evidence.verify import verify

    return verify(packet, key=key, digest=digest)
