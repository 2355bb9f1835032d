"""`kt-budgets notify`: the digest of a plan, drift, a forecast or a review to a chat."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from reconciler.cli import options
from reconciler.cli.printing import prints
from reconciler.report.renderers import Answer


@options.command("notify review.json --to env:KT_BUDGETS_WEBHOOK")
@click.argument("document", metavar="DOCUMENT", type=click.Path(path_type=Path))
@click.option("--to", required=True, metavar="env:NAME|file:PATH", help="Where the address of the webhook is kept.")
@click.option("--as", "service", type=click.Choice(["slack", "teams", "json"]), help="Default: what its host tells.")
@options.flag("--strict", help="Exit 9 where the message is not taken.")
@options.flag("--if-needed", help="Send nothing where all is well.")
@options.dry_run
@prints("notified", to_file=False)
def command(**values: Any) -> Answer:
    """Send the digest of a document to Slack, Teams or another webhook.

    DOCUMENT is what plan, drift, forecast or review wrote with --format json. The address is a secret, and so it is no
    argument. A message that is not taken is said, and fails nothing, unless --strict is given.
    """
    from reconciler.app import notify as use

    return use.notify(options.made(use.NotifyRequest, values))
