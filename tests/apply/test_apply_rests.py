"""What a month left is taken back once, out of a reading that is consistent, and never out of the new month's money."""

from __future__ import annotations

from decimal import Decimal

import pytest
from apply.loop import Loop
from apply.world import World, only, statuses
from memory_keeptrusts import whole
from worlds import JULY, JUNE, desired, taking_back, wallet

from reconciler.findings import ExitCode
from reconciler.model.change import Reclaim
from reconciler.model.plan import Plan

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
    loop.apply(loop.plan())
    assert held(loop) == 70
    loop.apply(plan)
    assert held(loop) == 70


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
