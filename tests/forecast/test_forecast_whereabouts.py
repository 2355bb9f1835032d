"""A move is what left its source and came to its target: what has another name, or a third model, moved nowhere."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import numpy as np
import pytest
from forecast.forecast_world import UsageBuilder, ask, organization, plan, question, team

from reconciler.forecast.context import forecast_context
from reconciler.forecast.levers.registry import levers
from reconciler.forecast.project import Forecast
from reconciler.forecast.simulation import before_savings
from reconciler.forecast.team_usage import DeclaredUsage
from reconciler.model.assumption import Assumption
from reconciler.model.period import Period
from reconciler.model.usage import DailyUsage

FIRST, AS_OF, TURN = date(2026, 1, 1), date(2026, 7, 15), date(2026, 6, 10)
MOVE: dict[str, Any] = {"reason": "cheap", "from": "openai/big", "to": "openai/small", "share": "40%"}
MOVE |= {"since": "2026-05", "by": "2026-12"}
PRICES = {"big": 100.0, "small": 10.0, "big-2026-06": 100.0, "mid": 50.0, "voice": 80.0}
HALVES = {("chat", "big"): 0.5, ("chat", "small"): 0.5}
LOST = (
    "openai/big is not used any more and openai/small did not gain by it: whether it has another name, or what took"
    " its place, cannot be told; no saving is counted"
)


def turned(*after: tuple[str, str, float], turn: date = TURN) -> DailyUsage:
    """Return days of a million tokens, half of them on each model, and from `turn` on those of `after`."""
    table, random = UsageBuilder(), np.random.default_rng(3)
    later = {(workload, model): part for workload, model, part in after}
    for number in range((AS_OF - FIRST).days):
        day, much = FIRST + timedelta(days=number), float(np.exp(random.normal(0, 0.05)))
        for (workload, model), part in (later if day >= turn else HALVES).items():
            own = {"workload": workload, "provider": "openai", "model": model, "requests": round(1000 * part)}
            table.row(day, "team_support", PRICES[model] * part * much, input_tokens=round(1e6 * part * much), **own)
    return table.build()


NOTHING = turned(("chat", "big", 0.5), ("chat", "small", 0.5))
RENAMED = turned(("chat", "big-2026-06", 0.5), ("chat", "small", 0.5))
REPLACED = turned(("chat", "mid", 0.5), ("chat", "small", 0.5))
BOTH_RENAMED = turned(("assistant", "big-2026-06", 0.5), ("assistant", "small", 0.5))


def forecast(usage: DailyUsage, move: dict[str, Any] = MOVE) -> Forecast:
    targets = {f"2026-{month:02}": 3000 for month in range(8, 13)}
    asked = question(plan=plan(provider_mix=[move]), targets=targets)
    return ask(usage, asked, period=Period(2026, 7), as_of=AS_OF)


def row(usage: DailyUsage, move: dict[str, Any] = MOVE) -> Assumption:
    return next(row for row in forecast(usage, move).assumptions[0].assumptions if row.name == "provider_mix")


def middles(usage: DailyUsage) -> list[float]:
    return [float(month.quantiles["0.5"]) for month in forecast(usage).wallets[0].months]


@pytest.mark.parametrize("usage", [RENAMED, REPLACED, BOTH_RENAMED], ids=["renamed", "replaced", "with its workload"])
def test_of_a_source_that_is_gone_and_not_to_the_target_nothing_is_told_or_counted(usage: DailyUsage) -> None:
    found = row(usage)
    assert (found.verdict, found.observed, found.sentence) == ("unknown", "–", LOST)
    assert (found.realized, found.owed, found.year_cost) == ({}, None, None)
    warning = next(each for each in forecast(usage).warnings if each.code == "mix-source-gone")
    assert warning.message.startswith("support: openai/big is not used any more and openai/small did not gain by it")
    assert "write the name that the usage has into `plan.provider_mix`" in warning.hint


def test_of_a_source_that_is_gone_the_name_in_use_makes_the_move_known_again() -> None:
    found = row(RENAMED, {**MOVE, "from": "openai/big-2026-06", "since": "2026-06"})
    assert "there is no usage of openai/big-2026-06 in the four weeks before June 2026" in found.sentence
    assert "mix-source-gone" not in {each.code for each in forecast(RENAMED, {**MOVE, "from": "big-2026-06"}).warnings}


def test_a_new_name_at_the_old_price_leaves_the_past_and_the_months_ahead_as_they_are() -> None:
    asked = question(plan=plan(provider_mix=[MOVE]))
    context = forecast_context(
        RENAMED, [asked], organization=organization(), period=Period(2026, 7), as_of=AS_OF, teams={}
    )
    assert before_savings(asked, context, 150) == 1.0
    day = sum(PRICES[model] * part for (_, model), part in HALVES.items())
    ahead = middles(RENAMED)
    assert ahead == pytest.approx([day * 30.6] * len(ahead), rel=0.04)


@pytest.mark.parametrize(
    ("usage", "came"),
    [
        (NOTHING, "0.0%"),
        (turned(("chat", "big", 0.3), ("chat", "small", 0.7)), "40.0%"),
        (turned(("chat", "small", 1.0)), "100.0%"),
        (turned(("chat", "big", 0.25), ("chat", "mid", 0.25), ("chat", "small", 0.5)), "0.0%"),
        (turned(("chat", "big", 0.2), ("chat", "mid", 0.2), ("chat", "small", 0.6)), "20.0%"),
        (turned(("chat", "big-2026-06", 0.3), ("chat", "small", 0.7)), "40.0%"),
        (turned(("chat", "big", 0.3), ("chat", "small", 0.7), ("calls", "voice", 2.0)), "40.0%"),
        (turned(("chat", "small", 1.0), ("calls", "voice", 1.0)), "100.0%"),
    ],
    ids=[
        "nothing",
        "moved",
        "all",
        "to a third",
        "to both",
        "moved and renamed",
        "beside a new workload",
        "all beside",
    ],
)
def test_only_what_came_to_the_target_has_moved(usage: DailyUsage, came: str) -> None:
    found = row(usage)
    assert found.observed.startswith(f"{came} of its tokens moved in the 28 days to 2026-07-14, ")


def test_a_model_that_was_replaced_a_week_ago_has_not_moved() -> None:
    found = row(turned(("chat", "mid", 0.5), ("chat", "small", 0.5), turn=AS_OF - timedelta(days=6)))
    assert found.observed.startswith("0.0% of its tokens moved")


def test_a_model_without_its_provider_is_that_of_any() -> None:
    assert row(
        turned(("chat", "big", 0.3), ("chat", "small", 0.7)), {**MOVE, "from": "big", "to": "small"}
    ).verdict == ("ahead")


@pytest.mark.parametrize(("usage", "records"), [(RENAMED, 0), (NOTHING, 1)], ids=["renamed", "nothing moved"])
def test_what_is_lost_says_nothing_of_other_savings(usage: DailyUsage, records: int) -> None:
    asked = question(plan=plan(provider_mix=[MOVE]))
    context = forecast_context(
        usage, [asked], organization=organization(), period=Period(2026, 7), as_of=AS_OF,
        teams={"support": team(prod=("team_support", 3000))},
    )  # fmt: skip
    seen = context.team_usage(asked)
    assert isinstance(seen, DeclaredUsage)
    assert len([record for lever in levers() for record in lever.records(seen)]) == records
