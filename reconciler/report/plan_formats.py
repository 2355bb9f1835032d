"""A plan in each of the formats that people read it in."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from reconciler.model.plan import Plan
from reconciler.report.screen import PAPER, Screen
from reconciler.report.summary import summarise

if TYPE_CHECKING:
    from reconciler.model.review import ReviewDocument


def plan_text(plan: Plan, screen: Screen = PAPER) -> str:
    """Return a plan as lines that fit the screen."""
    from reconciler.report.text import text

    return text(summarise(plan, forge=screen.words), width=screen.width, colour=screen.colour)


def review(plan: Plan, screen: Screen = PAPER) -> str:
    """Return what a reviewer reads of a plan: the pull request's comment, without who must approve."""
    from reconciler.report.markdown import markdown

    return markdown(summarise(plan, forge=screen.words))


def plan_html(plan: Plan, screen: Screen = PAPER, reviews: Sequence[ReviewDocument] = ()) -> str:
    """Return the whole report of a plan, nothing cut, with a page of the reviews that are given."""
    from reconciler.report.site.html import html

    return html(plan, summarise(plan, forge=screen.words), reviews)
