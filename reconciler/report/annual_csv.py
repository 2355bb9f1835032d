"""`kt-budgets year` as CSV: a row for each team and step of its bridge, with the team's row of the planning table."""

from __future__ import annotations

import csv
from io import StringIO

from reconciler.report.annual_page import YearPage
from reconciler.report.screen import PAPER, Screen

_TEAM = (
    "team",
    "name",
    "baseline_monthly",
    "growth",
    "cache_from",
    "cache_to",
    "mix_change",
    "wallet_target",
    "alert",
)
_STEP = ("stage", "what", "reason", "planned", "weighed", "weight", "uncounted")


def annual_csv(shown: YearPage, _: Screen = PAPER) -> str:
    """Return the bridges as CSV with a header; money in major units, shares 0 to 1."""
    file = StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(["fiscal_year", "currency", *_TEAM, *_STEP])
    for team in shown.facts.teams:
        row = [shown.facts.fiscal_year, shown.facts.currency, *(getattr(team, name) for name in _TEAM)]
        writer.writerows([*row, *(getattr(step, name) for name in _STEP)] for step in team.bridge.steps)
    return file.getvalue()
