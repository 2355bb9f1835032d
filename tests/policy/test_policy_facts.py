"""Whoever judges a plan, when it is made, reviewed or applied, judges the same facts and says the same."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from apply.loop import Loop
from apply.world import World
from hypothesis import given
from hypothesis import strategies as st
from worlds import desired, wallet

from reconciler.apply import preflight
from reconciler.findings import RefusedError
from reconciler.model.desired import Desired
from reconciler.model.guards import GuardSettings, Waiver
from reconciler.model.plan import Plan, plan_text, read_plan, sealed
from reconciler.policy.facts import facts_of, verdict

AS_OF = date(2026, 6, 18)
amounts = st.decimals(0, 500, places=2)
limits = st.builds(
    GuardSettings,
    total_moved=st.none() | amounts,
    largest_change=st.none() | amounts,
    net_increase=st.none() | amounts,
    target_below_spend=st.booleans(),
)


def guarded(settings: GuardSettings, *waivers: Waiver) -> Desired:
    wanted = desired([wallet("sales", "prod", "40"), wallet("support", "prod", "100")])
    organization = wanted.organization.model_copy(update={"guards": settings, "waivers": waivers})
    return Desired(organization, wanted.teams, wanted.wallets, wanted.objects)


def a_plan(spent: str = "0") -> Plan:
    world = World()
    world.by_hand("allocate", "team_sales", "90")
    plan = Loop(guarded(GuardSettings()), world).plan()
    return sealed(plan.model_copy(update={"spent": {"team_sales": Decimal(spent)}}))


@given(settings=limits, spent=amounts)
def test_the_same_plan_has_the_same_verdict_when_it_is_made_saved_reviewed_and_applied(
    settings: GuardSettings, spent: Decimal
) -> None:
    plan = a_plan(str(spent))
    made = verdict(plan, settings, (), as_of=AS_OF)
    saved = read_plan(plan_text(plan))
    assert facts_of(saved) == facts_of(plan)
    assert verdict(saved, settings, (), as_of=AS_OF) == made
    try:
        preflight.check(saved, guarded(settings), as_of=AS_OF)
        refused = False
    except RefusedError:
        refused = True
    assert refused == any(result.status == "refused" for result in made)


def test_what_the_ledger_shows_as_spent_counts_where_no_usage_does() -> None:
    settings = GuardSettings(target_below_spend=True)
    assert verdict(a_plan("40.00"), settings, (), as_of=AS_OF) == ()
    (result,) = verdict(a_plan("40.01"), settings, (), as_of=AS_OF)
    assert (result.guard, result.status) == ("target-below-spend", "refused")


def test_a_guard_that_was_added_since_the_review_refuses_the_plan() -> None:
    plan = a_plan()
    preflight.check(plan, guarded(GuardSettings()), as_of=AS_OF)
    with pytest.raises(RefusedError, match="largest-change"):
        preflight.check(plan, guarded(GuardSettings(largest_change=Decimal(99))), as_of=AS_OF)


def test_a_waiver_holds_until_its_last_day_and_not_as_long_as_the_plan_lies_about() -> None:
    waiver = Waiver.model_validate(
        {"guard": "largest-change", "team": "support", "until": "2026-06-20", "reason": "launch", "approved_by": "ada"}
    )
    wanted = guarded(GuardSettings(largest_change=Decimal(99)), waiver)
    plan = a_plan()
    preflight.check(plan, wanted, as_of=date(2026, 6, 20))
    with pytest.raises(RefusedError, match="as the files have it on 2026-06-21"):
        preflight.check(plan, wanted, as_of=date(2026, 6, 21))


def test_opening_a_month_is_not_limited_by_the_size_of_a_run() -> None:
    preflight.check(a_plan(), guarded(GuardSettings(total_moved=Decimal(1))), as_of=AS_OF, opens=True)
