"""Days that an export leaves out: the dashboard is believed where it shows what the export does around them."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest
from forecast.forecast_world import UsageBuilder, organization
from worlds import live

from reconciler.app.beside_usage import with_days_beside
from reconciler.app.session import connection_to
from reconciler.model.desired import Desired
from reconciler.model.usage import DailyUsage
from reconciler.plan.ledger_usage import unseen_usage
from reconciler.report.missing_days import missing_days
from reconciler.sandbox.faults import parse_faults
from reconciler.sandbox.server import running

AS_OF = date(2026, 6, 18)
FIRST, LAST = date(2026, 4, 20), date(2026, 4, 27)
ALIKE = '{"data":[{"team_id":"team_support","cost":10,"currency":"USD"},{"team_id":"b","cost":5,"currency":"EUR"}]}'


def usage(first: date = FIRST, last: date = LAST) -> DailyUsage:
    """Return usage of 10.00 a day since December without some days."""
    built, day = UsageBuilder(), date(2025, 12, 1)
    while day < AS_OF:
        if not first <= day <= last:
            built.row(day, "team_support", 10.0)
        day += timedelta(days=1)
    table = built.build()
    return replace(table, source=replace(table.source, gaps=((first, last),)))


def beside(table: DailyUsage, shown: str) -> DailyUsage:
    """Return `table` with what a dashboard adds that answers `shown` whatever day it is asked for."""
    faults = parse_faults([{"fault": "garble", "route": "/v1/spend", "text": shown}])
    desired = Desired(organization(fiscal_year={"name": "FY26", "starts": "2026-01"}), {}, {})
    with running(scenario="empty", as_of=AS_OF, faults=faults) as sandbox:
        connection = connection_to(desired.organization.api, sandbox.url, sandbox.read_token)
        return with_days_beside(desired, connection, table, as_of=AS_OF)


def said(table: DailyUsage) -> list[str]:
    found = missing_days(table.source, as_of=AS_OF, is_named=True, ledgers=True)
    return [finding.message.partition("missing; ")[2] for finding in found]


def test_each_day_counts_with_what_is_shown_in_the_currency_of_the_organization() -> None:
    filled = beside(usage(), ALIKE)
    assert set(filled.source.beside.values()) == {Decimal(10)}
    assert [key for key, _ in zip(filled.source.beside, range(1), strict=False)] == [(FIRST, "team_support")]
    assert len(filled.source.beside) == 8
    assert said(filled) == ["what the dashboard shows for them counts in the sums of the year instead"]
    unseen = unseen_usage(filled, live(), as_of=AS_OF)
    assert unseen is not None
    assert unseen.spent == 80


def test_days_of_the_year_before_and_of_this_month_are_not_asked_for() -> None:
    filled = beside(usage(date(2025, 12, 29), date(2026, 1, 5)), ALIKE)
    assert sorted(day.isoformat() for day, _ in filled.source.beside) == [f"2026-01-0{day}" for day in range(1, 6)]
    assert said(filled) == [
        "what the dashboard shows for them counts in the sums of the year instead; what was spent on other days is in"
        " no figure"
    ]
    filled = beside(usage(date(2026, 5, 28), date(2026, 6, 4)), ALIKE)
    assert max(day for day, _ in filled.source.beside) == date(2026, 5, 31)
    assert said(filled) == [
        "what the dashboard shows for them counts in the sums of the year instead; what the ledgers settled then counts"
        " instead in June"
    ]


@pytest.mark.parametrize(
    "shown",
    ['{"data":[]}', ALIKE.replace('"cost":10', '"cost":9'), "no JSON"],
    ids=["nothing", "something-else", "not-understood"],
)
def test_a_dashboard_that_shows_something_else_around_the_days_is_not_believed(shown: str) -> None:
    filled = beside(usage(), shown)
    assert filled.source.beside == {}
    assert said(filled) == ["what was spent on them is in no figure"]


def test_days_on_which_nobody_spent_anything_are_no_gap() -> None:
    table = usage()
    nothing = {(FIRST + timedelta(days=number), "team_support"): Decimal(0) for number in range(8)}
    assert said(replace(table, source=replace(table.source, beside=nothing))) == []
