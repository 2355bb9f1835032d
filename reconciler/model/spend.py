"""What was spent, as three surfaces say it: the dashboard, an export, the ledger; and where they disagree."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import ClassVar, Literal

from pydantic import Field

from reconciler.model.document import Document
from reconciler.model.forecast import ForecastNotice
from reconciler.model.frozen import Frozen
from reconciler.model.money import Amount, ExactAmount

Surface = Literal["spend", "export", "ledger"]
"""`spend` is what the dashboard shows (`/v1/spend`), `export` the events, `ledger` what wallets settled."""

ByDay = Mapping[tuple[date, str], Decimal]
"""Exact money by day (UTC) and wallet; the empty text is spend that no team is named for."""


@dataclass(frozen=True, slots=True, order=True)
class SpentRow:
    """One row of the dashboard: what a team, a workload or a model spent, in major units."""

    key: str
    currency: str
    cost: Decimal
    requests: int


@dataclass(frozen=True, slots=True)
class Payment:
    """What one wallet settled on one day, less refunds. `holder` is empty for the organization's own wallet."""

    scope: str
    holder: str
    currency: str
    day: date
    amount: Decimal


@dataclass(frozen=True, slots=True, eq=False)
class Reading:
    """What the surfaces say of the days [first, end), in one currency; None where a surface says nothing.

    `spend` are the dashboard's own totals, by dimension and key; `days` what it says of single days, empty where nobody
    asked. `elsewhere` is what the wallets of the organization and of users settled: for which team, no ledger says.
    `rounded` and `rounded_elsewhere` are by how much rounding to cents can make these ledgers say otherwise.
    """

    first: date
    end: date
    spend: Mapping[str, Mapping[str, SpentRow] | None]
    export: ByDay | None
    ledger: ByDay
    elsewhere: Mapping[date, Decimal]
    days: ByDay = field(default_factory=dict)
    rounded: ByDay = field(default_factory=dict)
    rounded_elsewhere: Mapping[date, Decimal] = field(default_factory=dict)


class Spent(Frozen):
    """What one key spent. A surface is null where it says nothing of such keys."""

    key: str = Field(description="Wallet, team, workload or model; empty for what is attributed to none.")
    team: str = Field("", description="The team; empty where the YAML declares no such wallet, or for other keys.")
    environment: str = Field("", description="The environment of a wallet; empty for other keys.")
    spend: ExactAmount | None = Field(description="Money by the dashboard, `/v1/spend`.")
    export: ExactAmount | None = Field(description="Money by the events of the export.")
    ledger: ExactAmount | None = Field(description="Money that wallets of this key settled, less refunds.")
    requests: int | None = Field(description="How many requests, by the dashboard, else by the export.")


class Disagreement(Frozen):
    """Two surfaces that say another sum of the same wallet and days. `amount` is the second less the first."""

    between: tuple[Surface, Surface] = Field(description="The two surfaces.")
    wallet: str = Field(description="The wallet; empty for spend of no team, and for several together.")
    together: bool = Field(
        False, description="Whether it is of all wallets together that no other disagreement with the ledger names."
    )
    team: str = Field(description="The team; empty where the YAML declares no such wallet.")
    environment: str = Field(description="The environment; empty where the YAML declares no such wallet.")
    amount: Amount = Field(description="Money that the second shows more than the first; less than 0 for less.")
    first_amount: Amount = Field(description="Money by the first.")
    second_amount: Amount = Field(description="Money by the second.")
    since: date | None = Field(description="The first day (UTC) that they say otherwise; null where no day is told.")
    until: date | None = Field(description="The last day (UTC) that they say otherwise; null where no day is told.")
    days: int = Field(description="On how many days they say otherwise; 0 where no day is told.")


class SpendDocument(Document):
    """What was spent and whether everybody agrees: what `kt-budgets spend --format json` prints."""

    commands: ClassVar = ("spend",)
    format: Literal["kt-budgets.spend/1"] = "kt-budgets.spend/1"
    organization: str = Field(description="The organization's id in Keeptrusts.")
    currency: str = Field(description="Currency of all money here, ISO 4217.")
    as_of: date = Field(description="The first day that is not known in full, UTC.")
    first_day: date = Field(description="The first day that is counted, UTC.")
    last_day: date = Field(description="The last day that is counted, UTC.")
    total: Spent = Field(description="All wallets together; the ledger's side with what was paid elsewhere.")
    wallets: tuple[Spent, ...] = Field(description="By wallet, those that no YAML declares among them.")
    teams: tuple[Spent, ...] = Field(description="By team; wallets that no YAML declares by their own key.")
    workloads: tuple[Spent, ...] = Field(description="By workload, the dearest first.")
    models: tuple[Spent, ...] = Field(description="By provider/model, the dearest first.")
    paid_elsewhere: Amount = Field(
        description="Money that wallets of the organization and of users settled: for which team, no ledger says."
    )
    other_currencies: dict[str, Amount] = Field(
        description="Money in other currencies, by the largest of the surfaces; it is in no sum here."
    )
    agrees: bool = Field(description="Whether all surfaces that answered say the same, but for rounding to cents.")
    disagreements: tuple[Disagreement, ...] = Field(description="Where they do not, the largest sum first.")
    notices: tuple[ForecastNotice, ...] = Field(description="What is to be said about what was read.")
