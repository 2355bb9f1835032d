"""What an organization's own rules say of a plan, thing by thing (decision 0106)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from functools import partial
from itertools import groupby
from typing import Any

from reconciler.clock import SystemClock
from reconciler.model.organization import OrganizationBudget
from reconciler.model.policy_input import PolicyInput
from reconciler.model.rule import Each
from reconciler.model.rule_facts import RuleFacts
from reconciler.policy.expression import EvaluationError, ExpressionError, joint
from reconciler.policy.expression_cures import cure_of_evaluation
from reconciler.policy.rule import POLICIES, Verdict
from reconciler.policy.rule_facts import rule_facts
from reconciler.policy.rule_message import told
from reconciler.policy.rule_set import LoadedRule, RuleSetError, loaded
from reconciler.policy.vocabulary import values

LONGEST_SECONDS = 30.0
"""Judging takes a fraction of a second; whatever takes longer than this was made to."""

_NAMED = 12
"""So many of the things that a rule cannot be judged of are named."""

TOGETHER = 40
"""So many rules are asked of one thing at once; one by one only where not all of them pass."""


@dataclass(frozen=True, slots=True)
class Subject:
    """One thing that rules are asked of, with what is known of it under its names."""

    team: str
    environment: str
    about: int
    position: str
    values: Mapping[str, Any]

    @property
    def name(self) -> str:
        return " / ".join(filter(None, (self.team, self.environment)))


@dataclass(frozen=True, slots=True)
class _Unjudged:
    """Why a rule cannot be judged: what has no value in what it says under `key`."""

    rule: LoadedRule = field(hash=False)
    key: str
    why: str
    cure: str

    def of(self, subjects: Sequence[Subject]) -> Verdict:
        """Return one refusal for all that it cannot be judged of."""
        first = subjects[0]
        who = f" of {first.team}" if first.team else ""
        if len(subjects) > 1:
            who = f" of {len(subjects):,} {self.rule.setting.each}s{_named(subjects)}"
        return _cannot(self.rule, f"`{self.key}`{who}: {self.why}", self.cure, first.about)


def verdicts(organization: OrganizationBudget, day: date, facts: PolicyInput) -> Iterator[Verdict]:
    """Yield what the rules say. Whatever keeps one of them from being judged refuses the whole plan."""
    try:
        rules = loaded(organization)
    except RuleSetError as error:
        where = _path(error.set_name, facts)
        yield _refusal(POLICIES, where, f"the rules do not load: {error.flaw.message}", error.flaw.hint)
        return
    if facts.currency != organization.currency:
        words = f"the rules count {organization.currency}, and the plan is in {facts.currency}"
        yield _refusal(POLICIES, "", words, "change the currency apart from everything else, without rules in force")
        return
    rules = tuple(replace(rule, set_name=_path(rule.set_name, facts)) for rule in rules if is_asked(rule, facts, day))
    try:
        seen = rule_facts(facts, day)
    except OverflowError as error:
        yield _refusal(POLICIES, "", f"the rules cannot be judged: {error}", "make the change smaller")
        return
    until = SystemClock().monotonic() + LONGEST_SECONDS
    for spoken, alike in groupby(sorted(rules, key=_kind), key=_kind):
        del spoken
        yield from _asked(tuple(alike), seen, facts, until)


def is_asked(rule: LoadedRule, facts: PolicyInput, day: date) -> bool:
    """Whether a rule is in force for a plan that is judged on `day`."""
    first, last = sorted((facts.as_of, day))
    return rule.setting.is_in_force(first, last)


def _path(set_name: str, facts: PolicyInput) -> str:
    """Return the name of a set, that of a file below the folder that the plan was made of, as far as it names it."""
    folders = (change.position.partition("/")[0] for change in facts.changes if "/" in change.position)
    return f"{folder}/{set_name}" if "/" in set_name and (folder := next(folders, "")) else set_name


def _kind(rule: LoadedRule) -> tuple[str, str]:
    return rule.setting.each, rule.set_name


def _asked(rules: tuple[LoadedRule, ...], seen: RuleFacts, facts: PolicyInput, until: float) -> Iterator[Verdict]:
    """Yield what rules of one set say that are asked of the same kind of thing."""
    each, spoken, parameters = rules[0].setting.each, rules[0].language, rules[0].parameters
    listed = subjects(each, seen, facts)
    if listed is None:
        for rule in rules:
            yield _cannot(rule, f"the plan does not tell what there is of {each}s", "plan again with this version")
        return
    general = {**dict(values("plan", seen.plan)), **dict(values("today", seen.today)), **parameters}
    clock, unjudged = SystemClock(), dict[_Unjudged, list[Subject]]()
    for subject in listed:
        if clock.monotonic() > until:
            yield _refusal(POLICIES, rules[0].set_name, "judging the rules takes too long", "write simpler rules")
            break
        known = {**general, **subject.values}
        facts_of_it = spoken.facts(known)
        asked = tuple(rule for rule in rules if rule.setting.applies_to.holds(subject.team, subject.environment))
        for start in range(0, len(asked), TOGETHER):
            some = asked[start : start + TOGETHER]
            if not _all_pass(some, facts_of_it):
                for rule in some:
                    match _judged(rule, subject, known, facts_of_it, facts.currency):
                        case Verdict() as verdict:
                            yield verdict
                        case _Unjudged() as why:
                            unjudged.setdefault(why, []).append(subject)
    yield from (why.of(subjects) for why, subjects in unjudged.items())


def _all_pass(rules: tuple[LoadedRule, ...], facts: Any) -> bool:
    """Whether all of these rules pass; not, too, where one has no value, or nobody can tell of them together."""
    pairs = tuple((rule.setting.when, rule.setting.asserts) for rule in rules)
    try:
        return joint(rules[0].language, pairs).judge(facts)
    except (EvaluationError, ExpressionError):
        return False


def _judged(
    rule: LoadedRule, subject: Subject, known: Mapping[str, Any], facts: Any, currency: str
) -> Verdict | _Unjudged | None:
    """Return nothing just where the rule does not apply, or what it asserts is true."""
    key = "when"
    try:
        if rule.when is not None and not rule.when.judge(facts):
            return None
        key = "assert"
        if rule.asserts.judge(facts):
            return None
    except EvaluationError as error:
        return _Unjudged(rule, key, str(error), _cure(error))
    setting = rule.setting
    return Verdict(
        setting.name,
        f"{told(setting.message, rule.names, known, currency)} ({setting.reason})",
        _next(rule),
        team=subject.team,
        position=subject.position,
        about=subject.about,
        level=setting.level,
        owner=setting.owner,
    )


def _next(rule: LoadedRule) -> str:
    setting = rule.setting
    if setting.level == "approve":
        return f"have {setting.owner} approve it, as `{setting.name}` of {place_of(rule.set_name)} asks"
    return f"change it so that `{setting.name}` of {place_of(rule.set_name)} passes, or ask {setting.owner}"


def _cure(error: EvaluationError) -> str:
    if error.unknown:
        return "plan where it is known, such as with usage; or let the rule ask first whether it is, with `when`"
    return cure_of_evaluation(str(error))


def _named(subjects: Sequence[Subject]) -> str:
    names = [name for name in dict.fromkeys(subject.name for subject in subjects) if name]
    more = f" and {len(names) - _NAMED:,} more" if len(names) > _NAMED else ""
    return f" ({', '.join(names[:_NAMED])}{more})" if names else ""


def _cannot(rule: LoadedRule, why: str, cure: str, about: int = -1) -> Verdict:
    return _refusal(rule.setting.name, rule.set_name, f"the rule cannot be judged: {why}", cure, about)


def _refusal(name: str, set_name: str, message: str, cure: str, about: int = -1) -> Verdict:
    """Return a refusal of the whole plan that no waiver lets pass."""
    return Verdict(name, message, cure, position=place_of(set_name) if set_name else "", about=about, waivable=False)


def place_of(set_name: str) -> str:
    """Return where people find a set of rules: a file of its own has a path for a name."""
    return set_name if "/" in set_name else f"`policies: {set_name}` of org.yaml"


def subjects(each: Each, seen: RuleFacts, facts: PolicyInput) -> tuple[Subject, ...] | None:
    """Return everything of a kind, None where the plan does not tell it."""
    if each == "alert" and seen.alerts is None:
        return None
    return tuple(_SUBJECTS[each](seen, facts))


def _plan(seen: RuleFacts, facts: PolicyInput) -> Iterator[Subject]:
    del seen, facts
    yield Subject("", "", -1, "", {})


def _changes(seen: RuleFacts, facts: PolicyInput) -> Iterator[Subject]:
    for place, (one, change) in enumerate(zip(seen.changes, facts.changes, strict=True)):
        known = dict(values("change", one))
        if one.is_money and one.key in seen.wallets:
            known |= values("wallet", seen.wallets[one.key])
        yield Subject(one.team, one.environment, place, change.position, known)


def _wallets(seen: RuleFacts, facts: PolicyInput) -> Iterator[Subject]:
    del facts
    for one in seen.wallets.values():
        yield Subject(one.team, one.environment, -1, "", dict(values("wallet", one)))


def _listed(
    name: Each, found: Callable[[RuleFacts], Iterable[Any]], seen: RuleFacts, facts: PolicyInput
) -> Iterator[Subject]:
    del facts
    for one in found(seen):
        yield Subject(one.team, getattr(one, "environment", ""), -1, "", dict(values(name, one)))


_SUBJECTS: Mapping[Each, Callable[[RuleFacts, PolicyInput], Iterator[Subject]]] = {
    "plan": _plan,
    "change": _changes,
    "wallet": _wallets,
    "alert": partial(_listed, "alert", lambda seen: seen.alerts or ()),
    "warning": partial(_listed, "warning", lambda seen: seen.warnings),
    "assumption": partial(_listed, "assumption", lambda seen: seen.assumptions),
    "drift": partial(_listed, "drift", lambda seen: seen.drift),
}
