"""What `kt-budgets policy` answers: each of its verbs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from pathlib import Path

from reconciler.app.planning.saved import load_plan
from reconciler.app.policy.library import library
from reconciler.findings import ExitCode, FindingsError, UsageError
from reconciler.model.organization import OrganizationBudget
from reconciler.model.plan import GuardResult, Plan
from reconciler.model.rule import RuleSetting
from reconciler.model.rule_facts import RuleFacts
from reconciler.model.rule_verdicts import PolicyCheck, PolicyExplained, RuleWaiver
from reconciler.model.waiver_uses import WaiverUses
from reconciler.policy.explain import explained
from reconciler.policy.facts import facts_of
from reconciler.policy.organization_rules import organization_rules
from reconciler.policy.rule import results
from reconciler.policy.rule_facts import rule_facts
from reconciler.policy.rule_judging import is_asked
from reconciler.policy.rule_set import LoadedRule, loaded
from reconciler.policy.waivers import times_words
from reconciler.report.renderers import Answer, Statement
from reconciler.report.spans import visible
from reconciler.report.wording import counted
from reconciler.source.load import load


def answered(
    what: str,
    name: str | None,
    *,
    plan: Path | None,
    budgets: Path,
    as_of: date | None,
    since: str | None = None,
    journal: str | None = None,
) -> Answer:
    """Return what one of the verbs answers.

    Raises:
        UsageError: a name is missing or is none, or the plan cannot be read.
        RefusedError: the journal, whose plans are to be tried, cannot be read.
        FindingsError: the YAML has errors.
    """
    if since is not None:
        from reconciler.app.policy.trial import HERE, tried

        if what != "check" or plan is not None or as_of is not None:
            raise UsageError(
                "`--from` tries rules on the plans of the journal", hint="write `kt-budgets policy check --from REF`"
            )
        return tried(budgets, since, journal, here=organization_of(budgets) if since == HERE else None)
    if what == "library":
        return library(name)
    if what == "test":
        from reconciler.app.policy.testing import tested

        return tested(budgets, organization_of(budgets))
    saved = load_plan(plan or Path("plan.json"))
    day = as_of or saved.as_of
    if what == "facts":
        return _facts(saved, day)
    organization = organization_of(budgets)
    if what == "check":
        return check(saved, organization, day)
    return explain(saved, organization, name, day, budgets=budgets)


def organization_of(budgets: Path) -> OrganizationBudget:
    """Return the organization that a folder declares; FindingsError where it has errors."""
    found = load(budgets)
    if found.desired is None:
        raise FindingsError(found.findings, budgets=str(budgets))
    return found.desired.organization


def check(plan: Plan, organization: OrganizationBudget, day: date) -> Statement:
    """Return what the organization's own rules say of a plan on `day`; exit code 4 where one refuses."""
    found = results(organization_rules(organization, day=day), facts_of(plan), organization.waivers, as_of=day)
    rules = sum(len(one.rules) for one in organization.policies.values())
    is_refused = any(one.status == "refused" for one in found)
    text = "\n".join(_checked(found, rules))
    return Statement(PolicyCheck(rules=rules, verdicts=found), text, ExitCode.REFUSED if is_refused else ExitCode.DONE)


_WORDS = {"refused": "refused", "warned": "warning", "asks": "to approve", "waived": "waived"}


def _checked(found: Sequence[GuardResult], rules: int) -> Iterator[str]:
    for one in found:
        of = f" ({one.team})" if one.team else ""
        yield f"{_WORDS[one.status]} {one.guard}{of}: {visible(one.message, 480)}\n  hint: {visible(one.hint, 480)}"
    passed = "every rule passes" if not found else f"{len(found)} {'verdict' if len(found) == 1 else 'verdicts'}"
    yield f"{rules} {'rule' if rules == 1 else 'rules'}: {passed}"


def explain(plan: Plan, organization: OrganizationBudget, name: str | None, day: date, *, budgets: Path) -> Statement:
    """Return how a rule comes to what it says of a plan; UsageError where there is none of that name."""
    rule, facts = _named(organization, name, budgets), facts_of(plan)
    idle = "" if is_asked(rule, facts, day) else _idle(rule.setting, day)
    found = PolicyExplained(
        rule=rule.setting.name,
        when=rule.setting.when or "",
        asserts=rule.setting.asserts,
        idle=idle,
        subjects=() if idle else explained(rule, facts, day),
        waivers=tuple(_waivers(rule, organization, facts.waiver_uses)),
    )
    return Statement(found, "\n".join(_explained(found)))


def _idle(rule: RuleSetting, day: date) -> str:
    if rule.until is not None and rule.until < day:
        return f"it held until {rule.until}, and is over on {day}"
    return f"it holds from {rule.starts} on, and not yet on {day}"


def _named(organization: OrganizationBudget, name: str | None, budgets: Path) -> LoadedRule:
    rules = {rule.setting.name: rule for rule in loaded(organization)}
    if name not in rules:
        what = f"there is no rule `{visible(name, 80)}`" if name else "no rule was named"
        names = ", ".join(sorted(rules)[:20])
        raise UsageError(what, hint=f"name one of: {names}" if rules else f"write rules into {budgets}/policies/")
    return rules[name]


def _waivers(
    rule: LoadedRule, organization: OrganizationBudget, uses: Mapping[str, WaiverUses]
) -> Iterator[RuleWaiver]:
    for one in organization.waivers:
        if one.waived == rule.setting.name:
            used = uses.get(one.counted_as)
            yield RuleWaiver(name=one.counted_as, team=one.team or "", until=one.until, uses=one.uses, used=used)


def _waived(waiver: RuleWaiver) -> str:
    limit = "any number of plans" if waiver.uses is None else counted(waiver.uses, "plan")
    unknown = "the plan does not tell how often it was used"
    used = unknown if waiver.used is None else times_words(waiver.used) or "not used before"
    return f"waived for {waiver.team or 'the whole run'} until {waiver.until} by `{waiver.name}`, {limit}; {used}"


def _explained(found: PolicyExplained) -> Iterator[str]:
    yield f"{found.rule}\n  when    {found.when or 'always'}\n  assert  {found.asserts}"
    if found.idle:
        yield f"\nasked of nothing: {found.idle}"
    aside = [one for one in found.subjects if one.outcome == "does not apply"]
    order = ("fails", "cannot be judged", "passes")
    for one in sorted((one for one in found.subjects if one not in aside), key=lambda one: order.index(one.outcome)):
        because = f": {visible(one.because, 300)}" if one.because else ""
        yield f"\n{visible(one.subject, 200) or 'the plan'} {one.outcome}{because}"
        width = max((len(value.name) for value in one.read), default=0)
        for value in one.read:
            yield f"  {value.name:<{width}}  {'not known' if value.value is None else visible(value.value, 200)}"
        if one.would_pass:
            yield f"  {one.would_pass}"
    if aside:
        yield f"\nof {len(aside)} more {'thing' if len(aside) == 1 else 'things'} it is not asked: `when` is not true"
    if not (found.subjects or found.idle):
        yield "\nthe plan holds nothing that it is asked of"
    for waiver in found.waivers:
        yield f"\n{_waived(waiver)}"


def _facts(plan: Plan, day: date) -> Statement:
    found: RuleFacts = rule_facts(facts_of(plan), day)
    return Statement(found, found.text().removesuffix("\n"))
