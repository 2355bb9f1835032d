"""`kt-budgets show`: render a saved plan. Talks to nothing."""

from __future__ import annotations

from pathlib import Path

import click

from reconciler.cli.options import format_option, output_option, write_result
from reconciler.cli.terminal import Command, screen


@click.command("show", cls=Command, epilog="Example: kt-budgets show plan.json --format markdown")
@click.argument("plan", metavar="PLAN", type=click.Path(path_type=Path))
@format_option("plan")
@output_option
def command(plan: Path, format_: str, output: Path | None) -> None:
    """Render a saved plan: text, Markdown, HTML or JSON.

    PLAN is the plan.json that `kt-budgets plan` wrote. A plan that was edited after it was made is refused.
    """
    from reconciler.app.planning.saved import show

    write_result(show(plan, format_, screen(output)), output)
