"""Why a rule says what it says of a plan: the values that it reads, and which target would pass."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from reconciler.model.money import coin
from reconciler.model.policy_input import PolicyInput
from reconciler.model.rule_verdicts import Explained, ReadValue
from reconciler.policy.expression import EvaluationError
from reconciler.policy.rule_facts import MILLION, micros, rule_facts
from reconciler.policy.rule_judging import Subject, subjects
from reconciler.policy.rule_message import names_of, worded_value
from reconciler.policy.rule_set import LoadedRule
from reconciler.policy.tokens import names_in
from reconciler.policy.vocabulary import values

_FORECAST = ("wallet.after.runs_out", "wallet.after.ceiling", "wallet.after.money_left")


def explained(rule: LoadedRule, facts: PolicyInput, day: date) -> tuple[Explained, ...]:
    """Return what `rule` says of everything that it is asked of in a plan, on `day`."""
    seen = rule_facts(facts, day)
    general = {**dict(values("plan", seen.plan)), **dict(values("today", seen.today)), **rule.parameters}
    listed = subjects(rule.setting.each, seen, facts) or ()
    asked = [one for one in listed if rule.setting.applies_to.holds(one.team, one.environment)]
    return tuple(_explained(rule, one, {**general, **one.values}, facts.currency) for one in asked)


def _explained(rule: LoadedRule, subject: Subject, known: Mapping[str, Any], currency: str) -> Explained:
    outcome, because = _outcome(rule, known)
    return Explained(
        subject=" ".join(filter(None, ("/".join(filter(None, (subject.team, subject.environment))), _key(known)))),
        outcome=outcome,
        because=because,
        read=tuple(_read(rule, known, currency)),
        would_pass=_would_pass(rule, known, currency) if outcome == "fails" else "",
    )


def _key(known: Mapping[str, Any]) -> str:
    """Return what tells things of one wallet apart."""
    keys = ("change.key", "alert.key", "warning.name", "assumption.name", "drift.key")
    return next((str(known[key]) for key in keys if key in known and not known.get("change.is_money")), "")


def _outcome(rule: LoadedRule, known: Mapping[str, Any]) -> tuple[Any, str]:
    facts = rule.language.facts(known)
    try:
        if rule.when is not None and not rule.when.judge(facts):
            return "does not apply", ""
        return ("passes", "") if rule.asserts.judge(facts) else ("fails", "")
    except EvaluationError as error:
        return "cannot be judged", str(error)


def _read(rule: LoadedRule, known: Mapping[str, Any], currency: str) -> Iterator[ReadValue]:
    for name in _names(rule, *names_of(rule.setting.message)):
        value = known.get(name)
        worded = None if value is None else worded_value(value, rule.names[name], currency)
        yield ReadValue(name=name, value=worded)


def _names(rule: LoadedRule, *more: str) -> tuple[str, ...]:
    """Return the names that are read, without the functions that are called of them."""
    read = (*names_in(rule.setting.when, rule.setting.asserts), *more)
    found = (name if name in rule.names else name.rpartition(".")[0] for name in read)
    return tuple(dict.fromkeys(name for name in found if name in rule.names))


def _would_pass(rule: LoadedRule, known: Mapping[str, Any], currency: str) -> str:
    """Return which target passes that is nearest to the planned one, where the rule reads nothing else that moves."""
    read = _names(rule)
    before, target = known.get("change.funded_before"), known.get("change.target")
    if before is None or target is None:
        return ""
    if set(read) & set(_FORECAST) or any(name.startswith("plan.") and name != "plan.changes" for name in read):
        return ""
    step = micros(coin(currency))
    near = _nearest(rule, known, target, before, step)
    if near is not None and near != before:
        return f"a target of {worded_value(near, 'money', currency)} would pass"
    kept = f"leaving it at {worded_value(before, 'money', currency)}"
    other = _nearest(rule, known, target, max(target, MILLION) * 10 if target > before else 0, step)
    if other is None:
        return f"{kept} would pass"
    return f"a target of {worded_value(other, 'money', currency)} would pass, and so would {kept}"


def _nearest(rule: LoadedRule, known: Mapping[str, Any], failing: int, passing: int, step: int) -> int | None:
    """Return the target nearest to `failing` that passes, on the way to `passing`; None where that does not pass.

    Targets are multiples of `step`, the smallest coin.
    """
    low, high = failing // step, passing // step
    if not _passes(rule, known, high * step):
        return None
    while abs(high - low) > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if _passes(rule, known, middle * step) else (middle, high)
    return high * step


def _passes(rule: LoadedRule, known: Mapping[str, Any], target: int) -> bool:
    """Whether a rule passes where the target is another; where it leaves the wallet as it is, no rule is asked."""
    moved = target - known["change.funded_before"]
    if not moved:
        return True
    other = {"change.amount": abs(moved), "change.target": target, "change.funded_after": target}
    other |= {"change.is_raise": moved > 0, "change.is_cut": moved < 0}
    if "wallet.after.target" in known:
        other["wallet.after.target"] = target
    outcome, _ = _outcome(rule, {**known, **other})
    return outcome in ("passes", "does not apply")
