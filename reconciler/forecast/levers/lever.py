"""What a lever is: everything that the product asks of one, in one class."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, ClassVar

from reconciler.findings import Keys
from reconciler.forecast.belief import Record
from reconciler.forecast.levers.part import Part
from reconciler.forecast.when import N, When
from reconciler.model.period import Period
from reconciler.model.team import AnnualPlan

if TYPE_CHECKING:
    from reconciler.forecast.levers.effect import Effect, Setting
    from reconciler.forecast.levers.whatif import WhatIf
    from reconciler.forecast.panel import Floats
    from reconciler.forecast.team_usage import TeamUsage
    from reconciler.forecast.team_view import TeamView
    from reconciler.forecast.todays_terms import Past
    from reconciler.model.assumption import Assumption
    from reconciler.model.organization import OrganizationBudget


@dataclass(frozen=True, slots=True)
class Remark:
    """What is wrong in a plan at `keys`, or what its usage contradicts (no keys)."""

    code: str
    message: str
    hint: str
    keys: Keys = ()


class Lever:
    """One lever. What it does not override, it has no part in.

    `name` is what its contribution and its row are called, `key` its field of the plan, `word` what a change of it is
    called, `counted` what it is called among what a plan needs: "" where the plan alone cannot put it into money.
    `promises`: its entries are savings, which come as far as their track record makes it likely.
    `whatif` reads what is supposed of it; None where nothing can be.
    """

    name: ClassVar[str]
    key: ClassVar[str]
    word: ClassVar[str]
    counted: ClassVar[str] = ""
    promises: ClassVar[bool] = False
    whatif: ClassVar[WhatIf | None] = None

    def is_in(self, plan: AnnualPlan, organization: OrganizationBudget | None) -> bool:
        """Whether the plan has it, or the organization has it for every plan."""
        return bool(getattr(plan, self.key))

    def factor(self, plan: AnnualPlan, when: When[N]) -> N:
        """Return by what the plan alone multiplies what stable demand costs."""
        return when.number(Decimal(1))

    def monthly(self, plan: AnnualPlan, when: When[N]) -> N:
        """Return what the plan alone adds to what demand costs, in major units a month."""
        return when.number(Decimal(0))

    def priced(self, view: TeamUsage, when: When[N]) -> N:
        """Return by what the plan multiplies it where only usage tells the price; 1 where nothing does."""
        return when.number(Decimal(1))

    def effects(self, plan: AnnualPlan, setting: Setting) -> Iterator[Effect]:
        """Yield what it does to simulated days, beyond what the history contains."""
        return iter(())

    def before(self, plan: AnnualPlan, past: Past) -> Floats | None:
        """Return float64[days]: what each past day cost, as a multiple of the same day with what is reached by now.

        None where what it moves did not move, or nothing tells.
        """
        return None

    def parts(self, plan: AnnualPlan, view: TeamView | None) -> Iterator[Part]:
        """Yield what it does to the months of a year, an entry of the plan at a time; None: of a team without wallets.

        Unless it says more, it is one part, of what the plan alone makes of a month.
        """
        if self.counted and self.is_in(plan, None):
            yield Part(
                stage="governance",
                name=self.name,
                what=self.word,
                factor=lambda month: self.factor(plan, month),
                added=lambda month: self.monthly(plan, month),
            )

    def records(self, usage: TeamUsage) -> Iterator[Record]:
        """Yield how far each of its promised savings came, of those that tell."""
        return iter(())

    def rows(self, view: TeamView) -> Iterator[Assumption]:
        """Yield its rows of the planning table: what was planned by now against what was observed."""
        return iter(())

    def notices(self, view: TeamView, rows: Sequence[Assumption]) -> Iterator[Remark]:
        """Yield what the usage contradicts; `rows` are its own."""
        return iter(())

    def contradictions(self, plan: AnnualPlan) -> Iterator[Remark]:
        """Yield what cannot be in the plan itself."""
        return iter(())

    def months(self, plan: AnnualPlan) -> Iterator[tuple[Keys, Period]]:
        """Yield the months that should not be before the fiscal year, each with its place."""
        return iter(())

    def turns(self, plan: AnnualPlan, money: Callable[[Decimal], str]) -> Iterator[tuple[Keys, date, str]]:
        """Yield the days from which on the plan expects something else, each with its place and that in words."""
        return iter(())

    def amounts(self, plan: AnnualPlan) -> Iterator[tuple[Keys, Decimal]]:
        """Yield the money that the plan names, each with its place."""
        return iter(())

    def told(self, plan: AnnualPlan, money: Callable[[Decimal], str]) -> str:
        """Return what the plan says of it in words, "" for nothing; `money` writes an amount."""
        return ""

    def models(self, plan: AnnualPlan) -> frozenset[str]:
        """Return the models whose prices it needs."""
        return frozenset()

    def limited(self, plan: AnnualPlan, spent: Callable[[date, date], Decimal], until: date) -> Iterator[date]:
        """Yield the days before `until` of which demand was above it; `spent` is the team's, [start, end)."""
        return iter(())


def reversed_months(keys: Keys, first: tuple[str, Period], last: tuple[str, Period], *, is_ramp: bool) -> Remark | None:
    """Return what is wrong where months come in the wrong order; a ramp must not end in the month it begins in."""
    (begins, start), (ends, end) = first, last
    if end > start or (end == start and not is_ramp):
        return None
    order = "not after" if is_ramp else "before"
    message = f"`{ends}: {end}` is {order} `{begins}: {start}`"
    return Remark("months-reversed", message, "correct one of the months", (*keys, ends))
