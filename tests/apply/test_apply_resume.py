"""What resume finishes, proves and leaves alone; what a person may allow."""

from __future__ import annotations

import pytest
from apply.loop import Loop
from apply.memory_journal import Crash, nothing
from apply.world import World, only, statuses
from worlds import JUNE, billing_budget, desired, wallet

from reconciler.apply.resume import Permission
from reconciler.findings import ExitCode, LockHeldError, UsageError
from reconciler.model.outcome import Status


@pytest.fixture
def loop() -> Loop:
    wanted = desired(
        [wallet("sales", "prod", "40"), wallet("support", "prod", "100")],
        [("support", billing_budget("support-monthly", "100"))],
    )
    return Loop(wanted, World(), settle=10)


def killed_at(loop: Loop, place: int) -> None:
    """Apply, and kill the process at the `place`th step around a record or a send."""
    left = place

    def step(where: str) -> None:
        nonlocal left
        left -= 1
        if left == 0:
            raise Crash

    loop.world.before_send = loop.world.after_send = step
    loop.store.before_append = loop.store.after_append = step
    with pytest.raises(Crash):
        loop.apply()
    loop.world.before_send = loop.world.after_send = nothing
    loop.store.before_append = loop.store.after_append = nothing
    loop.store.holder = None


def test_nothing_to_resume_in_an_empty_journal_and_after_a_finished_run(loop: Loop) -> None:
    assert loop.resume() is None
    loop.apply()
    assert loop.resume() is None


def test_an_interrupted_run_is_finished_from_the_journal_with_the_same_ids(loop: Loop) -> None:
    plan = loop.plan()
    killed_at(loop, 8)
    loop.wanted = desired()
    result = loop.resume()
    assert result is not None
    assert result.exit_code is ExitCode.DONE
    assert [o.op for o in result.run.outcomes][:2] == [getattr(change, "op", "") for change in plan.changes][:2]
    assert [loop.world.funded(key, JUNE) for key in ("team_sales", "team_support")] == [40, 100]
    assert loop.resume() is None


def test_what_was_declared_is_remembered_across_an_interruption(loop: Loop) -> None:
    killed_at(loop, 8)
    loop.resume()
    loop.wanted = desired([*loop.wanted.wallets.values()], teams=["support"])
    assert [change.kind for change in loop.plan().changes] == ["delete_billing_budget"]


def test_a_refused_change_is_final_for_resume_and_sent_again_by_a_new_apply(loop: Loop) -> None:
    loop.world.faults = only("refused", "drop before")
    assert loop.apply().exit_code is ExitCode.UNKNOWN
    sent = len(loop.world.sends)
    result = loop.resume()
    assert result is not None
    assert statuses(result.run.outcomes)[:2] == ["refused", "unknown"]
    assert len(loop.world.sends) == sent
    loop.world.clock.sleep(1201)
    again = loop.apply()
    assert statuses(again.run.outcomes)[0] == "applied"


def test_a_refused_billing_budget_is_final_for_resume(loop: Loop) -> None:
    loop.world.faults = only("none", "drop before", "refused")
    loop.apply()
    result = loop.resume()
    assert result is not None
    assert statuses(result.run.outcomes) == ["already_applied", "unknown", "refused"]


def test_an_open_operation_of_a_team_that_is_refused_by_now_stays_unknown_and_is_not_sent(loop: Loop) -> None:
    plan = loop.plan()
    loop.world.faults = only("none", "drop before")
    assert loop.apply(plan).exit_code is ExitCode.UNKNOWN
    sent = len(loop.world.sends)
    other = desired([wallet("sales", "prod", "40"), wallet("support", "prod", "70")])
    result = loop.apply(plan, other)
    assert {o.wallet: str(o.status) for o in result.run.outcomes if o.wallet} == {
        "team_sales": "already_applied",
        "team_support": "unknown",
    }
    assert result.exit_code is ExitCode.UNKNOWN
    assert len(loop.world.sends) == sent


def test_teams_that_were_refused_as_stale_stay_refused(loop: Loop) -> None:
    plan = loop.plan()
    loop.world.by_hand("allocate", "team_support", "1")
    loop.world.faults = only("drop before")
    assert loop.apply(plan).exit_code is ExitCode.UNKNOWN
    result = loop.resume()
    assert result is not None
    assert statuses(result.run.outcomes) == ["unknown", "refused", "refused"]
    assert set(result.stale) == {"support"}


def test_a_run_that_a_later_one_went_past_is_proved_and_nothing_is_sent_for_it(loop: Loop) -> None:
    loop.world.faults = only("drop before")
    first = loop.apply()
    (unknown,) = [o for o in first.run.outcomes if o.status is Status.UNKNOWN]
    loop.wanted = desired([wallet("sales", "prod", "35"), wallet("support", "prod", "90")], teams=["support"])
    assert loop.apply().exit_code is ExitCode.UNKNOWN
    sent = len(loop.world.sends)
    result = loop.resume(Permission(operation=unknown.op, reason="the gateway saw nothing"))
    assert result is not None
    told = {o.op: o for o in result.run.outcomes}
    assert told[unknown.op].status is Status.SKIPPED
    assert "a later run did without it" in told[unknown.op].reason
    assert loop.world.funded("team_sales", JUNE) == 0
    assert len(loop.world.sends) == sent
    assert loop.resume() is None
    assert loop.apply().exit_code is ExitCode.DONE
    assert loop.world.funded("team_sales", JUNE) == 35


def test_an_object_of_a_run_that_a_later_one_went_past_is_not_sent_either(loop: Loop) -> None:
    loop.world.faults = only("none", "none", "drop before")
    first = loop.apply()
    (unknown,) = [o for o in first.run.outcomes if o.status is Status.UNKNOWN]
    loop.wanted = desired([wallet("sales", "prod", "40"), wallet("support", "prod", "90")], teams=["support"])
    assert loop.apply().exit_code is ExitCode.DONE
    assert loop.resume() is not None
    result = loop.resume(Permission(operation=unknown.op, reason="it never came"))
    assert result is not None
    assert statuses(result.run.outcomes) == ["skipped"]
    assert loop.world.budgets == {}
    assert loop.resume() is None


def test_a_late_entry_of_a_run_that_a_later_one_went_past_is_proved(loop: Loop) -> None:
    loop.world.faults = only("delayed commit")
    loop.apply()
    loop.wanted = desired([wallet("support", "prod", "90")], teams=["sales", "support"])
    loop.apply()
    loop.world.clock.sleep(60)
    result = loop.resume()
    assert result is not None
    assert [(o.wallet, o.status) for o in result.run.outcomes] == [("team_sales", Status.ALREADY_APPLIED)]
    assert result.exit_code is ExitCode.DONE


@pytest.mark.parametrize("operation", ["2026-06-00000000000000000000", "create_billing_budget:x"])
def test_only_what_is_unknown_can_be_assumed_lost(loop: Loop, operation: str) -> None:
    loop.apply()
    with pytest.raises(UsageError, match="is not unknown"):
        loop.resume(Permission(operation=operation, reason="because"))


def test_what_is_assumed_lost_but_shows_after_all_is_not_sent_again(loop: Loop) -> None:
    loop.settle = 1
    loop.world.faults = only("delayed commit")
    (unknown,) = [o for o in loop.apply().run.outcomes if o.status is Status.UNKNOWN]
    loop.world.clock.sleep(60)
    sent = len(loop.world.sends)
    result = loop.resume(Permission(operation=unknown.op, reason="nobody saw it"))
    assert result is not None
    assert result.exit_code is ExitCode.DONE
    assert len(loop.world.sends) == sent


def test_what_is_assumed_lost_is_not_sent_when_the_wallet_has_moved_since(loop: Loop) -> None:
    loop.world.faults = only("drop before")
    (unknown,) = [o for o in loop.apply().run.outcomes if o.status is Status.UNKNOWN]
    loop.world.by_hand("allocate", "team_sales", "7")
    result = loop.resume(Permission(operation=unknown.op, reason="nobody saw it"))
    assert result is not None
    assert result.exit_code is ExitCode.STALE
    assert loop.world.funded("team_sales", JUNE) == 7


def test_a_lock_of_a_run_that_is_alive_is_not_taken_without_its_owner_s_name(loop: Loop) -> None:
    with loop.store.lock(loop.environment("bob").attribution.owner("run-9"), clock=loop.world.clock):
        with pytest.raises(LockHeldError, match="bob@"):
            loop.resume()
        with pytest.raises(LockHeldError, match="bob@"):
            loop.resume(Permission(owner="ada"))
        assert loop.store.holder is not None
        loop.resume(Permission(owner=loop.store.holder.name, reason="the runner is gone"))
    assert loop.steps() == ["lock_broken"]


def test_a_lock_whose_owner_is_proved_dead_is_taken_over(loop: Loop) -> None:
    killed_at(loop, 4)
    loop.store.holder = loop.environment("bob").attribution.owner("run-9")
    loop.store.holder_is_dead = True
    result = loop.resume()
    assert result is not None
    assert "lock_broken" in loop.steps()


def test_a_torn_last_line_is_dropped_and_the_run_finished(loop: Loop) -> None:
    killed_at(loop, 4)
    loop.store.torn = b'{"at":'
    result = loop.resume()
    assert result is not None
    assert "recovered" in loop.steps()


def test_a_process_that_died_before_sending_on_this_machine_leaves_nothing_unknown(loop: Loop) -> None:
    killed_at(loop, 4)
    assert loop.steps()[-1] == "intent"
    loop.store.notes.dead.update(loop.store.notes.sent)
    result = loop.resume()
    assert result is not None
    assert result.exit_code is ExitCode.DONE
    assert "not_sent" in loop.steps()


def test_a_process_that_died_before_sending_elsewhere_leaves_its_wallet_unknown(loop: Loop) -> None:
    killed_at(loop, 4)
    result = loop.resume()
    assert result is not None
    assert statuses(result.run.outcomes) == ["unknown", "applied", "applied"]
