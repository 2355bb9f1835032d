"""Uses of a waiver are counted in the journal: a plan of which something was sent, once, and under the lock."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from apply.loop import Loop
from worlds import desired, limited, wallet

from reconciler.apply.application import apply_plan
from reconciler.findings import RefusedError
from reconciler.journal.declared import Landed
from reconciler.journal.waiver_uses import waiver_uses
from reconciler.model.desired import Desired
from reconciler.model.guards import GuardSettings, Waiver
from reconciler.model.landing import Landing
from reconciler.model.plan import GuardResult, Plan
from reconciler.policy.facts import applied_under

ONCE = Waiver.model_validate(
    {
        "name": "launch",
        "guard": "total-moved",
        "until": "2026-06-30",
        "uses": 1,
        "reason": "a launch",
        "approved_by": "@cfo",
    }
)


def wanted(monthly: str, sales: str = "0") -> Desired:
    made = desired([wallet("support", "prod", monthly), wallet("sales", "prod", sales)])
    return replace(made, organization=limited(GuardSettings(total_moved=Decimal(10)), [ONCE]))


def landed(commit: str) -> Landed:
    return Landed(commit, frozenset({"support"}), (Landing(commit, frozenset({"support"})),))


def apply(loop: Loop, plan: Plan, **options: object) -> object:
    waivers = options.pop("waivers", (ONCE,))
    return apply_plan(plan, loop.wanted, loop.environment(), waivers=waivers, **options)  # type: ignore[arg-type]


@pytest.fixture
def loop() -> Loop:
    return Loop(wanted("100"))


def uses(loop: Loop, besides: str | None = None) -> int:
    return waiver_uses(loop.records(), [ONCE], besides=besides)["launch"].count


def test_a_plan_that_is_applied_under_a_waiver_is_one_use_of_it_and_the_next_is_refused(loop: Loop) -> None:
    first = loop.plan()
    assert waiver_uses(loop.records(), [ONCE])["launch"].count == 0
    apply(loop, first)
    assert waiver_uses(loop.records(), [ONCE])["launch"].plans[0].plan == first.digest
    loop.wanted = wanted("200")
    with pytest.raises(RefusedError) as caught:
        apply(loop, loop.plan())
    assert caught.value.message == (
        f"the waiver `launch` lets 1 plan pass, and was used up since this plan was made: by plan"
        f" {first.digest[7:15]} on 2026-06-18; nothing was written"
    )
    assert caught.value.hint == "run `kt-budgets plan` again, which says what is refused without it"
    assert uses(loop) == 1
    assert loop.world.funded("team_support", "2026-06") == 100


def test_the_same_plan_once_more_is_no_other_use(loop: Loop) -> None:
    plan = loop.plan()
    apply(loop, plan)
    apply(loop, plan)
    assert (uses(loop), uses(loop, besides=plan.digest)) == (1, 0)


def test_a_landing_whose_rest_is_planned_anew_is_one_use_and_another_landing_another(loop: Loop) -> None:
    apply(loop, loop.plan(), declares=landed("c1"))
    loop.wanted = wanted("200")
    apply(loop, loop.plan(), declares=landed("c1"))
    assert (uses(loop), uses(loop, besides="c1")) == (1, 0)
    loop.wanted = wanted("300")
    with pytest.raises(RefusedError):
        apply(loop, loop.plan(), declares=landed("c2"))


def test_a_plan_of_which_nothing_was_sent_and_one_without_a_waiver_use_none(loop: Loop) -> None:
    apply(loop, loop.plan(), withheld={"support": "not approved"})
    assert uses(loop) == 0
    loop.world.clock.instant += timedelta(hours=1)
    apply(loop, loop.plan(), waivers=())
    assert uses(loop) == 0


def test_which_waivers_a_plan_is_applied_under() -> None:
    now, day = Loop(wanted("100", "50")), Loop(wanted("1")).world.clock.now().date()
    plan, own = now.plan(), now.wanted
    counted = plan.model_copy(update={"policy_input": None})
    assert applied_under(plan, (), own, as_of=day) == (), "nobody knows how often it was used"
    said = GuardResult(guard="total-moved", status="waived", team="support", waiver="launch")
    noted = counted.model_copy(update={"guards": (said,)})
    assert applied_under(noted, (), own, as_of=day) == (ONCE,)
    assert applied_under(noted, (), own, as_of=day, withheld=("support",)) == ()
    unlimited = ONCE.model_copy(update={"uses": None})
    before = replace(own, organization=limited(GuardSettings(total_moved=Decimal(1)), [unlimited]))
    lax = replace(own, organization=limited(GuardSettings()))
    assert applied_under(plan, (before,), lax, as_of=day) == (unlimited,), "the limit from before passes by it"
