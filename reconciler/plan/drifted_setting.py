"""How one alert or export schedule differs from what was applied."""

from __future__ import annotations

from dataclasses import dataclass

from reconciler.model.billing_budget import BillingBudget
from reconciler.model.organization import ExportSchedule
from reconciler.model.plan import DriftCategory, DriftItem

Setting = BillingBudget | ExportSchedule


@dataclass(frozen=True, slots=True)
class SettingDifference:
    """One setting: live, as it was applied (None: not by us, as far as is known), as git says now, as proposed."""

    name: str
    live: Setting | None
    before: Setting | None
    wanted: Setting | None
    proposed: tuple[Setting, ...] = ()

    @property
    def category(self) -> DriftCategory | None:
        if self.live == self.wanted:
            return None
        if self.before is None or self.live == self.before or self.live in self.proposed:
            return "pending"
        return "missing" if self.live is None else "changed"

    def item(self, *, team: str, key: str) -> DriftItem:
        return DriftItem(**{"class": self.category}, team=team, key=key, sentence=self._words())

    def _words(self) -> str:
        if self.category == "pending" or self.before is None:
            return f"{self.name} is not as git says; that is not applied yet."
        if self.live is None:
            return f"{self.name} was applied and is gone from Keeptrusts."
        live, ours = self.live.model_dump(mode="json"), self.before.model_dump(mode="json")
        changed = ", ".join(f"{key} {ours[key]} → {live[key]}" for key in sorted(ours) if ours[key] != live.get(key))
        return f"{self.name} was changed in Keeptrusts: {changed}."
