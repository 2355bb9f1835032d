"""Money, months, marks and entries of a ledger at the boundaries where they begin to count."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal

import pytest
from worlds import JULY, JUNE, entry, live_wallet, usd

from reconciler.model.live import LedgerEntry, available_money
from reconciler.model.money import Money, cents, is_payable, payable, total, whole_cents_of
from reconciler.model.operation import carries, has_no_journal, is_cut_mark, mark, without_journal
from reconciler.model.period import Period
from reconciler.model.purse import Opening, Purse
from reconciler.model.unclear import Unreadable

D = Decimal


def test_cents_are_rounded_half_to_even_and_what_can_be_moved_is_cut() -> None:
    assert [cents(text) for text in ("0.005", "0.015", "0.025", "-0.005")] == [
        D("0.00"),
        D("0.02"),
        D("0.02"),
        D("0.00"),
    ]
    assert str(cents(D("-0.001"))) == "0.00"
    assert [whole_cents_of(D(text)) for text in ("1.009", "-1.009")] == [D("1.00"), D("-1.00")]
    assert payable(D("120.75"), "JPY") == 120
    assert payable(D("-120.75"), "JPY") == -120
    assert payable(D("120.75"), "USD") == D("120.75")
    assert [is_payable(D(text), code) for text, code in (("1.5", "JPY"), ("1", "JPY"), ("1.5", "EUR"))] == [
        False,
        True,
        True,
    ]
    assert available_money(D("10.009"), D("0.002"), "USD") == usd("10.00")
    assert available_money(D("3"), D("5"), "USD") == usd(0)


def test_money_is_compared_at_the_cent_and_added_in_its_currency() -> None:
    one, same, more = usd("1.00"), usd("1.00"), usd("1.01")
    assert (one < same, one <= same, one > same, one >= same) == (False, True, False, True)
    assert (one < more, one <= more, one > more, one >= more) == (True, True, False, False)
    assert (one + more, more - one, -one) == (usd("2.01"), usd("0.01"), usd("-1.00"))
    assert total([one, more], "USD") == usd("2.01")
    with pytest.raises(ValueError, match=r"^USD and EUR cannot be netted$"):
        total([Money(D(1), "EUR")], "USD")


def test_a_month_knows_its_edges() -> None:
    december = Period(2026, 12)
    assert (december.plus(1), december.plus(-12), Period(2027, 1).plus(-1)) == (
        Period(2027, 1),
        Period(2025, 12),
        december,
    )
    assert (december.first, december.last, december.end, december.days) == (
        date(2026, 12, 1),
        date(2026, 12, 31),
        date(2027, 1, 1),
        31,
    )
    assert december.start_instant == datetime(2026, 12, 1, tzinfo=UTC)
    assert december.end_instant == datetime(2027, 1, 1, tzinfo=UTC)
    assert december.start_instant.tzinfo is UTC
    assert Period(2027, 2).months_since(december) == 2
    assert [moment in december for moment in (date(2026, 12, 1), date(2026, 11, 30), date(2027, 1, 1))] == [
        True,
        False,
        False,
    ]
    assert (str(Period(33, 4)), december.name) == ("0033-04", "December 2026")
    assert Period.of(date(2026, 6, 18)) == JUNE


OPERATION = f"2026-06-{'0123456789abcdef0123'}"


@pytest.mark.parametrize(
    ("text", "is_named"),
    [
        (mark(OPERATION), True),
        (f"before {mark(OPERATION)} after", True),
        (mark(OPERATION)[:-1], True),
        (f"[kt-budgets op={OPERATION[:16]}", True),
        (f"[kt-budgets op={OPERATION[:17]}", True),
        (f"[kt-budgets op={OPERATION[:16]}9", False),
        (f"[kt-budgets op={OPERATION[:16]}…", True),
        (f"[kt-budgets op={OPERATION[:16]} ...", True),
        (f"[kt-budgets op={OPERATION[:15]}", False),
        (f"[kt-budgets op={OPERATION[:15]}x", False),
        (f"[kt-budgets op={OPERATION[:15]}9", False),
        (f"[kt-budgets op=2026-07{OPERATION[7:18]}", False),
        (f"[kt-budgets op={OPERATION[:16]} and more", False),
        ("[kt-budgets op=", False),
        (OPERATION, False),
        ("", False),
        (None, False),
    ],
)
def test_a_mark_that_was_cut_names_its_operation_from_eight_digits_on(text: str | None, is_named: bool) -> None:
    assert carries(text, OPERATION) == is_named


def test_a_mark_is_cut_where_its_end_is_missing() -> None:
    assert is_cut_mark(mark(OPERATION)[:-1])
    assert is_cut_mark(f"{mark(OPERATION)} {mark(OPERATION)[:20]}")
    assert not is_cut_mark(mark(OPERATION))
    assert not is_cut_mark(f"{mark(OPERATION)[:20]} {mark(OPERATION)}")
    assert not is_cut_mark("by hand")
    assert not is_cut_mark(None)


def test_an_operation_of_a_made_up_past_has_no_journal() -> None:
    made_up = without_journal(OPERATION)
    assert made_up == f"2026-06-{'0' * 12}cdef0123"
    assert len(made_up) == len(OPERATION)
    assert has_no_journal(made_up)
    assert not has_no_journal(OPERATION)
    assert not has_no_journal(f"{made_up[:19]}1{made_up[20:]}")


def test_an_entry_of_a_ledger_funds_the_month_of_its_mark_else_of_its_date() -> None:
    july = entry("x", "allocate", "5", operation=f"2026-07-{'1' * 20}")
    assert (july.funds(JULY), july.funds(JUNE)) == (True, False)
    hand = entry("x", "reclaim", "5")
    assert (hand.funds(JUNE), hand.funds(JULY), hand.operation) == (True, False, None)
    assert replace(hand, known_as=OPERATION).operation == OPERATION
    assert replace(july, known_as=OPERATION).operation == f"2026-07-{'1' * 20}"
    for kind, signed, settled in (("allocate", 5, 0), ("reclaim", -5, 0), ("settle", 5, 5), ("refund", 5, -5)):
        found = entry("x", kind, "5")
        assert (found.signed, found.settled) == (D(signed), D(settled))
        assert found.funds(JUNE) == (kind in ("allocate", "reclaim"))


def test_a_wallet_says_what_was_funded_settled_and_spent() -> None:
    east = timezone(timedelta(hours=2))
    late = LedgerEntry("z", "settle", D("1.005"), "USD", "", datetime(2026, 7, 1, 1, tzinfo=east))
    held = replace(
        live_wallet(
            "team_a", entry("a", "allocate", "10"), entry("b", "reclaim", "3"), entry("c", "refund", "2"), late
        ),
        beyond_cents=D("0.004"),
    )
    assert (held.funded(JUNE), held.funded(JULY)) == (usd(7), usd(0))
    assert [one.id for one in held.funding(JUNE)] == ["a", "b"]
    assert (held.settled(JUNE), held.spent(JUNE), held.spent(JULY)) == (D("-0.995"), usd("-1.00"), usd(0))
    assert (held.spent_on(date(2026, 6, 30)), held.spent_on(date(2026, 7, 1))) == (D("1.005"), D(0))
    assert held.spendable == D("0.004")
    assert replace(held, available=None).money_left == usd(0)
    assert held.shows_after(late.created_at - timedelta(seconds=1))
    assert not held.shows_after(late.created_at)


def test_what_cannot_be_understood_is_called_by_what_could_be_read() -> None:
    found = Unreadable("billing_budget", "bud_1", ("team", "", "x"), "why")
    assert (found.key, found.name) == ("team/x", "x")
    assert [found.may_be(key) for key in (("team", "a", "x"), ("team", "a", "y"), ("user", "a", "x"))] == [
        True,
        False,
        False,
    ]
    assert replace(found, parts=("", "", "")).key == "bud_1"
    assert replace(found, parts=("",), id="").key == "without a name"


def test_a_purse_is_empty_when_nothing_is_there_and_nothing_comes() -> None:
    def opens(added: str) -> tuple[Opening, ...]:
        return (Opening(JULY, D(0)), Opening(JULY.plus(1), D(added)))

    assert [Purse(D(left), D(0), opens(added)).is_empty for left, added in (("0", "0"), ("0", "1"), ("1", "0"))] == [
        True,
        False,
        False,
    ]
    assert Purse(D(-1), D(0), opens("-1")).is_empty
    assert (Purse(D(-1)).held, Purse(D(2)).held) == (D("0.00"), D(2))
    assert Purse(D(2), D(3)).plus(D(5)) == Purse(D(7), D(3))
    assert Purse(D(2), D(3), opens("1")).plus(D(5)) == Purse(D(2), D(3), opens("6"))
