"""What a run's YAML declares: remembered, so that a later plan may delete what was declared before and no longer is."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from reconciler.apply.result import DONE
from reconciler.model.applied import LastApplied
from reconciler.model.desired import Desired
from reconciler.model.outcome import Outcome
from reconciler.model.plan import Plan

Declares = Literal["all", "its teams", "nothing"]
"""What of the YAML counts as applied after a run: all of it, what the plan's scope is about, or nothing of it."""


@dataclass(frozen=True, slots=True)
class Declared:
    """`billing_budgets` maps the declared keys, as text, to their teams; `export_schedules` are names.

    Unless `whole`, no commit was ever applied as a whole, so that none tells what was declared. `unfinished` are the
    teams whose last run did not do everything.
    """

    commit: str | None = None
    billing_budgets: Mapping[str, str] = field(default_factory=dict)
    export_schedules: frozenset[str] = frozenset()
    whole: bool = True
    unfinished: frozenset[str] = frozenset()

    @classmethod
    def of(cls, desired: Desired, *, commit: str | None, before: LastApplied | None) -> Declared:
        """Return what `desired` declares. What was declared `before` by a team whose file vanished stays known."""
        former = before.billing_budgets if before else {}
        vanished = {key: team for key, team in former.items() if team not in desired.teams}
        budgets = {str(key): wanted.team for key, wanted in desired.billing_budgets.items()}
        return cls(commit, {**vanished, **budgets}, frozenset(desired.export_schedules))

    @classmethod
    def within(cls, teams: Collection[str], desired: Desired, *, before: LastApplied | None) -> Declared:
        """Return what `desired` declares for `teams`, and what was declared `before` for everybody else."""
        former = cls.kept(before)
        others = {key: team for key, team in former.billing_budgets.items() if team not in teams}
        now = cls.of(desired, commit=None, before=before).billing_budgets
        own = {key: team for key, team in now.items() if team in teams}
        return replace(
            former,
            billing_budgets={**others, **own},
            whole=before.whole if before else False,
            unfinished=former.unfinished - set(teams),
        )

    @classmethod
    def kept(cls, before: LastApplied | None) -> Declared:
        """Return what was declared `before`, unchanged."""
        if before is None:
            return cls()
        return cls(before.commit, before.billing_budgets, before.export_schedules, before.whole, before.unfinished)

    @classmethod
    def read(cls, facts: Mapping[str, Any]) -> Declared:
        """Return what `facts` of a journal record hold."""
        return cls(
            facts.get("commit"),
            dict(facts.get("billing_budgets", {})),
            frozenset(facts.get("export_schedules", ())),
            facts.get("whole", True),
            frozenset(facts.get("unfinished", ())),
        )

    def facts(self) -> dict[str, Any]:
        """Return this as a JSON object."""
        return {
            "commit": self.commit,
            "billing_budgets": dict(sorted(self.billing_budgets.items())),
            "export_schedules": sorted(self.export_schedules),
            **({} if self.whole else {"whole": False}),
            **({"unfinished": sorted(self.unfinished)} if self.unfinished else {}),
        }

    def after(self, outcomes: Iterable[Outcome]) -> Declared:
        """Return what counts as declared after a run: not what could not be made, still what could not be deleted.

        Teams for which something was not done are unfinished.
        """
        budgets = dict(self.billing_budgets)
        schedules = set(self.export_schedules)
        unfinished = set(self.unfinished)
        for result in outcomes:
            if result.status in DONE:
                continue
            unfinished.add(result.team)
            if result.key is None:
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
        return replace(
            self,
            billing_budgets=budgets,
            export_schedules=frozenset(schedules),
            unfinished=frozenset(unfinished),
        )


def declared_by(plan: Plan, desired: Desired, declares: Declares, *, before: LastApplied | None) -> Declared:
    """Return what counts as declared after a run of `plan` in which everything succeeds."""
    if declares == "nothing":
        return Declared.kept(before)
    if declares == "its teams" and plan.scope:
        return Declared.within(plan.scope.teams, desired, before=before)
    now = Declared.of(desired, commit=plan.source.commit, before=before)
    if plan.scope is None or before is None:
        return now
    return replace(now, unfinished=before.unfinished - set(plan.scope.teams))
