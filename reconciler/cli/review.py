"""`kt-budgets review`: what came, held against the plan or another period, and which assumption failed."""

from __future__ import annotations

from typing import Any

import click

from reconciler.cli import options
from reconciler.cli.printing import prints
from reconciler.report.renderers import Answer

_KINDS = (
    "What to review: 2026-06, 2026-W25, 2026-Q2 or the fiscal year's name; default the month of the last whole day."
)


@options.command("review --usage exports/ --period 2026-06")
@options.network_with(click.option("--period", "asked", metavar="PERIOD", help=_KINDS))
@options.usage
@options.journal
@click.option("--against", default="plan", metavar="plan|PERIOD", show_default=True, help="What to hold it against.")
@options.flag("--digest", help="Short, for chat: what stands out, by default of the last whole week.")
@prints("review")
def command(*, asked: str | None, against: str, digest: bool, **values: Any) -> Answer:
    """Show which assumption failed, in money: actual against the plan or another period.

    The difference is split to the cent into demand, tokens per request, cache, provider mix, unit price, new workloads,
    fallback, one-offs, baseline, days and weekdays. A cause is called when it stands out of what days vary by anyway.
    """
    from reconciler.app.review import review_period

    return review_period(options.settings(values, moves=True), asked, against=against, digest=digest)
