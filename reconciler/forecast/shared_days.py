"""Days on which many wallets move at once, down or up: a day off, an outage, a release. Decision 0115."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

import numpy as np

from reconciler.forecast.history import Spending
from reconciler.forecast.launches import Ints
from reconciler.forecast.panel import Bools, Floats, median
from reconciler.forecast.shared_event import BEFORE, SharedEvent
from reconciler.forecast.windows import WEEK

LOOKED_AT = 4 * WEEK
HISTORY = LOOKED_AT + BEFORE
MOST_WALLETS = 500
FEWEST_WALLETS, FEWEST_MOVED, MANY = 5, 4, 0.4
MUCH, ERRORS = 0.35, 2.0
"""A wallet has moved where a day is by this log change off its usual cost, and by so many standard errors."""
SMALLEST_ERROR = 0.1
MAD = 1.4826
SELDOM = 0.02
CHANCE = 1e-5
"""So seldom may as many wallets move on one day by chance."""
FLOOR = 0.02


def shared_events(known: Spending) -> tuple[SharedEvent, ...]:
    """Return the events of the last four weeks that are known, the oldest first, from the dearest wallets."""
    end = known.known_until
    start = end - timedelta(days=HISTORY)
    spends = [known.wallets[wallet] for wallet in sorted(known.wallets)]
    days = [spend.charged(start, end) for spend in spends if spend.unknown_from is None or spend.unknown_from >= end]
    dearest = sorted(days, key=lambda costs: -float(costs.sum()))[:MOST_WALLETS]
    return tuple(events_of(np.array(dearest), end=end)) if len(dearest) >= FEWEST_WALLETS else ()


def events_of(costs: Floats, *, end: date) -> Iterator[SharedEvent]:
    """Yield the events of `costs`, float64[wallets, 84] up to the day before `end`, oldest day first."""
    changes = log_changes(costs)
    known = np.isfinite(changes)
    error = MAD * median(np.abs(changes - median(changes)[:, None]))
    limit = np.maximum(MUCH, ERRORS * np.maximum(np.nan_to_num(error, nan=np.inf), SMALLEST_ERROR))[:, None]
    looked_at = known.sum(axis=0)
    moved = {more: (known & ((changes > limit) if more else (changes < -limit))).sum(axis=0) for more in (False, True)}
    told = {more: _told(count, looked_at) for more, count in moved.items()}
    day = 0
    while day < LOOKED_AT:
        more = bool(told[True][day])
        last = _last(told[more], looked_at, day)
        if last is not None:
            inside = slice(day, last + 1)
            least = day + int(np.where(told[more][inside], moved[more][inside], len(costs)).argmin())
            yield SharedEvent(
                first=end - timedelta(days=LOOKED_AT - day),
                last=end - timedelta(days=LOOKED_AT - last),
                more=more,
                moved=int(moved[more][least]),
                looked_at=int(looked_at[least]),
                goes_on=not (looked_at[last + 1 :] >= FEWEST_WALLETS).any(),
            )
        day = day + 1 if last is None else last + 1


def log_changes(costs: Floats) -> Floats:
    """Return float64[wallets, 28]: the log of what each of the last days costs by its usual; NaN where none is."""
    weeks = costs.reshape(len(costs), -1, WEEK)
    before, ahead = BEFORE // WEEK, LOOKED_AT // WEEK
    usual = np.stack([np.median(weeks[:, week : week + before], axis=1) for week in range(ahead)], axis=1)
    usual = usual.reshape(len(costs), -1)
    known = usual > 0
    ratio = np.maximum(np.divide(costs[:, -LOOKED_AT:], usual, out=np.ones_like(usual), where=known), FLOOR)
    return np.where(known, np.log(ratio), np.nan)


def _told(moved: Ints, looked_at: Ints) -> Bools:
    """Return on which days so many wallets moved that it is no chance.

    Of n wallets that each move with probability p, a share q or more does so with at most exp(−n·KL(q‖p)): Chernoff's
    bound (Hoeffding 1963).
    """
    count = np.maximum(looked_at, 1)
    share = np.clip(moved / count, 1e-9, 1.0 - 1e-9)
    calm = share < MANY
    chance = max(float(share[calm].mean()) if calm.any() else 0.0, SELDOM)
    unlikely = share * np.log(share / chance) + (1.0 - share) * np.log((1.0 - share) / (1.0 - chance))
    enough = (looked_at >= FEWEST_WALLETS) & (moved >= FEWEST_MOVED) & ~calm
    return np.asarray(enough & (count * unlikely > -np.log(CHANCE)))


def _last(told: Bools, looked_at: Ints, first: int) -> int | None:
    """Return the last day of the event that begins on day `first`; days on which nobody is looked at may lie in it."""
    last = None
    for day in range(first, len(told)):
        if told[day]:
            last = day
        elif last is None or looked_at[day] >= FEWEST_WALLETS:
            break
    return last
