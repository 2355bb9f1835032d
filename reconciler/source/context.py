"""What rules are given to look at: the organization as far as it is known, and each team with its file."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import lru_cache

from reconciler.model.organization import OrganizationBudget
from reconciler.model.period import FiscalYear, Period
from reconciler.model.team import TeamBudget
from reconciler.model.year_targets import money
from reconciler.source.documents import KEPT_FILES, Shape, YamlDocument

ALL = "all"
"""The environment of a team that has one wallet for everything."""


@dataclass(frozen=True, slots=True)
class Context:
    """The organization, None without a readable org.yaml; what is damaged there is None or empty here.

    `since` is the month that is under way and `today` the day that it is, None where nobody says so.
    """

    organization: Shape[OrganizationBudget] | None
    currency: str = ""
    fiscal_year: FiscalYear | None = None
    environments: tuple[str, ...] = ()
    since: Period | None = None
    today: date | None = None

    def money(self, amount: Decimal) -> str:
        return money(amount, self.currency)


@dataclass(frozen=True, slots=True, eq=False)
class TeamView:
    """A team's budget, as far as it is valid, and the file it is in, with its bytes.

    `flawed` where not all of that could be read. There is one of each document, so what is told by it alone is kept.
    """

    path: str
    stem: str
    team: TeamBudget
    shape: Shape[TeamBudget]
    flawed: bool = False
    data: bytes = b""

    def whole(self, section: str) -> bool:
        """Whether nothing of a section had to be left out."""
        return section not in self.shape.damaged

    def budget_index(self, position: int) -> int:
        """Return the place in the file of the billing budget at `position` of the model."""
        return self.shape.index("billing_budgets", position)


@lru_cache(maxsize=KEPT_FILES)
def view_of(document: YamlDocument[TeamBudget]) -> TeamView | None:
    """Return a team's file as the rules look at it; None where nothing of it is valid."""
    shape = document.shape
    if shape.model is None:
        return None
    return TeamView(document.path, document.file.stem, shape.model, shape, bool(document.flaws), document.file.data)


@lru_cache(maxsize=8)
def context_of(
    organization: YamlDocument[OrganizationBudget] | None, *, since: Period | None = None, today: date | None = None
) -> Context:
    if organization is None or organization.shape.model is None:
        return Context(None, since=since, today=today)
    shape = organization.shape
    org, damaged = organization.shape.model, shape.damaged
    return Context(
        organization=shape,
        currency="" if "currency" in damaged else org.currency,
        fiscal_year=None if "fiscal_year" in damaged else org.fiscal_year.value,
        environments=() if "environments" in damaged else org.environments,
        since=since,
        today=today,
    )
