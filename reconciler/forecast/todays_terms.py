"""A history in today's terms: what its days would cost with the cache and the models of today, as usage tells them.

A saving on its way lowers a history day by day. The trend that is learned from it would count it a second time, beside
the lever that carries it on. What counts is what was measured, and no course that the plan has for these days
(decision 0102).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING

import numpy as np

from reconciler.forecast.cache_ramp import LARGEST_RATE, Floats, fit_cache_ramp
from reconciler.forecast.windows import HISTORY_DAYS, LONG_WINDOW_DAYS, WINDOW_DAYS, Days
from reconciler.model.usage import tells

if TYPE_CHECKING:
    from reconciler.forecast.observed import Observed
    from reconciler.forecast.team_usage import TeamUsage


@dataclass(frozen=True, slots=True)
class Past:
    """The last `days` that are known of one `wallet` of a team."""

    usage: TeamUsage
    wallet: str
    days: int

    @property
    def observed(self) -> Observed:
        return self.usage.observations.of((self.wallet,))

    def answered(self) -> Floats | None:
        """Return float64[days]: the share of requests that the cache answered, less than all; None if nothing tells."""
        seen = self.usage.observations
        if seen.usage is None or not tells(seen.usage.source.absent, "cache_hit"):
            return None
        hits, requests = seen.hits_by_day((self.wallet,), *self._known)
        if not requests.any():
            return None
        return course_of(hits[::-1], requests[::-1])[: self.days][::-1].clip(max=LARGEST_RATE)

    def on_source(self, source: str, target: str, *, since: date) -> Floats | None:
        """Return float64[days]: the share of `source` in the tokens of both models, before `since` that of four weeks.

        None where it had none then, or neither was used since.
        """
        start, end = self._known
        part, whole = self.usage.observations.tokens_by_day((self.wallet,), start, end, source, target)
        began = (since - start).days
        earlier = slice(max(began - WINDOW_DAYS, 0), max(began, 0))
        if not part[earlier].any() or not whole[began:].any():
            return None
        before = part[earlier].sum() / whole[earlier].sum()
        on_target = course_of((whole - part)[began:][::-1], whole[began:][::-1])[::-1]
        return np.append(np.full(began, before), 1.0 - on_target)[-self.days :]

    @property
    def _known(self) -> Days:
        end = self.usage.known.known_until
        return end - timedelta(days=HISTORY_DAYS), end


def course_of(part: Floats, whole: Floats) -> Floats:
    """Return how a share moved, newest day first, as `part` and `whole` of each day are; there must be some of it.

    Of the last 90 days it is the move that they show, if they show one. Before it, and where they show none, it is what
    four weeks have on average, with straight lines between.
    """
    days, near = len(whole), 0
    part, whole = (np.pad(each, (0, max(LONG_WINDOW_DAYS - days, 0))) for each in (part, whole))
    middles, means = np.zeros(0), np.zeros(0)
    if (ramp := fit_cache_ramp(whole[:LONG_WINDOW_DAYS], part[:LONG_WINDOW_DAYS])) is not None:
        near, means = LONG_WINDOW_DAYS, ramp.course
        middles = np.arange(near, dtype=np.float64)
    rest = -(len(whole) - near) % WINDOW_DAYS
    parts, wholes = (np.pad(each[near:], (0, rest)).reshape(-1, WINDOW_DAYS).sum(axis=1) for each in (part, whole))
    told = np.flatnonzero(wholes)
    middles = np.append(middles, near + told * WINDOW_DAYS + (WINDOW_DAYS - 1) / 2)
    return np.asarray(np.interp(np.arange(days), middles, np.append(means, parts[told] / wholes[told])))
