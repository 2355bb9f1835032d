"""Drift as a document: what differs from what was applied, and what was left behind."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from reconciler.model.document import Document
from reconciler.model.frozen import Frozen
from reconciler.model.money import Amount
from reconciler.model.waiting import Waiting
from reconciler.model.wallet_ref import WalletRef

DriftCategory = Literal["changed", "missing", "unmanaged", "pending", "unreclaimable", "acknowledged"]


class DriftItem(Frozen):
    """A difference that somebody made by hand. `evidence` are ledger ids."""

    category: DriftCategory = Field(
        alias="class",
        description="How it came about; `pending` is explained by git, `acknowledged` by org.yaml, and"
        " `unreclaimable` is applied: what is above the target is spent or reserved.",
    )
    team: str = Field(description="The team; empty for the organization.")
    wallet: WalletRef | None = Field(None, description="The wallet's team id in Keeptrusts, where it is about one.")
    key: str | None = Field(None, description="The managed object's key as text, where it is about one.")
    amount: Amount | None = Field(
        None, description="Money by which live differs, negative where there is less; null where it is about no money."
    )
    evidence: tuple[str, ...] = Field((), description="Ids of the ledger entries that it is blamed on.")
    sentence: str = Field("", description="What differs, as a sentence.")


class DriftDocument(Document):
    """Every difference, and what was left behind: what `kt-budgets drift --format json` prints."""

    commands: ClassVar = ("drift",)
    format: Literal["kt-budgets.drift/1"] = "kt-budgets.drift/1"
    items: tuple[DriftItem, ...] = Field(description="Each difference, whether somebody is needed for it or not.")
    waiting: tuple[Waiting, ...] = Field(description="What was left behind: a month, a merge, a run or a lock.")
