"""Fixtures: facts in a few words, and what rules say of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from reconciler.model.period import Period
from reconciler.model.rule import EACH, Each
from reconciler.model.rule_fixture import Expected, RuleFixture
from reconciler.model.yaml_types import number_text, parse_day, shown
from reconciler.policy.expression import EvaluationError
from reconciler.policy.helpers import percent
from reconciler.policy.rule import STATUS
from reconciler.policy.rule_facts import micros, today_values
from reconciler.policy.rule_set import LoadedRule
from reconciler.policy.vocabulary import Kind, instant, names_for, values

DAY = date(2026, 1, 15)


class FixtureError(Exception):
    """A fixture gives what is no fact, or what no rule can read."""


def known_of(fixture: RuleFixture, fiscal_year: Period) -> Mapping[str, Any]:
    """Return the facts of a fixture under the names that rules read; FixtureError for what is none."""
    given = fixture.model_dump(include={"plan", *EACH[1:]}, exclude_none=True)
    known = dict(values("today", today_values(fixture.today or DAY, fiscal_year)))
    known |= {"plan.changes": 1, "plan.drift": 0, "plan.is_compared": False}
    for scope, facts in given.items():
        names = names_for(_each(scope))
        for name, value in _flat(scope, facts):
            if name not in names:
                raise FixtureError(f"`{name}` is nothing that a rule can read")
            known[name] = _value(name, value, names[name])
    if "change" in given:
        known = {**_change(known), **known}
    if "wallet" in given:
        known = {**_wallet(known), **known}
    return known


def _each(scope: str) -> Each:
    return next(each for each in EACH if each == scope)


def _flat(prefix: str, facts: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Yield facts under their dotted names; what is by month or by team stays together."""
    for key, value in facts.items():
        name = f"{prefix}.{key}"
        if isinstance(value, dict) and name not in ("wallet.history", "plan.teams"):
            yield from _flat(name, value)
        else:
            yield name, value


def _value(name: str, value: Any, kind: Kind) -> Any:
    try:
        match kind:
            case "money":
                return micros(Decimal(str(number_text(value))))
            case "share":
                return percent(value)
            case "day":
                return instant(parse_day(value))
            case "shares":
                return [percent(one) for one in value]
            case "moneys":
                return {key: micros(Decimal(str(number_text(one)))) for key, one in value.items()}
            case _:
                expected = {"int": int, "bool": bool, "text": str}[kind]
                if type(value) is not expected:
                    raise ValueError
                return value
    except (ArithmeticError, ValueError, TypeError, AttributeError):
        raise FixtureError(f"{shown(value)} is no value for `{name}`, which is {_A[kind]}") from None


_A: Mapping[Kind, str] = {
    "money": "money, such as 2500.00",
    "share": "a share, such as 20%",
    "day": "a day, such as 2026-06-30",
    "shares": "a list of shares, such as [80%, 100%]",
    "moneys": "money by name",
    "int": "a whole number",
    "bool": "true or false",
    "text": "text",
    "texts": "a list of texts",
}


def _change(known: Mapping[str, Any]) -> dict[str, Any]:
    """Return what follows from the kind of a change, and from what it was funded with."""
    kind = known.get("change.kind", "")
    is_raise, is_cut = kind == "allocate", kind == "reclaim"
    found: dict[str, Any] = {
        "change.verb": kind.partition("_")[0],
        "change.is_money": is_raise or is_cut,
        "change.is_raise": is_raise,
        "change.is_cut": is_cut,
        "change.is_alert": kind.endswith("_billing_budget"),
        "change.team": "",
        "change.environment": "",
    }
    before, amount, target = (known.get(f"change.{name}") for name in ("funded_before", "amount", "target"))
    if before is not None and amount is not None:
        found |= dict.fromkeys(("change.target", "change.funded_after"), before + amount * (-1 if is_cut else 1))
    elif before is not None and target is not None:
        found |= {"change.amount": abs(target - before), "change.funded_after": target}
    return found


def _wallet(known: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "wallet.is_changed": True,
        "wallet.is_spent_known": "wallet.spent" in known,
        "wallet.has_forecast": any(name.startswith("wallet.month_end.") for name in known),
        "wallet.team": known.get("change.team", ""),
        "wallet.environment": known.get("change.environment", ""),
    }


def asked_of(fixture: RuleFixture, rule: LoadedRule) -> bool:
    """Whether the fixture gives what a rule is asked of."""
    return rule.setting.each == "plan" or rule.setting.each in fixture.model_dump(exclude_none=True)


def verdict_of(rule: LoadedRule, known: Mapping[str, Any]) -> tuple[Expected, str]:
    """Return what a rule says of facts, and why where it cannot be judged."""
    each, limits = rule.setting.each, rule.setting.applies_to
    facts = {name: value for name, value in {**known, **rule.parameters}.items() if name in rule.names}
    if not limits.holds(facts.get(f"{each}.team"), facts.get(f"{each}.environment")):
        return "passes", ""
    activation = rule.language.facts(facts)
    try:
        if rule.when is not None and not rule.when.judge(activation):
            return "passes", ""
        passes = rule.asserts.judge(activation)
    except EvaluationError as error:
        return "refused", str(error)
    return ("passes", "") if passes else (STATUS[rule.setting.level], "")
