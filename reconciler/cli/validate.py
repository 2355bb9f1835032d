"""`kt-budgets validate`: every finding of every budget file. Talks to nothing."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from reconciler.cli import options
from reconciler.cli.printing import prints
from reconciler.report.renderers import Answer


@options.command("validate --format github")
@options.budgets
@options.as_of
@prints("findings")
@options.suggestions
def command(budgets: Path, as_of: date | None, suggestions: Path | None) -> Answer:
    """Show every finding of every budget file.

    Each finding has its line and column and says how to cure it. Exits with 3 when one of them is an error. What ends
    within 30 days, or is over, is a warning.
    """
    from reconciler.app.validate import validate

    found = validate(budgets, as_of=as_of)
    if suggestions:
        found.suggest(suggestions)
    return found
