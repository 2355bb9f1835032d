"""What an import found and wrote, as a document."""

from __future__ import annotations

from datetime import date
from typing import ClassVar, Literal

from pydantic import Field

from reconciler.model.document import Document, Told
from reconciler.model.frozen import Frozen
from reconciler.model.money import Amount
from reconciler.model.period import Period
from reconciler.model.plan_finding import PlanFinding
from reconciler.model.wallet_ref import WalletRef


class NotDeclared(Frozen):
    """Something of Keeptrusts that the YAML does not declare after an import. Nothing is done to it."""

    kind: str = Field(description="What it is: `wallet`, `team`, or a kind of managed object.")
    key: Told = Field(description="What identifies it: an id, or the key of a managed object as text.")
    name: Told = Field(description="What people call it.")
    amount: Amount | None = Field(None, description="The money that it holds or watches; null where it has none.")
    currency: str | None = Field(None, description="Its currency, ISO 4217; null where it has none.")
    reason: Told = Field(description="Why it is left out, as a sentence.")
    hint: Told = Field("", description="What is to be done where git is to own it; empty where nothing can be.")


class ImportedWallet(Frozen):
    """A wallet that was added to the YAML."""

    team: str = Field(description="The team.")
    environment: str = Field(description="The environment, such as `prod`.")
    wallet: WalletRef = Field(description="The wallet's team id in Keeptrusts.")
    monthly: Amount = Field(description="What each month is to be funded with.")
    overrides: dict[Period, Amount] = Field(description="The months that differ from it.")
    reason: str = Field(description="Where `monthly` comes from, as a sentence.")
    twice: tuple[str, ...] = Field((), description="Ids of ledger entries that look as if they repeat another one.")


class OpenQuestion(Frozen):
    """Money that may be meant for another month than that of its date."""

    transaction: str = Field(description="The ledger's id of the money.")
    team: str = Field(description="The team.")
    environment: str = Field(description="The environment.")
    wallet: WalletRef = Field(description="The wallet's team id in Keeptrusts.")
    amount: Amount = Field(description="The money.")
    currency: str = Field(description="Its currency, ISO 4217.")
    day: date = Field(description="The day on which it was given, UTC.")
    months: tuple[Period, ...] = Field(description="The months that it may be for, the one of its date first.")
    decides: bool = Field(
        description="Whether the answer changes what is written of the wallet, which is left out until there is one."
    )
    answers: tuple[str, ...] = Field(description="What to add to the command, one for each month.")


class ImportedFile(Frozen):
    """A file of the budgets, and what became of it."""

    path: Told = Field(description="The file, below the folder of the budgets.")
    state: Literal["created", "edited", "unchanged"] = Field(description="What became of it, or would.")


class Proof(Frozen):
    """What a plan says that is made from the YAML as it is now and from live state."""

    empty: bool = Field(description="Whether the plan has no changes.")
    differences: tuple[str, ...] = Field(description="What differs, one sentence each.")


class ImportDocument(Document):
    """What `kt-budgets import --format json` prints."""

    commands: ClassVar = ("import",)
    format: Literal["kt-budgets.import/1"] = "kt-budgets.import/1"
    organization: str = Field(description="The Keeptrusts organization.")
    period: Period = Field(description="The month whose funding is compared.")
    dry_run: bool = Field(description="Whether nothing was written.")
    files: tuple[ImportedFile, ...] = Field(description="Every file of the budgets.")
    wallets: tuple[ImportedWallet, ...] = Field(description="The wallets that were added.")
    objects: dict[str, tuple[str, ...]] = Field(
        description="The keys of the managed objects that were added, by the name of their kind."
    )
    proposals: tuple[str, ...] = Field(description="What past usage says of plans and of months to come, as sentences.")
    questions: tuple[OpenQuestion, ...] = Field(description="What only a person knows.")
    left_out: tuple[NotDeclared, ...] = Field(description="What is not declared, and why.")
    findings: tuple[PlanFinding, ...] = Field(description="What is left out of the usage, or doubtful in it.")
    plan: Proof = Field(description="The plan that follows from what is written.")


def month_of_entry(text: str) -> tuple[str, str | Period]:
    """Return the id of a ledger entry and the month that somebody says it was for, `2026-06` or so.

    No id stands for all of them, and then it is `dates` or `words`. Raises ValueError with what is to be written.
    """
    entry, _, month = text.rpartition("=")
    if text in ("dates", "words"):
        return "", month
    if not entry:
        raise ValueError(f"`{text}` names no entry; write ID=YYYY-MM, or `dates` or `words`")
    return entry, Period.parse(month)
