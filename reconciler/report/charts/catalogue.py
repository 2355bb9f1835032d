"""All charts of a plan by name: `year`, `money`, and `TEAM/ENVIRONMENT` with or without `/layers`."""

from __future__ import annotations

from collections.abc import Callable

from reconciler.model.plan import Plan
from reconciler.report.chart import chart
from reconciler.report.charts.drawing import Drawing
from reconciler.report.charts.fan import fan
from reconciler.report.charts.layers import layers
from reconciler.report.charts.money import money
from reconciler.report.charts.year import year
from reconciler.report.wallets import WalletStory, stories


def drawings(plan: Plan) -> dict[str, Callable[[], Drawing | None]]:
    """Return what draws each chart; that returns None where nothing is known to draw."""
    told, found = stories(plan), plan.year
    named: dict[str, Callable[[], Drawing | None]] = {
        "year": lambda: year(found, plan.currency, plan.as_of) if found else None,
        "money": lambda: money(told, plan.currency),
    }
    for story in told:
        name = f"{story.team}/{story.environment}"
        named |= {name: _month(story), f"{name}/layers": _layers(story)}
    return named


def _month(story: WalletStory) -> Callable[[], Drawing | None]:
    return lambda: fan(drawn) if (drawn := chart(story)) else None


def _layers(story: WalletStory) -> Callable[[], Drawing | None]:
    return lambda: layers(story)
