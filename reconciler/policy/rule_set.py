"""The rules of an organization, ready to be judged; and everything that is wrong with them, with its place."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

from reconciler.findings import Keys
from reconciler.model.organization import OrganizationBudget
from reconciler.model.rule import MOST_RULES, RuleSet, RuleSetting, parameter_kind
from reconciler.policy import rule_message
from reconciler.policy.expression import (
    INSTALL,
    ExpressionError,
    Language,
    Program,
    RuntimeMissingError,
    language,
    program,
)
from reconciler.policy.helpers import amount, day, percent
from reconciler.policy.units import mixed_units
from reconciler.policy.vocabulary import CEL_TYPES, Kind, names_for, parameter_names


@dataclass(frozen=True, slots=True)
class Flaw:
    """What is wrong with a rule: the keys from its set to what is wrong, and how far into that text it begins."""

    code: str
    message: str
    hint: str
    keys: Keys
    offset: int = 0


@dataclass(frozen=True, slots=True)
class LoadedRule:
    """A rule that was checked: `set_name` is the name of its set, `parameters` are the values under their names."""

    setting: RuleSetting
    set_name: str
    language: Language
    names: Mapping[str, Kind]
    parameters: Mapping[str, object]
    when: Program | None
    asserts: Program


class RuleSetError(Exception):
    """Rules that do not load: nothing is judged by a part of them."""

    def __init__(self, set_name: str, flaw: Flaw) -> None:
        super().__init__(flaw.message)
        self.set_name, self.flaw = set_name, flaw


def flaws(rules: RuleSet, currency: str) -> Iterator[Flaw]:
    """Yield what is wrong with one set of rules in the organization's currency."""
    if len(rules.rules) > MOST_RULES:
        message = f"there are {len(rules.rules):,} rules here; an organization can have {MOST_RULES}"
        yield Flaw("too-many-rules", message, "let one rule speak of several teams, with `applies_to`", ("rules",))
        return
    for name, value in rules.parameters.items():
        if parameter_kind(value) == "money" and value[:3] != currency:
            hint = f"write it in {currency}"
            message = f"`{value}` is not in the organization's currency"
            yield Flaw("rule-currency", message, hint, ("parameters", name))
    for place, setting in enumerate(rules.rules):
        yield from (found for found, _ in _checked(rules, place, setting, currency))


def _checked(
    rules: RuleSet, place: int, setting: RuleSetting, currency: str
) -> Iterator[tuple[Flaw, ExpressionError | None]]:
    names = {**names_for(setting.each), **parameter_names(rules)}
    try:
        spoken = language(_types(names), currency)
    except RuntimeMissingError as error:
        yield Flaw("rules-not-installed", str(error), INSTALL, ("rules", place)), None
        return
    for key, text in (("when", setting.when), ("assert", setting.asserts)):
        if text is not None:
            try:
                program(spoken, text)
            except ExpressionError as error:
                yield Flaw("rule-expression", str(error), error.hint, ("rules", place, key), error.offset), error
            else:
                for found in mixed_units(text, names, currency):
                    yield Flaw("rule-units", found.message, found.hint, ("rules", place, key), found.offset), None
    try:
        rule_message.check(setting.message, names)
    except ExpressionError as error:
        yield Flaw("rule-message", str(error), error.hint, ("rules", place, "message"), error.offset), error
    limits = setting.applies_to
    without = {"plan": ("teams", "environments"), "assumption": ("environments",), "drift": ("environments",)}
    for key in without.get(setting.each, ()):
        if getattr(limits, key):
            message = f"each {setting.each} is of no single one of the {key}, so the rule would never be asked"
            yield Flaw("rule-never-holds", message, "leave it out", ("rules", place, "applies_to", key)), None
    if setting.starts and setting.until and setting.until < setting.starts:
        message = "the rule ends before it begins, so it never holds"
        yield Flaw("rule-never-holds", message, "write a later day", ("rules", place, "until")), None


def _types(names: Mapping[str, Kind]) -> tuple[tuple[str, str], ...]:
    return tuple((name, CEL_TYPES[kind]) for name, kind in sorted(names.items()))


def loaded(organization: OrganizationBudget) -> tuple[LoadedRule, ...]:
    """Return the rules of an organization in the order of their sets; RuleSetError where one of them does not load."""
    return tuple(
        rule
        for name, rules in sorted(organization.policies.items())
        for rule in _loaded(name, rules.model_dump_json(), organization.currency)
    )


@lru_cache(maxsize=256)
def _loaded(set_name: str, content: str, currency: str) -> tuple[LoadedRule, ...]:
    rules = RuleSet.model_validate_json(content)
    wrong = next(flaws(rules, currency), None)
    if wrong is not None:
        raise RuleSetError(set_name, wrong)
    parameters = {f"params.{name}": _value(value) for name, value in rules.parameters.items()}
    found = []
    for setting in rules.rules:
        names = {**names_for(setting.each), **parameter_names(rules)}
        spoken = language(_types(names), currency)
        when = None if setting.when is None else program(spoken, setting.when)
        found.append(LoadedRule(setting, set_name, spoken, names, parameters, when, program(spoken, setting.asserts)))
    return tuple(found)


def _value(written: bool | int | str | tuple[str, ...]) -> object:
    """Return a parameter as CEL has it."""
    match parameter_kind(written):
        case "money":
            return amount(str(written)[4:])
        case "share":
            return percent(str(written))
        case "day":
            return day(str(written))
        case "texts":
            return list(written) if isinstance(written, tuple) else written
        case _:
            return written
