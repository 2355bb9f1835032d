"""A refusal or a rate limit is believed after a look at the ledger: a gateway may send twice, and tell the last."""

from __future__ import annotations

import pytest
from apply.loop import Loop
from apply.world import Fault, World, only, statuses
from worlds import JUNE, billing_budget, desired, wallet

from reconciler.findings import ExitCode
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
    assert [str(budget.key) for budget, _ in loop.world.budgets.values()] == [ALERT]


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
