"""How far traffic moved from one model to another: as planned, and as the usage shows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import reduce
from math import hypot
from operator import mul
from typing import TYPE_CHECKING

from reconciler.forecast.when import Month, N, When
from reconciler.forecast.windows import LONG_WINDOW_DAYS, WINDOW_DAYS, Window
from reconciler.forecast.words import verdict_of
from reconciler.model.period import Period
from reconciler.model.team import ProviderMixMove

TOLERANCE = 0.03

if TYPE_CHECKING:
    from reconciler.forecast.observed import Observed
    from reconciler.forecast.panel import Floats
    from reconciler.forecast.team_usage import TeamUsage
    from reconciler.forecast.todays_terms import Past


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

    def ahead(self, move: ProviderMixMove, *, planned: float) -> float:
        """Return which share of the source's traffic one `move` has moved, if it is ahead of `planned`; else 0."""
        own = 0.0 if self.observed is None or not self.share else self.observed * float(move.share) / self.share
        return own if verdict_of(own, planned, TOLERANCE) == "ahead" else 0.0


def progress_of(view: TeamUsage, move: ProviderMixMove) -> Progress:
    moves = [each for each in view.plan.provider_mix if (each.source, each.target) == (move.source, move.target)]
    window = view.window(_began(view, moves))
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


def dearer_before(past: Past, moves: Sequence[ProviderMixMove]) -> Floats | None:
    """Return float64[days]: what the wallet's past days cost, as a multiple of the same days with today's mix.

    Counted is what left the source of a move since it began, and no more than was to. None where nothing tells.
    """
    alike: dict[tuple[str, str], list[ProviderMixMove]] = {}
    for move in moves:
        alike.setdefault((move.source, move.target), []).append(move)
    found = [each for same in alike.values() if (each := _dearer_before(past, same)) is not None]
    return reduce(mul, found) if found else None


def _dearer_before(past: Past, moves: Sequence[ProviderMixMove]) -> Floats | None:
    """Return the same of moves between the same two models; None without a price, or usage from before they began."""
    view, (source, target) = past.usage, (moves[0].source, moves[0].target)
    long, seen = view.observed(LONG_WINDOW_DAYS), past.observed
    prices = [long.price_of(name) for name in (source, target)]
    if prices[0] is None or prices[1] is None:
        return None
    shares = past.on_source(*(_full_name(long, name) for name in (source, target)), since=_began(view, moves).first)
    if shares is None:
        return None
    kept = shares[0] * (1.0 - float(sum(each.share for each in moves)))
    part, ratio = seen.share_of(source) + seen.share_of(target), prices[1] / prices[0]
    worth = ratio + (1.0 - ratio) * shares.clip(kept, shares[0])
    dearer: Floats = 1.0 - part + part * worth / worth[-1]
    return dearer


def _began(view: TeamUsage, moves: Sequence[ProviderMixMove]) -> Period:
    return min((each.since or view.year for each in moves), key=lambda month: month.first)


def _full_name(seen: Observed, name: str) -> str:
    model = seen.model(name)
    return model.name if model else name


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
