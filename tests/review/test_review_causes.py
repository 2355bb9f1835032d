"""Planted causes are named, and nothing is where nothing was planted: a small sample of the benchmark's years."""

from __future__ import annotations

from decimal import Decimal

import pytest
from review.review_question import called_in, reviewed
from review.review_worlds import PLANTED, Planted, world

from reconciler.model.review import TeamReview
from reconciler.review.compare import Comparison
from reconciler.review.split import CAUSES
from reconciler.review.team import Told, team_review


def adds_up(team: TeamReview) -> bool:
    parts = [(team.effects, team.difference), *((each.effects, each.difference) for each in team.workloads)]
    return all(sum((effect.amount for effect in effects), Decimal(0)) == difference for effects, difference in parts)


@pytest.mark.parametrize("planted", PLANTED)
def test_a_planted_cause_is_named_first_in_money_and_in_words(planted: Planted) -> None:
    (team,) = reviewed(world(3, planted, size=0.12, days=120), "2026-Q3").teams

    assert team.called == planted == team.effects[0].cause
    assert team.effects[0].stands_out
    assert team.actual - team.plan == team.difference
    assert adds_up(team)
    assert f"USD {abs(team.effects[0].amount):,.2f}" in team.sentence
    assert team.response


def test_nothing_stands_out_of_a_year_without_a_cause() -> None:
    (team,) = reviewed(world(4, None, days=120), "2026-07").teams

    assert team.called is None
    assert "nothing stands out" in team.sentence
    assert adds_up(team)


def test_months_add_up_to_their_quarter() -> None:
    year = world(5, "cache", days=130)
    months = [reviewed(year, f"2026-{month:02}").teams[0] for month in (7, 8, 9)]
    quarter = reviewed(year, "2026-Q3").teams[0]

    assert sum(month.actual for month in months) == pytest.approx(quarter.actual, abs=Decimal("0.02"))
    for effect in quarter.effects:
        alike = [each.amount for month in months for each in month.effects if each.cause == effect.cause]
        assert abs(sum(alike) - effect.amount) <= Decimal("0.05")


def test_a_period_against_itself_differs_by_nothing_and_back_and_forth_by_the_opposite() -> None:
    year = world(6, "demand", days=70)
    same, there, back = (
        reviewed(year, one, against=other).teams[0]
        for one, other in (("2026-07", "2026-07"), ("2026-W30", "2026-W29"), ("2026-W29", "2026-W30"))
    )

    assert not any(effect.amount for effect in same.effects)
    assert {each.cause: each.amount for each in there.effects} == pytest.approx(
        {each.cause: -each.amount for each in back.effects}, abs=Decimal("0.02")
    )
    assert called_in(year, "2026-07") in ("demand", None)


@pytest.mark.parametrize(
    ("actual", "cause", "words"),
    [
        (1060, None, "above its plan of USD 1,000.00; nothing that makes it dearer stands out"),
        (940, "fallback", "fallback providers took less traffic than that, which saves USD 200.00"),
        (1000, "fallback", "exactly its plan of USD 1,000.00: fallback providers took less traffic"),
    ],
)
def test_a_saving_is_no_cause_of_an_overspend(actual: int, cause: str | None, words: str) -> None:
    money = Decimal(actual)
    effects = {**dict.fromkeys(CAUSES, Decimal(0)), "fallback": Decimal(-200), "demand": money - 800}
    noise = {**dict.fromkeys(CAUSES, 1.0), "demand": 900.0}
    comparison = Comparison(Decimal(1000), money, effects, noise, ())

    team = team_review(comparison, Told("support", "Support", "its plan of", "USD", {}))

    assert (team.called, bool(team.response)) == (cause, cause is not None)
    assert words in team.sentence
    assert [effect.cause for effect in team.effects if effect.stands_out] == ["fallback"]


def test_an_underspend_of_which_dearer_causes_alone_stand_out_names_none() -> None:
    effects = {**dict.fromkeys(CAUSES, Decimal(0)), "fallback": Decimal(200), "demand": Decimal(-300)}
    noise = {**dict.fromkeys(CAUSES, 1.0), "demand": 900.0}
    comparison = Comparison(Decimal(1000), Decimal(900), effects, noise, ())

    team = team_review(comparison, Told("support", "Support", "its plan of", "USD", {}))

    assert team.called is None
    assert "below its plan of USD 1,000.00; nothing that makes it cheaper stands out" in team.sentence
