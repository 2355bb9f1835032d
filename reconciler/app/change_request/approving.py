"""Whether what is about to be applied of a landing was approved: team by team, by the rules that held before it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import date
from pathlib import Path

from reconciler.app.budget_files import Commits
from reconciler.app.change_request.edited import Edited, brought_in
from reconciler.app.change_request.newcomers import Others, asked_of, others_in
from reconciler.app.change_request.settled import StepApproval
from reconciler.app.change_request.step import Step
from reconciler.findings import RefusedError
from reconciler.forge.approval import Approval, judge, recorded
from reconciler.forge.change_request import ChangeRequest
from reconciler.forge.protocol import Forge
from reconciler.git.merging import clean_merges
from reconciler.model.desired import Desired
from reconciler.model.forge_words import ForgeWords
from reconciler.model.kinds.registry import general_nouns
from reconciler.model.landing import ORGANIZATION
from reconciler.model.plan import Plan
from reconciler.model.requirement import Requirement
from reconciler.policy.approvals import requirements
from reconciler.policy.facts import refusals, step_of
from reconciler.policy.rulings import Judged
from reconciler.report.approvals import missing_words, stand_in_words

_NOTHING = Edited()


def approved(
    forge: Forge,
    pull: ChangeRequest | None,
    step: Step,
    plan: Plan,
    *,
    budgets: Path,
    as_of: date,
    edited: Edited = _NOTHING,
) -> StepApproval:
    """Return who approved a step, and which of its teams must not be applied.

    `budgets` is their folder in a clone. Approvals of what is `edited` count once it was shown as merged.

    The rules are those of what the landing came on top of, and those that were applied: rules that were weakened
    without approval do not approve what follows. Raises RefusedError for what stops the whole landing.
    """
    if pull is None:
        raise _pushed_directly(step, forge.words.request)
    rules = _rules(step)
    required = _required(rules, step, plan, as_of, _others(step, budgets, pull.base_ref))
    try:
        found = _judged(forge, pull, required, plan, budgets)
    except RefusedError as error:
        if recorded(forge, pull):
            raise
        return _unshown(error, required, _everybody(step, plan), forge.words)
    called = f"{forge.words.sign}{pull.number}"
    stale = {team: _moved(team, called, plan, found.record.period) for team in found.stale}
    by_hand, lacking, judged = _by_hand(forge, pull, required, step, plan, budgets, edited)
    stale |= by_hand
    asked = (judged or found.judged) if stale or lacking else found.missing
    return StepApproval(
        approved_by=found.approved_by,
        stood_in=tuple(dict.fromkeys(map(stand_in_words, found.stood_in))),
        refused=_refused(found, _everybody(step, plan), forge.words) | lacking,
        stale=stale,
        limited=_limited(rules, step, plan, as_of),
        missing=_named(item.whom for item in asked),
        unseen=bool(stale),
        reason=_stops(found, forge.words),
        afterwards=forge.words.afterwards,
    )


def _unshown(
    error: RefusedError, required: Iterable[Requirement], everybody: Iterable[str], called: ForgeWords
) -> StepApproval:
    return StepApproval(
        refused=dict.fromkeys(everybody, error.message),
        missing=_named(item.owners for item in required),
        unseen=True,
        afterwards=called.afterwards,
    )


def _pushed_directly(step: Step, request: str) -> RefusedError:
    first = "have `kt-budgets plan` looked at, and apply it the first time by hand, with `kt-budgets apply`; or "
    return RefusedError(
        f"{step.landing.commit[:12]} is not the merge of a {request}: it was pushed directly",
        hint=f"{'' if step.before else first}revert it, and bring the change in through a {request}",
    )


def _stops(found: Approval, words: ForgeWords) -> str:
    return "; ".join(missing_words(short, words)[0] for short in found.stops)


def _refused(found: Approval, everybody: Iterable[str], words: ForgeWords) -> dict[str, str]:
    """Return why teams are refused: all of them for what stops the whole landing, else each for its own reason."""
    whole = dict.fromkeys(everybody, _stops(found, words)) if found.stops else {}
    return whole | {team: missing_words(short, words)[0] for team, short in found.refused.items()}


def _judged(
    forge: Forge,
    pull: ChangeRequest,
    required: tuple[Requirement, ...],
    plan: Plan,
    budgets: Path,
    *,
    made_from: str | None = None,
    merged_in: Collection[str] = (),
) -> Approval:
    return judge(
        forge,
        pull,
        required=required,
        plan=plan,
        is_clean=clean_merges(budgets, reference=pull.reference),
        made_from=made_from,
        merged_in=merged_in,
    )


def _by_hand(
    forge: Forge,
    pull: ChangeRequest,
    required: tuple[Requirement, ...],
    step: Step,
    plan: Plan,
    budgets: Path,
    edited: Edited,
) -> tuple[dict[str, str], dict[str, str], tuple[Judged, ...]]:
    """Return why the `edited` parts of a merge are left out: those that nobody was shown, and those not approved.

    Where they were shown, with who approved what as merged.
    """
    if not edited.parts:
        return {}, {}, ()
    commit = step.landing.commit
    shown = recorded(forge, pull, made_from=commit)
    if not shown:
        return {part: edited.why(part, pull, commit) for part in edited.parts}, {}, ()
    by = brought_in(budgets, step.landing, pull) if edited.by_hand else ()
    found = _judged(forge, pull, required, plan, budgets, made_from=commit, merged_in=by)
    whole = _stops(found, forge.words)
    lacking = {part: missing_words(short, forge.words)[0] for part, short in found.refused.items()}
    short = {part: whole or lacking[part] for part in edited.parts if whole or part in lacking}
    stale = edited.parts & set(found.stale) - short.keys()
    return {part: edited.why(part, pull, commit) for part in stale}, short, found.judged


def _named(asked: Iterable[Sequence[str]]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(" or ".join(people) for people in asked if people))


def _everybody(step: Step, plan: Plan) -> frozenset[str]:
    return step.parts | {change.team for change in plan.changes}


def _rules(step: Step) -> tuple[Desired, ...]:
    """Return the YAML of what the landing came on top of, what was applied, and before anything was how it began.

    Where there never was any, the new organization's owners approve everything.
    """
    begun = step.after.without_teams()
    arrival = step.arrival
    if arrival.before is None and arrival.had_budgets:
        raise RefusedError(
            f"the budgets below {step.landing.commit[:12]} cannot be read, so nobody knows who must approve",
            hint="run `kt-budgets validate` on what was applied last, and correct the files",
        )
    return _known(step) or (begun,)


def _known(step: Step) -> tuple[Desired, ...]:
    listed = (step.arrival.before, step.before, step.arrival.origin)
    return tuple(found for found in listed if found is not None)


def _others(step: Step, budgets: Path, branch: str) -> Others:
    """Return whose owners approve too: all that have budgets there, where these are the first of an organization."""
    base = step.landing.base
    return others_in(Commits(budgets), base, branch) if base and not _known(step) else {}


def _required(rules: Iterable[Desired], step: Step, plan: Plan, as_of: date, others: Others) -> tuple[Requirement, ...]:
    start = step.start or (step.arrival.origin or step.after).without_teams()
    asked = step_of(plan, start, step.after, as_of=as_of)
    found = [*(requirements(each, asked) for each in rules), asked_of(others, step.after, asked)]
    return tuple(dict.fromkeys(item for listed in found for item in listed))


def _limited(rules: Iterable[Desired], step: Step, plan: Plan, as_of: date) -> dict[str, str]:
    """Return the teams that limits refuse, those from before the landing too; one on the run as a whole refuses all."""
    refused: dict[str, str] = {}
    everybody = _everybody(step, plan)
    for result, _ in refusals(plan, rules, step.after, as_of=as_of):
        words = f"{result.guard}: {result.message}; {result.hint}"
        refused |= dict.fromkeys({result.team} if result.team else everybody, words)
    return refused


def _moved(team: str, called: str, plan: Plan, shown_for: object) -> str:
    who = team if team != ORGANIZATION else f"the {general_nouns()}"
    if shown_for != plan.period:
        return (
            f"{who}: what was shown in {called} was the plan for {shown_for}, and this is {plan.period};"
            " the new month was funded from what was applied before"
        )
    return f"{who}: this is not the plan that was shown in {called}: the ledger, or what is applied, moved since"
