"""Drift: what somebody changed by hand in Keeptrusts."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from reconciler.model.frozen import Frozen
from reconciler.model.money import Amount

DriftCategory = Literal["changed", "missing", "unmanaged", "pending", "acknowledged"]


class DriftItem(Frozen):
    """A difference that somebody made by hand. `evidence` are ledger ids."""

    category: DriftCategory = Field(alias="class")
    team: str
    wallet: str | None = None
    key: str | None = None
    amount: Amount | None = None
    evidence: tuple[str, ...] = ()
    sentence: str = ""
