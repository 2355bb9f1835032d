"""Replay: every landing that is not applied yet, in order and as it was reviewed; what is refused keeps its place."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from reconciler.app.change_request.arrivals import Arrival
from reconciler.app.change_request.budget_files import BudgetFiles, Commits, applied_files, changed_parts, value
from reconciler.app.change_request.settled import Verdict, settled
from reconciler.apply.declared import Landed
from reconciler.apply.result import Result
from reconciler.findings import BudgetsError, ExitCode, LockHeldError, RemoteError
from reconciler.model.applied import LastApplied
from reconciler.model.desired import Desired
from reconciler.model.landing import ORGANIZATION, Landing, is_done, moved_on
from reconciler.model.merges import LandingOutcome
from reconciler.model.plan import Plan
from reconciler.source.load import Loaded


@dataclass(frozen=True, slots=True)
class Step:
    """What is about to be applied of a landing: `parts` of it, on top of what was applied `before`.

    `after` is what the YAML says then, and `files` are the files that say it.
    """

    arrival: Arrival
    parts: frozenset[str]
    before: Desired | None
    after: Desired
    files: BudgetFiles

    @property
    def landing(self) -> Landing:
        return self.arrival.landing

    @property
    def teams(self) -> tuple[str, ...] | None:
        """The teams that the plan is about; None where it is about all of them."""
        return None if ORGANIZATION in self.parts else tuple(sorted(self.parts))


class Bench(Protocol):
    """What a replay needs from the world. Every method may raise a BudgetsError; nothing was applied then."""

    def plan(self, step: Step, loaded: Loaded) -> Plan:
        """Return the sealed plan for a step."""

    def approve(self, step: Step, plan: Plan) -> Verdict:
        """Return who approved a step, and which teams must not be applied."""

    def execute(self, step: Step, plan: Plan, landed: Landed, withheld: Mapping[str, str]) -> Result:
        """Carry the plan out but for the teams that are `withheld`, and return what came of it."""

    def applied(self) -> LastApplied | None:
        """Return what the journal says was applied last."""


@dataclass(slots=True)
class Replay:
    """The landings after the last applied commit, and how far each part of them is applied.

    `commit` is that up to which everything is applied, `ahead` says which parts are applied further. `unapproved` are
    parts that an earlier landing changed without the approval that it needs: nothing may be applied on top of that.
    """

    bench: Bench
    commits: Commits
    arrivals: tuple[Arrival, ...]
    commit: str | None
    ahead: dict[str, str]
    unapproved: dict[str, Landing] = field(default_factory=dict)
    _order: dict[str, int] = field(default_factory=dict)
    _open: frozenset[int] = frozenset()
    landings: tuple[Landing, ...] = ()

    def __post_init__(self) -> None:
        self.landings = tuple(arrival.landing for arrival in self.arrivals)
        self._order = {landing.commit: number for number, landing in enumerate(self.landings)}
        self._open = frozenset(number for number in range(len(self.landings)) if self.left(number))
        self._clear_what_was_taken_back()

    def run(self, only: Collection[int] | None = None) -> list[LandingOutcome]:
        """Apply what may be applied, of the landings with these numbers or of all, and return what came of each.

        Where Keeptrusts, git or GitHub does not answer, what follows is not tried.
        """
        found: list[LandingOutcome] = []
        stopped: BudgetsError | None = None
        for number, landing in enumerate(self.landings):
            parts = self.left(number)
            if number not in self._open or (only is not None and number not in only):
                continue
            if not parts:
                found.append(settled(landing))
                continue
            if stopped is not None:
                found.append(settled(landing, failed=stopped, parts=parts))
                continue
            try:
                outcome = self._applied(number, parts)
            except (RemoteError, LockHeldError) as error:
                stopped = error
                outcome = settled(landing, failed=error, parts=parts)
            found.append(outcome)
            if outcome.exit_code == ExitCode.INTERRUPTED:
                break
        return [self._carried(outcome) for outcome in found]

    def _carried(self, outcome: LandingOutcome) -> LandingOutcome:
        """Return an outcome by what is left of its landing at the end: a later one may have brought the rest."""
        number = self._order[outcome.commit]
        if outcome.is_done or self.left(number):
            return outcome
        done = settled(self.landings[number])
        kept = {"run": outcome.run, "approved_by": outcome.approved_by, "exit_code": 0}
        return done.model_copy(update={**kept, "status": "applied"} if outcome.run and outcome.run.outcomes else {})

    @property
    def pending(self) -> int:
        """How many landings are not applied as a whole."""
        return sum(bool(self.left(number)) for number in range(len(self.landings)))

    def left(self, number: int) -> frozenset[str]:
        """Return the parts of a landing that are not applied."""
        if number <= self._order.get(self.commit or "", -1):
            return frozenset()
        parts = self.landings[number].parts
        return frozenset(part for part in parts if not is_done([part], number, self.ahead, self._order))

    def needed_for(self, number: int) -> set[int]:
        """Return a landing and those before it that are about the same parts, and about theirs."""
        wanted, parts = {number}, set(self.landings[number].parts)
        for earlier in range(number - 1, -1, -1):
            if parts & self.landings[earlier].parts:
                wanted.add(earlier)
                parts |= self.landings[earlier].parts
        return wanted

    def _clear_what_was_taken_back(self) -> None:
        """Count as applied what the last landing about a part made what it was before: there is nothing to apply."""
        now = applied_files(self.commits, self.commit, self.ahead).loaded().desired
        if now is None:
            return
        for number, arrival in enumerate(self.arrivals):
            for part in self.left(number) if arrival.after else ():
                if value(arrival.after, part) == value(now, part):
                    self.ahead[part] = arrival.landing.commit

    def _applied(self, number: int, left: frozenset[str]) -> LandingOutcome:
        landing = self.landings[number]
        if landing.problem:
            return settled(landing, problem=f"its YAML has errors: {landing.problem}", parts=left)
        behind = {part: self.unapproved[part] for part in left if part in self.unapproved}
        parts = left - behind.keys()
        if not parts or ORGANIZATION in behind:
            return settled(landing, behind=behind, parts=left)
        now = applied_files(self.commits, self.commit, self.ahead)
        files = now.with_parts(self.commits.files(landing.commit), parts)
        loaded = files.loaded()
        before = now.loaded().desired if now.files else None
        if loaded.desired is None:
            return settled(landing, apart=[f for f in loaded.findings if f.is_error], behind=behind, parts=left)
        step = Step(self.arrivals[number], parts, before, loaded.desired, files)
        try:
            plan = self.bench.plan(step, loaded)
            verdict = self.bench.approve(step, plan)
        except (RemoteError, LockHeldError):
            raise
        except BudgetsError as error:
            self.unapproved |= dict.fromkeys(left, landing)
            return settled(landing, refused=error, behind=behind, parts=left)
        return self._executed(step, plan, verdict, behind)

    def _executed(self, step: Step, plan: Plan, verdict: Verdict, behind: Mapping[str, Landing]) -> LandingOutcome:
        landing = step.landing
        self.unapproved |= dict.fromkeys(verdict.refused.keys() & step.parts, landing)
        withheld = verdict.withheld
        parts = step.parts - withheld.keys()
        if withheld.keys() - landing.parts:
            parts -= {ORGANIZATION}
        result: Result | None = None
        if parts or {change.team for change in plan.changes} - withheld.keys():
            landed = Landed(landing.commit, parts, self.landings, dict(self.ahead))
            try:
                result = self.bench.execute(step, plan, landed, withheld)
            except (RemoteError, LockHeldError):
                raise
            except BudgetsError as error:
                return settled(landing, refused=error, verdict=verdict, behind=behind, parts=landing.parts)
            self._note()
        left = self.left(self._order[landing.commit])
        return settled(landing, verdict=verdict, result=result, behind=behind, parts=left)

    def _note(self) -> None:
        """Take over from the journal what is applied by now; what was only cleared here stays cleared."""
        last = self.bench.applied()
        if last is None:
            return
        self.commit, self.ahead = moved_on(last.commit, {**self.ahead, **last.ahead}, self.landings)


def is_nothing_to_do(commits: Commits, last: LastApplied | None, head: str) -> bool:
    """Whether the YAML of `head` says what was applied: then no landing has anything to apply."""
    if last is None or last.commit is None:
        return False
    now = applied_files(commits, last.commit, last.ahead).loaded().desired
    then = commits.desired(head)
    return now is not None and then is not None and not changed_parts(now, then)
