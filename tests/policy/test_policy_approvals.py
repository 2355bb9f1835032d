"""Who is asked to approve what, by which limits, word for word."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from policy.test_policy_facts import BARE, forecast, guarded
from policy.test_policy_guards import AS_OF
from policy.test_policy_words import waiver
from report.report_plans import ASSUMPTIONS, BY_HAND
from worlds import JUNE, ORGANIZATION, billing_budget, desired, limited, wallet

from reconciler.model.approvals import Approvals
from reconciler.model.desired import Desired
from reconciler.model.guards import GuardSettings
from reconciler.model.later import Later
from reconciler.model.plan import Plan
from reconciler.model.policy_input import Currencies, Declared, Effects
from reconciler.model.wallet_ref import WalletRef
from reconciler.policy.approvals import Asked, Step, approval_rules, declared, requirements
from reconciler.policy.facts import Told, declared_objects, facts_of, judged, policy_input, refusals, step_of


def owned(**approvals: Any) -> Desired:
    return guarded(GuardSettings(), owners=("@acme/leads",), approvals=Approvals.model_validate(approvals))


STEPS: dict[str, tuple[Desired, Step]] = {
    "nothing changes": (owned(), Step(Effects(), declared(owned(), owned()))),
    "the organization says otherwise": (owned(), Step(Effects(), declared(owned(), owned(finance_above=5)))),
    "teams change in Keeptrusts and in git": (
        owned(),
        Step(
            Effects(teams=("support", "new"), moved=Decimal(5), is_general=True),
            Declared(since="", organization=False, teams=("sales",), retargeted=Decimal(0), hard_limits={}),
        ),
    ),
    "just what finance need not approve": (
        owned(finance_above="100.00", finance=["@cfo"]),
        Step(Effects(moved=Decimal(100)), declared(owned(), owned())),
    ),
    "a cent more moves": (
        owned(finance_above="100.00", finance=["@cfo"]),
        Step(Effects(moved=Decimal("100.01")), declared(owned(), owned())),
    ),
    "targets change by a cent more": (
        owned(finance_above="100.00"),
        Step(
            Effects(moved=Decimal(1)),
            Declared(since="", organization=False, teams=(), retargeted=Decimal("100.01"), hard_limits={}),
        ),
    ),
    "hard limits are switched in both": (
        owned(platform=["@platform"]),
        Step(
            Effects(switched={"team/t/b": "support", "team/t/a": ""}),
            Declared(since="", organization=False, teams=(), retargeted=Decimal(0), hard_limits={"team/t/c": "sales"}),
        ),
    ),
    "hard limits, and nobody for the platform": (
        owned(),
        Step(Effects(switched={"team/t/b": ""}), declared(owned(), owned())),
    ),
}


def test_who_is_asked(golden: Callable[[str, str], None]) -> None:
    sections = [
        "\n".join(
            [f"# {name}"]
            + [
                f"{one.reason} [{one.team}]: {', '.join(one.owners)}; else {', '.join(one.fallback)}"
                for one in requirements(rules, step)
            ]
            + [""]
        )
        for name, (rules, step) in STEPS.items()
    ]
    golden("policy/approvals.txt", "\n".join(sections))


def test_rules_of_approval_have_names_and_ask() -> None:
    assert [(one.name, one.level) for one in approval_rules(owned())] == [
        ("organization", "approve"),
        ("teams", "approve"),
        ("finance", "approve"),
        ("platform", "approve"),
        ("rules", "approve"),
    ]


def hard(team: str, name: str, *, is_on: bool) -> tuple[str, Any]:
    return team, billing_budget(name, "5", scope_id="team_x", hard_limit=is_on)


def test_what_is_declared_is_told_by_team_and_the_dearest_month() -> None:
    before = desired(
        [wallet("support", "prod", "100", m2026_08="150"), wallet("sales", "prod", "50"), wallet("old", "prod", "7")],
        [hard("support", "on", is_on=False), hard("support", "moved", is_on=False), hard("sales", "same", is_on=True)],
    )
    after = desired(
        [wallet("support", "prod", "100", m2026_08="120", m2028_01="1"), wallet("sales", "prod", "40")],
        [hard("support", "on", is_on=True), hard("sales", "moved", is_on=True), hard("sales", "same", is_on=True)],
        teams=["old"],
    )
    found = declared(before, after, since="c0ffee")
    assert (found.since, found.organization, found.teams) == ("c0ffee", False, ())
    assert found.retargeted == Decimal(99 + 10 + 7)
    assert found.hard_limits == {"team/team_x/on": "support", "team/team_x/moved": ""}
    assert declared(before, before).retargeted == 0
    lower = desired([wallet("support", "prod", "100", m2026_08="120"), wallet("sales", "prod", "50")], teams=["old"])
    assert declared(before, lower).retargeted == Decimal(30 + 7)


def test_the_fiscal_years_of_both_sides_are_looked_at() -> None:
    before = desired([wallet("support", "prod", "100")])
    moved = before.organization.model_copy(
        update={"fiscal_year": before.organization.fiscal_year.model_copy(update={"starts": JUNE.plus(-6)})}
    )
    as_before: dict[str, Any] = {f"m{JUNE.plus(month)}".replace("-", "_"): "100" for month in range(12)}
    after = replace(desired([wallet("support", "prod", "160", **as_before)]), organization=moved)
    assert declared(before, after).retargeted == Decimal(60)


def test_a_wallet_that_is_new_is_retargeted_by_all_that_it_gets() -> None:
    before, after = desired(teams=["support"]), desired([wallet("support", "prod", "160")])
    assert declared(before, after).retargeted == declared(after, before).retargeted == Decimal(160)
    assert declared(before, after).since == ""


def said_to_refuse(
    plan: Plan, before: list[Desired], after: Desired, *, as_of: date = AS_OF
) -> list[tuple[str, str, bool]]:
    return [(one.guard, one.limit, is_before) for one, is_before in refusals(plan, before, after, as_of=as_of)]


def test_limits_from_before_the_change_refuse_too_and_a_waiver_may_come_with_it() -> None:
    strict, lax = GuardSettings(largest_change=Decimal(60)), GuardSettings(largest_change=Decimal(99))
    late = waiver(str(AS_OF), "ada")
    plan = judged(BARE, limited(GuardSettings(largest_change=Decimal(70))), Told())
    at = "largest-change"
    noted = (at, "70.00", False)
    assert said_to_refuse(plan, [guarded(strict), guarded(GuardSettings())], guarded(lax)) == [
        (at, "60.00", True),
        noted,
        (at, "99.00", False),
    ]
    assert said_to_refuse(plan, [], guarded(GuardSettings(largest_change=Decimal(100)))) == [noted]
    assert said_to_refuse(plan, [guarded(strict)], guarded(lax, late)) == [noted]
    assert said_to_refuse(plan, [guarded(strict, late)], guarded(lax)) == [noted, (at, "99.00", False)]
    tomorrow = AS_OF + timedelta(days=1)
    assert said_to_refuse(plan, [guarded(strict)], guarded(lax, late), as_of=tomorrow) == [
        (at, "60.00", True),
        noted,
        (at, "99.00", False),
    ]


def test_what_is_to_be_approved_is_what_the_plan_does_and_what_the_commits_say() -> None:
    before, after = guarded(GuardSettings()), guarded(GuardSettings(), sales="41")
    plan = judged(BARE, ORGANIZATION, Told(declared=declared(before, before)))
    step = step_of(plan, before, after, as_of=AS_OF)
    assert step == Step(
        facts_of(plan).effects, declared(before, after), Asked(facts_of(plan), after.organization, AS_OF)
    )
    assert step.declared.retargeted == Decimal(1)
    assert step.effects.moved == Decimal(150)


def test_a_waiver_lets_pass_what_a_plan_is_made_with() -> None:
    plan = judged(BARE, limited(GuardSettings(largest_change=Decimal(60)), [waiver(str(AS_OF), "ada")]), Told())
    assert [(one.guard, one.status) for one in plan.guards][1:] == [("largest-change", "waived")]


def test_the_facts_of_a_plan_are_what_it_and_its_forecasts_say(golden: Callable[[str, str], None]) -> None:
    known = {"spent": {"team_sales": Decimal(31)}, "impact": (forecast(Decimal(70), Decimal(30)),)}
    wanted = desired([wallet("sales", "prod", "5")], [("sales", billing_budget("x", "5", scope_id="team_sales"))])
    told = Told(
        fiscal_year=JUNE,
        currencies=Currencies(held=("USD",), of_pool=True),
        objects=tuple(declared_objects(wanted, None)),
        declared=declared(wanted, wanted, since="c0ffee"),
        history={WalletRef.team("team_sales"): {JUNE.plus(-1): Decimal(7)}},
    )
    later = Later(since="c0ffee", until=JUNE.plus(11))
    facts = policy_input(
        BARE.model_copy(update={**known, "drift": (BY_HAND,), "assumptions": (ASSUMPTIONS,), "later": later}), told
    )
    golden("policy/facts.json", facts.text())
    edited = BARE.model_copy(update={**known, "policy_input": facts, "changes": BARE.changes[:1], "later": later})
    assert facts_of(edited) == policy_input(edited, told)
    alone = policy_input(BARE.model_copy(update={"impact": (forecast(Decimal(70), Decimal(30)),)}), Told())
    assert alone.wallets[WalletRef.team("team_sales")].spent == Decimal(30)
