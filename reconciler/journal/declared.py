"""What a run's YAML declares: remembered, so that a later plan may delete what was declared before and no longer is."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from reconciler.model.applied import DeclaredObjects, LastApplied, declared_facts, part_digest, read_declared
from reconciler.model.desired import Desired
from reconciler.model.kinds.managed_kind import text_of
from reconciler.model.kinds.registry import kinds
from reconciler.model.landing import ORGANIZATION, Landing, moved_on
from reconciler.model.outcome import DONE, Outcome, Status
from reconciler.model.plan import Plan

Declares = Literal["all", "its teams", "nothing", "again"]
"""What of the YAML counts as applied after a run: all of it, what the plan's scope is about, or nothing of it.

Nothing new is applied "again" either, and what earlier runs left unfinished is finished.
"""


@dataclass(frozen=True, slots=True)
class Landed:
    """That a run is about one landing: `parts` of it count as applied from its `commit` once everything is done.

    `landings` are all that came to the branch after the last applied commit, in order; `ahead` says which parts are
    applied further than that before the run. A run of the `whole` commit is about no landing: where nothing of it is
    left, that commit is applied, whatever lies before it. Of a `dirty` one nothing counts unless all of it does,
    and `uncommitted` says what the files of its parts were.
    """

    commit: str
    parts: frozenset[str]
    landings: tuple[Landing, ...] = ()
    ahead: Mapping[str, str] = field(default_factory=dict)
    whole: bool = False
    dirty: bool = False
    uncommitted: Mapping[str, str] = field(default_factory=dict)

    def facts(self) -> dict[str, Any]:
        passed = [[landing.commit, sorted(landing.parts)] for landing in self.landings]
        said = {"whole": self.whole, "dirty": self.dirty}
        kept = {name: True for name, is_so in said.items() if is_so}
        files = {"uncommitted": dict(sorted(self.uncommitted.items()))} if self.uncommitted else {}
        return {"commit": self.commit, "parts": sorted(self.parts), "landings": passed, **kept, **files}

    @classmethod
    def read(cls, facts: Mapping[str, Any], ahead: Mapping[str, str]) -> Landed:
        landings = tuple(Landing(commit, frozenset(parts)) for commit, parts in facts["landings"])
        said = {"whole": facts.get("whole", False), "dirty": facts.get("dirty", False)}
        files = dict(facts.get("uncommitted", {}))
        return cls(facts["commit"], frozenset(facts["parts"]), landings, ahead, **said, uncommitted=files)


@dataclass(frozen=True, slots=True)
class Declared:
    """What of the managed objects is declared, and how far it is applied.

    Unless `whole`, no commit was ever applied as a whole, so that none tells what was declared. `unfinished` are the
    teams whose last run did not do everything. `ahead` are the teams that are applied further than `commit`, and
    `landed` is what the run is about to add to that. What was applied was `dirty` when it differed from its commit, and
    `uncommitted` says what the files of its parts were then.
    """

    commit: str | None = None
    objects: DeclaredObjects = field(default_factory=dict)
    whole: bool = True
    unfinished: frozenset[str] = frozenset()
    ahead: Mapping[str, str] = field(default_factory=dict)
    landed: Landed | None = None
    dirty: bool = False
    uncommitted: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, desired: Desired, *, commit: str | None, before: LastApplied | None) -> Declared:
        """Return what `desired` declares. What was declared `before` by a team whose file vanished stays known."""
        objects = {}
        for kind in kinds():
            former = before.of(kind) if before else {}
            vanished = {key: team for key, team in former.items() if team and team not in desired.teams}
            now = {text_of(key): wanted.team for key, wanted in desired.of(kind).items()}
            objects[kind.name] = {**vanished, **now}
        return cls(commit, objects)

    @classmethod
    def within(cls, teams: Collection[str], desired: Desired, *, before: LastApplied | None) -> Declared:
        """Return what `desired` declares for `teams`, and what was declared `before` for everybody else."""
        former = cls.kept(before)
        now = cls.of(desired, commit=None, before=before)
        return replace(
            former,
            objects={kind.name: _joined(former.objects, now.objects, kind.name, teams) for kind in kinds()},
            whole=before.whole if before else False,
            unfinished=former.unfinished - set(teams),
        )

    @classmethod
    def kept(cls, before: LastApplied | None) -> Declared:
        if before is None:
            return cls()
        return cls(
            before.commit,
            before.objects,
            before.whole,
            before.unfinished,
            before.ahead,
            dirty=before.dirty,
            uncommitted=before.uncommitted,
        )

    @classmethod
    def read(cls, facts: Mapping[str, Any]) -> Declared:
        ahead = dict(facts.get("ahead", {}))
        return cls(
            facts.get("commit"),
            read_declared(facts),
            facts.get("whole", True),
            frozenset(facts.get("unfinished", ())),
            ahead,
            Landed.read(facts["landed"], ahead) if "landed" in facts else None,
            facts.get("dirty", False),
            dict(facts.get("uncommitted", {})),
        )

    def facts(self) -> dict[str, Any]:
        return {
            "commit": self.commit,
            **declared_facts(self.objects),
            **({} if self.whole else {"whole": False}),
            **({"unfinished": sorted(self.unfinished)} if self.unfinished else {}),
            **({"ahead": dict(sorted(self.ahead.items()))} if self.ahead else {}),
            **({"landed": self.landed.facts()} if self.landed else {}),
            **({"dirty": True} if self.dirty else {}),
            **({"uncommitted": dict(sorted(self.uncommitted.items()))} if self.uncommitted else {}),
        }

    def after(self, outcomes: Iterable[Outcome], *, waiting: Collection[str] = ()) -> Declared:
        """Return what counts as declared after a run: not what could not be made, still what could not be deleted.

        Teams for which something was not done are unfinished, and so are those that are `waiting`. In a run that is
        about a landing those are not that were refused whole: nothing of them was begun, and they stay to be applied.
        """
        objects = {name: dict(declared) for name, declared in self.objects.items()}
        listed = tuple(outcomes)
        begun = {result.team for result in listed if result.status is not Status.REFUSED}
        left = {result.team for result in listed if result.status not in DONE} | set(waiting)
        for result in listed:
            verb, _, name = result.kind.partition("_")
            if result.status in DONE or result.key is None:
                continue
            if verb == "create":
                objects.get(name, {}).pop(result.key, None)
            elif verb == "delete":
                objects.setdefault(name, {})[result.key] = result.team
        kept = replace(
            self,
            objects=objects,
            unfinished=self.unfinished | (left & begun if self.landed and self.landed.landings else left),
        )
        return kept.landed_without(left)

    def landed_without(self, left: Collection[str]) -> Declared:
        """Return this with what the run's landing adds to what is applied; the teams that are `left` are not."""
        landed = self.landed
        if landed is None:
            return self
        if landed.whole and not left:
            said = replace(self, dirty=landed.dirty, uncommitted=landed.uncommitted)
            return replace(said, commit=landed.commit, ahead={}, whole=True, landed=None)
        done = landed.parts - (set(left) | ({ORGANIZATION} if left else set()))
        files = {part: digest for part, digest in self.uncommitted.items() if part not in done}
        files |= {part: digest for part, digest in landed.uncommitted.items() if part in done}
        parts = set() if landed.commit == self.commit or landed.dirty else done
        ahead = {**self.ahead, **dict.fromkeys(parts, landed.commit)}
        commit, further = moved_on(self.commit, ahead, landed.landings)
        whole = self.whole or commit != self.commit
        dirty = self.dirty and commit == self.commit
        return replace(self, commit=commit, ahead=further, whole=whole, landed=None, dirty=dirty, uncommitted=files)


def _joined(former: DeclaredObjects, now: DeclaredObjects, kind: str, teams: Collection[str]) -> dict[str, str]:
    """Return the declared keys of `kind`: for `teams` those of now, for everybody else the former ones."""
    others = {key: team for key, team in former.get(kind, {}).items() if team not in teams}
    return others | {key: team for key, team in now.get(kind, {}).items() if team in teams}


def declared_by(
    plan: Plan,
    desired: Desired,
    declares: Declares | Landed,
    *,
    before: LastApplied | None,
    waiting: Collection[str] = (),
) -> Declared:
    """Return what counts as declared after a run of `plan` in which everything succeeds.

    A plan for everybody stands for a commit as a whole if all of it is done. Otherwise, and where teams are `waiting`,
    it is about those that are done, and what was merged for the others stays to be applied (decision 0127).
    """
    if isinstance(declares, Landed):
        return _landing(declares, desired, before)
    if declares == "nothing":
        return Declared.kept(before)
    if declares == "again":
        kept = Declared.kept(before)
        return replace(kept, unfinished=kept.unfinished - set(plan.scope.teams) if plan.scope else frozenset())
    if declares == "its teams" and plan.scope:
        return of_parts(frozenset(plan.scope.teams) - set(waiting), desired, plan, before)
    everybody = _everybody(desired, before) | (before.ahead.keys() if before else set())
    teams, dirty = everybody - set(waiting), bool(plan.source.dirty)
    declared = Declared.within(teams, desired, before=before)
    left = before.unfinished - set(plan.scope.teams) if before and plan.scope else frozenset()
    declared = replace(declared, unfinished=left | set(waiting))
    if plan.source.commit is None:
        return replace(declared, commit=None, whole=True, ahead={}, dirty=dirty)
    parts = teams - {ORGANIZATION} if waiting else teams
    return replace(declared, landed=_of_files(plan, parts, desired, declared, whole=not waiting))


def of_parts(parts: frozenset[str], desired: Desired, plan: Plan, before: LastApplied | None) -> Declared:
    """Return what counts as declared after a run of `plan` that is about these `parts` alone."""
    within = Declared.within(parts, desired, before=before)
    return replace(within, landed=_of_files(plan, parts, desired, within))


def _of_files(
    plan: Plan, parts: frozenset[str], desired: Desired, declared: Declared, *, whole: bool = False
) -> Landed | None:
    """Return what a run by hand is about, with what its files are where those are not committed."""
    if plan.source.commit is None:
        return None
    dirty = bool(plan.source.dirty)
    files = {path.removeprefix(f"{desired.folder}/"): data for path, data in desired.files.items()} if dirty else {}
    digests = {part: part_digest(files, part) for part in parts} if dirty else {}
    return Landed(plan.source.commit, parts, (), declared.ahead, whole, dirty, digests)


def _landing(landed: Landed, desired: Desired, before: LastApplied | None) -> Declared:
    teams = _everybody(desired, before) if ORGANIZATION in landed.parts else landed.parts
    return replace(Declared.within(teams, desired, before=before), ahead=landed.ahead, landed=landed)


def _everybody(desired: Desired, before: LastApplied | None) -> frozenset[str]:
    former = {team for declared in before.objects.values() for team in declared.values()} if before else set()
    return frozenset({*desired.teams, *former, ORGANIZATION})
