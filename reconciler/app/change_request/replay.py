"""Replay: every landing that is not applied yet, in order and as it was reviewed; what is refused keeps its place.

Decision 0060.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from reconciler.app.budget_files import Commits, applied_files, changed_parts, value
from reconciler.app.change_request.arrivals import Arrival
from reconciler.app.change_request.settled import StepApproval, Why, called, settled
from reconciler.app.change_request.step import Bench, Step
from reconciler.app.change_request.unplanned import unplanned
from reconciler.findings import BudgetsError, ExitCode, Finding, LockHeldError, RemoteError
from reconciler.journal.declared import Landed
from reconciler.model.applied import LastApplied
from reconciler.model.desired import Desired
from reconciler.model.landing import ORGANIZATION, Landing, is_done, moved_on
from reconciler.model.merges import LandingOutcome
from reconciler.model.outcome import Result
from reconciler.model.plan import Plan

IN_ITS_PLACE = "is applied in its place"
"""How the reason ends why a team is left out of a landing that lacks nothing."""


@dataclass(slots=True)
class Replay:
    """The landings after the last applied commit, and how far each part of them is applied.

    `commit` is that up to which everything is applied, `ahead` says which parts are applied further. `unapproved` are
    parts that an earlier landing changed without the approval that it needs: nothing may be applied on top of that.
    `open` numbers the landings of which something was not applied at the beginning, and `beside` names the commits of
    those that another run applied while this one went on.
    """

    bench: Bench
    commits: Commits
    arrivals: tuple[Arrival, ...]
    commit: str | None
    ahead: dict[str, str]
    unapproved: dict[str, Landing] = field(default_factory=dict)
    _order: dict[str, int] = field(default_factory=dict)
    _only: frozenset[int] | None = None
    landings: tuple[Landing, ...] = ()
    open: frozenset[int] = frozenset()
    beside: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.landings = tuple(arrival.landing for arrival in self.arrivals)
        self._order = {landing.commit: number for number, landing in enumerate(self.landings)}
        self.open = frozenset(number for number in range(len(self.landings)) if self.left(number))
        self._clear_what_was_taken_back()

    def run(self, only: Collection[int] | None = None) -> list[LandingOutcome]:
        """Apply what may be applied, of the landings with these numbers or of all, and return what came of each.

        Where Keeptrusts, git or the forge does not answer, what follows is not tried.
        """
        self._only = None if only is None else frozenset(only)
        found: list[LandingOutcome] = []
        stopped: BudgetsError | None = None
        waiting = frozenset(number for number in self.open if self.left(number))
        for number, landing in enumerate(self.landings):
            parts = self.left(number)
            if number not in self.open or (self._only is not None and number not in self._only):
                continue
            if not parts and number in waiting:
                self.beside.append(landing.commit)
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
            return settled(landing, why=Why(behind=behind), parts=left)
        step = self._step(number, parts)
        if not isinstance(step, Step):
            return settled(landing, apart=step, why=Why(behind=behind), parts=left)
        try:
            plan, verdict = self._judged(step)
        except (RemoteError, LockHeldError):
            raise
        except BudgetsError as error:
            self.unapproved |= dict.fromkeys(left, landing)
            return settled(landing, refused=error, why=Why(behind=behind), parts=left)
        return self._executed(step, plan, verdict, behind)

    def _step(self, number: int, parts: frozenset[str]) -> Step | list[Finding]:
        """Return the step that applies `parts` of a landing, or what is wrong with the YAML that it would give."""
        now = applied_files(self.commits, self.commit, self.ahead)
        loaded = now.with_parts(self.commits.files(self.landings[number].commit), parts).loaded()
        if loaded.desired is None:
            return [finding for finding in loaded.findings if finding.is_error]
        before = now.loaded().desired if now.files else None
        return Step(self.arrivals[number], parts, before, loaded.desired, loaded.findings)

    def _judged(self, step: Step) -> tuple[Plan, StepApproval]:
        """Return the plan for a step, and what of it may be applied: nothing for teams that cannot be planned for."""
        plan = self.bench.plan(step)
        return plan, self.bench.approve(step, plan).waiting(unplanned(step, plan))

    def _carried_by(self, step: Step) -> dict[str, str]:
        """Return the teams of a step that a later landing brings whole, as it was shown and approved, and by which.

        Whoever approved that one saw the way from what is live, not from what this one would make of it.
        """
        found: dict[str, str] = {}
        for number in range(len(self.landings) - 1, self._order[step.landing.commit], -1):
            common = (self.left(number) & step.parts) - found.keys() - {ORGANIZATION}
            later = self._step(number, self.left(number)) if common and self._may_run(number) else None
            if not isinstance(later, Step):
                continue
            try:
                _, verdict = self._judged(later)
            except (RemoteError, LockHeldError):
                raise
            except BudgetsError:
                continue
            words = f"{called(self.landings[number])} showed all of it later, and {IN_ITS_PLACE}"
            found |= {part: f"{part}: {words}" for part in common - verdict.withheld.keys()}
        return found

    def _may_run(self, number: int) -> bool:
        is_asked = self._only is None or number in self._only
        return is_asked and not self.landings[number].problem

    def _executed(self, step: Step, plan: Plan, verdict: StepApproval, behind: Mapping[str, Landing]) -> LandingOutcome:
        landing, released = step.landing, step.parts & set(self.bench.released())
        self.unapproved |= dict.fromkeys(verdict.refused.keys() & step.parts, landing)
        withheld = self._together(step, {**self._carried_by(step), **verdict.withheld})
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
                why = Why(verdict, withheld, behind, plan, released)
                return settled(landing, refused=error, why=why, parts=landing.parts)
            self._note()
        left = self.left(self._order[landing.commit])
        return settled(landing, why=Why(verdict, withheld, behind, plan, released), result=result, parts=left)

    def _together(self, step: Step, withheld: Mapping[str, str]) -> dict[str, str]:
        """Return what is withheld of a step: all of it where the rest alone would be no valid YAML, or lose something.

        A wallet that goes from one team to another would belong to both, or to none.
        """
        parts = step.parts - withheld.keys()
        if not parts or parts == step.parts:
            return dict(withheld)
        now = applied_files(self.commits, self.commit, self.ahead)
        rest = now.with_parts(self.commits.files(step.landing.commit), parts).loaded()
        if rest.desired is not None:
            problem = _lost(step, rest.desired)
        else:
            problem = next(finding.message for finding in rest.findings if finding.is_error)
        if not problem:
            return dict(withheld)
        others = ", ".join(sorted(part or "the organization's settings" for part in withheld))
        words = f"it can only be applied together with {others}, which is not: {problem}"
        return {**{part: f"{part}: {words}" for part in parts}, **withheld}

    def _note(self) -> None:
        """Take over from the journal what is applied by now; what was only cleared here stays cleared."""
        last = self.bench.applied()
        if last is None:
            return
        self.commit, self.ahead = moved_on(last.commit, {**self.ahead, **last.ahead}, self.landings)


def _lost(step: Step, rest: Desired) -> str:
    """Return what was somebody's and is to be somebody's, and nobody's in the `rest` of a step; else an empty text."""
    if step.before is None:
        return ""
    wallets = sorted(step.before.wallets.keys() & step.after.wallets.keys() - rest.wallets.keys())
    objects = {
        str(key)
        for kind, listed in step.before.objects.items()
        for key in listed.keys() & step.after.objects.get(kind, {}).keys() - rest.objects.get(kind, {}).keys()
    }
    lost = [f"the wallet `{key}`" for key in wallets] + [f"`{key}`" for key in sorted(objects)]
    more = f" and {len(lost) - 5} more" if len(lost) > 5 else ""
    return f"{', '.join(lost[:5])}{more} would be no team's" if lost else ""


def is_nothing_to_do(commits: Commits, last: LastApplied | None, head: str) -> bool:
    """Whether the YAML of `head` says what was applied: then no landing has anything to apply."""
    if last is None or last.commit is None:
        return False
    now = applied_files(commits, last.commit, last.ahead).loaded().desired
    then = commits.desired(head)
    return now is not None and then is not None and not changed_parts(now, then)
