"""A whole team: exact to the cent, the same in every order and under every name, for cells that come and go."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from decimal import Decimal
from random import Random

from forecast.forecast_world import UsageBuilder
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.model.money import cents
from reconciler.model.review import TeamReview
from reconciler.model.usage import DailyUsage
from reconciler.review.account import known
from reconciler.review.compare import against_period
from reconciler.review.span import Span
from reconciler.review.team import Told, team_review
from reconciler.review.traffic import seen

FIRST, MIDDLE, END = date(2026, 6, 1), date(2026, 6, 15), date(2026, 6, 29)
WALLETS = {"team_support": "prod", "team_support_dev": "dev"}
CELLS = [
    {"wallet": wallet, "workload": workload, "provider": "openai", "model": model}
    for wallet in WALLETS
    for workload in ("chat", "batch")
    for model in ("large", "small")
]
WHEN = st.sampled_from(["never", "before", "after", "always"])


@st.composite
def teams(draw: st.DrawFn) -> list[dict[str, object]]:
    """Return the rows of four weeks, in which each cell is there before, after, always or never."""
    rows, random = [], Random(draw(st.integers(0, 10**6)))
    for cell, when in zip(CELLS, draw(st.lists(WHEN, min_size=len(CELLS), max_size=len(CELLS))), strict=True):
        for number in range((END - FIRST).days):
            is_after = number >= (MIDDLE - FIRST).days
            if when == "always" or when == ("after" if is_after else "before"):
                requests = random.randint(1, 90)
                tokens, hits = random.randint(1, 10**6), random.randint(0, requests - 1)
                cost = random.randint(0, 10**9) / 10**7
                day = FIRST + timedelta(days=number)
                rows.append(
                    {**cell, "day": day, "cost": cost, "requests": requests, "input_tokens": tokens, "cache_hits": hits}
                )
    return rows


def usage(rows: list[dict[str, object]], names: Mapping[str, str] | None = None) -> DailyUsage:
    builder, names = UsageBuilder(), names or {}
    for row in rows:
        renamed = {key: names.get(value, value) if isinstance(value, str) else value for key, value in row.items()}
        builder.row(**renamed)  # type: ignore[arg-type]
    return builder.build()


def review(table: DailyUsage) -> TeamReview:
    found = seen(table, list(WALLETS), FIRST, END)
    before, after = Span("week", "before", FIRST, MIDDLE), Span("week", "after", MIDDLE, END)
    told = Told("support", "Support", "before", "USD", WALLETS)
    return team_review(against_period(known(found), after, before), told)


def amounts(team: TeamReview) -> dict[str, Decimal]:
    return {effect.cause: effect.amount for effect in team.effects}


@settings(max_examples=25, deadline=None)
@given(teams(), st.randoms(use_true_random=False))
def test_causes_and_workloads_add_up_to_the_cent_in_any_order_and_under_any_name(
    rows: list[dict[str, object]], random: Random
) -> None:
    if not rows:
        return
    team = review(usage(rows))
    assert sum(amounts(team).values(), Decimal(0)) == team.difference == team.actual - team.plan
    assert cents(sum((each.actual for each in team.workloads), Decimal(0))) == team.actual
    assert cents(sum((each.plan for each in team.workloads), Decimal(0))) == team.plan
    for each in team.workloads:
        assert sum((effect.amount for effect in each.effects), Decimal(0)) == each.difference
    spent = sum((Decimal(str(row["cost"])) for row in rows if row["day"] >= MIDDLE), Decimal(0))  # type: ignore[operator]
    assert abs(team.actual - spent) < Decimal("0.01")
    shuffled = random.sample(rows, len(rows))
    assert amounts(review(usage(shuffled))) == amounts(team)
    names = {"chat": "zeta", "batch": "alpha", "large": "a", "small": "z"}
    renamed = amounts(review(usage(rows, names)))
    assert all(abs(renamed[cause] - amount) <= Decimal("0.01") for cause, amount in amounts(team).items())
