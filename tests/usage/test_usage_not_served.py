"""Requests that a limit turned away or that failed cost nothing: they are no demand, and tell no price of a token."""

from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np
import pytest

from reconciler.forecast.price_index import price_index
from reconciler.model.usage import DailyUsage
from reconciler.report.usage_doubts import usage_findings

HEADER = "timestamp,team_id,provider,model,decision,cost,input_tokens,output_tokens,cache_hit,fallback,id\n"
PAID = "2026-{month:02}-{day:02}T00:00:00Z,{team},openai,gpt-4o,allowed,3,1000,200,false,false,"
COUNTS = ("requests", "input_tokens", "output_tokens", "cache_hits", "fallbacks")


def paid(team: str = "team_a", *, months: range = range(3, 7)) -> list[str]:
    return [PAID.format(month=month, day=day, team=team) for month in months for day in range(1, 31)]


def read(exports: Any, lines: list[str]) -> DailyUsage:
    text = "".join(f"{line}{number}\n" for number, line in enumerate(lines))
    usage: DailyUsage = exports.read(exports.text("e.csv", HEADER + text))
    return usage


def counted(usage: DailyUsage) -> dict[str, int]:
    apart = usage.apart
    assert apart is not None
    inside = {name: int(getattr(apart, name).sum()) for name in ("fallback_input", "fallback_output", "hit_input")}
    return {name: int(getattr(usage, name).sum()) for name in COUNTS} | inside


def june(rest: str, *, team: str = "team_a", day: int = 9) -> str:
    return f"2026-06-{day:02}T01:00:00Z,{team},{rest},"


@pytest.mark.parametrize(
    "rest",
    [
        "openai,gpt-4o,blocked,0,1000,0,false,false",
        "openai,gpt-4o,rate_limited,0,0,0,false,false",
        "openai,gpt-4o,failed,,1000,5,,",
        "openai,gpt-4o,retried,0.00,1000,0,false,true",
        ",,blocked,0,1000,0,false,false",
    ],
)
@pytest.mark.parametrize("team", ["team_a", "team_new"])
def test_a_request_that_was_not_served_counts_for_nothing(exports: Any, rest: str, team: str) -> None:
    """Also where the wallet has paid for nothing yet: a model has its price for the whole organization."""
    usage = read(exports, [*paid(), *(june(rest, team=team, day=day) for day in range(1, 31))])
    assert usage.source.rows == 150
    assert (usage.source.not_served, usage.source.unpriced_rows) == (30, 0)
    assert counted(usage.served()) == counted(read(exports, paid()))
    (said,) = (one for one in usage_findings(usage.source, currency="USD") if one.code == "requests-not-served")
    assert "30 requests of models that have a price cost nothing" in said.message
    served = usage.served()
    assert served.served() is served
    assert price_index(served, np.flatnonzero(served.wallet == "team_a"), date(2026, 7, 1)) is None


@pytest.mark.parametrize(
    ("rest", "unpriced"),
    [
        ("openai,gpt-4o,allowed,0,1000,200,true,false", 0),
        ("openai,gpt-4o,allowed,-3,0,0,false,false", 0),
        ("openai,gpt-4o,allowed,0.000000001,1000,0,false,false", 0),
        ("mistral,new,allowed,0,1000,200,false,false", 1),
        ("azure,gpt-4o,allowed,0,1000,200,false,false", 1),
    ],
)
def test_hits_refunds_cheap_requests_and_models_without_a_price_count(exports: Any, rest: str, unpriced: int) -> None:
    usage = read(exports, [*paid(), june(rest)])
    assert counted(usage.served()) == counted(usage)
    assert (usage.source.not_served, usage.source.unpriced_rows) == (0, unpriced)


def test_what_a_model_served_before_it_had_a_price_is_without_one(exports: Any) -> None:
    free = PAID.replace(",3,", ",0,").format(month=2, day=27, team="team_a")
    usage = read(exports, [free, *paid()])
    assert (usage.source.not_served, usage.source.unpriced_rows) == (0, 1)
    assert counted(usage.served())["requests"] == 121


def test_without_models_nobody_can_tell_which_it_was_and_no_price_is_told(exports: Any) -> None:
    lines = [
        line.replace("openai,gpt-4o", ",") for line in [*paid(), june("openai,gpt-4o,blocked,0,1000,0,false,false")]
    ]
    usage = read(exports, lines)
    assert (usage.source.not_served, usage.source.unpriced_rows) == (0, 1)
    assert counted(usage.served())["input_tokens"] == 120_000


def test_money_is_never_part_of_it(exports: Any) -> None:
    usage = read(exports, [*paid(), june("openai,gpt-4o,blocked,0,1000,0,false,false")])
    assert usage.served().spent == usage.spent == 360
    assert usage.served().source == usage.source
