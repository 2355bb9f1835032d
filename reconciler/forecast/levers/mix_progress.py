"""How far traffic moved from one model to another: as planned, and as the usage shows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from math import hypot
from typing import TYPE_CHECKING

from reconciler.forecast.when import Month, N, When
from reconciler.forecast.windows import WINDOW_DAYS, Window
from reconciler.model.team import ProviderMixMove

if TYPE_CHECKING:
    from reconciler.forecast.team_usage import TeamUsage


def moved(move: ProviderMixMove, when: When[N]) -> N:
    """Return the share of the source model's traffic that the plan has moved."""
    return when.number(move.share) * when.ramp(move.since, move.by)


@dataclass(frozen=True, slots=True)
class Progress:
    """Which share of the source's traffic was to have moved in `window`, and which did; None for what is `unknown`.

    Entries that move traffic between the same two models are one move in the usage, and are told as one; `share` is
    what they come to. `error` is the standard error of what was `observed`.
    """

    window: Window
    together: str = ""
    planned: float | None = None
    observed: float | None = None
    error: float = 0.0
    share: float = 0.0
    unknown: str = ""


def progress_of(view: TeamUsage, move: ProviderMixMove) -> Progress:
    moves = [each for each in view.plan.provider_mix if (each.source, each.target) == (move.source, move.target)]
    window = view.window(min((each.since or view.year for each in moves), key=lambda month: month.first))
    if not window.days:
        return Progress(window, unknown=window.too_short)
    when = view.when(window.start, window.days)
    planned = float(sum(moved(each, when).mean() for each in moves))
    together = "together " if len(moves) > 1 else ""
    earlier = window.month.first - timedelta(days=WINDOW_DAYS), window.month.first
    before = _source_share(view, move, *earlier)
    now = _source_share(view, move, window.start, window.end)
    if now is None:
        return Progress(window, together, planned, unknown="neither model is in the usage")
    if not before:
        return Progress(window, together, planned, unknown=f"there is no usage of {move.source} in {window.before}")
    after, ahead = _error(view, move, window.start, window.end), _error(view, move, *earlier)
    error = hypot(after, ahead * now / before) / before
    whole = float(sum(each.share for each in moves))
    return Progress(window, together, planned, 1.0 - now / before, error, whole)


def done(view: TeamUsage | None, moves: Sequence[ProviderMixMove], now: Month) -> float:
    """Return the share of the source's traffic that has moved: as the usage shows, else as planned by `now`.

    `moves` are all that the plan says of the same two models.
    """
    progress = progress_of(view, moves[0]) if view else None
    if progress is None or progress.observed is None:
        return float(sum(moved(move, now) for move in moves))
    return min(max(progress.observed, 0.0), progress.share)


def _source_share(view: TeamUsage, move: ProviderMixMove, start: date, end: date) -> float | None:
    """Return the share of the move's source in the tokens of both models, None where there are none."""
    seen = view.observed_between(start, end)
    source, target = (model.tokens if model else 0 for model in (seen.model(move.source), seen.model(move.target)))
    return source / (source + target) if source + target else None


def _error(view: TeamUsage, move: ProviderMixMove, start: date, end: date) -> float:
    """Return the standard error of the same."""
    seen = view.observed_between(start, end)
    source, target = (model.name if model else "" for model in (seen.model(move.source), seen.model(move.target)))
    return view.token_error(start, end, source, target)
