"""How what is left out of the usage is told: rows, place, money and share of the month."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from reconciler.model.usage import RowIssue, UsageSource
from reconciler.report.usage_doubts import usage_findings, usage_summary

SOURCE = UsageSource(
    digest="sha256:x",
    first_day=date(2026, 3, 1),
    last_day=date(2026, 6, 17),
    last_complete_day=date(2026, 6, 17),
    data_as_of=None,
    rows=300,
    duplicates=0,
    unpriced_rows=0,
    unpriced_share=0.0,
    month=date(2026, 6, 1),
    month_cost=Decimal(6000),
)


def issue(path: str = "a.csv", row: int = 2, code: str = "bad-cost", **more: object) -> RowIssue:
    settings: dict[str, object] = {"count": 109, "cost": Decimal(9000), "month_cost": Decimal(3000), **more}
    return RowIssue(path, row, code, "no amount; left out", **settings)  # type: ignore[arg-type]


def abroad(*currencies: str, unread: int = 0) -> RowIssue:
    elsewhere = tuple((currency, Decimal("62.75")) for currency in currencies)
    nothing = Decimal(0)
    return issue(code="other-currency", cost=nothing, month_cost=nothing, elsewhere=elsewhere, unread=unread)


def said(*issues: RowIssue) -> list[str]:
    return [finding.message for finding in usage_findings(replace(SOURCE, issues=issues), currency="USD")]


@pytest.mark.parametrize(
    ("one", "words"),
    [
        (
            issue(),
            "109 rows (first: row 2), USD 9,000.00, USD 3,000.00 of it in June 2026, 33.3% of that month's money",
        ),
        (issue(month_cost=Decimal(9000)), "109 rows (first: row 2), USD 9,000.00, in June 2026, 60.0% of that month"),
        (issue(month_cost=Decimal(0)), "109 rows (first: row 2), USD 9,000.00: no amount"),
        (issue(unread=109), "109 rows (first: row 2), their cost cannot be read: no amount"),
        (abroad("EUR"), "109 rows (first: row 2), EUR 62.75: no amount"),
        (abroad("EUR", "GBP", unread=9), ", EUR 62.75, GBP 62.75, the cost of 9 cannot be read: no amount"),
        (abroad("CHF", "EUR", "GBP", "JPY"), ", GBP 62.75, and money in 1 more currency: no amount"),
        (issue(unread=4), "33.3% of that month's money, the cost of 4 cannot be read: no amount"),
        (issue(row=0, count=1), "1 row, USD 9,000.00, USD 3,000.00"),
        (issue(counted=True), "109 rows (first: row 2), USD 9,000.00, USD 3,000.00 of it in June 2026, 50.0% of that"),
    ],
)
def test_rows_are_told_with_their_place_and_money(one: RowIssue, words: str) -> None:
    (message,) = said(one)
    assert words in message


def test_more_than_one_kind_is_added_up() -> None:
    messages = said(issue(), issue(code="no-team", count=1, cost=Decimal(5), month_cost=Decimal(5)))
    assert messages[-1] == (
        "in all 110 rows were left out, USD 9,005.00, USD 3,005.00 of it in June 2026, 33.4% of that month's money"
    )


def test_money_of_several_currencies_is_never_added_up() -> None:
    euros = abroad("EUR", "GBP")
    messages = said(issue(), euros, replace(euros, path="b.csv", elsewhere=(("EUR", Decimal("0.25")),)))
    assert messages[-1] == (
        "in all 327 rows were left out, USD 9,000.00, USD 3,000.00 of it in June 2026, 33.3% of that month's money,"
        " EUR 63.00, GBP 62.75"
    )
    summary = usage_summary(replace(SOURCE, issues=(issue(), euros)))
    assert summary.left_out.elsewhere == {"EUR": Decimal("62.75"), "GBP": Decimal("62.75")}
    assert "elsewhere" not in summary.doubts[0].model_dump()


def test_what_another_version_replaced_is_not_missing() -> None:
    source = replace(SOURCE, issues=(issue(code="corrected-events"), issue(counted=True, code="no-id")))
    assert usage_summary(source).left_out.rows == 0
    assert [doubt.code for doubt in usage_summary(source).doubts] == ["corrected-events", "no-id"]


def test_rows_in_many_files_are_told_together() -> None:
    (message, _) = said(*(issue(f"{n}.csv", row=n, count=1, cost=Decimal(1), month_cost=Decimal(0)) for n in range(9)))
    assert message == "9 rows (in 9 files, first: row 1), USD 9.00: no amount; left out"


def test_a_month_below_zero_has_a_sentence() -> None:
    source = replace(SOURCE, below_zero={("team_a", date(2026, 6, 1)): Decimal("-8831.78")})
    (finding,) = usage_findings(source, currency="EUR")
    assert finding.code == "month-below-zero"
    assert "team_a in June 2026 add up to EUR -8,831.78" in finding.message
    assert finding.hint


@pytest.mark.parametrize(
    "code",
    ["not-an-export", "hidden", "linked-twice", "folder-like-a-file", "empty-file", "not-gzip", "id-not-mapped"],
)
def test_what_is_said_about_a_file_counts_no_row(code: str) -> None:
    about = replace(SOURCE, issues=(issue("notes.txt", row=0, code=code, count=1),))
    assert [finding.message for finding in usage_findings(about, currency="USD") if finding.code == code] == [
        "no amount; left out"
    ]
    assert usage_summary(about) == usage_summary(replace(SOURCE, issues=()))


@pytest.mark.parametrize(
    ("source", "told"),
    [
        ({"unpriced_rows": 1}, "1 event carries tokens, costs nothing and is no cache hit: "),
        ({"unpriced_rows": 1200}, "1,200 events carry tokens, cost nothing and are no cache hits: "),
        ({"unknown_teams": {"a": 1}}, "1 event, USD 0.00, belongs to a team that no wallet names: a (1)"),
        ({"unknown_teams": {"a": 1, "b": 1}}, "2 events, USD 0.00, belong to teams that no wallet names: a (1), b (1)"),
    ],
)
def test_one_event_is_told_as_one(source: dict[str, Any], told: str) -> None:
    (finding,) = usage_findings(replace(SOURCE, **source), currency="USD")
    assert finding.message.startswith(told)


def test_ids_that_were_used_again_are_told_with_what_to_do_if_it_was_one_event() -> None:
    (told,) = usage_findings(replace(SOURCE, issues=(issue(code="reused-ids", counted=True),)), currency="USD")
    assert "make the earlier exports of those days again" in told.hint
