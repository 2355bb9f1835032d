"""What a run's YAML declares: remembered, so that a later plan may delete what was declared before and no longer is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from reconciler.apply.result import DONE
from reconciler.model.applied import LastApplied
from reconciler.model.desired import Desired
from reconciler.model.outcome import Outcome


@dataclass(frozen=True, slots=True)
class Declared:
    """`billing_budgets` maps the declared keys, as text, to their teams; `export_schedules` are names."""

    commit: str | None = None
    billing_budgets: Mapping[str, str] = field(default_factory=dict)
    export_schedules: frozenset[str] = frozenset()

    @classmethod
    def of(cls, desired: Desired, *, commit: str | None, before: LastApplied | None) -> Declared:
        """Return what `desired` declares. What was declared `before` by a team whose file vanished stays known."""
        former = before.billing_budgets if before else {}
        vanished = {key: team for key, team in former.items() if team not in desired.teams}
        budgets = {str(key): wanted.team for key, wanted in desired.billing_budgets.items()}
        return cls(commit, {**vanished, **budgets}, frozenset(desired.export_schedules))

    @classmethod
    def kept(cls, before: LastApplied | None) -> Declared:
        """Return what was declared `before`, unchanged."""
        return cls(before.commit, before.billing_budgets, before.export_schedules) if before else cls()

    @classmethod
    def read(cls, facts: Mapping[str, Any]) -> Declared:
        """Return what `facts` of a journal record hold."""
        return cls(
            facts.get("commit"), dict(facts.get("billing_budgets", {})), frozenset(facts.get("export_schedules", ()))
        )

    def facts(self) -> dict[str, Any]:
        """Return this as a JSON object."""
        return {
            "commit": self.commit,
            "billing_budgets": dict(sorted(self.billing_budgets.items())),
            "export_schedules": sorted(self.export_schedules),
        }

    def after(self, outcomes: Iterable[Outcome]) -> Declared:
        """Return what counts as declared after a run: not what could not be made, still what could not be deleted."""
        budgets = dict(self.billing_budgets)
        schedules = set(self.export_schedules)
        for result in outcomes:
            if result.status in DONE or result.key is None:
                continue
            match result.kind:
                case "create_billing_budget":
                    budgets.pop(result.key, None)
                case "delete_billing_budget":
                    budgets[result.key] = result.team
                case "create_export_schedule":
                    schedules.discard(result.key)
                case "delete_export_schedule":
                    schedules.add(result.key)
                case _:
                    continue
        return replace(self, billing_budgets=budgets, export_schedules=frozenset(schedules))
