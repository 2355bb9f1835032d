"""How often waivers were used: the plans that were applied under each, as the journal tells them."""

from __future__ import annotations

from datetime import date

from pydantic import Field

from reconciler.model.frozen import Frozen

MOST_NAMED = 20
"""So many of the newest uses of a waiver are named; all are counted."""


class WaiverUse(Frozen):
    """One plan that was applied under a waiver, whole or in part."""

    plan: str = Field(description="The plan's digest.")
    day: date = Field(description="The day on which it was applied, UTC.")
    pull_request: str = Field(
        "", description="The number of the change request that it came with; empty where none is known."
    )

    def __str__(self) -> str:
        came = f" (change request {self.pull_request})" if self.pull_request else ""
        return f"plan {self.plan.removeprefix('sha256:')[:8]} on {self.day}{came}"


class WaiverUses(Frozen):
    """How often a waiver was used, and by which plans, the newest ones last."""

    count: int = Field(description="How many plans were applied under it.")
    plans: tuple[WaiverUse, ...] = Field((), description=f"The last {MOST_NAMED} of them.")

    @classmethod
    def of(cls, plans: tuple[WaiverUse, ...]) -> WaiverUses:
        return cls(count=len(plans), plans=plans[-MOST_NAMED:])

    def __str__(self) -> str:
        more = self.count - len(self.plans)
        return "; ".join([*([f"{more:,} earlier"] if more else []), *map(str, self.plans)])
