"""Funds: the pool along a run."""

from __future__ import annotations

from reconciler.model.frozen import Frozen
from reconciler.model.money import Amount


class Funds(Frozen):
    """The pool along the run: what it holds, and what it holds after reclaims and allocations. None: not visible."""

    available: Amount | None
    after: Amount | None
    allocated: Amount
    reclaimed: Amount
