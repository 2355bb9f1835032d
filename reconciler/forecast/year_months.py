"""How a fiscal year comes about: what is spent by the end of each month, exactly or path by path."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from reconciler.forecast.course import Course
from reconciler.forecast.panel import Floats
from reconciler.forecast.quantiles import money_quantiles
from reconciler.forecast.turns import Ints
from reconciler.model.forecast import YearMonth
from reconciler.model.period import Period


@dataclass(slots=True)
class YearMonths:
    """Running sums over wallets: what is known of each of `periods`, and float64[paths] of the rest, if any.

    `bounds` are each period's first day and the first after it.
    """

    periods: tuple[Period, ...]
    bounds: tuple[tuple[date, date], ...]
    exact: list[Decimal]
    rest: list[Floats | None]

    @classmethod
    def of(cls, periods: tuple[Period, ...]) -> YearMonths:
        bounds = tuple((period.first, period.end) for period in periods)
        return cls(periods, bounds, [Decimal(0)] * len(periods), [None] * len(periods))

    def add(self, course: Course, order: Ints) -> None:
        """Add a wallet, its paths in `order`: its months are sums that the course keeps anyway."""
        for place, (first, end) in enumerate(self.bounds):
            if first < course.start:
                self.exact[place] += course.exact(first, end)
            if end > course.start:
                self._add(place, course.rest(first, end)[order])

    def include(self, other: YearMonths) -> None:
        for place, (exact, rest) in enumerate(zip(other.exact, other.rest, strict=True)):
            self.exact[place] += exact
            if rest is not None:
                self._add(place, rest)

    def _add(self, place: int, rest: Floats) -> None:
        before = self.rest[place]
        self.rest[place] = rest if before is None else before + rest

    def told(self, *, keys: Sequence[str], whole: Mapping[str, Decimal]) -> tuple[YearMonth, ...]:
        """Return each month with what is spent by its end; the last ends with the quantiles of the `whole` year."""
        found, total, paths = [], Decimal(0), None
        for period, exact, rest in zip(self.periods, self.exact, self.rest, strict=True):
            total += exact
            if rest is not None:
                paths = rest if paths is None else paths + rest
            if paths is None:
                found.append(YearMonth(period=period, spent=total, quantiles={}))
                continue
            quantiles = whole if period == self.periods[-1] else money_quantiles(paths, exact=total, keys=keys)
            found.append(YearMonth(period=period, spent=None, quantiles=dict(quantiles)))
        return tuple(found)
