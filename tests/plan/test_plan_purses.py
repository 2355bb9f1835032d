"""What a wallet holds for the month, now and when months open."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from worlds import JULY, JUNE, entry, live_wallet, wallet

from reconciler.model.live import LiveWallet
from reconciler.model.period import Period
from reconciler.model.purse import Opening, Purse
from reconciler.plan.purses import Unused, funded_purse, ledger_purses, signed
from reconciler.plan.wallets import WalletGap

MAY = JUNE.plus(-1)
AUGUST = JUNE.plus(2)
AS_OF = date(2026, 6, 18)
SUPPORT = wallet("support", "prod", "100", m2026_07="70")
PLAIN = wallet("support", "prod", "100")
D = Decimal


@pytest.mark.parametrize(
    ("spent", "period", "unused", "expected"),
    [
        ("40", JUNE, "keep", Purse(D(60), D(40))),
        ("100", JUNE, "keep", Purse(D(0), D(100))),
        ("130", JUNE, "keep", Purse(D(0), D(130))),
        ("40", JULY, "keep", Purse(D(60), D(0), (Opening(JULY, D(70), True),))),
        (
            "40",
            AUGUST,
            "reclaim",
            Purse(D(60), D(0), (Opening(JULY, D(70), False), Opening(AUGUST, D(100), False))),
        ),
        ("40", MAY, "keep", Purse(D(60), D(40))),
    ],
)
def test_a_wallet_without_a_ledger_is_funded_with_its_target_when_each_month_begins(
    spent: str, period: Period, unused: Unused, expected: Purse
) -> None:
    assert funded_purse(SUPPORT, spent=D(spent), period=period, as_of=AS_OF, unused=unused) == expected


def test_a_wallet_that_is_to_be_gone_keeps_nothing_over_a_month() -> None:
    absent = replace(SUPPORT, absent=True)
    assert funded_purse(absent, spent=D(0), period=JULY, as_of=AS_OF) == Purse(
        D(0), D(0), (Opening(JULY, D(0), False),)
    )


def live(available: str, *entries: Any, reserved: str = "0") -> LiveWallet:
    return replace(live_wallet("team_support", *entries, available=available), reserved=D(reserved))


FUNDED = entry("a", "allocate", "100")
SETTLED = entry("s", "settle", "30", day=5)


def purses(held: LiveWallet, period: Period = JUNE, **other: Any) -> tuple[Purse, Purse]:
    facts: dict[str, Any] = {"as_of": AS_OF, "moved": D(0), **other}
    return ledger_purses(SUPPORT, held, period=period, **facts)


def test_in_the_month_itself_both_sides_hold_what_is_left_and_differ_by_what_is_moved() -> None:
    held = live("60", FUNDED, SETTLED, reserved="10")
    assert purses(held, moved=D(5)) == (Purse(D(60), D(40)), Purse(D(65), D(40)))
    assert purses(replace(held, beyond_cents=D("0.004")))[0].left == D("60.004")


def test_of_a_month_that_is_over_what_came_and_went_since_is_taken_away_again() -> None:
    july = [
        entry(kind, kind, amount, day=1, month=JULY)
        for kind, amount in (
            ("credit", "1"),
            ("allocate", "20"),
            ("top_up", "300"),
            ("refund", "4000"),
            ("reclaim", "7"),
            ("settle", "11"),
            ("reserve", "999"),
            ("release", "999"),
        )
    ]
    started = replace(july[1], created_at=datetime(2026, 7, 1, tzinfo=UTC))
    before = replace(july[1], created_at=datetime(2026, 6, 30, 23, 59, 59, tzinfo=UTC))
    came = D(1 + 20 + 300 + 4000 - 7 - 11)
    assert purses(live("5000", FUNDED, SETTLED, *july, reserved="2"), as_of=date(2026, 7, 3))[0] == Purse(
        D(5002) - came, D(30)
    )
    assert purses(live("90", FUNDED, SETTLED, started), as_of=date(2026, 7, 3))[0].left == D(70)
    assert purses(live("90", FUNDED, SETTLED, before), as_of=date(2026, 7, 3))[0].left == D(90)


def test_before_a_month_begins_git_still_funds_this_one_and_opens_those_between() -> None:
    held = live("55", entry("a", "allocate", "60"))
    september = (Opening(JUNE.plus(3), D(0), True), Opening(JUNE.plus(3), D(100), True))
    assert [purse.openings[-1] for purse in purses(held, JUNE.plus(3))] == list(september)
    assert [len(purse.openings) for purse in purses(held, JUNE.plus(3))] == [3, 3]
    was, will = purses(held, AUGUST)
    assert was == Purse(D(95), D(0), (Opening(JULY, D(70), True), Opening(AUGUST, D(0), True)))
    assert will == Purse(D(95), D(0), (Opening(JULY, D(70), True), Opening(AUGUST, D(100), True)))


def test_what_was_moved_for_a_month_to_come_already_is_not_moved_again() -> None:
    ahead = entry("b", "allocate", "50", operation=f"2026-07-{'1' * 20}", day=17)
    _, will = purses(live("150", FUNDED, ahead), AUGUST, unused="reclaim")
    assert will.openings == (Opening(JULY, D(20), True), Opening(AUGUST, D(100), False))


def test_an_excess_is_taken_back_first_and_from_a_first_contact_nothing_is() -> None:
    held = live("130", entry("a", "allocate", "130"))
    assert purses(held, JULY)[0].left == D(100)
    assert purses(held, JULY, is_first=True)[0].left == D(130)
    assert purses(live("30"), JUNE.plus(1), unused="reclaim")[0].left == D(100)


@pytest.mark.parametrize(("to_open", "own", "left"), [(True, (), "100"), (True, ("txn_a",), "130"), (False, (), "130")])
def test_what_is_left_is_as_after_this_month_s_opening_where_that_is_still_to_come(
    to_open: bool, own: tuple[str, ...], left: str
) -> None:
    held = live("40", entry("txn_a", "allocate", "10"))
    assert purses(held, JULY, unused="reclaim", to_open=to_open, own=own)[0].left == D(left)


@pytest.mark.parametrize(
    ("given", "available", "moved"),
    [
        ("10", "40", [D(-30), D(90)]),
        ("130", "150", [D(-20), D(-30)]),
        ("100", "90", []),
        ("100", "100.01", [D("-0.01")]),
    ],
)
def test_of_a_wallet_that_others_funded_what_it_holds_beyond_that_is_an_earlier_month_s(
    given: str, available: str, moved: list[Decimal]
) -> None:
    held = live(available, entry("txn_a", "allocate", given, month=JULY, day=1))
    gap = WalletGap("", PLAIN, held, JULY, "reclaim", to_open=True)
    assert [signed(change) for change in gap.changes()] == moved
    assert gap.facts.get("unused") == ("reclaim" if D(available) > D(given) else None)
    kept = WalletGap("", PLAIN, held, JULY, to_open=True).carried_over_note()
    rest = D(available) - D(given)
    assert f"keeps USD {rest:.2f} from earlier months" in kept.message if kept else rest <= 0


def test_a_wallet_that_is_to_be_gone_is_emptied_when_the_next_month_opens() -> None:
    _, will = ledger_purses(replace(SUPPORT, absent=True), live("30", FUNDED), period=JULY, as_of=AS_OF, moved=D(0))
    assert will.openings == (Opening(JULY, D(0), False),)
    (change,) = WalletGap("", replace(SUPPORT, absent=True), live("30", FUNDED), JUNE).changes()
    assert signed(change) == D(-30)


@pytest.mark.parametrize("unused", ["keep", "reclaim"])
@pytest.mark.parametrize(("taken", "given", "is_asked"), [("100", "0", True), ("30", "10", True), ("10", "10", False)])
def test_more_taken_by_hand_than_a_month_was_given_is_asked_about(
    taken: str, given: str, unused: Unused, is_asked: bool
) -> None:
    by_hand = (
        entry("txn_2", "allocate", given, month=JULY, day=1),
        entry("txn_3", "reclaim", taken, month=JULY, day=1),
    )
    gap = WalletGap("", PLAIN, live("0", FUNDED, *by_hand), JULY, unused)
    moved = [signed(change) for change in gap.changes()]
    if not is_asked:
        assert moved == [D(100)]
        return
    left = gap.left_out()
    assert moved == []
    assert left is not None
    assert "txn_3" in left.reason


@pytest.mark.parametrize(
    ("taken", "override", "moved"), [("100", "0", ["100"]), ("30", "70", ["100"]), ("100", "100", ["200"])]
)
def test_an_override_says_which_month_lost_what_was_taken(taken: str, override: str, moved: list[str]) -> None:
    held = live("0", FUNDED, entry("txn_3", "reclaim", taken, month=JULY, day=1))
    gap = WalletGap("", wallet("support", "prod", "100", m2026_07=override), held, JULY)
    assert [signed(change) for change in gap.changes()] == [D(amount) for amount in moved]


def test_more_taken_than_the_month_and_its_target_is_given_back_first() -> None:
    left = WalletGap("", PLAIN, live("0", entry("txn_3", "reclaim", "150", month=JULY, day=1)), JULY).left_out()
    assert left is not None
    assert left.hint.startswith(
        "if it was an earlier month's, give USD 50.00 back in Keeptrusts and then write `2026-07: {amount: 0.00,"
        " demand: usual}`"
    )


def test_what_our_own_run_took_is_not_asked_about() -> None:
    own = entry("txn_3", "reclaim", "30", month=JULY, day=1)
    assert WalletGap("", PLAIN, live("0", own), JULY, own=("txn_3",)).left_out() is None
