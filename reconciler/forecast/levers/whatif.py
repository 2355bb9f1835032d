"""What can be supposed of a lever, and what is known where a supposition begins."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Protocol

from reconciler.model.period import Period
from reconciler.model.team import AnnualPlan

if TYPE_CHECKING:
    from reconciler.forecast.observed import Observed
    from reconciler.forecast.panel import Floats
    from reconciler.forecast.when import When


class Sight(Protocol):
    """What is known of one wallet where a supposition begins: on `day`, the first that is not known."""

    @property
    def day(self) -> date: ...
    @property
    def team(self) -> str: ...
    @property
    def alone(self) -> bool:
        """Whether it is supposed of this wallet alone, not of its team."""
        ...

    @property
    def is_first(self) -> bool:
        """Whether it is its team's first wallet."""
        ...

    @property
    def observed(self) -> Observed:
        """The wallet's last 28 days."""
        ...

    @property
    def prices(self) -> Observed:
        """The team's last 90 days."""
        ...

    @property
    def when(self) -> When[Floats]:
        """`day` alone."""
        ...


class What(Protocol):
    """What is supposed of a lever."""

    @property
    def reason(self) -> str:
        """It in a few words."""
        ...

    @property
    def order(self) -> tuple[int, int]:
        """What is supposed together is put into a plan in this order, else as it is given."""
        ...

    def planned(self, plan: AnnualPlan, sight: Sight) -> AnnualPlan:
        """Return the plan of a wallet with it.

        Raises:
            UsageError: when nothing tells what it would cost.
        """
        ...


@dataclass(frozen=True, slots=True)
class WhatIf:
    """How it is written: `--OPTION METAVAR`, such as `--OPTION EXAMPLE`.

    `read` takes the text between `=` and `@`, and the month after that; it raises ValueError for what it cannot read.
    """

    option: str
    metavar: str
    help: str
    example: str
    read: Callable[[str, Period | None], What]
    first_wallet_only: bool = False


class FromDay(Period):
    """A month of which only the days from `day` on are meant: a step in it is still to come on the day before."""

    __slots__ = ("day",)
    day: date

    @classmethod
    def at(cls, day: date) -> FromDay:
        made = cls(day.year, day.month)
        object.__setattr__(made, "day", day)
        return made

    @property
    def first(self) -> date:
        return self.day
