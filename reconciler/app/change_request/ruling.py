"""Rulings: whether a pull request may be merged, as far as its budgets go, and what is missing."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from reconciler.app.budget_files import Commits, applied_desired, changed_parts, earlier_budgets, value
from reconciler.app.change_request.newcomers import Others, asked_of, others_in, unreadable
from reconciler.app.change_request.queue import Entry
from reconciler.app.checkout import knows, prefix, tree_id
from reconciler.app.committed import organizations
from reconciler.app.listening import say
from reconciler.findings import RefusedError, RemoteError
from reconciler.forge.approval import judge, recorded
from reconciler.forge.change_request import ChangeRequest
from reconciler.forge.check import PLAN
from reconciler.forge.protocol import Forge
from reconciler.git.failures import GitError
from reconciler.git.merging import bring_commit, clean_merges, merged
from reconciler.http.failures import ForbiddenError
from reconciler.model.applied import LastApplied
from reconciler.model.desired import Desired
from reconciler.model.forge_words import ForgeWords
from reconciler.model.landing import ORGANIZATION
from reconciler.model.plan import GuardResult
from reconciler.model.policy_input import Effects
from reconciler.model.requirement import Requirement
from reconciler.policy.approvals import Step, declared, requirements
from reconciler.policy.plan_record import PlanRecord
from reconciler.policy.rulings import Problem, Ruling
from reconciler.report.approvals import fork_words
from reconciler.report.spans import visible

Moved = Callable[[Desired, PlanRecord, Desired | None], tuple[str, ...]]
"""Plans again, on top of what others bring first, and returns the teams whose plan is another one than was recorded."""


@dataclass(frozen=True, slots=True)
class Rules:
    """By what a change is judged: what its own budgets were `before`, what of them was `applied`, and the owners of all
    `others` that lie in other folders, where a commit has none of its organization. Each may be nothing.
    """

    commits: Commits
    before: Desired | None
    applied: Desired | None = None
    others: Others = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Gate:
    """Where rulings are made. By the rules of what was applied `last`, approvals are judged as well."""

    forge: Forge
    commits: Commits
    last: LastApplied | None = None
    moved: Moved | None = None

    def rule(self, pull: ChangeRequest, before: str, after: str | None, *, front: tuple[Entry, ...] = ()) -> Ruling:
        """Return the ruling on a pull request that leads from the commit `before` to the commit or tree `after`.

        None: the two conflict. Those in `front` of it in a queue come first: it is judged on top of them.
        """
        try:
            return self._ruled(pull, before, after, front)
        except RefusedError as error:
            return self._refused(pull, Problem(error.message, error.hint))

    def _ruled(self, pull: ChangeRequest, before: str, after: str | None, front: tuple[Entry, ...]) -> Ruling:
        if after is None:
            words = f"it conflicts with {pull.base_ref}"
            return self._refused(pull, Problem(words, f"bring the branch up to date with {pull.base_ref}"))
        if self.is_same(before, after):
            return Ruling(pull.number, pull.head, "nothing")
        found = self.commits.loaded(after)
        if found.desired is None:
            count = sum(finding.severity.name == "ERROR" for finding in found.findings)
            words = f"the budget files have {count} {'error' if count == 1 else 'errors'}" if count else "no budgets"
            return self._refused(pull, Problem(words, "run `kt-budgets validate`, and correct the files"))
        rules = self._rules(pull, before, found.desired)
        if rules.commits.files(before).files and not changed_parts(rules.before, found.desired):
            return Ruling(pull.number, pull.head, "nothing")
        return self._judged(pull, rules, found.desired, front)

    def is_same(self, before: str, after: str) -> bool:
        """Whether the folder of the budgets is the same in both.

        Raises RefusedError where it is in neither, and budgets are elsewhere: then nothing here is looked at.
        """
        budgets = self.commits.budgets
        found = tree_id(budgets, before)
        if found != tree_id(budgets, after):
            return False
        elsewhere = {} if found else organizations(budgets, after)
        if elsewhere:
            raise RefusedError(
                f"there is no folder {prefix(budgets)}, before or after, and there are budgets in"
                f" {', '.join(map(str, [*elsewhere][:5]))}: what changes in them is looked at by no check",
                hint=f"name their folder with `--budgets`, where the check is run: `--budgets {next(iter(elsewhere))}`",
            )
        return True

    def _rules(self, pull: ChangeRequest, before: str, after: Desired) -> Rules:
        """Return by what `after` is judged: never by its own owners where somebody else's budgets were there before.

        Raises RefusedError where that cannot be read.
        """
        budgets = self.commits.budgets
        commits = self.commits.of(after.organization.organization)
        start = _before(commits, before)
        if start is None and (
            commits.files(before).files or knows(budgets, prefix(budgets) / "org.yaml", until=before)
        ):
            raise unreadable(f"the budgets of {before[:12]}", pull.base_ref)
        others = {} if start else others_in(self.commits, before, pull.base_ref)
        return Rules(commits, start, _applied(commits, self.last), others)

    def _judged(self, pull: ChangeRequest, rules: Rules, after: Desired, front: tuple[Entry, ...]) -> Ruling:
        records = recorded(self.forge, pull)
        record = records[-1][1] if records else None
        required = self._required(rules, after, record)
        whole = Ruling(pull.number, pull.head, "waiting", required=required, record=record)
        if record is None:
            return replace(whole, problems=(self._unrecorded(pull),))
        try:
            if (problem := self._stale(pull, record, rules, after, front)) or self._is_marked(pull):
                return replace(whole, state="refused", problems=(problem or _moved(pull, (), self.forge.words),))
            if record.refused:
                return replace(whole, state="refused", problems=tuple(map(_limit, record.refused)))
            found = judge(
                self.forge,
                pull,
                required=required,
                plan=None,
                is_clean=clean_merges(self.commits.budgets, reference=pull.reference),
            )
        except ForbiddenError as error:
            words = "this run may not read what decides about it, such as who is in which team, or who pushed"
            return replace(whole, state="refused", problems=(Problem(words, error.hint),))
        except (RefusedError, RemoteError) as error:
            return replace(whole, state="refused", problems=(Problem(error.message, error.hint),))
        return replace(whole, state="waiting" if found.missing else "approved", judged=found.judged)

    def _unrecorded(self, pull: ChangeRequest) -> Problem:
        called = self.forge.words
        if not self.forge.takes_checks(pull):
            return Problem(*fork_words(called))
        cure = f"the {called.planner} {called.pipeline} shows it; where none runs, start it by hand"
        return Problem("no plan was shown for the last commit yet", cure)

    def _required(self, rules: Rules, after: Desired, record: PlanRecord | None) -> tuple[Requirement, ...]:
        begun = after.without_teams()
        start = rules.before or begun
        effects = record.effects if record else None
        effects = effects or Effects(teams=tuple(team for team in (record and record.fingerprints) or () if team))
        step = Step(effects, declared(start, after), noted=record.asks if record else ())
        found = [requirements(each, step) for each in (start, rules.applied or start)]
        asked = asked_of(rules.others, after, step)
        return tuple(dict.fromkeys([*(item for listed in found for item in listed), *asked]))

    def _stale(
        self, pull: ChangeRequest, record: PlanRecord, rules: Rules, after: Desired, front: tuple[Entry, ...]
    ) -> Problem | None:
        """Return why what was shown is no more what would be applied.

        Of what is behind others in a queue, it is looked at alone, and then on top of them, as they would be applied.
        """
        shared = _shared(rules, after, front)
        behind = self._behind(pull, record, rules, after, alone=front[0].before if shared else "")
        above = tuple(shared)
        if not behind and self.moved is not None:
            above = self.moved(after, record, rules.before if front else None)
        alone = behind or tuple(part for part in above if part not in shared)
        if alone:
            return _moved(pull, alone, self.forge.words)
        return _in_front(pull, {part: shared[part] for part in above}, self.forge.words) if above else None

    def _behind(
        self, pull: ChangeRequest, record: PlanRecord, rules: Rules, after: Desired, *, alone: str
    ) -> tuple[str, ...]:
        """Return the parts of which the plan was made from other YAML than what would be merged, or onto other YAML.

        With the commit `alone`, what is merged onto that one is looked at.
        """
        budgets = self.commits.budgets
        if record.base is None:
            return ()
        try:
            bring_commit(budgets, record.base)
            bring_commit(budgets, pull.head, pull.reference)
            tree = merged(budgets, record.base, pull.head)
            by_itself = merged(budgets, alone, pull.head) if alone else None
        except GitError:
            return ()
        then = (_before(rules.commits, record.base), rules.commits.desired(tree))
        now = (_before(rules.commits, alone), rules.commits.desired(by_itself)) if alone else (rules.before, after)
        parts = sorted(changed_parts(rules.before, after))
        return tuple(
            part for part in parts if any(value(a, part) != value(b, part) for a, b in zip(then, now, strict=True))
        )

    def _is_marked(self, pull: ChangeRequest) -> bool:
        """Whether a plan that was made again since the last record found another one."""
        checks = self.forge.checks(pull.head, name=PLAN)
        return checks[-1].conclusion == "waiting" and checks[-1].record is None

    def _refused(self, pull: ChangeRequest, problem: Problem) -> Ruling:
        return Ruling(pull.number, pull.head, "refused", problems=(problem,))


def _before(commits: Commits, commit: str) -> Desired | None:
    """Return whose rules hold: those of a commit, or of the budgets that were deleted before it."""
    return commits.desired(commit) or earlier_budgets(commits, commit)


def _applied(commits: Commits, last: LastApplied | None) -> Desired | None:
    try:
        return applied_desired(commits, last)
    except GitError as error:
        say(f"what was applied last is not known here: {error.message}")
        return None


def _limit(refused: GuardResult) -> Problem:
    of = f" ({refused.team})" if refused.team else ""
    return Problem(visible(f"refused by {refused.guard}{of}: {refused.message}", 600), visible(refused.hint, 600))


def _shared(rules: Rules, after: Desired, front: Sequence[Entry]) -> dict[str, int | None]:
    """Return the parts that this changes and one in front of it does, each with the last one of those."""
    parts = changed_parts(rules.before, after) if front else frozenset()
    found: dict[str, int | None] = {}
    for each in front:
        end = rules.commits.desired(each.after)
        ours = parts & changed_parts(rules.commits.desired(each.before), end) if end else parts
        found |= dict.fromkeys(sorted(ours), each.number)
    return found


def _in_front(pull: ChangeRequest, shared: Mapping[str, int | None], called: ForgeWords) -> Problem:
    names = ", ".join(dict.fromkeys(f"{called.sign}{number}" for number in shared.values() if number))
    return Problem(
        f"{names or 'another one'} is in front of it in the queue and changes {_who(tuple(shared))} too: what comes of"
        f" {called.sign}{pull.number} on top of that was not shown",
        f"once that is merged, have it planned again, with {called.planned_by(pull.number)}, or by bringing the branch"
        f" up to date with {pull.base_ref}, and approved again; then put it into the queue again",
    )


def _who(parts: tuple[str, ...]) -> str:
    who = ", ".join(part if part != ORGANIZATION else "the organization" for part in parts[:20])
    return who + (f" and {len(parts) - 20} more" if len(parts) > 20 else "")


def _moved(pull: ChangeRequest, parts: tuple[str, ...], called: ForgeWords) -> Problem:
    of = f" of {_who(parts)}" if parts else ""
    return Problem(
        f"the plan{of} moved since it was shown: the ledger, or {pull.base_ref}, is another one now",
        f"have it planned again, with {called.planned_by(pull.number)}, or by bringing the"
        f" branch up to date with {pull.base_ref}, and approved again",
    )
