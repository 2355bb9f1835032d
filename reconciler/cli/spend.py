"""`kt-budgets spend`: what was spent this month, and whether everybody agrees."""

from __future__ import annotations

from typing import Any

from reconciler.cli import options
from reconciler.cli.printing import prints
from reconciler.report.renderers import Answer


@options.command("spend --sandbox --as-of 2026-06-18")
@options.network
@options.usage
@prints("spend")
def command(**values: Any) -> Answer:
    """Show what was spent, by whom and on what, and whether dashboard, export and ledger agree.

    Whole days of the month alone are counted. Where the three differ it says how much, where and since when.
    """
    from reconciler.app.spend import spend

    return spend(options.settings(values))
