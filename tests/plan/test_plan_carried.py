"""What wallets carry over: by the ledger to the cent, by the listing at least, and what of it goes back."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from worlds import JUNE, desired, entry, live, live_wallet, taking_back, wallet

from reconciler.model.carried import Carried, Rest
from reconciler.model.change import Allocate, Reclaim
from reconciler.model.desired import Desired
from reconciler.model.live import Live, LiveWallet, Unread
from reconciler.model.outcome import Doubt
from reconciler.model.unclear import Unreadable
from reconciler.model.wallet_ref import WalletRef
from reconciler.plan.carried import carried_over
from reconciler.plan.diff import make_plan
from reconciler.plan.purses import signed

KEY = WalletRef.team("team_support")
D = Decimal
GIVES = entry("a", "allocate", "100")
SPENDS = entry("s", "settle", "30", day=5)
KEEPS = desired([wallet("support", "prod", "100")])


def planned(wanted: Desired, state: Live, before: Desired | None = None) -> Carried:
    """Return what is carried over once everything that `wanted` asks for is applied."""
    changes = make_plan(wanted, state, JUNE).changes
    return carried_over(wanted, state, month=JUNE, spent=lambda _: D(0), changes=changes, before=before)


def holding(available: str, *entries: Any) -> Live:
    return live([live_wallet("team_support", *entries, available=available)])


def listed(amount: str, wanted: Desired = KEEPS, *, spent: str = "0", **other: Any) -> Carried:
    state = replace(live(), listed={KEY: D(amount)}, **other)
    return carried_over(wanted, state, month=JUNE, spent=lambda _: D(spent))


def test_what_a_wallet_holds_and_has_spent_beyond_the_month_s_own_money_is_carried_over() -> None:
    state = holding("120", GIVES, SPENDS)
    assert planned(KEEPS, state) == Carried({KEY: Rest(kept=D(50), now=D(50))})
    reserved = replace(state.wallets[KEY], reserved=D(7), beyond_cents=D("0.005"))
    assert planned(KEEPS, live([reserved])).rests[KEY].kept == D("57.005")


def test_a_month_that_is_not_open_yet_changes_nothing_of_it() -> None:
    assert planned(KEEPS, holding("50")) == Carried({KEY: Rest(kept=D(50), now=D(50))})


@pytest.mark.parametrize("state", [holding("70", GIVES, SPENDS), holding("60", GIVES, SPENDS), live()])
def test_a_wallet_that_holds_no_more_than_the_month_s_money_carries_nothing_over(state: Live) -> None:
    asked = replace(state, wallets=state.wallets or {KEY: LiveWallet(KEY, "USD")})
    assert planned(KEEPS, asked) == Carried()


def test_what_opening_a_month_takes_back_is_not_kept_and_a_plan_that_begins_to_take_it_shows_it() -> None:
    state, takes = holding("50", SPENDS), taking_back(KEEPS)
    assert planned(takes, state, KEEPS) == Carried({KEY: Rest(kept=D(30), now=D(80), taken=D(50))})
    assert planned(takes, state) == Carried({KEY: Rest(kept=D(30), now=D(30), taken=D(50))})


def test_within_a_month_what_may_be_left_of_it_goes_back_when_the_next_one_opens() -> None:
    takes = taking_back(KEEPS)
    assert planned(takes, holding("120", GIVES, SPENDS), KEEPS) == Carried({KEY: Rest(now=D(50), back=D(50))})
    late = holding("20", GIVES, entry("s", "settle", "130", day=5))
    assert planned(takes, late, KEEPS) == Carried({KEY: Rest(kept=D(30), now=D(50), back=D(20))})
    assert planned(KEEPS, late, takes) == Carried({KEY: Rest(kept=D(50), now=D(30))})


def test_a_team_that_leaves_keeps_nothing_and_without_the_plan_would_have_what_is_still_there() -> None:
    state = holding("120", GIVES, SPENDS)
    gone = desired([wallet("support", "prod", "100", absent=True)])
    assert planned(gone, state, KEEPS) == Carried({KEY: Rest(now=D(20), back=D(20))})
    assert planned(gone, state) == Carried({KEY: Rest(back=D(20))})


@pytest.mark.parametrize(("amount", "spent", "expected"), [("120", "30", "50"), ("60", "30", "0"), ("0", "100", "0")])
def test_without_its_ledger_a_wallet_has_at_least_what_it_is_listed_with_beyond_the_target(
    amount: str, spent: str, expected: str
) -> None:
    found = listed(amount, spent=spent)
    assert found.at_least
    assert sum(rest.kept for rest in found.rests.values()) == D(expected)


def test_nothing_is_unknown_of_a_wallet_that_is_not_there_or_whose_rest_goes_back() -> None:
    assert carried_over(KEEPS, live(), month=JUNE, spent=lambda _: D(0)) == Carried()
    assert listed("500", taking_back(KEEPS)) == Carried()


def test_a_wallet_in_the_listing_that_cannot_be_understood_may_be_any_that_is_not_there() -> None:
    strange = replace(live(), unreadable=(Unreadable("wallet", "wal_broken", ("team", "", ""), "no balance"),))
    assert carried_over(KEEPS, strange, month=JUNE, spent=lambda _: D(0)) == Carried(at_least=True)


def test_without_any_ledger_nothing_is_told_and_wallets_may_hold_something() -> None:
    assert carried_over(KEEPS, None, month=JUNE, spent=lambda _: D(100)) == Carried(at_least=True)
    assert carried_over(taking_back(KEEPS), None, month=JUNE, spent=lambda _: D(0)) == Carried()


def test_a_ledger_that_is_not_read_or_not_believed_tells_nothing() -> None:
    state = holding("120", GIVES)
    doubt = Doubt(wallet=KEY, kind="stale", operations=("op",), reason="a reading that lacks something", hint="wait")
    unread = live([replace(state.wallets[KEY], ledger=(), unread=Unread("an entry of no known type", "name it"))])
    for found in (
        carried_over(KEEPS, state, month=JUNE, spent=lambda _: D(0), doubts=[doubt]),
        carried_over(KEEPS, unread, month=JUNE, spent=lambda _: D(0)),
    ):
        assert found == Carried(at_least=True)


def test_what_is_spent_and_what_is_not_taken_back_stays_beyond_the_target() -> None:
    less = desired([wallet("support", "prod", "20")])
    spent_more = holding("85", GIVES, entry("s", "settle", "30", day=5))
    assert planned(less, spent_more) == Carried({KEY: Rest(kept=D(15), now=D(15))}), "80 go back, 15 + 20 stay"
    spent_all = holding("45", GIVES, entry("s", "settle", "70", day=5))
    assert planned(less, spent_all) == Carried({KEY: Rest(kept=D(15), now=D(15), stays=D(35))}), "45 of 80 go back"
    untouched = carried_over(less, spent_all, month=JUNE, spent=lambda _: D(70))
    assert untouched.rests[KEY].stays == 80, "of the first contact nothing is taken back"
    july = make_plan(less, spent_all, JUNE.plus(1)).changes
    assert carried_over(less, spent_all, month=JUNE, spent=lambda _: D(70), changes=july) == untouched


def test_without_its_ledger_what_a_wallet_spent_beyond_its_target_is_all_that_is_known() -> None:
    nothing = desired([wallet("support", "prod", "0")])
    for wanted in (nothing, taking_back(nothing)):
        found = carried_over(wanted, None, month=JUNE, spent=lambda _: D("17.59"))
        assert found.rests == {KEY: Rest(stays=D("17.59"))}
    assert listed("0", nothing, spent="17.59").rests == {KEY: Rest(stays=D("17.59"))}
    assert listed("5", nothing, spent="17.59").rests == {KEY: Rest(kept=D("22.59"), now=D("22.59"))}
    gone = desired([wallet("support", "prod", "0", absent=True)])
    assert not listed("0", gone, spent="17.59").rests, "what teams that left spent is counted by itself"


amounts = st.integers(0, 500).map(D)


@given(carried=amounts, given_now=amounts, spent=amounts, target=amounts, unused=st.booleans(), began=st.booleans())
def test_all_that_is_carried_over_is_kept_or_taken_or_goes_back_and_the_sum_is_the_ledger_s(
    carried: Decimal, given_now: Decimal, spent: Decimal, target: Decimal, unused: bool, began: bool
) -> None:
    spent = min(spent, carried + given_now)
    moves = [entry("a", "allocate", given_now)] if given_now else []
    state = holding(str(carried + given_now - spent), *moves, entry("s", "settle", spent, day=5))
    keeps = desired([wallet("support", "prod", str(target))])
    takes = taking_back(keeps)
    after, before = (takes if unused else keeps), (takes if began else keeps)
    rest = planned(after, state, before).rests.get(KEY, Rest())
    changes = make_plan(after, state, JUNE).changes
    moved = sum((signed(change) for change in changes if isinstance(change, Allocate | Reclaim)), D(0))
    assert target + rest.kept + rest.stays + rest.back == carried + given_now + moved, "all that it then has this month"
    assert target + rest.kept + rest.stays >= spent, "what is spent cannot be taken back"
    assert rest.kept + rest.taken + rest.back == carried
    assert min(rest) >= 0
    if after is keeps:
        assert rest.kept == carried
    assert rest.now == (carried if before is keeps else max(carried - (carried + given_now - spent), D(0)))


@given(
    given_now=amounts,
    target=amounts,
    unused=st.booleans(),
    first=st.booleans(),
    words=st.sampled_from(["by hand", "for May 2026", "for June 2026"]),
    later=st.booleans(),
)
def test_what_a_plan_does_not_move_is_what_the_ledger_gave_whoever_is_left_alone(
    given_now: Decimal, target: Decimal, unused: bool, first: bool, words: str, later: bool
) -> None:
    gave = replace(entry("a", "allocate", given_now), description=words)
    state = holding(str(given_now), *([gave] if given_now else []))
    wanted = desired([wallet("support", "prod", str(target))])
    wanted, period = (taking_back(wanted) if unused else wanted), (JUNE.plus(1) if later else JUNE)
    changes = make_plan(wanted, state, period, known=(), first=first).changes
    rest = carried_over(wanted, state, month=JUNE, period=period, spent=lambda _: D(0), changes=changes).rests
    found = rest.get(KEY, Rest())
    own = [
        each for each in changes if isinstance(each, Allocate) or (isinstance(each, Reclaim) and not each.carried_from)
    ]
    months = 2 if later else 1
    has = months * target + found.stays - found.lacks
    assert has - sum(map(signed, own), D(0)) == given_now, "what both months have without the plan"
