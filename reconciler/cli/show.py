"""`kt-budgets show`: render a saved plan. Talks to nothing."""

from __future__ import annotations

from pathlib import Path

import click

from reconciler.cli import options
from reconciler.cli.printing import prints
from reconciler.report.renderers import Answer


@options.command("show plan.json --format markdown")
@click.argument("plan", metavar="PLAN", type=click.Path(path_type=Path))
@prints("plan")
def command(plan: Path) -> Answer:
    """Render a saved plan: text, Markdown, HTML or JSON.

    PLAN is the plan.json that `kt-budgets plan` wrote. A plan that was edited after it was made is refused.
    """
    from reconciler.app.planning.saved import show

    return show(plan)
