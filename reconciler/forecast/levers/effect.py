"""What a lever does to simulated days, and what it has to know of a wallet for that."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from math import inf
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from reconciler.forecast.calendar import DayRange
    from reconciler.forecast.observed import Observed
    from reconciler.forecast.panel import Floats
    from reconciler.model.organization import OrganizationBudget


@dataclass(frozen=True, slots=True, eq=False)
class Effect:
    """`factor`, `added` (major units a day) and `limit` are float64[days] from the first simulated day, or absent."""

    name: str
    factor: Floats | None = None
    added: Floats | None = None
    limit: Floats | None = None

    def apply(self, paths: Floats, *, after: int = 0) -> Floats:
        """Return `paths` float64[days, paths] with this effect; their first day comes `after` so many others."""
        days = slice(after, after + len(paths))
        if self.factor is not None and (self.factor != 1.0).any():
            paths = paths * self.factor[days, None]
        if self.added is not None and (self.added != 0.0).any():
            paths = (paths + self.added[days, None]).clip(min=0.0)
        if self.limit is not None and (self.limit < inf).any():
            paths = paths.clip(max=self.limit[days, None])
        return paths

    def paid(self, share: float) -> Effect:
        """Return the effect on days of which only `share` is paid in the end: a limit looks at the whole price."""
        if self.limit is None:
            return self
        limit = self.limit.copy()
        limit[limit < inf] *= share
        return replace(self, limit=limit)

    @property
    def keeps_sums(self) -> bool:
        """Whether the sum of some days after the lever follows from their sum before it: it cuts no single day."""
        takes = self.added is not None and bool((self.added < 0.0).any())
        return not takes and (self.limit is None or not (self.limit < inf).any())


@dataclass(frozen=True, slots=True)
class Setting:
    """Where the levers of one wallet work: the simulated days, the day they are relative to, what was observed.

    `reference` is the last history day alone, None without history. `observed` are the wallet's last 28 days, `prices`
    the team's last 90. `share` is the wallet's part of the team's spend, `first` whether planned demand comes to it.
    `grown` tells what a day of the present month costs, as a multiple of one before it; None where nothing tells.
    """

    days: DayRange
    reference: DayRange | None
    organization: OrganizationBudget
    observed: Observed
    prices: Observed
    share: float
    first: bool
    grown: Callable[[], float | None] = lambda: None

    @property
    def last_known(self) -> date | None:
        return self.reference.start if self.reference else None


class Supposed:
    """Marks an entry of a plan that is supposed: what it contributes goes by its own reason."""

    reason: str


class Entry(Protocol):
    """One of several entries of a kind in a plan."""

    @property
    def reason(self) -> str: ...


def named(kind: str, group: Sequence[Entry], entry: Entry) -> str:
    """Return the kind, followed by the reason where the plan has several of a kind."""
    if isinstance(entry, Supposed):
        return entry.reason
    return kind if len(group) == 1 else f"{kind}: {entry.reason}"
