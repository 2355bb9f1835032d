"""Where the tokens of a move's source went: to its target, or to a model that the plan does not name."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from math import hypot
from typing import TYPE_CHECKING

import numpy as np

from reconciler.forecast.observed import is_named, share_error
from reconciler.forecast.windows import WEEK, Days

if TYPE_CHECKING:
    from reconciler.forecast.panel import Bools, Floats
    from reconciler.forecast.team_usage import TeamUsage
    from reconciler.model.team import ProviderMixMove

Unit = tuple[str, str]
"""A wallet and a workload in it."""


@dataclass(frozen=True, slots=True, eq=False)
class Tokens:
    """float64[days] of a move's source and target, and of other models in the workloads that ran on the source.

    A new workload on another model has nothing to do with the move. `ran` are those that ran on the source.
    """

    source: Floats
    target: Floats
    others: Floats
    ran: frozenset[Unit]

    @property
    def whole(self) -> Floats:
        return self.source + self.target + self.others

    def part(self, tokens: Floats) -> float:
        return float(tokens.sum() / max(self.whole.sum(), 1.0))

    def error(self, tokens: Floats) -> float:
        """Return the standard error of the same."""
        return share_error(tokens, self.whole)


def tokens_of(view: TeamUsage, move: ProviderMixMove, days: Days, *, ran: Collection[Unit] | None = None) -> Tokens:
    """Return the tokens of a move's two models on some days; `ran` are the workloads that ran on its source before.

    Where none of these is left, the others are those of all workloads.
    """
    length = (days[1] - days[0]).days
    usage, rows = view.observations.usage, view.rows_between(*days)
    if usage is None:
        return Tokens(np.zeros(length), np.zeros(length), np.zeros(length), frozenset())
    is_source, is_target = (is_named(usage, rows, name) for name in (move.source, move.target))
    tokens = usage.input_tokens[rows] + usage.output_tokens[rows]
    units = list(zip(usage.wallet[rows].tolist(), usage.workload[rows].tolist(), strict=True))
    own = frozenset(units[place] for place in np.flatnonzero(is_source & (tokens > 0)))
    before = own if ran is None else ran
    there = np.array([unit in before for unit in units], dtype=np.bool_)
    at = (usage.day[rows] - np.datetime64(days[0], "D")).astype(np.int64)

    def daily(chosen: Bools) -> Floats:
        return np.bincount(at[chosen], weights=tokens[chosen], minlength=length).astype(np.float64)

    others = ~is_source & ~is_target & (there | (not there.any()))
    return Tokens(daily(is_source), daily(is_target & ~is_source), daily(others), own)


@dataclass(frozen=True, slots=True)
class Whereabouts:
    """Which share of the source's tokens came to the target, with its standard error; None: all that left it did.

    `is_lost`: the source is not used any more and the target did not gain, so that nobody can tell what came of it.
    """

    came: float | None = None
    error: float = 0.0
    is_lost: bool = False


def whereabouts(before: Tokens, now: Tokens, tolerance: float) -> Whereabouts:
    """Return where the tokens went that the source had `before`, which are some; within `tolerance` nothing went."""
    had = before.part(before.source)
    elsewhere = (now.part(now.others) - before.part(before.others)) / had
    doubt = hypot(now.error(now.others), before.error(before.others)) / had
    if elsewhere <= max(tolerance, doubt):
        return Whereabouts()
    came = (now.part(now.target) - before.part(before.target)) / had
    error = hypot(now.error(now.target), before.error(before.target)) / had
    is_gone = not now.source[-WEEK:].any()
    return Whereabouts(came, error, is_lost=is_gone and came <= max(tolerance, error))
