"""Both verdicts on a change of rules: what they say as they were, and as the change has them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from reconciler.model.organization import OrganizationBudget
from reconciler.model.plan import GuardResult
from reconciler.model.rule import RuleSetting

_VERBS = {"refused": "refuses", "asks": "asks its owner", "warned": "warns", "waived": "is waived"}
_BAD = ("refused", "asks", "warned")


def with_verdicts_before(
    said: tuple[GuardResult, ...],
    before: tuple[GuardResult, ...],
    now: OrganizationBudget,
    then: OrganizationBudget,
) -> tuple[GuardResult, ...]:
    """Return what is said of a plan `now`, and what rules said `before` that the change leads elsewhere."""
    return (*(_now(one, before, now, then) for one in said), *_then(said, before, now))


def _now(
    one: GuardResult, before: tuple[GuardResult, ...], now: OrganizationBudget, then: OrganizationBudget
) -> GuardResult:
    names = _rules(now).keys()
    if one.guard not in names or _rules(now).get(one.guard) == _rules(then).get(one.guard) or _holds(one, before):
        return one
    was = "is new" if one.guard not in _rules(then) else f"is changed here; as it was before, it {_verb(one, before)}"
    return one.model_copy(update={"message": f"{one.message}; this rule {was}"})


def _then(
    said: tuple[GuardResult, ...], before: tuple[GuardResult, ...], now: OrganizationBudget
) -> Iterator[GuardResult]:
    for one in before:
        if one in said or one.status not in _BAD:
            continue
        is_said = any((other.guard, other.team) == (one.guard, one.team) and other.status in _BAD for other in said)
        where = "is taken out here" if one.guard not in _rules(now) else "is changed here"
        also = "with it as it is changed, too" if is_said else "as changed, it passes; a rule is judged as it was"
        yield one.model_copy(update={"message": f"{one.message}; this rule {where}: {also}"})


def _verb(one: GuardResult, before: tuple[GuardResult, ...]) -> str:
    """Return what a rule said of the same thing before."""
    found = [other.status for other in before if (other.guard, other.team) == (one.guard, one.team)]
    return _VERBS[found[0]] if found else "passes"


def _holds(one: GuardResult, listed: tuple[GuardResult, ...]) -> bool:
    return any((other.guard, other.team, other.status) == (one.guard, one.team, one.status) for other in listed)


def _rules(organization: OrganizationBudget) -> dict[str, tuple[RuleSetting, Mapping[str, object]]]:
    """Return the rules by name, each with the parameters of its set: it is another rule with others."""
    return {rule.name: (rule, rules.parameters) for rules in organization.policies.values() for rule in rules.rules}
