"""`kt-budgets adopt`: take an organization or a team under management as it is."""

from __future__ import annotations

from typing import Any

from reconciler.cli import options
from reconciler.cli.printing import prints
from reconciler.report.renderers import Answer


@options.command("adopt")
@options.teams
@options.network
@options.journal
@prints("adoption")
def command(teams: tuple[str, ...], **values: Any) -> Answer:
    """Take an organization, or single teams of it, under management as it is.

    It is refused while anything is to be changed; each difference is told with its place. What was compared is
    recorded in the journal as the baseline: from then on what somebody adds by hand is drift, and plans may take money
    back. A token that may read is enough; the ledger's total is printed before and after. What was applied before and
    says something else now stays so and is named: its merge waits. Where nothing was adopted or applied, `plan` and
    `apply` take nothing back, and leave a wallet whose money may be another month's, unless --first-apply names it.
    """
    from reconciler.app.management.adopt import adopt

    return adopt(options.settings(values), teams)
