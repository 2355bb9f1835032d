"""Requests that nobody got an answer to are no demand and tell no price of a token; what they cost counts."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any

import numpy as np
import pytest

from reconciler.forecast.price_index import price_index
from reconciler.model.usage import DailyUsage, NotServed
from reconciler.report.usage_doubts import usage_findings, usage_summary
from reconciler.usage.store.session import Store

FORMATS = ("csv", "json", "envelope", "jsonl", "parquet", "parquet-text")
COUNTS = ("requests", "input_tokens", "output_tokens", "cache_hits", "fallbacks", "fallback_cost")


def paid(number: int, *, decision: Any = "allowed", cost: str = "3", day: date | None = None, **more: Any) -> Any:
    day = day or date(2026, 3 + number // 28, 1 + number % 28)
    return {
        "id": f"e{number}",
        "timestamp": f"{day}T0{number % 10}:00:00Z",
        "team_id": "team_a",
        "provider": "openai",
        "model": "gpt-4o",
        "decision": decision,
        "cost": Decimal(cost),
        "input_tokens": 1000,
        "output_tokens": 200,
        "cache_hit": False,
        **more,
    }


SPRING = [paid(number) for number in range(84)]


def turned_away(decision: Any, number: int = 30, *, cost: str = "0", **more: Any) -> list[Any]:
    days = [date(2026, 5, 1 + each % 28) for each in range(number)]
    return [paid(1000 + each, decision=decision, cost=cost, day=day, **more) for each, day in enumerate(days)]


def counted(usage: DailyUsage) -> dict[str, int]:
    apart = usage.apart
    assert apart is not None
    inside = ("fallback_input", "fallback_output", "hit_input", "hit_output", "credit_rows")
    sums = {name: int(getattr(usage, name).sum()) for name in COUNTS}
    return sums | {name: int(getattr(apart, name).sum()) for name in inside}


def said(usage: DailyUsage) -> dict[str, str]:
    return {found.code: found.message for found in usage_findings(usage.source, currency="USD")}


def codes(usage: DailyUsage) -> list[tuple[str, int, int]]:
    return [(issue.code, issue.row, issue.count) for issue in usage.source.issues]


@pytest.mark.parametrize("form", FORMATS)
def test_requests_that_were_not_served_are_no_demand_in_any_format(exports: Any, form: str) -> None:
    away = turned_away("blocked") + turned_away("Rate Limited", 1, id="last", cost="0.5")
    usage = exports.read(exports.write([*SPRING, *away], form))
    assert counted(usage) == counted(exports.read(exports.write(SPRING, form, name="alone")))
    assert (usage.source.rows, usage.spent) == (115, Decimal("252.5"))
    assert usage.source.not_served == NotServed(31, Decimal("0.5"), 30, 30 / 115)
    assert price_index(usage, np.arange(len(usage.day)), date(2026, 6, 1)) is None


@pytest.mark.parametrize("decision", ["allowed", "redacted", "200", "escalated", "", None, "decided by blocked"])
def test_whatever_else_a_decision_says_counts(exports: Any, decision: Any) -> None:
    usage = exports.read(exports.write([*SPRING, *turned_away(decision, cost="3")]))
    assert counted(usage)["requests"] == 114
    assert usage.source.not_served == NotServed()
    assert codes(usage) == []


@pytest.mark.parametrize(
    "decision",
    [
        *("block", "DENIED", " rejected ", "rate_limited", "RateLimited", "rate-limit", "throttled", "failed", "error"),
        *("timed out", "cancelled", "budget_exceeded", "429", "503", "too many requests"),
    ],
)
def test_many_words_say_that_nobody_got_an_answer(exports: Any, decision: str) -> None:
    usage = exports.read(exports.write([*SPRING, *turned_away(decision)]))
    assert (counted(usage)["requests"], usage.source.not_served.rows) == (84, 30)


def test_a_status_of_http_may_be_a_number(exports: Any) -> None:
    usage = exports.read(exports.write([*SPRING, *turned_away(429)], "jsonl"), columns={"decision": "decision"})
    assert usage.source.not_served.rows == 30


@pytest.mark.parametrize("column", ["verdict", "Decision"])
def test_the_column_has_one_of_two_names(exports: Any, column: str) -> None:
    rows = [{column if name == "decision" else name: each for name, each in row.items()} for row in SPRING]
    away = [{**row, column: "blocked"} for row in turned_away(None)]
    usage = exports.read(exports.write([*rows, *({k: v for k, v in row.items() if k != "decision"} for row in away)]))
    assert usage.source.not_served.rows == 30


def test_a_deployment_can_name_the_column_and_say_that_none_tells_it(exports: Any) -> None:
    rows = [{**row, "status": "failed" if len(row["id"]) == 5 else "ok"} for row in SPRING + turned_away("x")]
    path = exports.write(rows)
    assert exports.read(path, columns={"decision": "status"}).source.not_served.rows == 30
    path = exports.write([*SPRING, *turned_away("blocked")])
    assert exports.read(path, columns={"decision": "none"}).source.not_served == NotServed()


def test_a_decision_that_is_not_known_counts_and_is_told_where_nothing_was_paid(exports: Any) -> None:
    usage = exports.read(
        exports.write([*SPRING, *turned_away("escalated", 2), *turned_away("pending", 1, cost="1", id="p")])
    )
    assert counted(usage)["requests"] == 87
    assert codes(usage) == [("unknown-decision", 86, 2)]
    assert (
        "2 rows (first: row 86), USD 0.00: no cost, and a `decision` that is not known"
        in said(usage)["unknown-decision"]
    )


def test_a_hit_of_the_cache_whose_decision_is_not_known_is_in_no_doubt(exports: Any) -> None:
    assert codes(exports.read(exports.write([*SPRING, *turned_away("escalated", cache_hit=True)]))) == []


def test_the_warning_names_no_price_that_is_there(exports: Any) -> None:
    """A row that was turned away is unpriced by the contract, and its model has a price all the same."""
    usage = exports.read(exports.write([*SPRING, *turned_away("blocked")]))
    assert (usage.source.unpriced_rows, usage.source.unpriced_share) == (30, 30 / 114)
    assert set(said(usage)) == {"requests-not-served"}
    assert said(usage)["requests-not-served"] == (
        "30 requests, USD 0.00, were not served, as `decision` says: they are no demand and in no price of a token;"
        " their money counts"
    )
    told = usage_summary(usage.source)
    assert (told.unpriced_share, told.share_without_price) == (0.263158, 0.0)
    assert (told.not_served.rows, told.not_served.cost) == (30, Decimal(0))
    assert "not_served" not in usage_summary(exports.read(exports.write(SPRING)).source).model_dump()


def test_a_model_without_a_price_is_told_apart_from_what_was_turned_away(exports: Any) -> None:
    free = [paid(each, id=f"f{each}", cost="0", model="new") for each in range(6)]
    usage = exports.read(exports.write([*SPRING, *free, *turned_away("blocked")]))
    assert (
        "6 events carry tokens, cost nothing and are no cache hits: 5.0% of all tokens"
        in said(usage)["unpriced-events"]
    )
    assert usage.source.unpriced_rows == 36


def test_money_taken_back_for_a_request_that_failed_is_no_request_either(exports: Any) -> None:
    usage = exports.read(exports.write([*SPRING, *turned_away("failed", 1, cost="-2")]))
    assert said(usage)["requests-not-served"].startswith("1 request, USD -2.00, was not served, as `decision` says: it")
    assert counted(usage) == counted(exports.read(exports.write(SPRING, name="alone")))
    assert (usage.spent, int(usage.credits.sum())) == (250, -2 * 10**9)


def test_a_day_on_which_all_was_turned_away_is_a_day_of_the_export(exports: Any) -> None:
    rows = [row for row in SPRING if "-04-1" not in row["timestamp"]]
    away = [paid(day, id=f"b{day}", decision="blocked", cost="0", day=date(2026, 4, day)) for day in range(10, 20)]
    gap = (date(2026, 4, 10), date(2026, 4, 19))
    assert gap in exports.read(exports.write(rows)).source.gaps
    usage = exports.read(exports.write([*rows, *away]))
    assert gap not in usage.source.gaps
    assert usage.source.unknown_teams == {}


def test_of_versions_the_later_export_says_whether_it_was_served(exports: Any) -> None:
    served, refused = paid(1), paid(1, decision="blocked")
    exports.write([*SPRING[2:], refused], name="e-2026-05-01")
    exports.write([*SPRING[2:], served], name="e-2026-05-02")
    usage = exports.read()
    assert (counted(usage)["requests"], usage.source.not_served.rows) == (83, 0)
    again = exports.write([*SPRING[2:], paid(1, decision="ALLOW")], name="e-2026-05-03")
    assert ("corrected-events", 0, 1) in codes(exports.read())
    assert codes(exports.read(exports.folder / "e-2026-05-02.csv", again)) == []


@pytest.mark.parametrize("words", [["blocked"], ["blocked", "escalated", "failed"]])
def test_a_store_says_of_it_what_a_reading_of_all_says(exports: Any, tmp_path: Any, words: Sequence[str]) -> None:
    exports.write(SPRING, name="one")
    exports.write([row for word in words for row in turned_away(word, 3, id=None)], "jsonl", name="two")
    uses: list[Any] = []
    store = Store(str(tmp_path / "store"), uses.append)
    for _ in range(2):
        kept, whole = exports.read(store=store), exports.read()
        assert (kept.source, counted(kept)) == (whole.source, counted(whole))
    assert [use.read for use in uses] == [2, 0]
