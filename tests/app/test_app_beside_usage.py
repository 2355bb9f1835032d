"""Days that an export leaves out: the dashboard is believed where it shows what the export does around them."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from http.server import BaseHTTPRequestHandler
from urllib.parse import parse_qs, urlsplit

import pytest
from forecast.forecast_world import UsageBuilder, organization
from loopback import serving
from worlds import live

from reconciler.app.beside_usage import MOST_REQUESTS, with_days_beside
from reconciler.app.session import connection_to
from reconciler.model.desired import Desired
from reconciler.model.usage import DailyUsage
from reconciler.plan.ledger_usage import unseen_usage
from reconciler.report.missing_days import missing_days

AS_OF = date(2026, 6, 18)
DAY = timedelta(days=1)
FIRST, LAST = date(2026, 4, 20), date(2026, 4, 27)
Answer = Callable[[date, date], tuple[int, str]]


def usage(first: date = FIRST, last: date = LAST) -> DailyUsage:
    """Return usage of 10.00 a day since December without some days."""
    built, day = UsageBuilder(), date(2025, 12, 1)
    while day < AS_OF:
        if not first <= day <= last:
            built.row(day, "team_support", 10.0)
        day += timedelta(days=1)
    table = built.build()
    return replace(table, source=replace(table.source, gaps=((first, last),)))


def alike(first: date, end: date) -> tuple[int, str]:
    """Answer with the sum of 10.00 a day, as the usage has it."""
    return 200, shown(10 * (end - first).days)


def shown(cost: int) -> str:
    rows = [
        {"team_id": "team_support", "cost": cost, "currency": "USD"},
        {"team_id": "b", "cost": 5, "currency": "EUR"},
    ]
    return json.dumps({"data": rows, "next_cursor": None})


def beside(table: DailyUsage, answer: Answer = alike) -> tuple[DailyUsage, list[tuple[date, date]]]:
    """Return `table` with what a dashboard adds that knows sums of days alone, and what it was asked for."""
    asked: list[tuple[date, date]] = []

    class Dashboard(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            query = parse_qs(urlsplit(self.path).query)
            first, end = (date.fromisoformat(query[name][0]) for name in ("from", "to"))
            asked.append((first, end))
            status, text = answer(first, end)
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text.encode())

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    desired = Desired(organization(fiscal_year={"name": "FY26", "starts": "2026-01"}), {}, {})
    with serving(Dashboard) as url:
        connection = connection_to(desired.organization.api, url, "token")
        return with_days_beside(desired, connection, table, as_of=AS_OF), asked


def said(table: DailyUsage) -> list[str]:
    found = missing_days(table.source, as_of=AS_OF, is_named=True, ledgers=True)
    return [finding.message.partition("missing; ")[2] for finding in found]


def test_each_day_counts_with_its_part_of_the_sum_in_the_currency_of_the_organization() -> None:
    filled, asked = beside(usage())
    assert set(filled.source.beside.values()) == {Decimal(10)}
    assert [key for key, _ in zip(filled.source.beside, range(1), strict=False)] == [(FIRST, "team_support")]
    assert len(filled.source.beside) == 8
    assert sorted(asked) == [(FIRST - DAY, FIRST), (FIRST, LAST + DAY), (LAST + DAY, LAST + 2 * DAY)]
    assert said(filled) == ["what the dashboard shows for them counts in the sums of the year instead"]
    unseen = unseen_usage(filled, live(), as_of=AS_OF)
    assert unseen is not None
    assert unseen.spent == 80


def test_days_of_the_year_before_and_of_this_month_are_not_asked_for() -> None:
    filled, _ = beside(usage(date(2025, 12, 29), date(2026, 1, 5)))
    assert [day.isoformat() for day, _ in filled.source.beside] == [f"2026-01-0{day}" for day in range(1, 6)]
    assert said(filled) == [
        "what the dashboard shows for them counts in the sums of the year instead; what was spent on other days is in"
        " no figure"
    ]
    filled, _ = beside(usage(date(2026, 5, 28), date(2026, 6, 4)))
    assert max(day for day, _ in filled.source.beside) == date(2026, 5, 31)
    assert said(filled) == [
        "what the dashboard shows for them counts in the sums of the year instead; what the ledgers settled then counts"
        " instead in June"
    ]


def test_a_gap_of_months_takes_a_request_a_month_and_two_and_each_month_has_its_sum() -> None:
    def growing(first: date, end: date) -> tuple[int, str]:
        return 200, shown(7 + 100 * first.month if (end - first).days > 1 else 10)

    filled, asked = beside(usage(date(2026, 1, 10), date(2026, 5, 20)), growing)
    assert len(asked) == 7
    sums: dict[int, Decimal] = {}
    for (day, wallet), cost in filled.source.beside.items():
        assert wallet == "team_support"
        sums[day.month] = sums.get(day.month, Decimal(0)) + cost
    assert sums == {month: Decimal(7 + 100 * month) for month in range(1, 6)}
    assert len(filled.source.beside) == 131


def test_the_sum_is_spread_as_the_wallet_spends_over_a_week() -> None:
    built = UsageBuilder()
    for number in range(120):
        day = date(2026, 1, 1) + number * DAY
        if not FIRST <= day <= LAST:
            built.row(day, "team_support", 1.0 if day.weekday() >= 5 else 10.0)
            built.row(day, "team_b", 3.0)
    table = built.build()
    table = replace(table, source=replace(table.source, gaps=((FIRST, LAST),)))

    def week(first: date, end: date) -> tuple[int, str]:
        days = [first + number * DAY for number in range((end - first).days)]
        support = sum(2 if day.weekday() >= 5 else 20 for day in days) / (2 if len(days) == 1 else 1)
        rows = [{"team_id": "team_support", "cost": support}, {"team_id": "team_b", "cost": 3 * len(days)}]
        rows.append({"team_id": "team_new", "cost": 8 if len(days) > 1 else 0})
        return 200, json.dumps({"data": [{**row, "currency": "USD"} for row in rows], "next_cursor": None})

    filled, _ = beside(table, week)
    for (day, wallet), cost in filled.source.beside.items():
        weekend = day.weekday() >= 5
        assert cost == {"team_support": 2 if weekend else 20, "team_b": 3, "team_new": 1}[wallet]


def test_parts_that_are_no_whole_billionths_add_up() -> None:
    filled, _ = beside(usage(), lambda first, end: (200, shown(10 if (end - first).days == 1 else -1)))
    assert sum(filled.source.beside.values()) == -1
    filled, _ = beside(usage(date(2026, 4, 20), date(2026, 4, 26)))
    thirds = Decimal(100) / 7
    filled, _ = beside(
        usage(date(2026, 4, 20), date(2026, 4, 26)),
        lambda first, end: (200, shown(10 if (end - first).days == 1 else 100)),
    )
    assert sum(filled.source.beside.values()) == 100
    assert all(abs(cost - thirds) < Decimal("0.000000002") for cost in filled.source.beside.values())


def test_of_many_gaps_the_latest_are_asked_about() -> None:
    table = usage()
    gaps = tuple((date(2026, 1, 2) + 10 * number * DAY, date(2026, 1, 5) + 10 * number * DAY) for number in range(14))
    built = UsageBuilder()
    for number in range(168):
        day = date(2026, 1, 1) + number * DAY
        if not any(low <= day <= high for low, high in gaps):
            built.row(day, "team_support", 10.0)
    table = built.build()
    filled, asked = beside(replace(table, source=replace(table.source, gaps=gaps)))
    assert MOST_REQUESTS - 4 <= len(asked) <= MOST_REQUESTS
    assert max(day for day, _ in filled.source.beside) == gaps[-1][1]
    assert min(day for day, _ in filled.source.beside) > gaps[4][1]


@pytest.mark.parametrize("text", ['{"data":[],"next_cursor":null}', shown(9)], ids=["nothing", "something-else"])
def test_a_dashboard_that_shows_something_else_around_the_days_is_not_believed(text: str) -> None:
    filled, _ = beside(usage(), lambda *_: (200, text))
    assert (filled.source.beside, filled.source.unanswered) == ({}, frozenset())
    assert said(filled) == ["what was spent on them is in no figure"]


@pytest.mark.parametrize("answer", [(200, "no JSON"), (404, "{}"), (403, "{}")], ids=["no-json", "none", "not-ours"])
def test_a_dashboard_that_tells_nothing_is_asked_once_and_named(answer: tuple[int, str]) -> None:
    filled, asked = beside(usage(), lambda *_: answer)
    assert (filled.source.beside, len(filled.source.unanswered), len(set(asked))) == ({}, 8, 1)
    assert said(filled) == ["what was spent on them is in no figure; the dashboard was asked and told nothing"]


def test_days_on_which_nobody_spent_anything_are_no_gap() -> None:
    table = usage()
    nothing = {(FIRST + timedelta(days=number), "team_support"): Decimal(0) for number in range(8)}
    assert said(replace(table, source=replace(table.source, beside=nothing))) == []
