"""What a review asks for can be done: it corrects nothing that the plan does not say."""

from __future__ import annotations

import re
from decimal import Decimal

import pytest
from review.review_question import reviewed
from review.review_worlds import world

from reconciler.model.team import AnnualPlan
from reconciler.review.words import NAMES, Said, response

CORRECTED = re.compile(r"(?:lower|raise|correct) `plan\.(\w+)`", re.IGNORECASE)
CAUSES: list[Said] = ["credits", "one_off_and_credits", *(name for name in NAMES if name != "calendar")]


@pytest.mark.parametrize("amount", [Decimal(1), Decimal(-1)])
@pytest.mark.parametrize("cause", CAUSES)
def test_only_what_a_plan_says_is_corrected(cause: Said, amount: Decimal) -> None:
    bare, whole = (response(cause, amount, planned=fields) for fields in ((), AnnualPlan.model_fields))
    assert bare
    assert set(CORRECTED.findall(bare)) <= {"baseline_monthly"}
    assert set(CORRECTED.findall(whole)) <= AnnualPlan.model_fields.keys()
    assert not re.search("late|will not come", bare)


def test_causes_that_cannot_be_told_apart_are_each_answered_by_what_the_plan_says() -> None:
    told = response("demand", Decimal(-1), ("cache",), planned={"cache_hit_rate"})
    assert told == (
        "If it is demand (requests): find out why, and whether it comes back; if it does not, lower the baseline and"
        " the wallet. If it is cache: keep it, and raise `plan.cache_hit_rate` if it stays."
    )


def test_another_period_is_no_plan() -> None:
    fell = world(3, "demand", size=-0.3, days=130)
    asked = {against: reviewed(fell, "2026-Q3", against=against).teams[0] for against in (None, "2026-Q2")}
    assert {team.called for team in asked.values()} == {"demand"}
    assert "whether it comes back" in asked["2026-Q2"].response
    assert ("whether it comes back" in asked[None].response) == (not fell.plan.growth)
