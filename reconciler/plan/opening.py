"""Opening a month: what of a comparison moves money for it, and nothing else."""

from __future__ import annotations

from dataclasses import replace

from reconciler.model.change import Allocate, Change, Reclaim
from reconciler.model.live import Live
from reconciler.plan.diff import Diff
from reconciler.plan.pool import funds


def opening(diff: Diff, live: Live, *, currency: str) -> Diff:
    """Return what of `diff` funds its month, or takes back what earlier months left.

    An excess that somebody gave by hand, an alert or a schedule that differs is left for a plan that people review.
    """
    kept = [(change, origin) for change, origin in zip(diff.changes, diff.origins, strict=True) if _belongs(change)]
    changes = tuple(change for change, _ in kept)
    return replace(
        diff,
        changes=changes,
        origins=tuple(origin for _, origin in kept),
        funds=funds(changes, live, currency),
    )


def _belongs(change: Change) -> bool:
    return isinstance(change, Allocate) or (isinstance(change, Reclaim) and change.carried_from is not None)
