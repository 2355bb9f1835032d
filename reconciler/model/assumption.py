"""The planning table: what plans assume, beside what the usage shows."""

from __future__ import annotations

from datetime import date
from typing import Literal

from pydantic import Field

from reconciler.model.frozen import Frozen
from reconciler.model.money import Amount


class Assumption(Frozen):
    """One row of the planning table: what the plan says, what was observed, and what follows."""

    name: Literal["baseline", "growth", "cache_hit_rate", "provider_mix", "wallets", "alert"] = Field(
        description="Which assumption of the team's plan it is."
    )
    plan: str = Field(description="What the plan says, in words.")
    observed: str = Field(description="What the usage shows, in words; a dash where it shows nothing.")
    verdict: Literal["holds", "ahead", "behind", "fits", "short", "unknown"] = Field(description="How the two compare.")
    sentence: str = Field(description="What follows, as a sentence.")
    realized: dict[str, float] = Field(
        {},
        description="How much of a promised saving comes, 0 to 1, by probability as text, as it has gone so far; empty"
        " for what is no promise of a saving.",
    )
    owed: Amount | None = Field(
        None, description="Money a month that the saving has still to bring; null where nothing tells."
    )
    year_cost: Amount | None = Field(
        None, description="Money that the rest of the year costs more than planned if it stays so; null if unknown."
    )


class TeamAssumptions(Frozen):
    team: str = Field(description="The team.")
    assumptions: tuple[Assumption, ...] = Field(description="One row for each assumption of its plan.")


class UnitPrice(Frozen):
    """What a team paid for a model: per million tokens, over the 90 days before `as_of`. None: nothing was paid."""

    team: str
    model: str
    as_of: date
    tokens: int
    per_million_tokens: Amount | None
