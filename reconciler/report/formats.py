"""A plan in each of the formats that people and programs read it in."""

from __future__ import annotations

from reconciler.model.plan import Plan
from reconciler.report.screen import PAPER, Screen


def plan_in(plan: Plan, format_: str, screen: Screen = PAPER) -> str:
    """Return `plan` as `text`, `markdown`, `html` or `json`."""
    if format_ == "json":
        from reconciler.model.plan import plan_text

        return plan_text(plan)
    from reconciler.report.summary import summarise

    report = summarise(plan)
    if format_ == "markdown":
        from reconciler.report.markdown import markdown

        return markdown(report)
    if format_ == "html":
        from reconciler.report.html import html

        return html(report)
    from reconciler.report.text import text

    return text(report, width=screen.width, colour=screen.colour)


def review(plan: Plan) -> str:
    """Return what a reviewer reads of `plan`: the Markdown of the pull request's comment, without who must approve."""
    return plan_in(plan, "markdown")
