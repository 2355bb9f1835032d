"""What a saving counts for is how much of it is believed to come, by how far it came of what was planned by now."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import numpy as np
import pytest
from forecast.forecast_world import UsageBuilder, organization, question
from worlds import JUNE

from reconciler.forecast.history import spending
from reconciler.forecast.levers.cache_hit_rate import Cache
from reconciler.forecast.levers.part import Part
from reconciler.forecast.levers.provider_mix import ProviderMix
from reconciler.forecast.levers.resilience_margin import ResilienceMargin
from reconciler.forecast.levers.whatif import FromDay
from reconciler.forecast.observed import observations
from reconciler.forecast.team_view import TeamView
from reconciler.forecast.when import Month
from reconciler.model.period import Period
from reconciler.model.team import AnnualPlan, CacheHitRate, ProviderMixMove
from reconciler.model.usage import DailyUsage

AS_OF = date(2026, 12, 1)
DEAR, CHEAP = {"provider": "openai", "model": "gpt-4o"}, {"provider": "openai", "model": "gpt-4o-mini"}
RATE = CacheHitRate(start=Decimal("0.10"), target=Decimal("0.30"), by=Period(2026, 11))
MOVE = ProviderMixMove(
    reason="cheaper", source="openai/gpt-4o", target="openai/gpt-4o-mini", share=Decimal("0.5"), by=Period(2026, 8)
)
MAY = Month(Period(2027, 5), Period(2026, 6))


def view(plan: AnnualPlan, usage: DailyUsage, **settings: Any) -> TeamView:
    known = spending(usage, as_of=AS_OF)
    return TeamView(
        team="support",
        questions=[question("team_support", plan=plan)],
        forecasts=(),
        ceilings=(),
        month_end=np.zeros(1),
        organization=organization(**settings),
        period=JUNE,
        known=known,
        observations=observations(usage, known_until=known.known_until),
    )


def traffic(*, hits: int = 0, moved: float = 0.0) -> DailyUsage:
    """Return half a year in which a share of the tokens `moved` to the cheaper model when the year began."""
    usage = UsageBuilder()
    for number in range((AS_OF - date(2026, 4, 1)).days):
        day = date.fromordinal(date(2026, 4, 1).toordinal() + number)
        share = moved if day >= date(2026, 6, 1) else 0.0
        for model, part, price in ((DEAR, 1 - share, 0.01), (CHEAP, share + 0.01, 0.001)):
            tokens = round(10_000 * part)
            usage.row(day, "team_support", tokens * price, input_tokens=tokens, requests=50, cache_hits=hits, **model)
    return usage.build()


@pytest.mark.parametrize(("hits", "low", "high"), [(5, 0.0, 0.10), (2, 0.0, 0.05), (30, 0.95, 1.0)])
def test_a_cache_that_never_improved_counts_as_hardly_anything_and_one_that_is_ahead_almost_in_full(
    hits: int, low: float, high: float
) -> None:
    plan = AnnualPlan(cache_hit_rate=RATE)
    (part,) = Cache().parts(plan, view(plan, traffic(hits=hits)))
    assert part.belief is not None
    assert low < part.belief.weight < high
    assert part.times(MAY) == Decimal("0.7") / Decimal("0.9")
    assert part.weighed(MAY) == 1 + part.belief.weight * (part.times(MAY) - 1)


def test_a_cache_that_came_half_of_the_way_counts_by_half() -> None:
    plan = AnnualPlan(cache_hit_rate=RATE)
    (part,) = Cache().parts(plan, view(plan, traffic(hits=10)))
    assert part.record is not None
    assert part.belief is not None
    assert Decimal("0.5") < part.belief.weight < Decimal("0.6")
    assert part.record.told.startswith("20.0% where 28")


def test_a_move_counts_as_far_as_tokens_moved_and_is_priced_by_what_was_paid() -> None:
    plan = AnnualPlan(provider_mix=(MOVE,))
    (part,) = moves(plan, traffic(moved=0.25))
    assert part.belief is not None
    assert abs(part.belief.weight - Decimal("0.5")) < Decimal("0.01")
    assert abs(part.times(MAY) - (1 - Decimal("0.9") * Decimal("0.5"))) < Decimal("0.01")
    assert abs(part.weighed(MAY) - (1 - Decimal("0.9") * Decimal("0.25"))) < Decimal("0.01")


def test_a_move_to_a_model_that_nobody_paid_for_is_said_and_counts_as_nothing() -> None:
    for lacking in ({"target": "openai/none"}, {"source": "openai/none"}):
        plan = AnnualPlan(provider_mix=(MOVE.model_copy(update=lacking),))
        (part,) = moves(plan, traffic())
        assert part.uncounted == "nobody paid for openai/none in the last 90 days"
        assert part.times(MAY) == 1
    (alone,) = ProviderMix().parts(plan, None)
    assert alone.uncounted


def test_too_little_to_tell_is_no_record_and_counts_by_half() -> None:
    plan = AnnualPlan(cache_hit_rate=RATE.model_copy(update={"by": Period(2040, 1)}))
    (part,) = Cache().parts(plan, view(plan, traffic(hits=5)))
    assert part.record is None
    assert part.weighed(MAY) == 1 + (part.times(MAY) - 1) / 2


def test_a_cache_that_is_planned_to_answer_less_counts_in_full() -> None:
    plan = AnnualPlan(cache_hit_rate=RATE.model_copy(update={"target": Decimal("0.02")}))
    (part,) = Cache().parts(plan, view(plan, traffic(hits=5)))
    assert part.belief is None
    assert part.weighed(MAY) == part.times(MAY) > 1
    assert list(Cache().records(view(plan, traffic(hits=5)))) == []


def test_what_staying_available_costs_is_that_of_the_organization_beyond_what_was_seen() -> None:
    plan = AnnualPlan()
    margin = {"forecast": {"resilience_margin": "3%"}}
    (part,) = ResilienceMargin().parts(plan, view(plan, traffic(), **margin))
    assert (part.stage, part.times(MAY)) == ("boundaries", Decimal("1.03"))
    assert list(ResilienceMargin().parts(plan, None)) == []


def moves(plan: AnnualPlan, usage: DailyUsage) -> list[Part]:
    return list(ProviderMix().parts(plan, view(plan, usage)))


def test_a_move_that_is_supposed_beside_a_planned_one_is_told_with_it() -> None:
    supposed = MOVE.model_copy(update={"since": FromDay.at(date(2026, 11, 20)), "by": Period(2026, 12)})
    seen = view(AnnualPlan(provider_mix=(MOVE, supposed)), traffic(moved=0.5))
    rows = list(ProviderMix().rows(seen))
    assert len(rows) == 2
    assert all("together" in row.plan for row in rows)
