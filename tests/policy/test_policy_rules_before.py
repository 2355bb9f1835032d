"""A rule that a change weakens judges the change as it was, and both verdicts are told; owners are asked by both."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from policy.rules import DAY, rule, with_rules
from policy.test_policy_rules import saved
from report.report_plans import Wallet, plan
from worlds import ORGANIZATION, desired, limited

from reconciler.apply import preflight
from reconciler.findings import RefusedError
from reconciler.model.desired import Desired
from reconciler.model.guards import GuardSettings, Waiver
from reconciler.model.organization import OrganizationBudget
from reconciler.model.plan import Plan, read_plan, sealed
from reconciler.policy.approvals import Step, declared, requirements
from reconciler.policy.facts import Told, facts_of, judged, refusals, step_of, verdict
from reconciler.policy.plan_record import read_record, record_of, record_text

STRICT, LAX = rule("change.amount <= part(params.most, change.funded_before)"), {"most": "20%"}
STRICT["message"] = "more than {params.most}"


def by(*rules: dict[str, Any], most: str = "20%", waivers: tuple[Waiver, ...] = ()) -> OrganizationBudget:
    base = ORGANIZATION.model_copy(update={"owners": ("@acme/finance",)})
    return with_rules(*rules, parameters={"most": most}, waivers=waivers, base=base)


def yaml(organization: OrganizationBudget) -> Desired:
    return replace(desired(), organization=organization)


def made(now: OrganizationBudget, before: OrganizationBudget | None = None) -> Plan:
    drafted = plan(Wallet(funded="9000", target="12500").change(), as_of=DAY).model_copy(update={"policy_input": None})
    return judged(drafted, now, Told(rules=yaml(before) if before else None))


def told(now: OrganizationBudget, before: OrganizationBudget | None = None) -> list[tuple[str, str]]:
    return [(one.status, one.message) for one in made(now, before).guards if one.guard == "own"]


WHY = "more than 20% (because)"
WAIVER = Waiver(rule="own", team="support", until=DAY, reason="launch", approved_by="@ada")


@pytest.mark.parametrize(
    ("now", "before", "expected"),
    [
        (by(STRICT), by(STRICT), [("refused", WHY)]),
        (by(STRICT), None, [("refused", WHY)]),
        (
            by(STRICT, most="90%"),
            by(STRICT),
            [
                (
                    "refused",
                    f"{WHY}; this rule is changed here: as changed, it passes; a rule is judged as it was",
                )
            ],
        ),
        (
            by(),
            by(STRICT),
            [("refused", f"{WHY}; this rule is taken out here: as changed, it passes; a rule is judged as it was")],
        ),
        (
            by(rule("true")),
            by(STRICT),
            [("refused", f"{WHY}; this rule is changed here: as changed, it passes; a rule is judged as it was")],
        ),
        (by(STRICT), by(rule("true")), [("refused", f"{WHY}; this rule is changed here; as it was before, it passes")]),
        (
            by(STRICT),
            by(STRICT, most="90%"),
            [("refused", f"{WHY}; this rule is changed here; as it was before, it passes")],
        ),
        (by(STRICT, rule("true", name="z")), by(STRICT, waivers=(WAIVER,)), [("refused", WHY)]),
        (by(STRICT), by(), [("refused", f"{WHY}; this rule is new")]),
        (
            by({**STRICT, "level": "warn"}),
            by(STRICT),
            [
                ("warned", f"{WHY}; this rule is changed here; as it was before, it refuses"),
                ("refused", f"{WHY}; this rule is changed here: with it as it is changed, too"),
            ],
        ),
    ],
    ids=[
        "same",
        "nothing before",
        "parameter",
        "removed",
        "weaker",
        "stronger",
        "stricter parameter",
        "waived before",
        "new",
        "lower level",
    ],
)
def test_a_rule_is_judged_as_it_was_and_both_verdicts_are_told(
    now: OrganizationBudget, before: OrganizationBudget | None, expected: list[tuple[str, str]]
) -> None:
    assert told(now, before) == expected


def test_each_rule_is_told_of_itself_alone() -> None:
    other = rule("false", name="a")
    found = made(by(other, rule("true")), by(other, STRICT)).guards
    changed = f"{WHY}; this rule is changed here: as changed, it passes; a rule is judged as it was"
    assert [(one.guard, one.message) for one in found if one.guard in ("a", "own")] == [
        ("a", "no (because)"),
        ("own", changed),
    ]


def elsewhere(most: str) -> OrganizationBudget:
    """Return the rule in a set of another name, with parameters of its own."""
    made = by(STRICT, most=most)
    return made.model_copy(update={"policies": {"policies/other.yaml": made.policies["policies/own.yaml"]}})


EVASIONS = {
    "deleted": by(),
    "deleted with another left": by(rule("true", name="another")),
    "no rules at all": ORGANIZATION.model_copy(update={"owners": ("@acme/finance",)}),
    "renamed": by({**STRICT, "name": "renamed"}, most="90%"),
    "written otherwise": by({**STRICT, "name": "OWN"}, most="90%"),
    "a lower level": by({**STRICT, "level": "warn"}),
    "to be approved by its author": by({**STRICT, "level": "approve", "owner": "@mallory"}),
    "another parameter": by(STRICT, most="90%"),
    "another team": by({**STRICT, "applies_to": {"teams": ["sales"]}}),
    "another environment": by({**STRICT, "applies_to": {"environments": ["dev"]}}),
    "over": by({**STRICT, "until": "2026-06-17"}),
    "not begun": by({**STRICT, "from": "2026-06-19"}),
    "never asked": by({**STRICT, "when": "false"}),
    "asked of something else": by({**rule("plan.changes >= 0"), "each": "plan"}),
    "in another set with other parameters": elsewhere("90%"),
    "in another set": elsewhere("20%"),
    "an alert instead of a wallet": by({**rule("alert.hard_limit"), "each": "alert"}),
}


@pytest.mark.parametrize("way", EVASIONS)
def test_whatever_a_change_does_to_its_own_rule_it_is_judged_by_the_rule_as_it_was(way: str) -> None:
    before, after = yaml(by(STRICT)), yaml(EVASIONS[way])
    shown = made(after.organization, before.organization)
    refused = [one.message for one in shown.guards if one.guard == "own" and one.status == "refused"]
    assert any(message.startswith(WHY) for message in refused)
    if way != "in another set":
        assert any("; this rule is " in message for message in refused), "both verdicts are told"
    for forged in (shown, made(after.organization), shown.model_copy(update={"guards": ()})):
        assert ("own", True) in {
            (one.guard, is_before) for one, is_before in refusals(forged, [before], after, as_of=DAY)
        }
    assert declared(before, after).organization, "the organization's owners must approve it"
    kept = read_record(record_text(record_of(shown, repository="a/b", pull_request=1, head="c0ffee")))
    assert kept is not None
    assert [one.message for one in kept.refused if one.guard == "own"][: len(refused)] == refused


def test_a_waiver_that_a_change_brings_for_itself_is_for_the_organizations_owners_to_approve() -> None:
    waiver = Waiver(rule="own", team="support", until=DAY, reason="launch", approved_by="@mallory")
    before, after = yaml(by(STRICT)), yaml(by(STRICT, waivers=(waiver,)))
    shown = made(after.organization, before.organization)
    step = step_of(shown, before, after, as_of=DAY)
    asked = [one for one in requirements(before, step) if one.reason == "the organization's settings change"]
    assert [one.owners for one in asked] == [("@acme/finance",)]


def test_a_change_that_weakens_its_own_rule_is_refused_wherever_it_is_judged() -> None:
    before, after = yaml(by(STRICT)), yaml(by(STRICT, most="90%"))
    shown = sealed(made(after.organization, before.organization))
    assert [one.guard for one in shown.guards if one.status == "refused"] == ["own"]
    for forged in (shown, made(after.organization), shown.model_copy(update={"guards": ()})):
        found = [(one.guard, is_before) for one, is_before in refusals(forged, [before], after, as_of=DAY)]
        assert ("own", True) in found
    with pytest.raises(RefusedError, match="more than 20%"):
        preflight.check(shown, after, as_of=DAY)


def test_rules_of_what_was_applied_last_hold_beside_those_of_the_base() -> None:
    applied, base = yaml(by(STRICT)), yaml(by())
    found = [(one.guard, is_before) for one, is_before in refusals(made(by()), [base, applied], base, as_of=DAY)]
    assert found == [("own", True)]
    assert list(refusals(made(by()), [base, base], base, as_of=DAY)) == []


def test_a_waiver_may_come_with_the_change() -> None:
    before, after = yaml(by(STRICT)), yaml(by(STRICT, waivers=(WAIVER,)))
    assert list(refusals(made(after.organization), [before], after, as_of=DAY)) == []
    assert len(list(refusals(made(after.organization), [before], after, as_of=date(2026, 6, 19)))) > 0


ASKS = {**STRICT, "level": "approve", "owner": "@acme/platform"}


def test_owners_of_rules_must_approve_by_the_rules_before_and_by_those_of_the_change() -> None:
    before, after = yaml(by(ASKS)), yaml(by({**ASKS, "owner": "@mallory"}))
    shown = made(after.organization, before.organization)
    step = step_of(shown, before, after, as_of=DAY)
    asked = {(one.owners, one.team, one.fallback) for one in requirements(before, step) if "own:" in one.reason}
    assert asked == {
        (("@acme/platform",), "support", ("@acme/finance",)),
        (("@mallory",), "support", ("@acme/finance",)),
    }
    noted_in_it = {one.owners for one in facts_of(shown).approvals or () if "own:" in one.reason}
    assert noted_in_it == {("@acme/platform",), ("@mallory",)}
    waived = yaml(by(ASKS, waivers=(WAIVER,)))
    asked_of = requirements(before, step_of(made(waived.organization), before, waived, as_of=DAY))
    assert not [one for one in asked_of if "own:" in one.reason]
    kept = read_record(record_text(record_of(shown, repository="a/b", pull_request=1, head="c0ffee")))
    assert kept is not None
    assert kept.effects is not None
    noted = requirements(before, Step(kept.effects, declared(before, after), noted=kept.asks))
    assert {(one.owners, one.team) for one in noted if "own:" in one.reason} == {
        (("@acme/platform",), "support"),
        (("@mallory",), "support"),
    }


def test_a_change_of_the_rules_is_one_of_the_organization() -> None:
    assert declared(yaml(by(STRICT)), yaml(by(STRICT, most="90%"))).organization
    assert not declared(yaml(by(STRICT)), yaml(by(STRICT))).organization


EXPRESSIONS = st.sampled_from(
    ["true", "false", "change.amount > usd('3000.00')", "wallet.spent > 0", "change.amount / 0 == 1", "change.is_cut"]
)


@settings(deadline=None, max_examples=40)
@given(
    asserts=EXPRESSIONS,
    when=st.none() | EXPRESSIONS,
    level=st.sampled_from(["deny", "warn", "approve"]),
    limit=st.none() | st.just(GuardSettings(largest_change=ORGANIZATION.annual_target)),
)
def test_the_same_rules_have_the_same_verdict_in_plan_apply_and_approval(
    asserts: str, when: str | None, level: str, limit: GuardSettings | None
) -> None:
    own = rule(asserts, level=level) | ({} if when is None else {"when": when})
    organization = with_rules(own, base=limited(limit or GuardSettings()))
    plan_ = sealed(judged(plan(Wallet().change(), as_of=DAY), organization, Told()))
    again = verdict(read_plan(plan_.text()), organization, (), as_of=DAY)
    assert again == plan_.guards[-len(again) :] if again else plan_.guards[1:] == ()
    refused = [one for one in plan_.guards if one.status == "refused"]
    found = {one.message for one, _ in refusals(plan_, [yaml(organization)], yaml(organization), as_of=DAY)}
    assert found == {one.message for one in refused}
    try:
        preflight.check(plan_, yaml(organization), as_of=DAY)
        assert not refused
    except RefusedError:
        assert refused


def test_facts_of_a_saved_plan_are_judged_as_those_of_the_plan() -> None:
    assert facts_of(plan(Wallet().change())).objects is None
    assert saved().objects is not None
