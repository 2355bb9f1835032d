"""What a lever does to simulated days, and what it has to know of a wallet for that."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from math import inf
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from reconciler.forecast.belief import Belief
    from reconciler.forecast.calendar import DayRange
    from reconciler.forecast.levers.promises import Kept, Promises
    from reconciler.forecast.observed import Observed
    from reconciler.forecast.panel import Floats
    from reconciler.model.organization import OrganizationBudget


@dataclass(frozen=True, slots=True, eq=False)
class Effect:
    """`factor`, `added` (major units a day) and `limit` are float64[days] from the first simulated day, or absent.

    Of a promised saving `factor` is as planned, and `kept` what is multiplied with in its place: as it has gone so far.
    """

    name: str
    factor: Floats | None = None
    added: Floats | None = None
    limit: Floats | None = None
    kept: Kept | None = None

    @property
    def as_planned(self) -> Effect:
        return replace(self, kept=None) if self.kept else self

    def apply(self, paths: Floats, *, after: int = 0) -> Floats:
        """Return `paths` float64[days, paths] with this effect; their first day comes `after` so many others."""
        days = slice(after, after + len(paths))
        if self.kept is not None:
            paths = paths * self.kept.factors(days)
        elif self.factor is not None and (self.factor != 1.0).any():
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


def keep_sums(effects: Sequence[Effect]) -> bool:
    """Whether all do, one after the other: a promised saving is one on what is multiplied, not on what was added."""
    added = False
    for effect in effects:
        if not effect.keeps_sums or (added and effect.kept is not None):
            return False
        added = added or effect.added is not None
    return True


@dataclass(frozen=True, slots=True)
class Setting:
    """Where the levers of one wallet work: the simulated days, the day they are relative to, what was observed.

    `reference` is the last history day alone, None without history. `observed` are the wallet's last 28 days, `prices`
    the team's last 90. `share` is the wallet's part of the team's spend, `first` whether planned demand comes to it.
    `promises` tells how much of promised savings comes; None: all of it. `grown` tells what a day of the present month
    costs, as a multiple of one before it, and `added` how much more a day costs now than before a day, in major units;
    None where nothing tells.
    """

    days: DayRange
    reference: DayRange | None
    organization: OrganizationBudget
    observed: Observed
    prices: Observed
    share: float
    first: bool
    promises: Promises | None = None
    grown: Callable[[], float | None] = lambda: None
    added: Callable[[date], float | None] = lambda _: None

    @property
    def last_known(self) -> date | None:
        return self.reference.start if self.reference else None

    def promised(self, effect: Effect, at: Callable[[float], Floats], belief: Belief | None, *, key: str) -> Effect:
        """Return `effect` as its lever's saving is believed to come: `at` returns its factor where a share comes.

        Levers of one `key` come true together, in all wallets of a team. Without a belief all of it comes.
        """
        if self.promises is None or belief is None:
            return effect
        return replace(effect, kept=self.promises.kept(at, belief, key=key))


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
