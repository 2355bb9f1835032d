"""Whoever judges a plan, when it is made, reviewed or applied, judges the same facts and says the same."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from apply.loop import Loop
from apply.world import World
from forecast.forecast_world import UsageBuilder
from hypothesis import given, settings
from hypothesis import strategies as st
from worlds import ORGANIZATION, billing_budget, desired, limited, object_change, wallet

from reconciler.apply import preflight
from reconciler.findings import RefusedError, StalePlanError
from reconciler.forecast.history import whole_months
from reconciler.model.approvals import Approvals
from reconciler.model.change import Change
from reconciler.model.desired import Desired
from reconciler.model.forecast import (
    AlertForecast,
    AlertOutlook,
    Exhaustion,
    MonthEnd,
    WalletForecast,
    WalletOutlook,
)
from reconciler.model.guards import Guard, GuardSettings, Waiver
from reconciler.model.plan import Plan, read_plan, sealed
from reconciler.model.waiver_uses import WaiverUses
from reconciler.model.wallet_ref import WalletRef
from reconciler.policy.approvals import Step, declared, requirements
from reconciler.policy.facts import Told, declared_objects, facts_of, judged, refusals, step_of, unasked, verdict
from reconciler.policy.plan_record import read_record, record_of, record_text

AS_OF = date(2026, 6, 18)
UNTIL = date(2026, 6, 20)
amounts = st.decimals(0, 500, places=2)
limits = st.builds(
    GuardSettings,
    total_moved=st.none() | amounts,
    largest_change=st.none() | amounts,
    largest_change_percent=st.none() | st.decimals(0, 1, places=3),
    net_increase=st.none() | amounts,
    target_below_spend=st.booleans(),
    target_below_forecast=st.booleans(),
    hard_limit_on=st.booleans(),
    alert_removed=st.booleans(),
)
waivers = st.lists(
    st.builds(
        Waiver,
        guard=st.sampled_from(list(Guard)),
        team=st.none() | st.sampled_from(["sales", "support"]),
        max=st.none() | amounts,
        until=st.sampled_from([date(2026, 6, 17), UNTIL]),
        reason=st.just("launch"),
        approved_by=st.just("ada"),
    ),
    max_size=3,
).map(tuple)


def guarded(limit: GuardSettings, *held: Waiver, sales: str = "40", **other: Any) -> Desired:
    wanted = desired([wallet("sales", "prod", sales), wallet("support", "prod", "100")])
    organization = wanted.organization.model_copy(update={"guards": limit, "waivers": held, **other})
    return replace(wanted, organization=organization)


WORLD = World()
WORLD.by_hand("allocate", "team_sales", "90")
BARE = Loop(guarded(GuardSettings()), WORLD).plan().model_copy(update={"policy_input": None})
"""A plan as an earlier version made it: it takes 50 from sales and gives 100 to support."""
ALERT = billing_budget("x", "80.00")
SWITCHED = object_change(
    "update_billing_budget",
    team="support",
    key="team/team_support/x",
    environment="prod",
    before=ALERT,
    after=ALERT.model_copy(update={"hard_limit": True, "alert_percentages": (100,)}),
)


def outlook(chance: float | None) -> WalletOutlook:
    money = Decimal("100.00")
    never = Exhaustion(probability=chance, date={"0.5": None})
    return WalletOutlook(target=money, ceiling=money, money_left=money, exhaustion=never, unserved={})


def forecast(middle: Decimal, spent: Decimal, chance: float = 0.25) -> WalletForecast:
    fires = AlertOutlook(probability=chance, date={}, reaction_days={}, no_warning_probability=1e-05)
    alert = AlertForecast(name="x", amount=Decimal(80), percentage=80, live=None, desired=fires)
    return WalletForecast(
        team="sales",
        environment="prod",
        wallet="team_sales",
        currency="USD",
        period=BARE.period,
        as_of=AS_OF,
        data_as_of=None,
        history_days=40,
        confidence="low",
        spend_to_date=spent,
        month_end=MonthEnd(quantiles={"0.1": middle, "0.5": middle, "0.9": middle}),
        live=outlook(chance),
        desired=outlook(None),
        alerts=(alert,),
        months=(),
        levers=(),
    )


def made(
    by: GuardSettings = GuardSettings(),  # noqa: B008 (frozen)
    held: tuple[Waiver, ...] = (),
    *,
    changes: tuple[Change, ...] = BARE.changes,
    **other: Any,
) -> Plan:
    return judged(BARE.model_copy(update={"changes": changes, **other}), limited(by, held), Told())


def refused(results: Any) -> list[tuple[str, str, str]]:
    return [(one.guard, one.team, one.message) for one in results if one.status == "refused"]


def refusal(plan: Plan, files: Desired, day: date) -> str:
    """Return why `plan` is not applied, an empty text where it is."""
    try:
        preflight.check(plan, files, as_of=day)
    except RefusedError as error:
        return error.message
    return ""


def old(plan: Plan) -> Plan:
    """Return `plan` as the version before wrote it: its file has no facts."""
    document = json.loads(plan.text())
    del document["policy_input"]
    return sealed(Plan.model_validate({**document, "digest": ""}))


@settings(deadline=None)
@given(
    base=limits,
    own=limits,
    held=waivers,
    brought=waivers,
    spent=amounts,
    middle=amounts,
    day=st.sampled_from([AS_OF, UNTIL]),
)
def test_the_same_facts_have_the_same_verdict_in_plan_apply_and_approval_also_by_the_rules_from_before(
    base: GuardSettings,
    own: GuardSettings,
    held: tuple[Waiver, ...],
    brought: tuple[Waiver, ...],
    spent: Decimal,
    middle: Decimal,
    day: date,
) -> None:
    known = {"spent": {"team_sales": spent}, "impact": (forecast(middle, Decimal(30)),)}
    plan = sealed(made(own, brought, changes=(*BARE.changes, SWITCHED), **known, as_of=day))
    saved = read_plan(plan.text())
    assert facts_of(saved) == facts_of(plan) == saved.policy_input

    def by(rules: GuardSettings, waived: tuple[Waiver, ...]) -> list[tuple[str, str, str]]:
        return refused(verdict(saved, limited(rules), waived, as_of=day))

    assert refused(plan.guards) == by(own, brought)
    before, after = guarded(base, *held), guarded(own, *brought)
    asked = list(refusals(saved, [before], after, as_of=day))
    assert refused(one for one, is_before in asked if is_before) == by(base, (*held, *brought))
    assert set(refused(one for one, is_before in asked if not is_before)) == set(refused(plan.guards))
    for applied in (saved, saved.model_copy(update={"guards": ()})):
        said = refusal(applied, after, day)
        assert bool(said) == bool(refused(plan.guards))
        assert all(message in said for _, _, message in by(own, brought))


@settings(deadline=None)
@given(rules=limits, held=waivers, spent=amounts, middle=amounts, is_known=st.booleans())
def test_a_plan_of_the_version_before_has_the_same_verdicts(
    rules: GuardSettings, held: tuple[Waiver, ...], spent: Decimal, middle: Decimal, is_known: bool
) -> None:
    impact = (forecast(middle, spent),) if is_known else ()
    plan = made(changes=(*BARE.changes, SWITCHED), spent={"team_sales": spent}, impact=impact)
    earlier = old(plan)
    assert earlier.policy_input is None
    assert facts_of(earlier) == facts_of(plan)
    assert verdict(earlier, limited(rules), held, as_of=AS_OF) == verdict(plan, limited(rules), held, as_of=AS_OF)
    assert read_plan(earlier.text()) == earlier


@settings(deadline=None)
@given(above=st.none() | amounts, raised=st.sampled_from(["40", "140"]), is_switched=st.booleans())
def test_the_same_people_are_asked_of_a_plan_its_file_the_plan_of_a_version_before_and_its_record(
    above: Decimal | None, raised: str, is_switched: bool
) -> None:
    approvals = Approvals(finance_above=above, finance=("@finance",), platform=("@platform",))
    before = guarded(GuardSettings(), owners=("@acme/leads",), approvals=approvals)
    after = guarded(GuardSettings(), owners=("@mallory",), sales=raised)
    plan = sealed(made(changes=(*BARE.changes, SWITCHED) if is_switched else BARE.changes))
    asked = requirements(before, step_of(plan, before, after, as_of=AS_OF))
    kept = read_record(record_text(record_of(plan, repository="a/b", pull_request=1, head="c0ffee")))
    assert kept is not None
    assert kept.effects is not None
    assert ("the hard limit of team/team_support/x is switched" in {one.reason for one in asked}) == is_switched
    assert requirements(before, step_of(read_plan(plan.text()), before, after, as_of=AS_OF)) == asked
    assert requirements(before, step_of(old(plan), before, after, as_of=AS_OF)) == asked
    assert requirements(before, Step(kept.effects, declared(before, after))) == asked


def test_what_the_ledger_shows_as_spent_counts_where_no_usage_does() -> None:
    limit = GuardSettings(target_below_spend=True)
    assert made(limit, spent={"team_sales": Decimal("40.00")}).guards[1:] == ()
    (result,) = made(limit, spent={"team_sales": Decimal("40.01")}).guards[1:]
    assert (result.guard, result.status) == ("target-below-spend", "refused")


def test_a_guard_that_was_added_since_the_review_refuses_the_plan() -> None:
    plan = made()
    preflight.check(plan, guarded(GuardSettings()), as_of=AS_OF)
    with pytest.raises(RefusedError, match="largest-change"):
        preflight.check(plan, guarded(GuardSettings(largest_change=Decimal(99))), as_of=AS_OF)


def test_a_waiver_holds_until_its_last_day_and_not_as_long_as_the_plan_lies_about() -> None:
    waiver = Waiver.model_validate(
        {"guard": "largest-change", "team": "support", "until": "2026-06-20", "reason": "launch", "approved_by": "ada"}
    )
    wanted = guarded(GuardSettings(largest_change=Decimal(99)), waiver)
    plan = made()
    preflight.check(plan, wanted, as_of=date(2026, 6, 20))
    with pytest.raises(RefusedError, match="as the files have it on 2026-06-21"):
        preflight.check(plan, wanted, as_of=date(2026, 6, 21))


def test_opening_a_month_is_not_limited_by_the_size_of_a_run() -> None:
    preflight.check(made(), guarded(GuardSettings(total_moved=Decimal(1))), as_of=AS_OF, opens=True)


def test_what_an_edited_plan_would_carry_out_is_judged_and_not_what_its_facts_speak_of() -> None:
    plan = made(spent={"team_sales": Decimal(90)})
    first, *others = plan.changes
    larger = first.model_copy(update={"amount": Decimal(99000)})
    edited = read_plan(sealed(plan.model_copy(update={"changes": (larger, *others)})).text())

    assert facts_of(edited).changes == edited.changes
    assert facts_of(edited).model_copy(update={"changes": plan.changes}) == facts_of(plan)
    with pytest.raises(RefusedError, match="99,000"):
        preflight.check(edited, guarded(GuardSettings(largest_change=Decimal(50000))), as_of=AS_OF)


def test_who_must_approve_is_noted_by_the_rules_of_before_and_unknown_of_an_edited_plan() -> None:
    rules = guarded(GuardSettings(), owners=("@acme/leads",), approvals=Approvals(finance_above=Decimal(1)))
    told = Told(rules=rules)
    plan = judged(BARE, ORGANIZATION, told)
    noted = facts_of(plan).approvals
    assert noted == requirements(rules, step_of(plan, rules, rules, as_of=AS_OF))
    assert {one.team for one in noted} == {"sales", "support", None}
    assert facts_of(judged(BARE, ORGANIZATION, Told())).approvals is None
    assert facts_of(plan.model_copy(update={"changes": plan.changes[:1]})).approvals is None
    assert facts_of(unasked(plan)).approvals == ()


def test_how_often_waivers_were_used_stays_known_of_an_edited_plan() -> None:
    uses = {"launch": WaiverUses(count=2)}
    plan = judged(BARE, ORGANIZATION, Told(waiver_uses=uses))
    assert facts_of(plan).waiver_uses == uses
    assert facts_of(plan.model_copy(update={"changes": plan.changes[:1]})).waiver_uses == uses


def test_the_digest_of_a_plan_covers_its_facts() -> None:
    document = json.loads(sealed(made(spent={"team_sales": Decimal(90)})).text())
    assert document["policy_input"]["wallets"]["team_sales"]["spent"] == "90.00"
    document["policy_input"]["wallets"]["team_sales"]["spent"] = "0.00"
    with pytest.raises(StalePlanError, match="edited"):
        read_plan(json.dumps(document))


def test_the_facts_hold_no_float_and_the_decimals_of_every_probability() -> None:
    plan = made(impact=(forecast(Decimal(70), Decimal(30), 0.0005),))
    facts = json.loads(sealed(plan).text())["policy_input"]
    sales = facts["wallets"]["team_sales"]
    assert (sales["before"]["runs_out"], sales["after"]["runs_out"]) == ("0.0005", None)
    assert (sales["alerts"][0]["fires"], sales["alerts"][0]["unwarned"]) == ("0.0005", "0.00001")
    assert not [leaf for leaf in leaves(facts) if isinstance(leaf, float)]


def leaves(document: Any) -> list[Any]:
    if isinstance(document, dict):
        return [leaf for value in document.values() for leaf in leaves(value)]
    return [leaf for value in document for leaf in leaves(value)] if isinstance(document, list) else [document]


def test_the_declared_objects_are_those_of_the_teams_that_the_plan_is_about() -> None:
    budgets = [("sales", billing_budget("a", "1", scope_id="team_sales")), ("support", billing_budget("b", "2"))]
    wanted = desired(budgets=budgets)
    assert [(one.kind, one.key, one.team) for one in declared_objects(wanted, ("support",))] == [
        ("billing_budget", "team/team_support/b", "support")
    ]
    (first, _) = declared_objects(wanted, None)
    assert first.value["amount"] == "1.00"


def test_the_history_holds_the_whole_months_that_usage_tells_and_no_others() -> None:
    usage = UsageBuilder()
    usage.row(date(2026, 3, 2), "team_sales", 7.125)
    usage.row(date(2026, 4, 1), "team_sales", 10).row(date(2026, 4, 30), "team_sales", 0.255)
    usage.row(date(2026, 6, 17), "team_sales", 5).row(date(2026, 6, 1), "team_new", 1)
    asked = [WalletRef.team(key) for key in ("team_sales", "team_new", "team_unknown")]
    found = whole_months(usage.build(), asked, as_of=AS_OF)
    assert {key: {str(month): spent for month, spent in months.items()} for key, months in found.items()} == {
        "team_sales": {"2026-04": Decimal("10.255"), "2026-05": Decimal(0)},
        "team_new": {"2026-04": Decimal(0), "2026-05": Decimal(0)},
    }
    facts = judged(BARE, ORGANIZATION, Told(history=found)).policy_input
    assert facts is not None
    assert facts.model_dump(mode="json")["history"]["team_sales"] == {"2026-04": "10.26", "2026-05": "0.00"}
