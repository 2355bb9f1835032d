"""What a month left is taken back once, out of a reading that is consistent, and never out of the new month's money."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from apply.loop import Loop
from apply.world import World, only, statuses
from memory_keeptrusts import whole
from worlds import JULY, JUNE, desired, entry, live_wallet, taking_back, wallet

from reconciler.apply.rest import inconsistency
from reconciler.findings import ExitCode
from reconciler.journal.history import History
from reconciler.journal.record import Step
from reconciler.journal.trace import Trace
from reconciler.model.change import Allocate, Reclaim
from reconciler.model.live import LedgerEntry, LiveWallet
from reconciler.model.plan import Plan
from reconciler.model.wallet_ref import WalletRef

KEY = "team_sales"


def july(world: World) -> Loop:
    """Sales was given 40 for June by us and has 30 of it left; an hour ago July began."""
    made = Loop(taking_back(desired([wallet("sales", "prod", "40")])), world, settle=5)
    assert made.apply().exit_code is ExitCode.DONE
    made.world.spend(KEY, "10")
    made.open(JULY)
    return made


@pytest.fixture
def loop() -> Loop:
    return july(World())


def held(loop: Loop) -> Decimal:
    return loop.world.accounts[KEY].held


def rest(plan: Plan) -> Reclaim:
    (found,) = [change for change in plan.changes if isinstance(change, Reclaim)]
    return found


def test_a_rest_goes_back_and_the_new_month_is_funded_once(loop: Loop) -> None:
    plan = loop.plan()
    assert rest(plan).amount == 30
    assert loop.apply(plan).exit_code is ExitCode.DONE
    assert held(loop) == 40
    assert set(statuses(loop.apply(plan).run.outcomes)) == {"already_applied"}
    assert held(loop) == 40
    assert loop.plan().changes == ()


def test_what_was_spent_since_the_review_makes_the_rest_smaller_and_nothing_else(loop: Loop) -> None:
    plan = loop.plan()
    loop.world.spend(KEY, "0.01")
    result = loop.apply(plan)
    assert result.exit_code is ExitCode.DONE
    assert result.run.outcomes[0].amount == Decimal("29.99")
    assert held(loop) == 40
    assert set(statuses(loop.apply(plan).run.outcomes)) == {"already_applied"}
    assert held(loop) == 40


def test_a_cent_that_is_spent_between_reading_and_writing_loses_no_rest(loop: Loop) -> None:
    left = 1

    def spends(_: str) -> None:
        nonlocal left
        if left:
            left -= 1
            loop.world.spend(KEY, "0.01")

    loop.world.before_send = spends
    result = loop.apply()
    assert statuses(result.run.outcomes) == ["applied", "applied"]
    assert result.run.outcomes[0].amount == Decimal("29.99")
    assert held(loop) == 40


def test_a_rest_of_which_nothing_is_left_is_done_with(loop: Loop) -> None:
    plan = loop.plan()
    loop.world.spend(KEY, "30")
    result = loop.apply(plan)
    assert result.exit_code is ExitCode.DONE
    assert "spent since the review" in result.run.outcomes[0].reason
    assert held(loop) == 40


def test_more_than_was_reviewed_is_never_taken(loop: Loop) -> None:
    plan = loop.plan()
    loop.world.enter(KEY, "refund", "5")
    loop.apply(plan)
    assert held(loop) == 45


def test_a_rest_that_was_refused_is_taken_by_the_next_run_before_the_month_is_funded(loop: Loop) -> None:
    plan = loop.plan()
    loop.world.faults = only("refused")
    result = loop.apply(plan)
    assert statuses(result.run.outcomes) == ["refused", "skipped"]
    assert held(loop) == 30
    loop.world.clock.sleep(1201)
    assert loop.apply(plan).exit_code is ExitCode.DONE
    assert held(loop) == 40


def test_a_plan_that_runs_again_takes_no_rest_out_of_a_month_that_was_funded_meanwhile(loop: Loop) -> None:
    plan = loop.plan()
    loop.world.by_hand("allocate", KEY, "40")
    loop.apply(plan)
    assert held(loop) == 70
    loop.apply(plan)
    assert held(loop) == 70


@pytest.mark.parametrize(("given", "spent"), [("0.01", "0"), ("10", "12"), ("10", "35"), ("40", "0"), ("55", "5")])
def test_what_others_gave_before_a_month_is_opened_keeps_nothing_of_the_last_one(
    loop: Loop, given: str, spent: str
) -> None:
    loop.world.by_hand("allocate", KEY, given)
    loop.world.spend(KEY, spent)
    left = max(Decimal(30) - Decimal(spent), Decimal(0))
    plan = loop.plan()
    reclaims = [change for change in plan.changes if isinstance(change, Reclaim)]
    assert [change.amount for change in reclaims if change.carried_from == JUNE] == ([left] if left else [])
    for _ in range(2):
        assert loop.apply(plan).exit_code is ExitCode.DONE
        assert held(loop) == 70 - Decimal(spent) - left
    assert loop.world.funded(KEY, JULY) == 40
    loop.world.enter(KEY, "refund", "8")
    assert loop.plan().changes == ()


def test_what_is_given_after_the_rest_was_taken_is_no_second_one(loop: Loop) -> None:
    loop.world.by_hand("allocate", KEY, "40")
    loop.apply()
    loop.world.by_hand("allocate", KEY, "7")
    loop.world.enter(KEY, "refund", "8")
    assert [(change.carried_from, change.amount) for change in loop.plan().changes if isinstance(change, Reclaim)] == [
        (None, Decimal(7))
    ]


def test_from_a_wallet_that_nobody_met_before_a_month_that_others_funded_takes_nothing() -> None:
    made = Loop(taking_back(desired([wallet("sales", "prod", "40")])))
    made.world.by_hand("allocate", KEY, "30")
    made.open(JULY)
    made.world.by_hand("allocate", KEY, "10")
    made.apply()
    assert held(made) == 70


@pytest.mark.parametrize("rounds", [1, 3])
def test_a_ledger_that_is_later_than_the_settle_time_costs_the_new_month_nothing(loop: Loop, rounds: int) -> None:
    loop.world.visible_after = 3600
    assert loop.apply().exit_code is ExitCode.UNKNOWN
    for _ in range(rounds):
        loop.apply(loop.plan())
        loop.resume()
        assert held(loop) in (0, 40)
    loop.world.clock.sleep(7200)
    loop.resume()
    loop.world.visible_after = 0
    assert loop.apply(loop.plan()).exit_code is ExitCode.DONE
    assert held(loop) == 40
    assert loop.world.funded(KEY, JULY) == 40


def test_money_that_somebody_gave_and_the_ledger_hides_is_no_rest(loop: Loop) -> None:
    loop.world.visible_after = 3600
    loop.world.by_hand("allocate", KEY, "100")
    loop.world.visible_after = 0
    plan = loop.plan()
    assert rest(plan).amount == 130
    result = loop.apply(plan)
    assert "more than its ledger explains" in result.run.outcomes[0].reason
    assert statuses(result.run.outcomes) == ["refused", "skipped"]
    assert held(loop) == 130


@pytest.mark.parametrize("other_ids", [False, True])
def test_a_ledger_without_descriptions_gives_the_rest_back_once_and_does_not_ask_for_it_again(
    other_ids: bool,
) -> None:
    loop = july(World(descriptions=lambda text: text[:0], answers_with_other_ids=other_ids))
    plan = loop.plan()
    assert loop.apply(plan).exit_code is ExitCode.DONE
    assert held(loop) == 40
    assert loop.plan().changes == ()
    assert set(statuses(loop.apply(plan).run.outcomes)) == {"already_applied"}
    assert held(loop) == 40


def test_without_our_own_record_of_june_a_rest_is_taken_by_what_the_ledger_says() -> None:
    made = Loop(taking_back(desired([wallet("sales", "prod", "40")])), World(descriptions=whole))
    made.world.by_hand("allocate", KEY, "25")
    made.open(JULY)
    assert made.apply().exit_code is ExitCode.DONE
    assert held(made) == 40
    assert made.world.funded(KEY, JUNE) == 0


MOVE = rest(july(World()).plan())
GIVEN = entry("june", "allocate", "40", operation="2026-06-" + "1" * 20)


def known(op: str, step: Step = Step.CONFIRMED, **fields: Any) -> Trace:
    """Return an allocation of ours, announced on the first of June with 5 in the wallet."""
    fields_of_a_reclaim = {"kind", "carried_from", "unreclaimable"}
    given = {**MOVE.model_dump(mode="json", exclude=fields_of_a_reclaim), "op": op, "kind": "allocate"}
    change = Allocate.model_validate(given)
    trace = Trace(op, "run", step, MOVE.wallet, frozenset(), change=change)
    return replace(trace, **{"held": Decimal(5), "announced": JUNE.start_instant, **fields})


JUNES, JULYS = ("2026-06-" + "1" * 20, "2026-07-" + "2" * 20)


def why(found: LiveWallet, *traces: Trace, before: LiveWallet | None = None) -> str:
    return inconsistency(MOVE, found, History({trace.operation: trace for trace in traces}), before=before)


def test_which_entries_funded_the_new_month_is_said_of_the_first_three() -> None:
    given = [entry(f"t{number}", "allocate", "1", month=JULY, operation=JULYS) for number in (1, 2, 3, 4)]
    assert why(live_wallet(KEY, *given)) == (
        "team_sales was funded for 2026-07 already (t1, t2, t3): what 2026-06 left stays in it, because it cannot be"
        " told from the new month's money any more"
    )


@pytest.mark.parametrize("step", [Step.CONFIRMED, Step.SENT, Step.UNKNOWN])
def test_an_allocation_for_the_new_month_that_the_ledger_hides_is_named(step: Step) -> None:
    assert why(live_wallet(KEY), known(JULYS, step)) == (
        f"{JULYS} funded team_sales for 2026-07, and this reading of its ledger does not show it; run it again when"
        " the ledger has caught up"
    )


@pytest.mark.parametrize("step", [Step.REFUSED, Step.NOT_SENT, Step.PLANNED])
def test_an_allocation_that_did_not_happen_hides_nothing(step: Step) -> None:
    assert why(live_wallet(KEY), known(JULYS, step)) == ""


def test_an_anchor_is_an_allocation_to_this_wallet_for_the_month_before_that_says_what_was_held() -> None:
    found = live_wallet(KEY, available="100")
    assert "holds USD 95.00 more" in why(found, known(JUNES))
    assert why(found, known(JUNES, wallet=WalletRef.team("other"))) == ""
    assert why(found, known(JUNES, held=None)) == ""
    assert why(found, known(JUNES, change=MOVE)) == ""
    assert why(found, known("2026-05-" + "1" * 20)) == ""


def spent(kind: str, amount: str, *, after: timedelta) -> LedgerEntry:
    return replace(entry("spent", kind, amount), created_at=JUNE.start_instant + after)


@pytest.mark.parametrize(
    ("available", "entries", "more"),
    [
        ("5.01", (), None),
        ("5.02", (), "0.02"),
        ("45.01", (GIVEN,), None),
        ("45.02", (GIVEN,), "0.02"),
        ("35.02", (GIVEN, spent("settle", "10", after=timedelta(minutes=11))), "0.02"),
        ("35.01", (GIVEN, spent("settle", "10", after=timedelta(minutes=11))), None),
        ("45", (GIVEN, spent("settle", "10", after=timedelta(minutes=10))), None),
        ("45", (GIVEN, spent("reserve", "10", after=timedelta(minutes=11))), None),
        ("35.02", (GIVEN, spent("reclaim", "10", after=timedelta(minutes=11))), "0.02"),
    ],
)
def test_a_wallet_may_hold_what_it_held_and_what_the_ledger_has_added_since(
    available: str, entries: tuple[LedgerEntry, ...], more: str | None
) -> None:
    found = why(live_wallet(KEY, *entries, available=available), known(JUNES))
    assert found == (
        f"team_sales holds USD {more} more than its ledger explains: money came in that this reading does not show;"
        " run it again when the ledger has caught up"
        if more
        else ""
    )


def test_what_was_there_when_an_anchor_was_announced_is_not_added_again() -> None:
    assert "0.02" in why(live_wallet(KEY, GIVEN, available="5.02"), known(JUNES, seen=frozenset({"june"})))


@pytest.mark.parametrize(
    ("available", "reserved", "entries", "is_more"),
    [
        ("10.01", "0", (), False),
        ("10.02", "0", (), True),
        ("13.01", "3", (), False),
        ("13.02", "3", (), True),
        ("17.01", "0", (replace(GIVEN, amount=Decimal(7)),), False),
        ("17.02", "0", (replace(GIVEN, amount=Decimal(7)),), True),
        ("10.02", "0", (entry("spent", "settle", "7"),), True),
    ],
)
def test_a_balance_rises_in_a_run_by_what_the_ledger_shows_and_by_what_was_reserved(
    available: str, reserved: str, entries: tuple[LedgerEntry, ...], *, is_more: bool
) -> None:
    earlier = entry("earlier", "allocate", "50")
    before = replace(live_wallet(KEY, earlier, available="10"), reserved=Decimal(reserved))
    found = why(live_wallet(KEY, earlier, *entries, available=available), before=before)
    assert ("more than its ledger explains" in found) is is_more
