"""`kt-budgets policy check --from`: rules tried on the last plans of the journal, before they bind."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path

from reconciler.app.budget_files import files_of
from reconciler.app.checkout import git
from reconciler.app.journal_place import journal_of
from reconciler.findings import FindingsError, UsageError
from reconciler.git.failures import GitError
from reconciler.journal.journal import read_records
from reconciler.journal.kept_facts import applied_plans, facts_kept
from reconciler.journal.record import Record
from reconciler.model.organization import OrganizationBudget
from reconciler.model.plan import GuardResult, GuardStatus
from reconciler.model.policy_input import PolicyInput
from reconciler.model.rule import Level
from reconciler.model.rule_trial import Outcome, PolicyTrial, RuleTrial, TriedPlan, TriedRule
from reconciler.policy.rule import POLICIES, Verdict
from reconciler.policy.rule_judging import verdicts
from reconciler.policy.rule_set import loaded
from reconciler.report.renderers import Statement
from reconciler.report.spans import visible
from reconciler.report.wording import agree, counted

MOST_PLANS = 50
HERE = "."
"""Stands for the files as they are, not as a commit has them. No reference of git can be called so."""

_OUTCOMES: Mapping[Level, Outcome] = {"deny": "refuses", "warn": "warns", "approve": "asks"}
_WORDS: Mapping[Outcome, str] = {
    "passes": "pass",
    "warns": "would be warned of",
    "asks": "would need approval",
    "refuses": "would be refused",
    "cannot be judged": "cannot be judged, so would be refused",
}
_THEN: Mapping[GuardStatus | None, str] = {
    None: "nothing",
    "passed": "it passed",
    "refused": "refused",
    "waived": "waived",
    "warned": "a warning",
    "asks": "approval",
}


@dataclass(frozen=True, slots=True)
class _Past:
    """An applied plan: with which record it began, and what it was judged by."""

    record: Record
    facts: PolicyInput


def tried(budgets: Path, since: str, journal: str | None, *, here: OrganizationBudget | None) -> Statement:
    """Return what the rules of the commit `since`, or of the files `here`, would have said of the last plans.

    Raises:
        UsageError: there is no such commit, or it has no rules.
        FindingsError: the YAML has errors.
        RefusedError: the journal cannot be read.
    """
    commit, organization = (HERE, here) if here else _of_commit(budgets, since)
    if not organization.policies:
        raise UsageError(f"there are no rules in {since}", hint=f"write rules into {budgets}/policies/")
    name, folder = journal_of(budgets, journal)
    records = read_records(name, folder=folder) if name else []
    last = tuple(islice(applied_plans(records), MOST_PLANS))
    past = [_Past(record, facts) for record in last if (facts := facts_kept(record)) is not None]
    told = {one.record.run for one in past}
    found = PolicyTrial(
        rules_from=commit,
        plans=tuple(_plan(one.record) for one in past),
        not_kept=tuple(_plan(record) for record in last if record.run not in told),
        rules=tuple(_trials(organization, past)),
    )
    return Statement(found, "\n".join(_lines(found)))


def _of_commit(budgets: Path, since: str) -> tuple[str, OrganizationBudget]:
    commit = _commit(budgets, since)
    read = files_of(budgets, commit).loaded()
    if read.desired is None:
        raise FindingsError(read.findings)
    return commit, read.desired.organization


def _commit(budgets: Path, since: str) -> str:
    try:
        return (
            git(budgets, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{since}^{{commit}}").decode().strip()
        )
    except GitError:
        hint = f"name one that `git log` shows, or `{HERE}` for the files as they are here"
        raise UsageError(f"`{visible(since, 80)}` is no commit of this repository", hint=hint) from None


def _plan(record: Record) -> TriedPlan:
    facts, day = record.facts, datetime.fromisoformat(record.at).astimezone(UTC).date()
    plan, why = facts["plan"], facts.get("why") or {}
    return TriedPlan(
        plan=plan["digest"],
        day=day,
        period=plan["period"],
        commit=plan["source"].get("commit") or "",
        pull_request=str(why.get("pull_request", "")),
        url=facts.get("url") or "",
    )


def _trials(organization: OrganizationBudget, past: Sequence[_Past]) -> Iterator[RuleTrial]:
    bound = _in_force(organization)
    said = [_said(bound, one.facts) for one in past]
    for rule in loaded(bound):
        name, level = rule.setting.name, rule.setting.level
        verdicts_of = [(*by_rule[name], *by_rule[POLICIES]) for by_rule in said]
        outcomes = [_outcome(level, found) for found in verdicts_of]
        yield RuleTrial(
            rule=name,
            level=level,
            passed=outcomes.count("passes"),
            warned=outcomes.count("warns"),
            asked=outcomes.count("asks"),
            refused=outcomes.count("refuses"),
            not_judged=outcomes.count("cannot be judged"),
            verdicts=tuple(
                TriedRule(
                    plan=one.record.facts["plan"]["digest"],
                    outcome=outcome,
                    messages=tuple(verdict.message for verdict in found),
                    then=_then(one.record, name),
                )
                for one, found, outcome in zip(past, verdicts_of, outcomes, strict=True)
                if outcome != "passes"
            ),
        )


def _outcome(level: Level, found: Sequence[Verdict]) -> Outcome:
    if any(not verdict.waivable for verdict in found):
        return "cannot be judged"
    return _OUTCOMES[level] if found else "passes"


def _in_force(organization: OrganizationBudget) -> OrganizationBudget:
    """Return the organization with rules that hold on every day: those that begin tomorrow are to be tried today."""
    return organization.model_copy(
        update={
            "policies": {
                name: rules.model_copy(
                    update={
                        "rules": tuple(one.model_copy(update={"starts": None, "until": None}) for one in rules.rules)
                    }
                )
                for name, rules in organization.policies.items()
            }
        }
    )


def _said(organization: OrganizationBudget, facts: PolicyInput) -> Mapping[str, Sequence[Verdict]]:
    by_rule: dict[str, list[Verdict]] = defaultdict(list)
    for one in verdicts(organization, facts.as_of, facts):
        by_rule[one.rule].append(one)
    return by_rule


def _then(record: Record, name: str) -> GuardStatus | None:
    """Return the gravest thing that a rule of this name said of a plan when it was made."""
    guards = (GuardResult.model_validate(one) for one in record.facts["plan"].get("guards", ()))
    statuses = {one.status for one in guards if one.guard == name}
    order: tuple[GuardStatus, ...] = ("refused", "waived", "asks", "warned", "passed")
    return next((status for status in order if status in statuses), None)


def _lines(found: PolicyTrial) -> Iterator[str]:
    where = "the files here" if found.rules_from == HERE else found.rules_from[:12]
    days = f", applied from {found.plans[-1].day} to {found.plans[0].day}" if found.plans else ""
    yield f"{counted(len(found.rules), 'rule')} of {where}, tried on {counted(len(found.plans), 'plan')}{days}"
    plans = {one.plan: one for one in found.plans}
    for rule in found.rules if plans else ():
        yield f"\n{rule.rule} ({rule.level}): {_counts(rule)}"
        for one in rule.verdicts:
            then = "" if one.then is None else f"; then: {_THEN[one.then]}"
            more = f"; and {len(one.messages) - 1:,} more" if len(one.messages) > 1 else ""
            yield f"  {_called(plans[one.plan])} {one.outcome}: {visible(one.messages[0], 300)}{more}{then}"
    if number := len(found.not_kept):
        yield (
            f"\n{counted(number, 'more plan')} of the last {MOST_PLANS} {agree(number, 'is')} not tried: the journal"
            " does not keep what they were judged by, because an earlier version applied them, or it was too much"
        )


def _counts(rule: RuleTrial) -> str:
    numbers: Mapping[Outcome, int] = {
        "passes": rule.passed,
        "warns": rule.warned,
        "asks": rule.asked,
        "refuses": rule.refused,
        "cannot be judged": rule.not_judged,
    }
    return ", ".join(f"{number:,} {_WORDS[outcome]}" for outcome, number in numbers.items() if number)


def _called(plan: TriedPlan) -> str:
    request = f"change request {plan.pull_request}, " if plan.pull_request else ""
    return f"{plan.day} {request}plan {plan.plan.removeprefix('sha256:')[:8]} ({plan.period})"
