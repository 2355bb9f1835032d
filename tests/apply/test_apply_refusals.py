"""A refusal or a rate limit is believed after a look at the ledger: a gateway may send twice, and tell the last."""

from __future__ import annotations

from datetime import timedelta

import pytest
from apply.loop import Loop
from apply.memory_journal import nothing
from apply.world import Fault, World, only, statuses
from worlds import JUNE, billing_budget, desired, wallet

from reconciler.apply.resume import Permission
from reconciler.findings import ExitCode
from reconciler.model.kinds.billing_budget import BILLING_BUDGETS
from reconciler.model.kinds.managed_kind import text_of
from reconciler.model.outcome import Status

ALERT = "team/team_support/support-monthly"


@pytest.fixture
def loop() -> Loop:
    wanted = desired([wallet("support", "prod", "100")], [("support", billing_budget("support-monthly", "100"))])
    return Loop(wanted, World(), settle=10)


@pytest.mark.parametrize("fault", ["refused after commit", "429 after commit"])
@pytest.mark.parametrize("visible_after", [0.0, 2.0])
def test_money_that_moved_whatever_was_answered_is_found_and_not_sent_again(
    loop: Loop, fault: Fault, visible_after: float
) -> None:
    loop.world.visible_after = visible_after
    loop.world.faults = only(fault)
    result = loop.apply()
    assert statuses(result.run.outcomes) == ["applied", "applied"]
    assert result.exit_code is ExitCode.DONE
    assert loop.world.funded("team_support", JUNE) == 100
    assert loop.world.doubles == []


@pytest.mark.parametrize("fault", ["refused after commit", "429 after commit"])
@pytest.mark.parametrize("kind", ["allocate", "reclaim"])
def test_a_balance_that_moved_makes_a_refusal_unknown_while_the_ledger_is_late(
    loop: Loop, fault: Fault, kind: str
) -> None:
    if kind == "reclaim":
        loop.world.by_hand("allocate", "team_support", "250")
    loop.world.visible_after = 600
    loop.world.clock.sleep(0 if kind == "allocate" else 600)
    loop.world.faults = only(fault)
    result = loop.apply()
    assert statuses(result.run.outcomes)[0] == "unknown"
    assert "holds" in result.run.outcomes[0].reason
    assert loop.apply().exit_code is ExitCode.UNKNOWN
    loop.world.clock.sleep(600)
    assert loop.resume() is not None
    assert loop.apply().exit_code is ExitCode.DONE
    assert loop.world.funded("team_support", JUNE) == 100
    assert loop.world.doubles == []


@pytest.mark.parametrize(("fault", "ended"), [("refused", "refused"), ("429", "applied")])
def test_a_refusal_after_which_nothing_moved_is_one_and_a_rate_limit_is_waited_for(
    loop: Loop, fault: Fault, ended: str
) -> None:
    loop.world.by_hand("allocate", "team_support", "40")
    loop.world.faults = only(fault)
    result = loop.apply()
    assert statuses(result.run.outcomes)[0] == ended
    assert not loop.world.doubles


def test_a_refused_move_that_the_ledger_shows_at_the_end_of_the_run_was_booked(loop: Loop) -> None:
    loop.world.by_hand("allocate", "team_support", "60")
    loop.world.visible_after = 7.0
    loop.world.clock.sleep(10)
    loop.world.faults = only("refused after commit", "hang after commit")

    def spent(where: object) -> None:
        if len(loop.world.sends) == 1:
            loop.world.spend("team_support", "40")

    loop.world.after_send = spent
    result = loop.apply()
    assert result.run.outcomes[0].status is Status.APPLIED
    assert "the ledger shows it all the same" in result.run.outcomes[0].reason


@pytest.mark.parametrize("fault", ["refused after commit", "429 after commit"])
def test_an_alert_that_was_made_whatever_was_answered_is_found_in_the_listing(loop: Loop, fault: Fault) -> None:
    loop.world.faults = only("none", fault)
    result = loop.apply()
    assert statuses(result.run.outcomes) == ["applied", "applied"]
    assert [text_of(key) for key in loop.world.objects(BILLING_BUDGETS).objects] == [ALERT]


def test_an_alert_of_which_nobody_can_tell_whether_it_was_made_is_unknown(loop: Loop) -> None:
    loop.world.faults = only("none", "refused after commit")

    def go_dark(operation: object) -> None:
        if operation == "create":
            loop.world.unreadable = 10**6

    loop.world.after_send = go_dark
    result = loop.apply()
    assert statuses(result.run.outcomes) == ["applied", "unknown"]
    loop.world.unreadable = 0
    assert loop.resume() is not None
    assert len(loop.world.budgets) == 1


def behind(loop: Loop, seconds: float) -> None:
    """Let every reading, balances too, come from a replica that is `seconds` behind."""

    def go_back(reads: object) -> None:
        del reads
        loop.world.as_it_was_at = loop.world.clock.now() - timedelta(seconds=seconds)

    loop.world.before_read = go_back


def test_a_refusal_after_a_commit_that_no_replica_shows_keeps_its_wallet_waiting(loop: Loop) -> None:
    behind(loop, 600)
    loop.world.faults = only("refused after commit")
    assert statuses(loop.apply().run.outcomes) == ["refused", "applied"]
    loop.world.clock.sleep(300)
    (doubt,) = loop.plan().doubts
    assert "before 2026-06-18 09:20" in doubt.reason
    assert "--assume-lost" in doubt.hint
    assert loop.apply().exit_code is ExitCode.UNKNOWN
    loop.world.clock.sleep(1000)
    assert loop.apply().exit_code is ExitCode.DONE
    assert loop.world.funded("team_support", JUNE) == 100
    assert loop.world.doubles == []


@pytest.mark.parametrize("seconds", [0.0, 900.0])
def test_the_same_plan_waits_after_a_refusal_too_and_then_is_carried_out(loop: Loop, seconds: float) -> None:
    plan = loop.plan()
    loop.world.faults = only("refused")
    loop.apply(plan)
    loop.world.clock.sleep(seconds)
    result = loop.apply(plan)
    assert result.exit_code is ExitCode.UNKNOWN
    assert "nothing is sent to this wallet before" in result.run.outcomes[0].reason
    loop.world.clock.sleep(1200)
    assert loop.apply(plan).exit_code is ExitCode.DONE
    assert loop.world.funded("team_support", JUNE) == 100


def test_something_newer_in_the_ledger_ends_the_wait_after_a_refusal(loop: Loop) -> None:
    loop.world.by_hand("allocate", "team_support", "40")
    loop.world.faults = only("refused")
    loop.apply()
    loop.world.clock.sleep(30)
    assert loop.plan().doubts
    loop.world.clock.sleep(600)
    loop.world.spend("team_support", "0.50")
    assert not loop.plan().doubts
    assert loop.apply().exit_code is ExitCode.DONE
    assert loop.world.funded("team_support", JUNE) == 100


def test_a_persons_word_ends_the_wait_after_a_refusal(loop: Loop) -> None:
    loop.world.faults = only("refused")
    (refused, _) = loop.apply().run.outcomes
    result = loop.resume(Permission(operation=refused.op, reason="the gateway log shows a validation error"))
    assert result is not None
    assert result.exit_code is ExitCode.DONE
    assert loop.world.funded("team_support", JUNE) == 100


def test_a_refusal_that_is_about_the_sender_keeps_nothing_waiting(loop: Loop) -> None:
    loop.world.faults = only("denied")
    loop.apply()
    assert not loop.plan().doubts
    assert loop.apply().exit_code is ExitCode.DONE


def test_a_rate_limit_after_a_commit_is_found_while_replicas_are_behind_for_less_than_the_settle_time(
    loop: Loop,
) -> None:
    loop.settle = 60
    behind(loop, 50)
    loop.world.faults = only("429 after commit")
    assert loop.apply().exit_code is ExitCode.DONE
    assert loop.world.funded("team_support", JUNE) == 100
    assert loop.world.doubles == []


def test_a_rate_limit_is_not_repeated_where_readings_are_known_to_go_back(loop: Loop) -> None:
    loop.world.by_hand("allocate", "team_support", "40")
    loop.world.clock.sleep(30)
    loop.world.faults = only("429 after commit")

    def go_back(operation: object) -> None:
        del operation
        behind(loop, 600)

    loop.world.after_send = go_back
    result = loop.apply()
    assert statuses(result.run.outcomes)[0] == "unknown"
    assert "before its ledger shows something newer" in result.run.outcomes[0].reason
    loop.world.clock.sleep(1300)
    assert loop.apply().exit_code is ExitCode.DONE
    assert loop.world.funded("team_support", JUNE) == 100
    assert loop.world.doubles == []


@pytest.fixture
def two() -> Loop:
    return Loop(desired([wallet("sales", "prod", "70"), wallet("support", "prod", "100")]), World(), settle=10)


def test_a_rate_limit_is_not_repeated_while_ledgers_lack_what_another_answer_said_is_booked(two: Loop) -> None:
    def go_back(operation: object) -> None:
        del operation
        behind(two, 600)

    two.world.before_read = go_back
    two.world.faults = only("none", "429 after commit")
    result = two.apply()
    assert statuses(result.run.outcomes) == ["unknown", "unknown"]
    assert result.exit_code is ExitCode.UNKNOWN
    two.world.before_read, two.world.as_it_was_at = nothing, None
    two.world.clock.sleep(1300)
    assert two.apply().exit_code is ExitCode.DONE
    assert [two.world.funded(key, JUNE) for key in ("team_sales", "team_support")] == [70, 100]
    assert two.world.doubles == []


def test_a_rate_limit_is_repeated_in_the_same_run_where_ledgers_show_what_another_answer_said_is_booked(
    two: Loop,
) -> None:
    two.world.faults = only("none", "429")
    assert two.apply().exit_code is ExitCode.DONE
    assert two.world.doubles == []
