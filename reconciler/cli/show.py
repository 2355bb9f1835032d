"""`kt-budgets show`: render a saved plan. Talks to nothing."""

from __future__ import annotations

from pathlib import Path

import click

from reconciler.cli import options
from reconciler.cli.printing import prints
from reconciler.report.renderers import Answer, formats

_REVIEW = "For `html`: a page on what `kt-budgets review --format json` wrote there; may be repeated."


@options.command("show plan.json --format markdown")
@click.argument("plan", metavar="PLAN", type=click.Path(path_type=Path))
@click.option("--chart", metavar="NAME", help="What `svg` and `png` draw: year, money, TEAM/ENV, TEAM/ENV/layers.")
@click.option("--review", "reviews", multiple=True, type=click.Path(path_type=Path), metavar="FILE", help=_REVIEW)
@prints("plan", *formats("plan"), "svg", "png")
def command(plan: Path, *, chart: str | None, reviews: tuple[Path, ...]) -> Answer:
    """Render a saved plan: text, Markdown, JSON, a report in HTML, or one of its charts.

    PLAN is the plan.json that `kt-budgets plan` wrote. A plan that was edited after it was made is refused.
    """
    from reconciler.app.planning.show import show

    return show(plan, reviews=reviews, chart=chart)
