"""A reading is held against the journal: what contradicts it is not believed, and its wallet is left alone."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal

import pytest
from apply.loop import Loop
from apply.memory_journal import MemoryStore
from apply.world import World, only, statuses
from memory_keeptrusts import whole
from worlds import JULY, JUNE, desired, wallet

from reconciler.apply.acceptance import Accepted
from reconciler.apply.resume import Permission, resume
from reconciler.findings import ExitCode
from reconciler.journal.record import accepted_entry
from reconciler.model.operation import mark
from reconciler.model.wallet_ref import WalletRef

SUPPORT = WalletRef.team("team_support")
LATE = 3600.0


def wanting(amount: str, *others: str) -> Loop:
    wallets = [wallet("support", "prod", amount), *(wallet(team, "prod", "10") for team in others)]
    return Loop(desired(wallets), World(), settle=5)


def aim(loop: Loop, amount: str, *others: str) -> None:
    loop.wanted = wanting(amount, *others).wanted


def funded(loop: Loop) -> Decimal:
    return loop.world.funded(SUPPORT, JUNE)


@pytest.mark.parametrize("listed_before", [True, False])
def test_a_ledger_later_than_settle_is_not_sent_to_again_before_it_shows_what_was_confirmed(
    listed_before: bool,
) -> None:
    loop = wanting("1400", "sales")
    if listed_before:
        loop.world.by_hand("allocate", SUPPORT, "100")
    loop.world.visible_after = LATE
    assert loop.apply().exit_code is ExitCode.UNKNOWN
    aim(loop, "1500", "sales")
    plan = loop.plan()
    assert [doubt.kind for doubt in plan.doubts] == ["stale", "stale"]
    assert plan.changes == ()
    assert loop.apply(plan).exit_code is ExitCode.UNKNOWN
    resumed = loop.resume()
    assert resumed is not None
    assert resumed.exit_code is ExitCode.UNKNOWN
    assert funded(loop) == 1400
    loop.world.clock.sleep(LATE)
    assert loop.resume() is not None
    assert loop.resume() is None
    assert loop.apply().exit_code is ExitCode.UNKNOWN
    loop.world.clock.sleep(LATE)
    loop.resume()
    assert loop.apply().exit_code is ExitCode.DONE
    assert funded(loop) == 1500


def test_a_replica_that_is_behind_after_a_run_that_was_done_is_not_believed() -> None:
    loop = wanting("1600")
    before = loop.world.clock.now()
    loop.world.clock.sleep(60)
    assert loop.apply().exit_code is ExitCode.DONE
    loop.world.as_it_was_at = before
    aim(loop, "1700")
    plan = loop.plan()
    assert plan.changes == ()
    assert [doubt.operations for doubt in plan.doubts] == [tuple(o for o in loop.world.commits)]
    result = loop.apply(plan)
    assert result.exit_code is ExitCode.UNKNOWN
    assert not result.run.converged
    assert funded(loop) == 1600
    loop.world.as_it_was_at = None
    assert loop.apply().exit_code is ExitCode.DONE
    assert funded(loop) == 1700


def test_a_plan_from_a_good_reading_is_not_applied_on_a_stale_one() -> None:
    loop = wanting("100", "sales")
    before = loop.world.clock.now()
    loop.world.clock.sleep(60)
    loop.apply()
    aim(loop, "150", "sales")
    plan = loop.plan()
    loop.world.as_it_was_at = before
    result = loop.apply(plan)
    assert statuses(result.run.outcomes) == ["unknown"]
    assert "does not show" in result.run.outcomes[0].reason
    assert funded(loop) == 100
    assert "refused" not in loop.steps()


def test_an_apply_waits_until_settle_for_a_reading_that_agrees() -> None:
    loop = wanting("100")
    loop.world.visible_after = 20
    loop.apply()
    aim(loop, "160")
    loop.world.clock.sleep(20)
    plan = loop.plan()
    loop.world.as_it_was_at = loop.world.clock.now() - timedelta(seconds=40)
    before = loop.world.reads

    def recover(reads: int) -> None:
        if reads > before + 20:
            loop.world.as_it_was_at = None

    loop.settle = 600
    loop.world.before_read = recover
    loop.world.visible_after = 0
    assert loop.apply(plan).exit_code is ExitCode.DONE
    assert funded(loop) == 160


@pytest.mark.parametrize("descriptions", [whole, lambda text: text[:0], lambda text: text[:20]])
def test_ids_alone_are_enough_to_see_an_operation(descriptions: Callable[[str], str]) -> None:
    loop = wanting("100")
    loop.world.descriptions = descriptions
    loop.apply()
    aim(loop, "130")
    assert loop.plan().doubts == ()
    assert loop.apply().exit_code is ExitCode.DONE
    assert funded(loop) == 130


def test_what_an_older_month_confirmed_and_was_seen_does_not_block_and_what_was_not_is_looked_for_there() -> None:
    loop = wanting("100")
    assert loop.apply().exit_code is ExitCode.DONE
    loop.open(JULY)
    assert loop.plan().doubts == ()
    late = wanting("100")
    late.world.visible_after = LATE
    assert late.apply().exit_code is ExitCode.UNKNOWN
    late.open(JULY)
    assert late.plan().doubts == ()
    late.world.visible_after = 0
    assert late.apply().exit_code is ExitCode.DONE
    assert late.world.funded(SUPPORT, JULY) == 100


def test_what_was_never_seen_in_an_older_month_blocks_until_it_is() -> None:
    loop = wanting("100")
    loop.world.visible_after = 60 * 86400
    loop.apply()
    loop.open(JULY)
    assert [doubt.kind for doubt in loop.plan().doubts] == ["stale"]


def test_an_unknown_operation_is_planned_around_and_named() -> None:
    loop = wanting("100", "sales")
    loop.world.faults = only("none", "drop before")
    loop.apply()
    aim(loop, "120", "sales")
    plan = loop.plan()
    assert [(doubt.wallet, doubt.kind) for doubt in plan.doubts] == [(SUPPORT, "unknown")]
    assert loop.apply(plan).exit_code is ExitCode.UNKNOWN
    assert funded(loop) == 0


def test_a_mark_of_another_journal_stops_its_wallet_and_the_others_go_on() -> None:
    loop = wanting("100", "sales")
    loop.apply()
    loop.store = MemoryStore()
    aim(loop, "140", "sales", "legal")
    plan = loop.plan()
    assert {(doubt.wallet, doubt.kind) for doubt in plan.doubts} == {
        (SUPPORT, "foreign"),
        ("team_sales", "foreign"),
    }
    assert "another journal" in plan.doubts[0].reason
    result = loop.apply(plan)
    assert [(o.wallet, o.status) for o in result.run.outcomes] == [("team_legal", "applied")]
    assert result.exit_code is ExitCode.STALE
    assert funded(loop) == 100


def test_a_journal_that_was_set_back_is_noticed_by_what_the_ledger_shows() -> None:
    loop = wanting("100")
    loop.apply()
    lines, anchor = list(loop.store.lines), loop.store.anchor
    aim(loop, "150")
    loop.apply()
    loop.store.lines, loop.store.anchor = lines, anchor
    aim(loop, "175")
    assert [doubt.kind for doubt in loop.plan().doubts] == ["foreign"]
    assert loop.apply().exit_code is ExitCode.STALE
    assert funded(loop) == 150


def test_the_same_plan_under_another_journal_finds_its_own_operations_done() -> None:
    loop = wanting("100")
    plan = loop.plan()
    loop.apply(plan)
    loop.store = MemoryStore()
    assert loop.apply(plan).exit_code is ExitCode.DONE
    assert funded(loop) == 100


def test_a_foreign_mark_that_shows_up_after_the_review_refuses_its_wallet_as_stale() -> None:
    loop = wanting("100")
    plan = loop.plan()
    loop.world.by_hand("allocate", SUPPORT, "5", f"{mark('2026-06-00112233445566778899')} June")
    result = loop.apply(plan)
    assert result.exit_code is ExitCode.STALE
    assert statuses(result.run.outcomes) == ["refused"]
    assert funded(loop) == 5


def test_a_cut_mark_that_nobody_knows_is_foreign_too_until_a_person_accepts_its_entry() -> None:
    loop = wanting("100")
    entry = loop.world.by_hand("allocate", SUPPORT, "5", mark("2026-06-00112233445566778899")[:33])
    (doubt,) = loop.plan().doubts
    assert doubt.operations == (accepted_entry(entry.id),)
    accept(loop, doubt.operations[0], entry.id)
    assert loop.apply().exit_code is ExitCode.DONE
    assert funded(loop) == 100


def test_what_a_person_accepts_blocks_no_more_whether_the_ledger_shows_it_or_not() -> None:
    loop = wanting("100")
    loop.world.visible_after = 10**9
    loop.apply()
    loop.world.visible_after = 0
    (doubt,) = loop.plan().doubts
    loop.world.accounts[SUPPORT].entries.clear()
    accept(loop, doubt.operations[0])
    assert loop.plan().doubts == ()
    assert loop.apply().exit_code is ExitCode.DONE
    assert funded(loop) == 100


def accept(loop: Loop, operation: str, *transactions: str) -> None:
    """Say what the hint of a doubt says."""
    (doubt,) = loop.plan().doubts
    assert f"--accept {operation}" in doubt.hint
    asked = Accepted(operation, transactions)
    permission = Permission(accepted=(asked,), reason="the backup of Tuesday was restored")
    resume("org_acme", loop.environment(), permission, wallets={SUPPORT: "USD"})


@pytest.mark.parametrize("described", [True, False])
def test_money_that_a_slow_clock_dates_in_the_month_before_is_counted_all_month(*, described: bool) -> None:
    loop = wanting("500")
    loop.world.descriptions = whole if described else lambda _: ""
    loop.world.behind = timedelta(minutes=10)
    loop.open(JULY)
    loop.world.clock.instant = JULY.start_instant + timedelta(minutes=2)
    assert loop.apply().exit_code is ExitCode.DONE
    for _ in range(3):
        plan = loop.plan()
        assert (plan.changes, plan.doubts) == ((), ())
        assert loop.apply(plan).exit_code is ExitCode.DONE
        loop.world.clock.sleep(timedelta(days=9).total_seconds())
    assert len(loop.world.accounts[SUPPORT].entries) == 1
