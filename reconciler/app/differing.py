"""Two commits of the budgets, read no further than they differ: what others do is mostly small."""

from __future__ import annotations

from reconciler.app.budget_files import BudgetFiles, changed_files
from reconciler.model.desired import Desired
from reconciler.model.landing import ORGANIZATION


def declared_where_different(before: BudgetFiles, after: BudgetFiles) -> tuple[Desired, Desired] | None:
    """Return what both declare in org.yaml and in the teams whose files differ; None where one of them has errors.

    Where there was nothing before, the organization was the same and had no teams.
    """
    parts = changed_files(before, after) | {ORGANIZATION}
    old, new = (BudgetFiles(files.folder).with_parts(files, parts).loaded().desired for files in (before, after))
    if old is None and new is not None and not before.files:
        old = new.without_teams()
    return (old, new) if old and new else None
