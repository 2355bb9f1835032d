"""How far traffic moved from one model to another: as planned, and as the usage shows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from math import hypot
from operator import mul
from typing import TYPE_CHECKING

from reconciler.forecast.belief import Record, record
from reconciler.forecast.when import Month, N, When
from reconciler.forecast.windows import LONG_WINDOW_DAYS, Window
from reconciler.forecast.words import share, verdict_of
from reconciler.model.period import Period
from reconciler.model.team import ProviderMixMove

TOLERANCE = 0.03

if TYPE_CHECKING:
    from reconciler.forecast.levers.mix_tokens import Tokens
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
    what they come to. `error` is the standard error of what was `observed`, `came` which part of what left the source
    came to the target. `is_lost`: the source is gone from the usage, and not to the target.
    """

    window: Window
    together: str = ""
    planned: float | None = None
    observed: float | None = None
    error: float = 0.0
    share: float = 0.0
    unknown: str = ""
    came: float = 1.0
    is_lost: bool = False

    @property
    def record(self) -> Record | None:
        if self.planned is None or self.observed is None:
            return None
        told = f"{share(self.observed)} moved where {share(self.planned)} was planned by now"
        return record(self.planned, self.observed, told, least=TOLERANCE, error=self.error)

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
    whole = float(sum(each.share for each in moves))
    from reconciler.forecast.levers.mix_tokens import tokens_of, whereabouts

    before = tokens_of(view, move, window.before_days)
    now = tokens_of(view, move, (window.start, window.end), ran=before.ran)
    if not (now.source.any() or now.target.any()):
        return Progress(window, together, planned, unknown="neither model is in the usage")
    if not before.source.any():
        return Progress(window, together, planned, unknown=f"there is no usage of {move.source} in {window.before}")
    where = whereabouts(before, now, TOLERANCE)
    if where.is_lost:
        return Progress(window, together, planned, share=whole, unknown=_lost(move), is_lost=True)
    had, has = _on_source(before), _on_source(now)
    left = 1.0 - has / had
    if where.came is not None and where.came < left:
        came = max(where.came, 0.0)
        return Progress(window, together, planned, came, where.error, whole, came=came / left)
    error = hypot(_error(now), _error(before) * has / had) / had
    return Progress(window, together, planned, left, error, whole)


def _lost(move: ProviderMixMove) -> str:
    return (
        f"{move.source} is not used any more and {move.target} did not gain by it: whether it has another name, or what"
        " took its place, cannot be told"
    )


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
    progress = progress_of(view, moves[0])
    if shares is None or progress.observed is None:
        return None
    shares = shares[0] - (shares[0] - shares) * progress.came
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

    `moves` are all that the plan says of the same two models. Of a source that is lost there is nothing left to move.
    """
    progress = progress_of(view, moves[0]) if view else None
    if progress is not None and progress.is_lost:
        return progress.share
    if progress is None or progress.observed is None:
        return float(sum(moved(move, now) for move in moves))
    return min(max(progress.observed, 0.0), progress.share)


def _on_source(tokens: Tokens) -> float:
    """Return the share of the move's source in the tokens of both models."""
    return float(tokens.source.sum() / (tokens.source + tokens.target).sum())


def _error(tokens: Tokens) -> float:
    """Return the standard error of the same."""
    from reconciler.forecast.observed import share_error

    return share_error(tokens.source, tokens.source + tokens.target)
