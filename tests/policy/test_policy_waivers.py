"""A waiver's uses: shown where it lets something pass, and when they are used up, by what; what is unknown refuses."""

from __future__ import annotations

from datetime import date

import pytest
from policy.rules import DAY, rule, with_rules
from policy.test_policy_own_rules import BARE
from pydantic import ValidationError

from reconciler.model.guards import Waiver
from reconciler.model.waiver_uses import MOST_NAMED, WaiverUse, WaiverUses
from reconciler.policy.organization_rules import organization_rules
from reconciler.policy.rule import results


def waiver(**changes: object) -> Waiver:
    said = {"rule": "own", "team": "support", "until": "2026-06-30", "reason": "a launch", "approved_by": "@cfo"}
    return Waiver.model_validate({**said, **changes})


LIMITED = waiver(name="launch", uses=2)


def used(*days: int) -> WaiverUses:
    return WaiverUses.of(
        tuple(
            WaiverUse(plan=f"sha256:{day:08d}ffff", day=date(2026, 6, day), pull_request=str(day) if day > 1 else "")
            for day in days
        )
    )


def told(uses: WaiverUses | None, *waivers: Waiver) -> tuple[str, str, str]:
    organization = with_rules(rule(), waivers=waivers or (LIMITED,))
    facts = BARE.model_copy(update={"waiver_uses": {"launch": uses} if uses else {}})
    (one,) = results(organization_rules(organization, day=DAY), facts, organization.waivers, as_of=DAY)
    return one.status, one.waiver, one.hint


PASSES = "waived until 2026-06-30 by @cfo: a launch"


@pytest.mark.parametrize(
    ("uses", "waivers", "expected"),
    [
        (used(), (), ("waived", "launch", f"{PASSES}; use 1 of 2")),
        (used(1), (), ("waived", "launch", f"{PASSES}; use 2 of 2, after plan 00000001 on 2026-06-01")),
        (used(), (waiver(name="launch"),), ("waived", "launch", PASSES)),
        (None, (waiver(name="launch"),), ("waived", "launch", PASSES)),
        (
            used(2),
            (waiver(name="launch"),),
            ("waived", "launch", f"{PASSES}; used once before: plan 00000002 on 2026-06-02 (change request 2)"),
        ),
        (
            used(1, 2),
            (waiver(name="launch"),),
            (
                "waived",
                "launch",
                f"{PASSES}; used 2 times before: plan 00000001 on 2026-06-01; plan 00000002 on 2026-06-02"
                " (change request 2)",
            ),
        ),
        (None, (waiver(),), ("waived", "own of support until 2026-06-30", PASSES)),
        (used(1, 2), (LIMITED, waiver(until="2026-06-20")), ("waived", "own of support until 2026-06-20", "")),
        (used(), (LIMITED, waiver(until="2026-06-20")), ("waived", "own of support until 2026-06-20", "")),
        (used(), (LIMITED, waiver(name="short", uses=9, until="2026-06-20")), ("waived", "launch", "")),
    ],
)
def test_a_waiver_that_lets_something_pass_tells_its_uses(
    uses: WaiverUses | None, waivers: tuple[Waiver, ...], expected: tuple[str, str, str]
) -> None:
    status, name, hint = told(uses, *waivers)
    assert (status, name) == expected[:2]
    assert hint == expected[2] or not expected[2]


CURE = "change it so that `own` of budgets/policies/own.yaml passes, or ask @acme/finance"


def test_a_waiver_that_is_used_up_refuses_and_says_when_and_by_which_plans() -> None:
    assert told(used(1, 2)) == (
        "refused",
        "",
        f"{CURE}; the waiver `launch` let 2 plans pass, and is used up by plan 00000001 on 2026-06-01; plan 00000002 on"
        " 2026-06-02 (change request 2): write a larger `uses` if it is still needed, which the organization's owners"
        " approve",
    )
    status, _, hint = told(used(1), waiver(name="launch", uses=1))
    assert status == "refused"
    assert "`launch` let 1 plan pass, and" in hint


def test_where_nobody_knows_the_uses_a_limited_waiver_lets_nothing_pass() -> None:
    assert told(None) == (
        "refused",
        "",
        f"{CURE}; the waiver `launch` lets 2 plans pass, and how many it let pass is not known: run `kt-budgets plan`"
        " again, which counts them in the journal",
    )


def test_of_many_uses_the_newest_are_named_and_all_are_counted() -> None:
    many = WaiverUses.of(tuple(WaiverUse(plan=f"sha256:{n:08d}", day=DAY) for n in range(MOST_NAMED + 5)))
    assert many.count == MOST_NAMED + 5
    assert str(many).startswith("5 earlier; plan 00000005 on")
    assert str(many).count("plan ") == MOST_NAMED


@pytest.mark.parametrize(
    ("changes", "code"),
    [({"uses": 1}, "waiver-without-name"), ({"name": "a", "uses": 0}, "greater_than_equal"), ({"name": "a b"}, "")],
)
def test_uses_are_a_number_and_are_counted_under_a_name(changes: dict[str, object], code: str) -> None:
    with pytest.raises(ValidationError) as caught:
        waiver(**changes)
    assert code in caught.value.errors()[0]["type"]
