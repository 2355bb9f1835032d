"""What an apply does to a world, change by change and as a whole."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from itertools import repeat
from typing import Any

import pytest
from apply.loop import Loop
from apply.world import Fault, Immediately, World, only, sent, statuses
from memory_keeptrusts import BUDGETS, SCHEDULES, VirtualClock
from worlds import JULY, JUNE, ORGANIZATION, billing_budget, desired, taking_back, wallet

from reconciler.apply import preflight
from reconciler.findings import ExitCode, RefusedError, UsageError
from reconciler.journal.history import history_of
from reconciler.journal.journal import Journal, last_declared
from reconciler.model.kinds.billing_budget import BILLING_BUDGETS
from reconciler.model.kinds.export_schedule import EXPORT_SCHEDULES, ExportSchedule
from reconciler.model.live import LiveWallet
from reconciler.model.money import Money
from reconciler.model.operation import mark
from reconciler.model.period import Period
from reconciler.model.plan import GuardResult, sealed
from reconciler.model.wallet_ref import WalletRef

AS_OF = date(2026, 6, 18)
NOT_SENT: Fault = "not sent"
RATE_LIMITED: Fault = "429"
DROPPED: Fault = "drop before"
WEEKLY = ExportSchedule.model_validate(
    {"name": "weekly", "cron": "0 6 * * MON", "window": "7d", "s3": {"bucket": "artifacts"}}
)


@pytest.fixture
def loop() -> Loop:
    """Support is to get 100 in prod and 40 in dev, sales 50 less than it has; two alerts; one schedule."""
    world = World()
    world.by_hand("allocate", "team_sales", "90")
    wanted = desired(
        [wallet("support", "prod", "100"), wallet("support", "dev", "40"), wallet("sales", "prod", "40")],
        [("support", billing_budget("support-monthly", "100")), ("sales", billing_budget("sales-monthly", "40"))],
        [WEEKLY],
    )
    return Loop(wanted, world)


def test_applying_a_plan_makes_the_ledger_and_the_alerts_equal_the_yaml(loop: Loop) -> None:
    result = loop.apply()
    assert result.exit_code is ExitCode.DONE
    assert result.run.converged
    assert set(statuses(result.run.outcomes)) == {"applied"}
    assert [loop.world.funded(key, JUNE) for key in ("team_support", "team_support_dev", "team_sales")] == [100, 40, 40]
    assert loop.plan().changes == ()


def test_every_change_has_an_outcome_in_the_order_of_the_plan(loop: Loop) -> None:
    plan = loop.plan()
    outcomes = loop.apply(plan).run.outcomes
    assert [(change.kind, change.team) for change in plan.changes] == [(o.kind, o.team) for o in outcomes]


def test_a_second_apply_of_the_same_plan_sends_no_write(loop: Loop) -> None:
    plan = loop.plan()
    first = loop.apply(plan)
    sent = list(loop.world.sends)
    again = loop.apply(plan)
    assert sent == loop.world.sends
    assert set(statuses(again.run.outcomes)) == {"already_applied"}
    assert [o.transaction for o in first.run.outcomes] == [o.transaction for o in again.run.outcomes]
    assert again.exit_code is ExitCode.DONE
    assert again.run.converged


def test_a_description_carries_the_mark_first_and_then_words_for_people(loop: Loop) -> None:
    plan = loop.plan()
    loop.apply(plan)
    (_, entry) = loop.world.accounts["team_support"].entries[0]
    change = next(change for change in plan.changes if getattr(change, "wallet", "") == "team_support")
    assert entry.description == f"{mark(getattr(change, 'op', ''))} June 2026: support / prod, target 100.00"


def test_reclaims_pay_for_allocations_when_the_pool_is_empty(loop: Loop) -> None:
    loop.wanted = desired([wallet("sales", "prod", "40"), wallet("aa", "prod", "50")])
    loop.world.pool = Decimal(0)
    result = loop.apply()
    assert result.exit_code is ExitCode.DONE
    assert loop.world.pool == 0


def test_the_steps_are_journaled_before_and_after_each_send(loop: Loop) -> None:
    loop.wanted = desired([wallet("support", "prod", "100")])
    loop.apply()
    assert loop.steps() == ["started", "planned", "intent", "sent", "confirmed", "finished"]


def test_the_intent_is_in_the_journal_before_the_request_is_sent(loop: Loop) -> None:
    seen: list[str] = []
    loop.world.before_send = lambda _: seen.append(loop.steps()[-1])
    loop.apply()
    assert set(seen) == {"intent"}


def test_a_lost_answer_is_found_in_the_ledger(loop: Loop) -> None:
    loop.world.faults = only("drop after commit", "500 after commit", "hang after commit")
    result = loop.apply()
    assert result.exit_code is ExitCode.DONE
    assert loop.world.doubles == []


def test_a_commit_that_arrives_late_is_waited_for(loop: Loop) -> None:
    loop.world.faults = only("delayed commit")
    assert loop.apply().exit_code is ExitCode.DONE


def test_what_the_ledger_never_shows_is_unknown_and_only_that_wallet_stops(loop: Loop) -> None:
    loop.world.faults = only("drop before")
    result = loop.apply()
    unknown = [o for o in result.run.outcomes if o.status == "unknown"]
    assert [o.wallet for o in unknown] == ["team_sales"]
    assert "does not show it after 60 s" in unknown[0].reason
    assert result.exit_code is ExitCode.UNKNOWN
    assert not result.run.converged
    assert loop.world.funded("team_support", JUNE) == 100


def test_an_unknown_operation_is_not_sent_again_by_the_next_apply(loop: Loop) -> None:
    plan = loop.plan()
    loop.world.faults = only("drop before")
    loop.apply(plan)
    sent = len(loop.world.sends)
    again = loop.apply(plan)
    assert len(loop.world.sends) == sent
    assert again.exit_code is ExitCode.UNKNOWN


def test_a_new_plan_does_not_go_past_an_unknown_operation_on_the_same_wallet(loop: Loop) -> None:
    other = desired([wallet("sales", "prod", "35")])
    reviewed = loop.plan(other)
    loop.world.faults = only("drop before")
    loop.apply()
    result = loop.apply(reviewed, other)
    assert statuses(result.run.outcomes)[0] == "unknown"
    assert "is open on this wallet" in result.run.outcomes[0].reason


def test_an_unknown_operation_that_shows_later_lets_the_wallet_go_on(loop: Loop) -> None:
    loop.settle = 5
    loop.world.faults = only("delayed commit")
    assert loop.apply().exit_code is ExitCode.UNKNOWN
    loop.world.clock.sleep(60)
    result = loop.apply(wanted=desired([wallet("sales", "prod", "35")]))
    assert statuses(result.run.outcomes)[0] == "applied"
    assert loop.world.funded("team_sales", JUNE) == 35


def test_a_connection_that_was_never_made_is_tried_again(loop: Loop) -> None:
    loop.world.faults = only("not sent", "not sent")
    assert loop.apply().exit_code is ExitCode.DONE


def test_a_server_that_cannot_be_reached_at_all_fails_after_bounded_tries(loop: Loop) -> None:
    loop.wanted = desired([wallet("support", "prod", "100")])
    loop.world.faults = only(*repeat(NOT_SENT, 20))
    result = loop.apply()
    assert statuses(result.run.outcomes) == ["failed"]
    assert len(loop.world.sends) == 5
    assert result.exit_code is ExitCode.PARTIAL


def test_a_rate_limit_is_waited_for_and_the_ledger_is_searched_again(loop: Loop) -> None:
    loop.wanted = desired([wallet("support", "prod", "100")])
    loop.world.faults = only("429")
    before = loop.world.clock.now()
    assert loop.apply().exit_code is ExitCode.DONE
    assert (loop.world.clock.now() - before).total_seconds() >= 1


def test_a_refusal_is_told_and_the_other_teams_go_on(loop: Loop) -> None:
    loop.world.faults = only("refused")
    result = loop.apply()
    assert statuses(result.run.outcomes).count("refused") == 1
    assert statuses(result.run.outcomes).count("applied") == len(result.run.outcomes) - 1
    assert "422" in next(o.reason for o in result.run.outcomes if o.status == "refused")
    assert result.exit_code is ExitCode.PARTIAL


def test_money_moved_by_hand_since_review_makes_only_its_team_stale(loop: Loop) -> None:
    plan = loop.plan()
    loop.world.by_hand("allocate", "team_support", "15", "June top-up")
    result = loop.apply(plan)
    assert result.exit_code is ExitCode.STALE
    assert set(result.stale) == {"support"}
    reason = result.stale["support"]
    assert "team_support funded 0.00 → 15.00" in reason
    assert "09:00 UTC" in reason
    assert "txn_" in reason
    assert {o.team: o.status for o in result.run.outcomes if o.team} == {"support": "refused", "sales": "applied"}


def test_money_moved_by_hand_between_comparison_and_send_stops_that_wallet(loop: Loop) -> None:
    loop.wanted = desired([wallet("aa", "prod", "10"), wallet("bb", "prod", "10")])
    moved: list[str] = []

    def administrator(operation: str) -> None:
        if not moved:
            moved.append(operation)
            loop.world.by_hand("allocate", "team_bb", "3")

    loop.world.before_send = administrator
    result = loop.apply()
    assert statuses(result.run.outcomes) == ["applied", "refused"]
    assert "the ledger moved since review" in result.run.outcomes[1].reason
    assert result.exit_code is ExitCode.STALE


def test_a_reclaim_that_the_wallet_no_longer_covers_is_refused_with_the_numbers(loop: Loop) -> None:
    plan = loop.plan()
    loop.world.spend("team_sales", "60")
    result = loop.apply(plan)
    refused = next(o for o in result.run.outcomes if o.status == "refused")
    assert "USD 30.00" in refused.reason
    assert "USD 50.00" in refused.reason
    assert result.exit_code is ExitCode.PARTIAL


def test_an_allocation_that_the_pool_no_longer_covers_is_refused_before_it_is_sent(loop: Loop) -> None:
    loop.wanted = desired([wallet("support", "prod", "100")])
    plan = loop.plan()
    loop.world.pool = Decimal(20)
    result = loop.apply(plan)
    assert "holds USD 20.00" in result.run.outcomes[0].reason
    assert loop.world.sends == []


def test_a_pool_that_cannot_be_seen_is_left_to_the_server_to_refuse(loop: Loop) -> None:
    loop.wanted = desired([wallet("support", "prod", "100")])
    loop.world.pool_is_visible = False
    loop.world.pool = Decimal(20)
    assert statuses(loop.apply().run.outcomes) == ["refused"]


def test_our_operation_id_with_another_amount_stops_the_wallet(loop: Loop) -> None:
    loop.wanted = desired([wallet("support", "prod", "100")])
    plan = loop.plan()
    (change,) = plan.changes
    loop.world.by_hand("allocate", "team_support", "1", mark(getattr(change, "op", "")))
    result = loop.apply(plan)
    assert statuses(result.run.outcomes) == ["unknown"]
    assert "USD 1.00" in result.run.outcomes[0].reason
    assert loop.world.sends == []


def test_an_operation_that_the_ledger_shows_twice_is_said_to_be_doubled(loop: Loop) -> None:
    loop.wanted = desired([wallet("support", "prod", "100")])
    plan = loop.plan()
    loop.world.faults = only("duplicate delivery")
    for _ in range(2):
        result = loop.apply(plan)
        assert statuses(result.run.outcomes) == ["unknown"]
        assert "twice" in result.run.outcomes[0].reason
        assert result.exit_code is ExitCode.UNKNOWN
    assert len(loop.world.sends) == 1


def test_a_doubled_operation_is_healed_by_the_next_plan(loop: Loop) -> None:
    loop.wanted = desired([wallet("support", "prod", "100")])
    loop.world.faults = only("duplicate delivery")
    loop.apply()
    assert loop.apply().exit_code is ExitCode.DONE
    assert loop.world.funded("team_support", JUNE) == 100


def test_a_confirmed_write_that_the_ledger_shows_late_is_waited_for(loop: Loop) -> None:
    loop.world.visible_after = 30
    result = loop.apply()
    assert result.exit_code is ExitCode.DONE


def test_a_confirmed_write_that_the_ledger_does_not_show_in_time_is_unknown(loop: Loop) -> None:
    loop.world.visible_after = 300
    loop.wanted = desired([wallet("support", "prod", "100")])
    plan = loop.plan()
    assert loop.apply(plan).exit_code is ExitCode.UNKNOWN
    again = loop.apply(plan)
    assert again.exit_code is ExitCode.UNKNOWN
    assert len(loop.world.sends) == 1
    loop.world.clock.sleep(300)
    assert loop.apply(plan).exit_code is ExitCode.DONE
    assert len(loop.world.sends) == 1


def test_a_ledger_that_cannot_be_read_before_a_send_fails_that_change_only(loop: Loop) -> None:
    plan = loop.plan()
    read = loop.world.wallet
    asked: list[str] = []

    def unreadable_the_second_time(wallet: WalletRef, currency: str, period: Period) -> LiveWallet:
        asked.append(wallet)
        loop.world.unreadable = int(wallet == "team_sales" and asked.count(wallet) == 2)
        return read(wallet, currency, period)

    loop.world.wallet = unreadable_the_second_time  # type: ignore[method-assign]
    result = loop.apply(plan)
    assert "nothing was sent" in next(o.reason for o in result.run.outcomes if o.status == "failed")
    assert statuses(result.run.outcomes).count("failed") == 1


def test_trouble_reading_the_ledger_after_a_lost_answer_is_borne(loop: Loop) -> None:
    loop.wanted = desired([wallet("support", "prod", "100")])
    loop.world.faults = only("drop after commit")
    loop.world.after_send = lambda _: setattr(loop.world, "unreadable", 3)
    assert loop.apply().exit_code is ExitCode.DONE


def test_an_interruption_finishes_the_step_and_leaves_the_rest(loop: Loop) -> None:
    loop.world.after_send = lambda _: setattr(loop.flag, "requested", True)
    result = loop.apply()
    assert result.exit_code is ExitCode.INTERRUPTED
    assert statuses(result.run.outcomes).count("applied") == 1
    assert statuses(result.run.outcomes).count("skipped") == len(result.run.outcomes) - 1
    assert loop.steps()[-1] == "confirmed"


def test_a_journal_that_cannot_be_written_stops_before_any_write(loop: Loop) -> None:
    loop.store.unwritable = True
    with pytest.raises(RefusedError, match="cannot be written"):
        loop.apply(loop.plan())
    assert loop.world.sends == []


def test_a_journal_that_fails_on_the_way_stops_before_the_next_write(loop: Loop) -> None:
    loop.world.after_send = lambda _: setattr(loop.store, "unwritable", True)
    result = loop.apply()
    assert len(loop.world.sends) == 1
    assert result.exit_code is ExitCode.UNKNOWN
    assert statuses(result.run.outcomes).count("unknown") == 1
    assert set(statuses(result.run.outcomes)) == {"unknown", "skipped"}


def test_a_commit_that_is_dropped_from_the_yaml_deletes_what_it_declared_and_nothing_else(loop: Loop) -> None:
    loop.apply()
    loop.world.put(BUDGETS, "bud_hand", sent(BILLING_BUDGETS, billing_budget("by-hand", "5").model_dump(mode="json")))
    loop.wanted = desired([*loop.wanted.wallets.values()], teams=["support", "sales"])
    result = loop.apply()
    assert sorted(o.key or "" for o in result.run.outcomes) == [
        "team/team_support/sales-monthly",
        "team/team_support/support-monthly",
        "weekly",
    ]
    assert [budget["name"] for budget in loop.world.budgets.values()] == ["by-hand"]
    assert loop.plan().changes == ()


def test_a_plan_with_deletions_can_be_applied_twice(loop: Loop) -> None:
    loop.apply()
    loop.wanted = desired([*loop.wanted.wallets.values()], teams=["support", "sales"])
    plan = loop.plan()
    loop.apply(plan)
    again = loop.apply(plan)
    assert again.exit_code is ExitCode.DONE
    assert set(statuses(again.run.outcomes)) == {"already_applied"}


def test_a_deletion_that_was_refused_is_planned_again(loop: Loop) -> None:
    loop.apply()
    loop.wanted = desired([*loop.wanted.wallets.values()], teams=["support", "sales"])
    loop.world.faults = only("refused")
    refused = next(o for o in loop.apply().run.outcomes if o.status == "refused")
    assert [getattr(change, "key", "") for change in loop.plan().changes] == [refused.key]


def test_a_replacement_sends_unknown_keys_back_as_they_were_read(loop: Loop) -> None:
    loop.apply()
    (found,) = (o for o in loop.world.objects(BILLING_BUDGETS).objects.values() if o.value.name == "support-monthly")
    loop.world.budgets[found.id]["color"] = "red"
    changed = found.value.model_copy(update={"amount": Decimal("77.00")})
    loop.wanted = desired(list(loop.wanted.wallets.values()), [("support", changed)], [WEEKLY], teams=["sales"])
    loop.apply()
    assert loop.world.budgets[found.id]["color"] == "red"
    assert loop.world.budgets[found.id]["amount"] == 77


@pytest.mark.parametrize("fault", ["drop after commit", "delayed commit", "not sent", "429"])
def test_a_billing_budget_whose_creation_was_lost_is_found_by_its_key(loop: Loop, fault: Any) -> None:
    loop.wanted = desired(budgets=[("support", billing_budget("support-monthly", "100"))])
    loop.world.faults = only(fault)
    assert loop.apply().exit_code is ExitCode.DONE
    assert len(loop.world.budgets) == 1


def test_a_creation_that_never_shows_is_unknown_and_not_sent_again(loop: Loop) -> None:
    loop.wanted = desired(budgets=[("support", billing_budget("support-monthly", "100"))])
    plan = loop.plan()
    loop.world.faults = only("drop before")
    assert loop.apply(plan).exit_code is ExitCode.UNKNOWN
    assert loop.apply(plan).exit_code is ExitCode.UNKNOWN
    assert len(loop.world.sends) == 1


@pytest.mark.parametrize("fault", ["drop before", "drop after commit", "not sent"])
def test_a_replacement_that_was_lost_is_sent_again_until_it_shows(loop: Loop, fault: Any) -> None:
    loop.apply()
    changed = billing_budget("support-monthly", "120")
    loop.wanted = desired(list(loop.wanted.wallets.values()), [("support", changed)], [WEEKLY], teams=["sales"])
    loop.world.faults = only(fault, fault)
    assert loop.apply().exit_code is ExitCode.DONE
    assert loop.plan().changes == ()


def test_a_deletion_of_what_is_gone_already_counts_as_done(loop: Loop) -> None:
    loop.apply()
    loop.wanted = desired(list(loop.wanted.wallets.values()), [], [WEEKLY], teams=["support", "sales"])

    def administrator(operation: str) -> None:
        loop.world.budgets.clear()

    loop.world.before_send = administrator
    result = loop.apply()
    assert result.exit_code is ExitCode.DONE
    assert "already_applied" in statuses(result.run.outcomes)


def test_an_alert_that_somebody_changed_since_review_makes_its_team_stale(loop: Loop) -> None:
    loop.apply()
    changed = billing_budget("support-monthly", "120")
    loop.wanted = desired(list(loop.wanted.wallets.values()), [("support", changed)], [WEEKLY], teams=["sales"])
    plan = loop.plan()
    id = next(id for id, budget in loop.world.budgets.items() if budget["name"] == "support-monthly")
    loop.world.put(BUDGETS, id, sent(BILLING_BUDGETS, billing_budget("support-monthly", "111").model_dump(mode="json")))
    result = loop.apply(plan)
    assert result.exit_code is ExitCode.STALE
    assert "team/team_support/support-monthly changed" in result.stale["support"]


def test_a_run_names_who_what_and_why(loop: Loop) -> None:
    loop.apply()
    journal = Journal.open(loop.store, organization="org_acme", clock=VirtualClock())
    started = history_of(journal.records).runs
    (run,) = started.values()
    assert run.started.facts["who"] == "ada"
    assert run.plan.digest.startswith("sha256:")
    assert run.finished is not None
    assert run.finished.facts["converged"] is True


def test_a_plan_of_another_organization_is_not_admitted(loop: Loop) -> None:
    plan = sealed(loop.plan().model_copy(update={"organization": "org_other"}))
    with pytest.raises(RefusedError, match="org_other"):
        preflight.check(plan, loop.wanted, as_of=AS_OF)


def test_a_plan_for_a_month_that_has_not_begun_is_not_admitted(loop: Loop) -> None:
    with pytest.raises(RefusedError, match="has not begun"):
        preflight.check(loop.plan(), loop.wanted, as_of=date(2026, 5, 31))


def test_a_plan_of_another_month_than_asked_for_is_a_usage_error(loop: Loop) -> None:
    with pytest.raises(UsageError, match="2026-06"):
        preflight.check(loop.plan(), loop.wanted, as_of=AS_OF, period=JUNE.plus(1))
    preflight.check(loop.plan(), loop.wanted, as_of=AS_OF, period=JUNE)


def test_a_guard_that_refuses_stops_with_its_numbers_and_its_cure(loop: Loop) -> None:
    guard = GuardResult(guard="total-moved", status="refused", value="190.00", limit="100.00", hint="add a waiver")
    plan = sealed(loop.plan().model_copy(update={"guards": (guard,)}))
    with pytest.raises(RefusedError, match=r"total-moved: 190.00 is beyond 100.00") as caught:
        preflight.check(plan, loop.wanted, as_of=AS_OF)
    assert caught.value.hint == "add a waiver"


def test_money_values_stay_exact(loop: Loop) -> None:
    loop.wanted = desired([wallet("support", "prod", "0.01")])
    loop.apply()
    (_, entry) = loop.world.accounts["team_support"].entries[0]
    assert Money(entry.amount, "USD") == Money(Decimal("0.01"), "USD")
    assert ORGANIZATION.currency == "USD"


@pytest.mark.parametrize("kept", [0, 36, 400])
def test_an_answer_that_names_the_other_side_of_the_transfer_does_not_confuse(loop: Loop, kept: int) -> None:
    loop.world.answers_with_other_ids = True
    loop.world.descriptions = lambda text: text[:kept]
    plan = loop.plan()
    assert loop.apply(plan).exit_code is ExitCode.DONE
    sent = len(loop.world.sends)
    assert loop.apply(plan).exit_code is ExitCode.DONE
    assert len(loop.world.sends) == sent


def test_a_ledger_that_cannot_be_read_leaves_an_unknown_operation_unknown(loop: Loop) -> None:
    loop.wanted = desired([wallet("support", "prod", "100")])
    plan = loop.plan()
    loop.world.faults = only("drop before")
    loop.apply(plan)
    read = loop.world.wallet
    asked: list[str] = []

    def unreadable_the_second_time(wallet: WalletRef, currency: str, period: Period) -> LiveWallet:
        asked.append(wallet)
        loop.world.unreadable = int(len(asked) == 2)
        return read(wallet, currency, period)

    loop.world.wallet = unreadable_the_second_time  # type: ignore[method-assign]
    result = loop.apply(plan)
    assert statuses(result.run.outcomes) == ["unknown"]
    assert "this run cannot tell" in result.run.outcomes[0].reason


def test_the_next_ledger_is_read_while_a_move_is_sent_and_read_again_when_that_took_long(loop: Loop) -> None:
    loop.threads = Immediately()
    loop.wanted = desired([wallet("aa", "prod", "10"), wallet("bb", "prod", "10")])
    plan = loop.plan()
    loop.world.faults = only("drop after commit")
    loop.world.visible_after = 30

    def administrator(operation: str) -> None:
        if len(loop.world.sends) == 1:
            loop.world.visible_after = 0
            loop.world.by_hand("allocate", "team_bb", "3")

    loop.world.after_send = administrator
    result = loop.apply(plan)
    assert statuses(result.run.outcomes) == ["applied", "refused"]
    assert "funded 0.00 → 3.00" in result.run.outcomes[1].reason


def test_a_ledger_that_could_not_be_read_ahead_fails_its_own_change(loop: Loop) -> None:
    loop.threads = Immediately()
    plan = loop.plan()
    loop.world.before_send = lambda _: None
    read = loop.world.wallet
    asked: list[str] = []

    def unreadable_the_second_time(wallet: WalletRef, currency: str, period: Period) -> LiveWallet:
        asked.append(wallet)
        loop.world.unreadable = int(wallet == "team_support" and asked.count(wallet) == 2)
        return read(wallet, currency, period)

    loop.world.wallet = unreadable_the_second_time  # type: ignore[method-assign]
    result = loop.apply(plan)
    assert [o.wallet for o in result.run.outcomes if o.status == "failed"] == ["team_support"]


def discard(value: object) -> None:
    """Do nothing with `value`."""


def unreadable_after(loop: Loop, sends: int, times: int) -> None:
    """Let `times` readings fail once so many requests were sent."""

    def step(operation: str) -> None:
        if len(loop.world.sends) == sends:
            loop.world.unreadable = times

    loop.world.after_send = step


def test_an_alert_that_is_changed_by_hand_during_the_run_is_left_alone(loop: Loop) -> None:
    loop.apply()
    loop.wanted = desired(
        [wallet("support", "prod", "120")], [("support", billing_budget("support-monthly", "130"))], [WEEKLY]
    )
    id = next(id for id, budget in loop.world.budgets.items() if budget["name"] == "support-monthly")

    def administrator(operation: str) -> None:
        loop.world.put(
            BUDGETS, id, sent(BILLING_BUDGETS, billing_budget("support-monthly", "111").model_dump(mode="json"))
        )

    loop.world.before_send = administrator
    result = loop.apply()
    assert statuses(result.run.outcomes) == ["applied", "refused"]
    assert "changed since review" in result.run.outcomes[1].reason
    assert result.exit_code is ExitCode.STALE


def test_alerts_that_cannot_be_read_before_a_write_fail_without_one(loop: Loop) -> None:
    loop.wanted = desired([wallet("support", "prod", "100")], [("support", billing_budget("a", "1"))])
    unreadable_after(loop, 1, 1)
    result = loop.apply()
    assert statuses(result.run.outcomes) == ["applied", "failed"]
    assert len(loop.world.sends) == 1


def test_a_creation_is_looked_for_through_trouble_reading(loop: Loop) -> None:
    loop.wanted = desired(budgets=[("support", billing_budget("a", "1"))])
    loop.world.faults = only("drop after commit")
    unreadable_after(loop, 1, 3)
    assert loop.apply().exit_code is ExitCode.DONE


def test_a_replacement_whose_fate_cannot_be_read_is_sent_again(loop: Loop) -> None:
    loop.apply()
    changed = WEEKLY.model_copy(update={"cron": "0 7 * * MON"})
    budgets = [(item.team, item.value) for item in loop.wanted.of(BILLING_BUDGETS).values()]
    loop.wanted = desired([*loop.wanted.wallets.values()], budgets, [changed])
    loop.world.faults = only("drop before")
    unreadable_after(loop, len(loop.world.sends) + 1, 1)
    result = loop.apply()
    assert statuses(result.run.outcomes) == ["applied"]
    assert result.exit_code is ExitCode.DONE


def test_a_replacement_that_is_always_lost_is_unknown(loop: Loop) -> None:
    loop.apply()
    loop.wanted = desired([*loop.wanted.wallets.values()], [("support", billing_budget("support-monthly", "7"))])
    loop.world.faults = only(*repeat(DROPPED, 30))
    result = loop.apply()
    assert statuses(result.run.outcomes)[0] == "unknown"
    assert "is not as planned after" in result.run.outcomes[0].reason


@pytest.mark.parametrize("fault", [NOT_SENT, RATE_LIMITED])
def test_an_alert_that_never_arrives_fails_after_bounded_tries(loop: Loop, fault: Fault) -> None:
    loop.wanted = desired(budgets=[("support", billing_budget("a", "1"))])
    loop.world.faults = only(*repeat(fault, 30))
    result = loop.apply()
    assert statuses(result.run.outcomes) == ["failed"]
    assert len(loop.world.sends) == 5


@pytest.mark.parametrize("fault", [NOT_SENT, RATE_LIMITED, DROPPED])
def test_an_interruption_while_waiting_to_send_again_ends_the_change(loop: Loop, fault: Fault) -> None:
    loop.wanted = desired(budgets=[("support", billing_budget("a", "1"))])
    loop.world.faults = only(*repeat(fault, 30))
    loop.world.after_send = lambda _: setattr(loop.flag, "requested", True)
    result = loop.apply()
    assert statuses(result.run.outcomes) == ["unknown" if fault == DROPPED else "skipped"]
    assert result.exit_code is ExitCode.INTERRUPTED


def test_an_interruption_while_waiting_to_move_money_again_ends_the_move(loop: Loop) -> None:
    loop.wanted = desired([wallet("support", "prod", "100")])
    loop.world.faults = only(*repeat(NOT_SENT, 30))
    loop.world.after_send = lambda _: setattr(loop.flag, "requested", True)
    assert statuses(loop.apply().run.outcomes) == ["skipped"]


def test_two_entries_that_could_both_be_ours_are_ambiguous_on_a_ledger_without_descriptions(loop: Loop) -> None:
    loop.wanted = desired([wallet("support", "prod", "100")])
    loop.world.descriptions = lambda text: text[:0]
    loop.world.faults = only("drop after commit")
    loop.world.after_send = lambda _: discard(loop.world.by_hand("allocate", "team_support", "100", ""))
    result = loop.apply()
    assert statuses(result.run.outcomes) == ["unknown"]
    assert "any of txn_0002, txn_0003 could be it" in result.run.outcomes[0].reason


def test_our_operation_id_with_another_amount_after_a_lost_answer_is_unknown(loop: Loop) -> None:
    loop.wanted = desired([wallet("support", "prod", "100")])
    plan = loop.plan()
    op = str(getattr(plan.changes[0], "op", ""))
    loop.world.faults = only("drop before")
    loop.world.after_send = lambda _: discard(loop.world.by_hand("allocate", "team_support", "99", mark(op)))
    result = loop.apply(plan)
    assert statuses(result.run.outcomes) == ["unknown"]
    assert "USD 99.00" in result.run.outcomes[0].reason
    assert loop.apply(plan).exit_code is ExitCode.UNKNOWN
    (doubt,) = loop.plan().doubts
    assert f"--accept {op}" in doubt.hint


def test_after_a_doubt_about_a_wallet_its_later_moves_are_skipped(loop: Loop) -> None:
    loop.wanted = taking_back(desired([wallet("support", "prod", "100")]))
    loop.world.by_hand("allocate", "team_support", "30")
    loop.open(JULY)
    loop.world.faults = only("drop before")
    result = loop.apply()
    assert [outcome.kind for outcome in result.run.outcomes] == ["reclaim", "allocate"]
    assert statuses(result.run.outcomes) == ["unknown", "skipped"]
    assert "was left alone after" in result.run.outcomes[1].reason


def test_what_cannot_be_read_back_is_said(loop: Loop) -> None:
    loop.wanted = desired([wallet("support", "prod", "100")])
    unreadable_after(loop, 1, 1)
    result = loop.apply()
    assert result.exit_code is ExitCode.PARTIAL
    assert "could not be checked afterwards" in result.differences[0]
    assert not result.run.converged


def test_a_schedule_that_could_not_be_made_or_deleted_is_remembered_as_such(loop: Loop) -> None:
    loop.wanted = desired(schedules=[WEEKLY])
    loop.world.faults = only("refused")
    loop.apply()
    kept = last_declared(loop.records())
    assert kept is not None
    assert kept.of(EXPORT_SCHEDULES) == {}
    loop.apply()
    loop.wanted = desired()
    loop.world.faults = only("refused")
    loop.apply()
    kept = last_declared(loop.records())
    assert kept is not None
    assert kept.of(EXPORT_SCHEDULES) == {"weekly": ""}
    assert loop.apply().exit_code is ExitCode.DONE
    assert loop.world.stores[SCHEDULES] == {}


def test_what_a_vanished_team_declared_stays_known(loop: Loop) -> None:
    loop.apply()
    loop.wanted = desired(schedules=[WEEKLY])
    loop.apply()
    kept = last_declared(loop.records())
    assert kept is not None
    assert kept.of(BILLING_BUDGETS) == {
        "team/team_support/sales-monthly": "sales",
        "team/team_support/support-monthly": "support",
    }
