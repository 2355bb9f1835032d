"""`kt-budgets calendar`: what the YAML says of days to come. Talks to nothing."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from reconciler.cli import options
from reconciler.cli.printing import prints
from reconciler.report.renderers import Answer


@options.command("calendar --as-of 2026-06-18")
@options.teams
@options.budgets
@options.as_of
@prints("calendar")
def command(teams: tuple[str, ...], budgets: Path, as_of: date | None) -> Answer:
    """Show what will change when: targets, overrides, waivers, rules, accepted drift, plans.

    Of the organization and all teams, or only of the teams that are named. What ends within 30 days is a warning in
    `validate` and `plan` too.
    """
    from reconciler.app.calendar import calendar

    return calendar(budgets, as_of=as_of, teams=teams)
