"""Growth, waste and the rest of a difference add up to it, and what the plan invests in is told apart."""

from __future__ import annotations

from decimal import Decimal

from review.review_question import reviewed
from review.review_worlds import world

from reconciler.model.review import CauseName as Cause
from reconciler.model.review import ReviewEffect
from reconciler.report.review_words import by_kind
from reconciler.review.kinds import kinds
from reconciler.review.split import CAUSES


def effect(cause: Cause, amount: int, *others: Cause) -> ReviewEffect:
    return ReviewEffect(cause=cause, amount=Decimal(amount), together_with=others)


def test_each_cause_is_of_one_kind() -> None:
    found = kinds([effect(cause, 2**number) for number, cause in enumerate(CAUSES)], Decimal("1.005"))
    assert (found.growth, found.waste, found.rest) == (Decimal(33), Decimal(14), Decimal(976))
    assert found.invested == Decimal("1.00")


def test_what_cannot_be_told_apart_is_of_a_kind_only_where_all_of_it_is() -> None:
    found = kinds([effect("demand", 1, "cache"), effect("demand", 2, "new_workload"), effect("cache", -4)], None)
    assert (found.growth, found.waste, found.rest) == (Decimal(2), Decimal(-4), Decimal(1))
    assert found.invested is None


def test_a_review_says_what_the_plan_invests_in_and_what_is_growth_and_waste() -> None:
    year = world(3, "cache", size=0.12, days=120)
    (team,) = reviewed(year, "2026-Q3").teams
    assert team.kinds is not None
    assert team.kinds.invested is not None
    assert team.kinds.growth + team.kinds.waste + team.kinds.rest == team.difference
    assert team.kinds.waste > abs(team.kinds.growth)
    assert abs(team.kinds.invested - team.plan * Decimal("0.1") / Decimal("1.1")) < Decimal("0.02")
    assert f"waste {team.kinds.waste:,.2f}" in by_kind(team)
    (other,) = reviewed(year, "2026-07", against="2026-06").teams
    assert other.kinds is not None
    assert other.kinds.invested is None
    assert by_kind(other).startswith("The difference: growth ")
