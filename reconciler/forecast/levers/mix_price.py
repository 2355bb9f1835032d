"""What a move between models makes of a team's cost, at the prices that its usage shows."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

from reconciler.forecast.levers.mix_progress import moved, progress_of
from reconciler.forecast.when import N, When
from reconciler.forecast.windows import LONG_WINDOW_DAYS
from reconciler.model.team import ProviderMixMove

if TYPE_CHECKING:
    from reconciler.forecast.team_usage import TeamUsage


def effect_of(part: float, price_ratio: float) -> float:
    """Return what a cost changes by, as a share of it, when a `part` of it costs `price_ratio` times as much."""
    return part * (price_ratio - 1.0)


def mix_factor(view: TeamUsage, when: When[N]) -> N:
    """Return by what the moves of the plan that have a price multiply what demand costs; not those that are lost."""
    factor = when.number(Decimal(1))
    for move in view.plan.provider_mix:
        saving = saving_of(view, move)
        if saving is not None and not progress_of(view, move).is_lost:
            factor = factor * moved_to(move, saving, when)
    return factor


def saving_of(view: TeamUsage, move: ProviderMixMove) -> Decimal | None:
    """Return what the team's cost changes by, as a share of it, once all of the source's traffic is on the target.

    Prices are those of the last 90 days, None where a model has none. How much of the cost the source is comes from
    the 90 days before the move began, the time that a baseline is of; where nothing is known of them, from the last.
    """
    seen = view.observed(LONG_WINDOW_DAYS)
    source, target = seen.price_of(move.source), seen.price_of(move.target)
    if source is None or target is None:
        return None
    began = min((move.since or view.year).first, view.known.known_until)
    before = view.observed_between(began - timedelta(days=LONG_WINDOW_DAYS), began)
    return Decimal(repr(effect_of((before if before.cost > 0 else seen).share_of(move.source), target / source)))


def unpriced(view: TeamUsage, move: ProviderMixMove) -> list[str]:
    seen = view.observed(LONG_WINDOW_DAYS)
    return [name for name in (move.source, move.target) if seen.price_of(name) is None]


def moved_to(move: ProviderMixMove, saved: Decimal, when: When[N]) -> N:
    """Return what is left of the cost; `saved` is all of it at most."""
    return 1 + when.number(saved) * moved(move, when)
