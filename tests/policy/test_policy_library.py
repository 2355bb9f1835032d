"""The guards as rules of the library say what the guards say, to the cent, on plans at random."""

from __future__ import annotations

from random import Random

from policy.random_plans import LIMITS, facts
from policy.rules import DAY
from thorough import drawn
from worlds import ORGANIZATION

from reconciler.app.policy.library import rules_of
from reconciler.model.plan import GuardResult
from reconciler.policy.guards import guard_rules
from reconciler.policy.organization_rules import organization_rules
from reconciler.policy.rule import results

GUARDS = ORGANIZATION.model_copy(update={"policies": {"policies/guards.yaml": rules_of("guards")}})


def named(found: tuple[GuardResult, ...]) -> list[tuple[str, str, str]]:
    return sorted((one.guard.removesuffix("-rule"), one.status, one.team) for one in found)


def test_guards_and_their_rules_in_cel_have_the_same_verdicts() -> None:
    met = set()
    for seed in range(drawn(10_000, sample=400)):
        made = facts(Random(seed))
        built_in = named(results(guard_rules(LIMITS), made, (), as_of=DAY))
        assert named(results(organization_rules(GUARDS, day=DAY), made, (), as_of=DAY)) == built_in, seed
        met |= {(guard, len([one for one in built_in if one[0] == guard]) > 1) for guard, _, _ in built_in}
    assert {guard for guard, _ in met} == {one.name.removesuffix("-rule") for one in rules_of("guards").rules}
    assert len(met) >= 14
