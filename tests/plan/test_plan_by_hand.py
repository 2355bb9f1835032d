"""Whose an entry of the ledger is, which month and which day it counts for, and what the ledger alone tells."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal

import pytest
import worlds
from worlds import JULY, JUNE, entry, live_wallet

from reconciler.model.period import Period
from reconciler.plan.by_hand import entries_by_hand, foreign_entries, is_doubtful, named_months
from reconciler.plan.ledger_usage import ledger_usage
from reconciler.plan.opening import is_due

MAY = JUNE.plus(-1)
AS_OF = date(2026, 6, 18)
D = Decimal


@pytest.mark.parametrize(
    ("text", "near", "months"),
    [
        ("budget 2026-07", JUNE, ["2026-07"]),
        ("2026/07 and 2025.12", JUNE, ["2026-07", "2025-12"]),
        ("12026-07 2026-071 2026-13 2026-00 1926-07", JUNE, []),
        ("July budget", JUNE, ["2026-07"]),
        ("july budget", JUNE, []),
        ("for July 2027", JUNE, ["2027-07"]),
        ("for july 2027", JUNE, ["2027-07"]),
        ("for Jul 2027, aug. 2028", JUNE, ["2027-07", "2028-08"]),
        ("Jul money", JUNE, []),
        ("July 1, 2027", JUNE, ["2027-07"]),
        ("July 14 2027", JUNE, ["2027-07"]),
        ("december 2026 Sept 2026", JUNE, ["2026-12"]),
        ("January", Period(2026, 12), ["2027-01"]),
        ("December", Period(2026, 1), ["2025-12"]),
        ("December", JUNE, ["2025-12"]),
        ("Marching Octopus", JUNE, []),
        ("May", JUNE, []),
        ("May 2026", JUNE, ["2026-05"]),
    ],
)
def test_a_month_is_heard_in_words_that_name_it(text: str, near: Period, months: list[str]) -> None:
    assert [str(month) for month in named_months(text, near=near)] == months


@pytest.mark.parametrize(
    ("day", "month", "text", "kind", "is_asked"),
    [
        (2, JUNE, "", "allocate", False),
        (2, JUNE, "for July", "allocate", True),
        (2, JUNE, "June or July", "allocate", False),
        (2, JUNE, "for July", "reclaim", False),
        (25, MAY, "", "allocate", True),
        (24, MAY, "", "allocate", False),
        (24, MAY, "for June", "allocate", True),
        (25, MAY, "for July", "allocate", False),
        (25, MAY, f"[kt-budgets op=2026-05-{'1' * 20}]", "allocate", False),
        (28, MAY.plus(-1), "", "allocate", False),
        (2, MAY.plus(-1), "June 2026", "allocate", True),
    ],
)
def test_money_may_be_meant_for_another_month_than_its_date_s(
    day: int, month: Period, text: str, kind: str, is_asked: bool
) -> None:
    given = replace(entry("x", kind, "5", day=day, month=month), description=text)
    assert is_doubtful(given, JUNE) == is_asked


def test_the_last_seven_days_of_a_month_are_those_of_utc() -> None:
    east = timezone(timedelta(hours=9))
    given = replace(entry("x", "allocate", "5"), created_at=datetime(2026, 5, 25, 8, tzinfo=east), description="")
    assert not is_doubtful(given, JUNE)
    assert is_doubtful(replace(given, created_at=datetime(2026, 5, 25, 9, tzinfo=east)), JUNE)


def test_what_repeats_an_operation_is_foreign_and_what_the_journal_knows_is_not() -> None:
    ours = entry("ours", "allocate", "5", operation=f"2026-06-{'1' * 20}")
    again, cut, hand = replace(ours, id="again"), entry("cut", "allocate", "1"), entry("hand", "allocate", "1", day=1)
    assert foreign_entries([hand, ours, again, cut], {"cut"}) == (hand, again)
    assert foreign_entries([hand, ours, again, cut]) == (hand, again, cut)
    assert entries_by_hand([hand, cut]) == ()
    same = replace(hand, created_at=ours.created_at)
    assert entries_by_hand([same, ours]) == ()
    later = replace(hand, created_at=ours.created_at + timedelta(seconds=1))
    assert entries_by_hand([hand, ours, later]) == (later,)
    early = replace(again, created_at=hand.created_at)
    assert entries_by_hand([early, ours, entry("third", "allocate", "1", operation=f"2026-06-{'3' * 20}", day=9)]) == (
        (ours,)
    )


@pytest.mark.parametrize(
    ("moment", "is_open"),
    [
        ("2026-06-30T23:59:59", False),
        ("2026-07-01T05:59:59", False),
        ("2026-07-01T06:00:00", True),
        ("2026-07-02T00:00:00", True),
        ("2026-08-01T00:00:00", True),
    ],
)
def test_a_month_is_to_be_open_from_six_on_its_first_day(moment: str, is_open: bool) -> None:
    assert is_due(JULY, datetime.fromisoformat(moment).replace(tzinfo=UTC)) == is_open


def test_the_usage_of_a_ledger_says_where_it_comes_from() -> None:
    last = entry("c", "settle", "0.25", day=9)
    late = replace(entry("b", "settle", "2"), created_at=datetime(2026, 6, 4, 1, tzinfo=timezone(timedelta(hours=2))))
    held = [live_wallet("team_b", entry("a", "settle", "1.5", day=5), last), live_wallet("team_a", late)]
    usage = ledger_usage(worlds.live(held), as_of=AS_OF)
    assert usage is not None
    assert [str(day) for day in usage.day] == ["2026-06-03", "2026-06-05", "2026-06-09"]
    assert usage.day.dtype == "datetime64[D]"
    assert usage.wallet.tolist() == ["team_a", "team_b", "team_b"]
    assert usage.cost.tolist() == [2_000_000_000, 1_500_000_000, 250_000_000]
    for name in ("workload", "provider", "model", "lane"):
        assert getattr(usage, name).tolist() == ["", "", ""]
    for name in ("credits", "avoided", "requests", "input_tokens", "output_tokens", "cache_hits", "fallbacks"):
        assert getattr(usage, name).tolist() == [0, 0, 0]
    assert usage.fallback_cost.tolist() == [0, 0, 0]
    source = usage.source
    assert (source.first_day, source.last_day, source.last_complete_day) == (
        date(2026, 6, 3),
        date(2026, 6, 9),
        date(2026, 6, 17),
    )
    assert (source.rows, source.duplicates, source.unpriced_rows, source.unpriced_share) == (3, 0, 0, 0.0)
    assert source.data_as_of is None
    assert source.digest == "sha256:ed89c75f92cdec112708c7af44938df75772b395675b0dadd79959de87b8116f"
