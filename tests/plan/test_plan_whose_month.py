"""Money by hand whose words name another month than its date: who is asked, when, and what answers."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from worlds import JULY, JUNE, entry, live_wallet, wallet

from reconciler.model.live import LedgerEntry
from reconciler.plan.purses import signed
from reconciler.plan.wallets import WalletGap

D = Decimal
MAY = JUNE.plus(-1)


def named(entry: LedgerEntry, words: str) -> LedgerEntry:
    return replace(entry, description=words)


def ours(id: str, amount: str, *, month: Any, day: int, of: str, kind: str = "allocate") -> LedgerEntry:
    return entry(id, kind, amount, month=month, day=day, operation=f"{of}-{id[-1] * 20}")


FIRST = ours("txn_1", "100", month=JUNE, day=1, of="2026-06")
FOR_JULY = named(entry("txn_2", "allocate", "60", month=JUNE, day=29), "top-up for July 2026")


def gap(*earlier: LedgerEntry, now: tuple[LedgerEntry, ...] = (), **other: Any) -> WalletGap:
    overrides = other.pop("overrides", {})
    held = replace(live_wallet("team_support", *now, available="160"), earlier=earlier)
    return WalletGap("", wallet("support", "prod", "100", **overrides), held, JULY, **{"to_open": True, **other})


@pytest.mark.parametrize(
    ("earlier", "other", "is_asked"),
    [
        ((FIRST, FOR_JULY), {}, True),
        ((FIRST, named(FOR_JULY, "2026-07")), {}, True),
        ((FIRST, named(FOR_JULY, "June 2026")), {}, False),
        ((FIRST, named(FOR_JULY, "one more top-up")), {}, False),
        ((FIRST, named(FOR_JULY, "August 2026")), {}, False),
        ((FIRST, replace(FOR_JULY, kind="reclaim")), {}, False),
        ((FIRST, FOR_JULY, ours("txn_3", "60", month=JUNE, day=30, of="2026-06", kind="reclaim")), {}, False),
        ((FIRST, FOR_JULY, ours("txn_3", "5", month=JUNE, day=28, of="2026-06")), {}, True),
        ((FIRST, FOR_JULY), {"own": ("txn_2",)}, False),
        ((FIRST, FOR_JULY, entry("txn_3", "allocate", "1", month=JUNE, day=30)), {"own": ("txn_3",)}, False),
        ((FIRST, FOR_JULY, entry("txn_3", "allocate", "1", month=JUNE, day=30)), {}, True),
        ((FIRST, FOR_JULY), {"overrides": {"m2026_06": "160"}}, False),
        ((FIRST, FOR_JULY), {"overrides": {"m2026_06": "120"}}, True),
        ((FIRST, FOR_JULY), {"overrides": {"m2026_07": "40"}}, False),
        ((FIRST, FOR_JULY), {"unused": "reclaim"}, False),
        ((FIRST, FOR_JULY), {"to_open": False}, False),
        ((FIRST, FOR_JULY), {"is_known": False}, False),
        ((FOR_JULY,), {"is_known": False, "is_first": True}, True),
    ],
)
def test_words_for_the_month_that_opens_are_asked_about_until_something_answers(
    earlier: tuple[LedgerEntry, ...], other: dict[str, Any], is_asked: bool
) -> None:
    found = gap(*earlier, **other)
    left = found.left_out()
    assert (left is not None and left.asks) == is_asked
    assert bool([change for change in found.changes() if signed(change) > 0]) != is_asked


@pytest.mark.parametrize(
    ("words", "before", "is_asked"),
    [("June 2026", False, True), ("July 2026", False, False), ("a little", False, False), ("June 2026", True, False)],
)
def test_a_top_up_of_the_month_itself_is_asked_about_until_we_opened_it(
    words: str, before: bool, is_asked: bool
) -> None:
    opened = (ours("txn_3", "90", month=JULY, day=1, of="2026-07"),) if before else ()
    given = named(entry("txn_4", "allocate", "10", month=JULY, day=2), words)
    left = gap(FIRST, now=(*opened, given)).left_out()
    assert (left is not None) == is_asked
    if left is not None:
        assert "`2026-07: {amount: 110.00, demand: usual}` under `overrides:`" in left.hint
        assert left.hint.endswith("if its date is right, write `2026-07: 100.00`")


@pytest.mark.parametrize(("given", "rest"), [(("60",), "40.00"), (("60", "15"), "25.00"), (("60", "55"), "0.00")])
def test_all_that_was_given_for_the_month_is_asked_about_at_once(given: tuple[str, ...], rest: str) -> None:
    entries = [replace(FOR_JULY, id=f"txn_{n}", amount=D(amount)) for n, amount in enumerate(given, 5)]
    left = gap(FIRST, *entries).left_out()
    assert left is not None
    assert left.amount == sum(map(D, given))
    assert all(each.id in left.reason for each in entries)
    assert f"`2026-07: {{amount: {rest}, demand: usual}}` under `overrides:`" in left.hint
    assert "first-apply" not in left.hint + left.reason


def test_a_month_without_a_year_is_the_nearest_and_days_are_those_of_utc() -> None:
    late = replace(FOR_JULY, description="Budget July", created_at=datetime(2026, 6, 30, 23, 59, tzinfo=UTC))
    assert gap(FIRST, late).left_out() is not None
    assert gap(FIRST, named(late, "Budget June")).left_out() is None
