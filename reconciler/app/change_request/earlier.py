"""What the budgets said before they were deleted: their owners have a say when they are brought back."""

from __future__ import annotations

from reconciler.app.budget_files import Commits
from reconciler.app.checkout import git, prefix
from reconciler.model.desired import Desired

_MOST = 20


def earlier_budgets(commits: Commits, base: str) -> Desired | None:
    """Return the newest budgets below `base` that can be read, where `base` has none; None where it has some."""
    if commits.files(base).files:
        return None
    place = f":(top){prefix(commits.budgets)}"
    asked = ("log", "--first-parent", "--full-history", f"-n{_MOST}", "--format=%P", base, "--", place)
    below = (line.split()[0] for line in git(commits.budgets, *asked).decode().splitlines() if line)
    return next((found for commit in below if (found := commits.desired(commit))), None)
