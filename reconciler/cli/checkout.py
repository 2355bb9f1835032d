"""The budgets as they are in a commit: see `reconciler.app.checkout`."""

from __future__ import annotations

from reconciler.app.checkout import git, is_older, knows, load_at, parents, prefix, tree_at, tree_id

__all__ = ["git", "is_older", "knows", "load_at", "parents", "prefix", "tree_at", "tree_id"]
