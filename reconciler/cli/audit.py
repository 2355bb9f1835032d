"""`kt-budgets audit`: print and verify the trail."""

from __future__ import annotations

from typing import Any

from reconciler.cli import options
from reconciler.cli.printing import prints
from reconciler.report.renderers import Answer


@options.command("audit --verify --format json")
@options.network_with(options.month("Only the runs of this month; default all."))
@options.journal
@options.flag("--verify", help="Check every record, and the ledger where a token is given.")
@prints("audit")
def command(*, verify: bool, **values: Any) -> Answer:
    """Print and verify the trail: who moved what, why, with which ledger ids.

    Reading the journal always checks its chain: an edited, removed or reordered record stops with its number. With
    --verify, each operation is also looked up in the ledger; exit 11 when they disagree.
    """
    from reconciler.app.audit import audit

    return audit(options.settings(values, alone=True), verify=verify)
