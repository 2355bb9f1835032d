"""Stories of runs, each with all that was said, written down and sent, word for word: read them as a diff."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from apply.loop import Loop
from apply.memory_journal import Crash, nothing
from apply.telling import OwnAnswers, Step, Story, accepting, knowing, moves_of, often, operation, told, tried, words
from apply.world import Fault, only
from worlds import JULY, billing_budget, desired, taking_back, wallet

from reconciler.apply.application import apply_plan
from reconciler.apply.resume import Permission
from reconciler.findings import BudgetsError, UnreachableError
from reconciler.model.desired import Desired
from reconciler.model.kinds.billing_budget import BILLING_BUDGETS
from reconciler.model.kinds.export_schedule import ExportSchedule
from reconciler.model.operation import mark
from reconciler.model.plan import Scope, sealed
from reconciler.model.write import Lost, NotSent, RateLimited, Refused, Written

WEEKLY = ExportSchedule.model_validate(
    {"name": "weekly", "cron": "0 6 * * MON", "window": "7d", "s3": {"bucket": "artifacts"}}
)
GIT = desired(
    [wallet("sales", "prod", "40"), wallet("support", "prod", "100")],
    [("support", billing_budget("monthly", "100"))],
    [WEEKLY],
)
ONE = desired([wallet("support", "prod", "100")])


def in_yen(wanted: Desired) -> Desired:
    return replace(wanted, organization=wanted.organization.model_copy(update={"currency": "JPY"}))


STORIES: dict[str, tuple[Any, Story]] = {}


def story(wanted: Any = ONE) -> Callable[[Story], Story]:
    def known(told: Story) -> Story:
        STORIES[told.__name__] = wanted, told
        return told

    return known


LOST_ALERTS: tuple[tuple[Fault, int], ...] = (
    *(("drop before", 1), ("drop after commit", 1), ("drop before", 5)),
    *(("not sent", 5), ("429", 5), ("refused", 1)),
)


@story(GIT)
def everything_is_made_and_then_changed_and_taken_away(loop: Loop) -> Iterator[Step]:
    loop.world.by_hand("allocate", "team_sales", "90")
    yield loop.apply()
    yield loop.apply()
    loop.wanted = desired(
        [wallet("sales", "prod", "45.5"), wallet("support", "prod", "70")],
        [("support", billing_budget("monthly", "70", hard_limit=True))],
        [WEEKLY.model_copy(update={"window": "3d"})],
    )
    plan = loop.plan()
    yield loop.apply(plan)
    yield loop.apply(plan)
    loop.wanted = desired([wallet("sales", "prod", "45.5"), wallet("support", "prod", "70")], teams=["support"])
    yield loop.apply()


@story()
def an_answer_that_is_lost_before_it_was_booked(loop: Loop) -> Iterator[Step]:
    loop.world.faults = only("drop before")
    yield loop.apply()
    yield loop.resume()
    yield loop.apply()
    yield tried(lambda: loop.resume(words("2026-06-" + "0" * 20)))
    yield loop.resume(words(operation(loop)))
    yield tried(lambda: loop.resume(words(operation(loop))))


@story()
def an_answer_that_is_lost_after_it_was_booked(loop: Loop) -> Iterator[Step]:
    loop.world.faults = only("drop after commit")
    yield loop.apply()


@story()
def an_answer_that_is_lost_and_a_ledger_that_is_late(loop: Loop) -> Iterator[Step]:
    loop.world.faults, loop.world.visible_after = only("hang after commit"), 33.0
    yield loop.apply()
    yield tried(lambda: loop.resume(words(operation(loop))))
    loop.world.clock.sleep(60)
    yield loop.resume()


@story()
def a_commit_that_is_delayed_beyond_the_settle_time(loop: Loop) -> Iterator[Step]:
    loop.world.faults, loop.world.delay = only("delayed commit"), 60
    yield loop.apply()
    yield loop.resume(words(operation(loop)))
    loop.world.clock.sleep(60)
    yield loop.apply()
    yield loop.apply()


@story()
def a_commit_that_arrives_in_a_later_look(loop: Loop) -> Iterator[Step]:
    loop.world.faults, loop.world.delay = only("delayed commit"), 2
    yield loop.apply()


@story()
def a_rate_limit_that_ends_and_one_that_does_not(loop: Loop) -> Iterator[Step]:
    loop.world.faults = only("429")
    yield loop.apply()
    loop.wanted = desired([wallet("support", "prod", "150")])
    loop.world.faults = often("429", 9)
    yield loop.apply()


@story()
def a_server_that_asks_to_wait_longer_than_anybody_waits(loop: Loop) -> Iterator[Step]:
    loop.world = OwnAnswers(answers={"429": RateLimited(300.5)}, faults=only("429"))
    yield loop.apply()
    loop.world.answers["429"] = RateLimited(300.0)
    loop.world.faults = only("429")
    yield loop.apply()


@story()
def a_server_that_cannot_be_reached(loop: Loop) -> Iterator[Step]:
    loop.world.faults = often("not sent", 4)
    yield loop.apply()
    loop.wanted = desired([wallet("support", "prod", "150")])
    loop.world.faults = often("not sent", 5)
    yield loop.apply()


@story(GIT)
def a_move_that_is_refused_and_what_comes_after_it(loop: Loop) -> Iterator[Step]:
    loop.world.faults = only("refused", "none", "refused", "refused")
    plan = loop.plan()
    yield loop.apply(plan)
    yield loop.apply(plan)
    loop.world.clock.sleep(1200)
    yield loop.apply(plan)


@story(GIT)
def a_token_that_may_not_write(loop: Loop) -> Iterator[Step]:
    loop.world = OwnAnswers(answers={"denied": Refused(403, "403 no scope")}, faults=only("denied"))
    yield loop.apply()
    loop.world.answers["denied"] = Refused(401, "401 who are you")
    loop.world.faults = only("none", "none", "denied")
    yield loop.apply()


@story()
def a_token_that_says_what_it_may(loop: Loop) -> Iterator[Step]:
    for permissions in (("org:read",), tuple(f"a:{number}" for number in range(10))):
        loop.world.permissions = frozenset(permissions)
        yield tried(loop.apply)
    for number, permission in enumerate(("org:*", "Org:Admin", "the owner", "org:BILLING", "org:billing")):
        loop.world.permissions = frozenset({permission, "org:read"})
        loop.wanted = desired([wallet("support", "prod", f"10{number}")])
        yield f"{permission}: {loop.apply().exit_code.name}"
    loop.world.permissions = frozenset()
    yield f"none: {loop.apply(wanted=desired([wallet('support', 'prod', '7')])).exit_code.name}"


@story()
def a_refusal_after_it_was_booked(loop: Loop) -> Iterator[Step]:
    loop.world.faults = only("refused after commit")
    yield loop.apply()


@story()
def a_refusal_after_it_was_booked_that_only_the_balance_shows(loop: Loop) -> Iterator[Step]:
    loop.world.faults, loop.world.visible_after = only("refused after commit"), 600
    yield loop.apply()
    loop.world.clock.sleep(600)
    yield loop.resume()


@story()
def a_reclaim_that_was_put_off_and_booked_all_the_same(loop: Loop) -> Iterator[Step]:
    loop.world.by_hand("allocate", "team_support", "250")
    loop.world.visible_after = 70
    loop.world.faults = only("429 after commit")
    yield loop.apply()
    loop.world.clock.sleep(70)
    yield loop.resume()


@story(GIT)
def a_rate_limit_while_what_was_just_booked_cannot_be_looked_up(loop: Loop) -> Iterator[Step]:
    loop.world.visible_after = 600
    loop.world.faults = only("none", "429")
    looks: list[object] = []

    def dark(reads: int) -> None:
        if len(loop.world.sends) == 2:
            looks.append(loop.world.clock.now())
            if looks.count(looks[-1]) == 2:
                raise UnreachableError("Keeptrusts does not answer")

    loop.world.before_read = dark
    yield loop.apply()


@story()
def a_rate_limit_and_one_look_at_a_replica_that_is_behind(loop: Loop) -> Iterator[Step]:
    early = loop.world.clock.now() - timedelta(seconds=1)
    loop.world.by_hand("allocate", "team_support", "60")
    loop.world.faults = only("429")
    looks: list[int] = []

    def behind(reads: int) -> None:
        looks.extend([reads] * len(loop.world.sends))
        loop.world.as_it_was_at = early if len(looks) == 1 else None

    loop.world.before_read = behind
    yield loop.apply()


@story()
def a_ledger_that_goes_dark_after_a_refusal(loop: Loop) -> Iterator[Step]:
    def dark(operation: object) -> None:
        loop.world.unreadable = 2

    loop.world.after_send = dark
    loop.world.faults = only("refused")
    yield loop.apply()
    loop.world.clock.sleep(1201)

    def darker(operation: object) -> None:
        loop.world.unreadable = 10**6

    loop.world.after_send = darker
    loop.world.faults = only("refused after commit")
    yield tried(loop.apply)
    loop.world.unreadable = 0
    yield loop.resume()


@story()
def traffic_between_a_refusal_and_a_look(loop: Loop) -> Iterator[Step]:
    loop.world.by_hand("allocate", "team_support", "250")
    loop.world.clock.sleep(700)

    def spent(operation: object) -> None:
        loop.world.spend("team_support", "3")

    loop.world.after_send = spent
    loop.world.faults = only("refused")
    yield loop.apply()


@story()
def a_delivery_that_was_doubled(loop: Loop) -> Iterator[Step]:
    loop.world.faults = only("duplicate delivery")
    plan = loop.plan()
    yield loop.apply(plan)
    yield loop.apply(plan)
    yield loop.resume()
    yield loop.apply()


@story(GIT)
def somebody_stops_a_run_before_and_between(loop: Loop) -> Iterator[Step]:
    loop.flag.requested = True
    yield loop.apply()
    loop.flag.requested = False

    def stop(operation: object) -> None:
        loop.flag.requested = True

    loop.world.after_send = stop
    yield loop.resume()
    loop.flag.requested, loop.world.after_send = False, nothing
    yield loop.resume()
    yield loop.resume()


@story()
def somebody_stops_a_run_that_waits_to_send_again(loop: Loop) -> Iterator[Step]:
    def stop(operation: object) -> None:
        loop.flag.requested = True

    loop.world.after_send = stop
    for fault in ("not sent", "429"):
        loop.flag.requested = False
        loop.world.faults = only(fault)
        yield loop.apply()


@story(GIT)
def somebody_stops_a_run_that_looks_for_what_was_lost(loop: Loop) -> Iterator[Step]:
    loop.world.faults = only("drop before")

    def stop(reads: int) -> None:
        loop.flag.requested = bool(loop.world.sends)

    loop.world.before_read = stop
    yield loop.apply()
    loop.flag.requested = True
    yield loop.resume()


@story(GIT)
def a_journal_that_cannot_be_written_any_more(loop: Loop) -> Iterator[Step]:
    loop.store.unwritable = True
    yield tried(loop.apply)
    loop.store.unwritable, loop.store.refuses = False, '"step":"confirmed"'
    yield loop.apply()
    loop.store.refuses = None
    yield loop.resume()
    loop.wanted = desired([wallet("sales", "prod", "41")])
    loop.store.refuses = '"step":"finished"'
    yield loop.apply()


@story(GIT)
def a_lock_that_is_taken_away(loop: Loop) -> Iterator[Step]:
    def taken(operation: object) -> None:
        loop.store.holder = None

    loop.world.after_send = taken
    yield loop.apply()
    loop.world.after_send, loop.store.holder = nothing, None
    yield loop.resume()


@story(GIT)
def a_lock_that_somebody_holds(loop: Loop) -> Iterator[Step]:
    loop.world.faults = only("drop before")
    yield loop.apply()
    owner = replace(loop.environment("bob").attribution.owner("a run"), name="bob's")
    loop.store.holder = owner
    yield tried(loop.apply)
    yield tried(loop.resume)
    yield loop.resume(Permission(owner="bob's", reason="bob is on holiday"))
    loop.store.holder, loop.store.holder_is_dead = owner, True
    yield loop.resume()
    loop.store.expired = owner
    yield loop.apply(loop.plan())


@story(GIT)
def what_moved_since_the_review(loop: Loop) -> Iterator[Step]:
    plan = loop.plan()
    for amount in ("1", "2", "3", "4"):
        loop.world.clock.sleep(60)
        loop.world.by_hand("allocate", "team_support", amount)
    yield loop.apply(plan)
    loop.world.by_hand("reclaim", "team_support", "10")
    yield loop.apply(plan)


@story(GIT)
def what_changed_in_git_and_in_alerts_since_the_review(loop: Loop) -> Iterator[Step]:
    plan = loop.plan()
    yield loop.apply(plan, desired([wallet("sales", "prod", "41"), wallet("support", "prod", "100")]))
    loop.apply(loop.plan())
    loop.wanted = desired([*GIT.wallets.values()], [("support", billing_budget("monthly", "90"))], [WEEKLY])
    changed = loop.plan()
    ((id, body),) = loop.world.budgets.items()
    loop.world.budgets[id] = {**body, "amount": 95}
    loop.world.by_hand("reclaim", "team_support", "10")
    yield loop.apply(changed)


@story(GIT)
def what_moves_while_a_run_goes_on(loop: Loop) -> Iterator[Step]:
    def moved(operation: str) -> None:
        if not loop.world.sends:
            loop.world.by_hand("allocate", "team_support", "5")
            loop.world.by_hand("allocate", "team_support", "6")

    loop.world.before_send = moved
    yield loop.apply()
    yield loop.resume()


@story(GIT)
def a_pool_that_cannot_pay_for_all(loop: Loop) -> Iterator[Step]:
    loop.world.pool = Decimal("139.99")
    yield loop.apply()
    loop.world.pool = Decimal(100)
    yield loop.apply()
    loop.world.pool_is_visible = False
    loop.wanted = desired([wallet("sales", "prod", "40"), wallet("support", "prod", "101")])
    yield loop.apply()


@story()
def an_excess_that_was_spent_since_the_review(loop: Loop) -> Iterator[Step]:
    loop.world.by_hand("allocate", "team_support", "150")
    loop.world.enter("team_support", "reserve", "20")
    plan = loop.plan()
    loop.world.spend("team_support", "80")
    yield loop.apply(plan)
    loop.world.by_hand("allocate", "team_support", "150")
    plan = loop.plan()
    loop.world.spend("team_support", "0.01")
    yield loop.apply(plan)


@story(in_yen(desired([replace(wallet("support", "prod", "100.5"), currency="JPY")])))
def an_amount_that_its_currency_does_not_have(loop: Loop) -> Iterator[Step]:
    loop.world.pool_is_visible = False
    yield loop.apply()


@story()
def a_month_that_is_over(loop: Loop) -> Iterator[Step]:
    plan = loop.plan()
    loop.world.clock.instant = JULY.start_instant - timedelta(seconds=1)
    loop.world.faults = only("not sent")
    yield loop.apply(plan)
    loop.rehearsed = date(2026, 6, 18)
    yield loop.apply(plan)


@story()
def a_ledger_that_cannot_be_read(loop: Loop) -> Iterator[Step]:
    def dark(reads: int) -> None:
        if reads == 5:
            raise UnreachableError("Keeptrusts does not answer")

    plan = loop.plan()
    loop.world.reads = 0
    loop.world.before_read = dark
    yield loop.apply(plan)
    loop.world.reads, loop.world.before_read = 0, nothing
    loop.world.faults = only("429", "drop before")
    yield loop.apply()
    loop.world.before_read = dark
    loop.world.reads = 0
    yield loop.resume()


@story(GIT)
def a_run_that_cannot_be_checked_afterwards(loop: Loop) -> Iterator[Step]:
    def dark(operation: str) -> None:
        if len(loop.world.sends) == 4:
            loop.world.unreadable = 10**6

    loop.world.after_send = dark
    loop.world.faults = only("drop after commit")
    yield loop.apply()
    loop.world.unreadable = 0


@story()
def a_confirmed_move_that_the_ledger_does_not_show(loop: Loop) -> Iterator[Step]:
    loop.world.visible_after = 600
    yield loop.apply()
    plan = loop.plan()
    yield "; ".join(f"{doubt.kind}: {doubt.reason} [{doubt.hint}]" for doubt in plan.doubts)
    yield loop.apply(plan)
    yield knowing(loop)
    loop.world.clock.sleep(600)
    yield loop.apply()
    yield tried(lambda: loop.resume(words(operation(loop))))


@story()
def a_confirmed_move_that_the_ledger_lost(loop: Loop) -> Iterator[Step]:
    yield loop.apply()
    loop.world.accounts["team_support"].entries.clear()
    yield loop.apply(loop.plan())
    yield knowing(loop)
    yield tried(lambda: loop.resume(accepting(f"{operation(loop)}=txn_9")))
    yield loop.resume(accepting(operation(loop)))
    yield loop.apply()


@story()
def a_wallet_that_was_left_out_of_the_plan_and_agrees_by_now(loop: Loop) -> Iterator[Step]:
    loop.world.visible_after = 100
    yield loop.apply()
    loop.wanted = desired([wallet("support", "prod", "130"), wallet("sales", "prod", "9")])
    plan = loop.plan()
    loop.world.clock.sleep(100)
    yield loop.apply(plan)


@story()
def what_a_person_may_say_of_the_ledger(loop: Loop) -> Iterator[Step]:
    loop.world.faults = only("drop before")
    yield loop.apply()
    booked = loop.world.by_hand("allocate", "team_support", "100", "as asked")
    op = operation(loop)
    yield tried(lambda: loop.resume(accepting(f"{op}=txn_9")))
    yield tried(lambda: loop.resume(accepting("2026-06-" + "1" * 20)))
    yield loop.resume(accepting(f"{op}={booked.id}"))
    yield tried(lambda: loop.resume(words(op)))
    yield loop.apply()


@story()
def a_lost_answer_that_never_came(loop: Loop) -> Iterator[Step]:
    loop.world.faults = only("drop before")
    yield loop.apply()
    yield loop.resume(accepting(operation(loop)))


@story(GIT)
def what_may_be_said_of_a_ledger_without_descriptions(loop: Loop) -> Iterator[Step]:
    loop.world.descriptions = lambda _: ""
    loop.world.by_hand("allocate", "team_support", "150", "")
    loop.world.spend("team_support", "1")
    plan = loop.plan()
    back = next(move.op for move in moves_of(plan.changes) if move.kind == "reclaim")
    yield loop.apply(plan)
    yield tried(lambda: loop.resume(words(back)))
    yield loop.resume(accepting(back))


@story(GIT)
def what_was_never_sent_and_what_is_in_doubt(loop: Loop) -> Iterator[Step]:
    loop.flag.requested = True
    yield loop.apply()
    loop.flag.requested = False
    op = moves_of(loop.plan().changes)[0].op
    yield tried(lambda: loop.resume(accepting(op)))
    loop.world.faults = often("drop before", 3)
    yield loop.apply()
    yield tried(lambda: loop.resume(accepting("2026-06-" + "1" * 20)))
    yield tried(lambda: loop.resume(accepting(f"{op}=txn_8, txn_9")))
    yield loop.resume(accepting("create_billing_budget:team/team_support/monthly"))
    yield loop.apply()


@story(GIT)
def an_alert_in_doubt_that_is_accepted_as_it_is(loop: Loop) -> Iterator[Step]:
    yield loop.apply()
    loop.wanted = desired([*GIT.wallets.values()], [("support", billing_budget("monthly", "90"))], [WEEKLY])
    loop.world.faults = often("drop before", 5)
    yield loop.apply()
    yield loop.resume(accepting("update_billing_budget:team/team_support/monthly"))


@story(desired([wallet("support", "prod", "100"), wallet("support", "dev", "10")]))
def a_wallet_that_was_as_git_says_before_anything_was_applied(loop: Loop) -> Iterator[Step]:
    loop.world.by_hand("allocate", "team_support", "100")
    plan = loop.plan()
    loop.world.by_hand("allocate", "team_support_dev", "3")
    yield loop.apply(plan)
    yield loop.apply()
    loop.wanted = desired([wallet("support", "prod", "100"), wallet("support", "dev", "11")])
    yield loop.apply()


@story(GIT)
def a_process_that_ended_before_it_sent(loop: Loop) -> Iterator[Step]:
    def crash(place: str) -> None:
        if '"step":"intent"' in loop.store.lines[-1]:
            raise Crash

    loop.store.after_append = crash
    with suppress(Crash):
        loop.apply()
    loop.store.notes.dead, loop.store.holder, loop.store.after_append = {"p0"}, None, nothing
    yield loop.resume()


@story()
def our_own_mark_on_another_amount(loop: Loop) -> Iterator[Step]:
    plan = loop.plan()
    op = operation(loop)
    loop.world.by_hand("allocate", "team_support", "30", mark(op))
    yield loop.apply()
    yield loop.resume()
    yield tried(lambda: loop.resume(accepting(op)))
    yield knowing(loop, accepting(op))
    yield loop.apply(plan)
    yield loop.apply()


@story()
def our_own_mark_on_another_amount_after_a_lost_answer(loop: Loop) -> Iterator[Step]:
    op = operation(loop)

    def booked(operation: object) -> None:
        loop.world.by_hand("reclaim", "team_support", "30", mark(op))

    loop.world.by_hand("allocate", "team_support", "40")
    op = operation(loop)
    loop.world.after_send = booked
    loop.world.faults = only("drop before")
    yield loop.apply()


@story()
def a_mark_of_another_journal(loop: Loop) -> Iterator[Step]:
    foreign = "2026-06-" + "7" * 20
    plan = loop.plan()
    loop.world.by_hand("allocate", "team_support", "30", mark(foreign))
    yield loop.apply(plan)
    yield loop.apply()
    yield tried(lambda: loop.resume(accepting(foreign)))
    yield knowing(loop)
    yield knowing(loop, accepting(foreign))
    yield loop.apply()
    yield tried(lambda: knowing(loop, accepting("ledger:txn_0009")))


@story()
def a_ledger_without_descriptions(loop: Loop) -> Iterator[Step]:
    loop.world.descriptions = lambda _: ""
    loop.world.faults = only("drop after commit")
    yield loop.apply()
    loop.wanted = desired([wallet("support", "prod", "150")])
    loop.world.faults = only("duplicate delivery")
    yield loop.apply()
    loop.wanted = desired([wallet("support", "prod", "175")])

    def alike(operation: object) -> None:
        loop.world.by_hand("allocate", "team_support", "25", "")

    loop.world.after_send = alike
    loop.world.faults = only("drop after commit")
    with suppress(BudgetsError):
        yield loop.apply(loop.plan())


@story(taking_back(ONE))
def a_rest_that_goes_back_when_a_month_opens(loop: Loop) -> Iterator[Step]:
    yield loop.apply()
    loop.world.spend("team_support", "60")
    loop.open(JULY)
    plan = loop.plan()
    loop.world.spend("team_support", "39.5")
    yield loop.apply(plan)


@story(taking_back(ONE))
def a_rest_of_which_nothing_is_left(loop: Loop) -> Iterator[Step]:
    yield loop.apply()
    loop.open(JULY)
    plan = loop.plan()
    loop.world.spend("team_support", "100")
    yield loop.apply(plan)


@story(taking_back(ONE))
def a_rest_that_becomes_less_while_it_is_sent(loop: Loop) -> Iterator[Step]:
    yield loop.apply()
    loop.open(JULY)
    plan = loop.plan()

    def spent(operation: str) -> None:
        if len(loop.world.sends) == 1:
            loop.world.spend("team_support", "0.01")

    loop.world.before_send = spent
    yield loop.apply(plan)


@story(taking_back(ONE))
def a_rest_that_became_less_and_whose_answer_was_lost(loop: Loop) -> Iterator[Step]:
    yield loop.apply()
    loop.open(JULY)
    plan = loop.plan()
    loop.world.spend("team_support", "60")
    loop.world.faults, loop.world.visible_after = only("drop after commit"), 15
    yield loop.apply(plan)
    yield loop.resume()


@story(taking_back(ONE))
def a_rest_that_became_less_and_may_not_be_taken(loop: Loop) -> Iterator[Step]:
    loop.world = OwnAnswers(answers={"denied": Refused(403, "403 no scope")})
    yield loop.apply()
    loop.open(JULY)
    plan = loop.plan()

    def spent(operation: str) -> None:
        loop.world.spend("team_support", "1")

    loop.world.before_send, loop.world.faults = spent, only("denied")
    yield loop.apply(plan)


@story(taking_back(ONE))
def a_rest_beside_money_that_came_in_during_the_run(loop: Loop) -> Iterator[Step]:
    loop.world.by_hand("allocate", "team_support", "100")
    loop.open(JULY)
    plan = loop.plan()
    loop.world.reads = 0

    def given(reads: int) -> None:
        if reads == 5:
            loop.world.visible_after = 600
            loop.world.by_hand("allocate", "team_support", "30")

    loop.world.before_read = given
    yield loop.apply(plan)


@story(taking_back(ONE))
def a_rest_that_is_refused(loop: Loop) -> Iterator[Step]:
    yield loop.apply()
    loop.open(JULY)
    loop.world.faults = only("refused")
    yield loop.apply()
    loop.world.clock.sleep(1201)
    yield loop.apply()


@story(taking_back(ONE))
def a_rest_beside_money_that_the_ledger_does_not_explain(loop: Loop) -> Iterator[Step]:
    yield loop.apply()
    loop.open(JULY)
    plan = loop.plan()
    loop.world.visible_after = 600
    loop.world.by_hand("allocate", "team_support", "30")
    yield loop.apply(plan)
    loop.world.clock.sleep(600)
    yield loop.apply(plan)


@story(taking_back(ONE))
def a_rest_of_a_month_that_was_funded_meanwhile(loop: Loop) -> Iterator[Step]:
    yield loop.apply()
    loop.open(JULY)
    plan = loop.plan()
    yield loop.apply(plan)
    yield loop.apply(plan)


@story(taking_back(ONE))
def the_month_is_opened_as_git_says(loop: Loop) -> Iterator[Step]:
    yield loop.apply()
    loop.open(JULY)
    yield apply_plan(loop.plan(), loop.wanted, loop.environment(), declares="nothing")


@story(GIT)
def teams_that_are_withheld_and_a_plan_for_one_team(loop: Loop) -> Iterator[Step]:
    plan = loop.plan()
    yield apply_plan(plan, loop.wanted, loop.environment(), withheld={"sales": "sales was not approved"})
    own = tuple(change for change in plan.changes if change.team == "sales")
    scope = Scope(since="c0ffee", teams=("sales",), of=2)
    fingerprints = {team: digest for team, digest in plan.fingerprints.items() if team == "sales"}
    some = sealed(plan.model_copy(update={"changes": own, "scope": scope, "fingerprints": fingerprints}))
    loop.world.reads = 0
    yield apply_plan(some, loop.wanted, loop.environment())
    yield f"{loop.world.reads} readings"


@story()
def a_first_contact_that_holds_too_much(loop: Loop) -> Iterator[Step]:
    loop.world.by_hand("allocate", "team_support", "150")
    plan = loop.plan()
    yield apply_plan(plan, loop.wanted, replace(loop.environment(), first_apply=frozenset()))
    yield apply_plan(plan, loop.wanted, loop.environment())


@story(GIT)
def an_alert_that_is_refused_before_somebody_stops_the_run(loop: Loop) -> Iterator[Step]:
    def stop(operation: object) -> None:
        loop.flag.requested = len(loop.world.sends) == 3

    loop.world.after_send = stop
    loop.world.faults = only("none", "none", "refused")
    yield loop.apply()
    loop.flag.requested, loop.world.after_send = False, nothing
    yield loop.resume()


@story(GIT)
def an_alert_that_is_put_off_while_somebody_stops_the_run(loop: Loop) -> Iterator[Step]:
    faults: tuple[Fault, ...] = ("not sent", "429")
    for number, fault in enumerate(faults):
        loop.flag.requested = False
        loop.wanted = desired([], [("support", billing_budget("monthly", f"{number + 1}"))])

        def stop(operation: object) -> None:
            loop.flag.requested = True

        loop.world.after_send, loop.world.faults = stop, only(fault)
        yield loop.apply()


@story(GIT)
def an_alert_that_is_renamed_edited_or_deleted_by_somebody_else(loop: Loop) -> Iterator[Step]:
    loop.apply()
    ((id, body),) = loop.world.budgets.items()
    loop.world.budgets[id] = {**body, "note": "kept"}
    known, called = billing_budget("monthly", "100"), billing_budget("yearly", "90")
    renamed = desired([], [("support", called)])
    alert = replace(renamed.of(BILLING_BUDGETS)[called.key], previously=known.key)
    loop.wanted = replace(renamed, objects={**renamed.objects, BILLING_BUDGETS.name: {called.key: alert}})
    yield loop.apply()
    yield f"{[{name: told[name] for name in ('id', 'name', 'note')} for told in loop.world.budgets.values()]}"
    loop.wanted = desired([wallet("sales", "prod", "41")], [("support", billing_budget("yearly", "80"))])

    def edited(operation: object) -> None:
        loop.world.budgets[id]["amount"] = 95

    loop.world.before_send = edited
    yield loop.apply()
    loop.wanted = desired([wallet("sales", "prod", "41")], teams=["support"])
    loop.world.before_send = lambda _: loop.world.budgets.clear()
    yield loop.apply()


@story(GIT)
def a_change_of_an_alert_that_is_lost_on_the_way(loop: Loop) -> Iterator[Step]:
    loop.apply()
    for number, (fault, times) in enumerate(LOST_ALERTS):
        loop.wanted = desired([*GIT.wallets.values()], [("support", billing_budget("monthly", f"5{number}"))], [WEEKLY])
        loop.world.faults = often(fault, times)
        yield loop.apply()


@story(GIT)
def an_alert_whose_creation_is_lost_on_the_way(loop: Loop) -> Iterator[Step]:
    loop.world.faults = only("none", "none", "drop before", "drop after commit")
    yield loop.apply()
    yield loop.resume()
    yield tried(lambda: loop.resume(words("create_billing_budget:team/team_support/monthly")))
    loop.world.budgets.clear()
    loop.world.faults = only("429 after commit")
    yield loop.apply()


@story(GIT)
def an_alert_whose_fate_cannot_be_read(loop: Loop) -> Iterator[Step]:
    def dark(operation: str) -> None:
        if operation == "create":
            loop.world.unreadable = 3

    loop.world.after_send = dark
    loop.world.faults = only("none", "none", "429", "drop before")
    yield loop.apply()


@story(GIT)
def an_alert_that_is_gone_already_and_one_that_is_there_twice(loop: Loop) -> Iterator[Step]:
    loop.apply()
    loop.wanted = desired([*GIT.wallets.values()], (), [WEEKLY], teams=["support"])

    def gone(operation: str) -> None:
        loop.world.budgets.clear()

    loop.world.before_send = gone
    yield loop.apply()
    loop.wanted, loop.world.before_send = GIT, nothing

    def again(operation: str) -> None:
        if operation == "create":
            (body,) = loop.world.budgets.values()
            loop.world.budgets["bud_again"] = {**body, "id": "bud_again"}

    loop.world.after_send = again
    yield loop.apply()


@story(GIT)
def an_alert_that_is_changed_while_a_run_goes_on(loop: Loop) -> Iterator[Step]:
    loop.apply()
    loop.wanted = desired([wallet("sales", "prod", "41")], [("support", billing_budget("monthly", "90"))], [WEEKLY])

    def edited(operation: str) -> None:
        for id, body in loop.world.budgets.items():
            loop.world.budgets[id] = {**body, "amount": 77}

    loop.world.before_send = edited
    yield loop.apply()


@story(GIT)
def a_run_that_a_later_one_went_past(loop: Loop) -> Iterator[Step]:
    loop.world.faults = only("none", "drop before", "drop before")
    yield loop.apply()
    unknown = [record.operation for record in loop.records() if record.step == "unknown"]
    loop.wanted = desired([wallet("sales", "prod", "41")], teams=["support"])
    yield loop.apply()
    yield loop.resume(words(str(unknown[0])))
    loop.world.clock.sleep(1)
    yield loop.resume()


@story()
def an_answer_without_an_id(loop: Loop) -> Iterator[Step]:
    loop.world = OwnAnswers(answers={"drop after commit": Written(None), "drop before": Written("")})
    loop.world.faults = only("drop after commit")
    yield loop.apply()
    loop.wanted = desired([wallet("support", "prod", "101")])
    loop.world.answers["drop before"] = Lost("the answer was cut off")
    loop.world.faults = only("drop before")
    yield loop.apply()
    loop.wanted = desired([wallet("sales", "prod", "101")])
    loop.world.answers["not sent"] = NotSent("no route to host")
    loop.world.faults = only("not sent")
    yield loop.apply()


@pytest.mark.parametrize("name", STORIES)
def test_what_is_said_written_down_and_sent(name: str, golden: Callable[[str, str], None]) -> None:
    golden(f"apply/{name}.txt", told(*STORIES[name]))
