"""What was taken under management, or out of it: who, by which run, and what the ledger holds before and after."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from reconciler.model.document import Document
from reconciler.model.money import Amount
from reconciler.model.period import Period
from reconciler.model.wallet_ref import WalletRef


class AdoptionDocument(Document):
    """What `adopt` recorded. Nothing is ever written to Keeptrusts for it."""

    commands: ClassVar = ("adopt",)
    format: Literal["kt-budgets.adoption/1"] = "kt-budgets.adoption/1"
    run: str = Field(description="The run's id in the journal.")
    organization: str = Field(description="The organization's id in Keeptrusts.")
    period: Period = Field(description="The month, YYYY-MM, that was compared.")
    teams: tuple[str, ...] = Field(description="The teams that are under management from now on.")
    wallets: tuple[WalletRef, ...] = Field(description="Their wallets' team ids in Keeptrusts.")
    currency: str = Field(description="The currency of the amounts, ISO 4217.")
    funded_before: Amount = Field(description="Money that the ledgers show the wallets as funded with in the month.")
    funded_after: Amount = Field(description="The same, read again once it was recorded.")
    entries_before: int = Field(description="Entries of these ledgers that moved money to or from the pool.")
    entries_after: int = Field(description="The same, read again once it was recorded.")
    pending: tuple[str, ...] = Field(
        (),
        description="Teams, or org.yaml, of which the YAML says otherwise than was applied last: that waits.",
    )


class ReleaseDocument(Document):
    """What `release` recorded. Nothing is written to Keeptrusts for it, and nothing is read there."""

    commands: ClassVar = ("release",)
    format: Literal["kt-budgets.release/1"] = "kt-budgets.release/1"
    run: str = Field(description="The run's id in the journal.")
    organization: str = Field(description="The organization's id in Keeptrusts.")
    team: str = Field(description="The team that is under management no longer.")
    keys: tuple[str, ...] = Field(
        description="What it had under management: its wallets' team ids in Keeptrusts, and keys of its objects."
    )
