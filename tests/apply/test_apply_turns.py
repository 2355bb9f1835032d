"""Where a run turns to another way: stories told word for word, and what is asked of Keeptrusts on the way."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from decimal import Decimal
from itertools import pairwise
from typing import Any

import pytest
from apply.loop import Loop
from apply.memory_journal import Crash, MemoryStore, nothing
from apply.telling import OwnAnswers, Step, Story, accepting, knowing, moves_of, operation, told, tried, words
from apply.world import Fault, Immediately, Reader, only
from worlds import JULY, JUNE, billing_budget, desired, entry, live, live_wallet, taking_back, wallet

from reconciler.apply.application import apply_plan, prove_open
from reconciler.apply.derivation import as_reviewed
from reconciler.apply.executor import executable
from reconciler.apply.resume import Permission, resume
from reconciler.findings import UnreachableError
from reconciler.journal.history import history_of
from reconciler.journal.journal import Journal
from reconciler.journal.record import Entry
from reconciler.journal.record import Step as Kind
from reconciler.model.change import Reclaim
from reconciler.model.kinds.export_schedule import ExportSchedule
from reconciler.model.live import LiveWallet, Unread
from reconciler.model.operation import mark
from reconciler.model.period import Period
from reconciler.model.wallet_ref import WalletRef
from reconciler.model.write import NotSent, RateLimited, WriteResult, Written

WEEKLY = ExportSchedule.model_validate(
    {"name": "weekly", "cron": "0 6 * * MON", "window": "7d", "s3": {"bucket": "artifacts"}}
)
GIT = desired(
    [wallet("sales", "prod", "40"), wallet("support", "prod", "100")],
    [("support", billing_budget("monthly", "100"))],
    [WEEKLY],
)
ONE = desired([wallet("support", "prod", "100")])
TURNS: dict[str, tuple[Any, Story]] = {}


def turn(wanted: Any = ONE) -> Callable[[Story], Story]:
    def known(tell: Story) -> Story:
        TURNS[tell.__name__] = wanted, tell
        return tell

    return known


def answering(loop: Loop, fault: Fault, answer: WriteResult) -> None:
    """Let the next write end in `fault`, and be answered with `answer`."""
    assert isinstance(loop.world, OwnAnswers)
    loop.world.answers[fault], loop.world.faults = answer, only(fault)


@turn(taking_back(ONE))
def a_first_contact_that_holds_the_rest_of_a_month(loop: Loop) -> Iterator[Step]:
    loop.world.by_hand("allocate", "team_support", "60")
    loop.open(JULY)
    without = replace(loop.environment(), first_apply=frozenset())
    loop.known = frozenset()
    plan = loop.plan()
    yield apply_plan(plan, loop.wanted, loop.environment())
    yield apply_plan(plan, loop.wanted, without)
    yield apply_plan(plan, loop.wanted, without)


@turn(desired([wallet("support", "prod", "100"), wallet("support", "dev", "10")]))
def a_first_apply_for_one_wallet_of_two(loop: Loop) -> Iterator[Step]:
    for team in ("team_support", "team_support_dev"):
        loop.world.by_hand("allocate", team, "150")
    loop.known = frozenset({"team_support_dev"})
    plan = loop.plan()
    yield apply_plan(plan, loop.wanted, replace(loop.environment(), first_apply=frozenset()))
    yield apply_plan(plan, loop.wanted, replace(loop.environment(), first_apply=frozenset({"team_support_dev"})))


@turn(GIT)
def a_month_is_opened_with_a_plan_that_does_more(loop: Loop) -> Iterator[Step]:
    yield apply_plan(loop.plan(), loop.wanted, loop.environment(), declares="nothing")


@turn()
def the_same_plan_again_after_an_answer_that_was_lost(loop: Loop) -> Iterator[Step]:
    plan = loop.plan()
    loop.world.faults = only("drop before")
    yield loop.apply(plan)
    yield loop.apply(plan)


@turn()
def a_move_that_was_booked_although_it_is_said_that_nothing_arrived(loop: Loop) -> Iterator[Step]:
    loop.world = OwnAnswers(
        answers={"drop after commit": NotSent("no route to host")}, faults=only("drop after commit")
    )
    yield loop.apply()


def when_first_read_for_a_move(loop: Loop, then: Callable[[], None]) -> None:
    """Do something before the ledger is read for the first move of a run, after the comparison at its start."""
    first = loop.world.reads + 5

    def reading(reads: int) -> None:
        if reads == first:
            then()

    loop.world.before_read = reading


@turn()
def a_reading_before_a_move_that_is_behind_and_catches_up(loop: Loop) -> Iterator[Step]:
    before = loop.world.clock.now()
    loop.world.clock.sleep(60)
    loop.apply()
    loop.wanted = desired([wallet("support", "prod", "150")])
    plan = loop.plan()
    first = loop.world.reads + 5

    def behind(reads: int) -> None:
        loop.world.as_it_was_at = before if first <= reads < first + 4 else None

    loop.world.before_read, loop.world.faults = behind, only("429")
    yield loop.apply(plan)


@turn()
def a_reading_before_a_move_that_stays_behind(loop: Loop) -> Iterator[Step]:
    before = loop.world.clock.now()
    loop.world.clock.sleep(60)
    loop.apply()
    loop.wanted = desired([wallet("support", "prod", "150")])
    plan = loop.plan()

    def behind() -> None:
        loop.world.as_it_was_at = before

    when_first_read_for_a_move(loop, behind)
    yield loop.apply(plan)


@turn()
def a_reading_before_a_move_that_shows_a_mark_of_another_journal(loop: Loop) -> Iterator[Step]:
    plan = loop.plan()

    def marked() -> None:
        loop.world.by_hand("allocate", "team_support", "30", mark("2026-06-" + "7" * 20))

    when_first_read_for_a_move(loop, marked)
    yield loop.apply(plan)


@turn()
def a_reading_before_a_move_that_cannot_be_understood(loop: Loop) -> Iterator[Step]:
    world = loop.world = Garbled()

    def garbled() -> None:
        world.is_garbled = True

    plan = loop.plan()
    when_first_read_for_a_move(loop, garbled)
    yield loop.apply(plan)


@turn(taking_back(ONE))
def a_mark_of_the_second_move_before_the_first_is_sent(loop: Loop) -> Iterator[Step]:
    loop.apply()
    loop.open(JULY)
    plan = loop.plan()
    give = next(move for move in moves_of(plan.changes) if not isinstance(move, Reclaim))
    loop.world.by_hand("allocate", "team_support", "100", mark(give.op))
    yield loop.apply(plan)


@turn(GIT)
def a_move_that_was_refused_in_a_run_that_is_resumed(loop: Loop) -> Iterator[Step]:
    loop.world.faults = only("refused", "drop before")
    yield loop.apply()
    yield loop.resume()


@turn()
def the_same_plan_again_while_the_ledger_is_late(loop: Loop) -> Iterator[Step]:
    loop.world.visible_after = 600
    plan = loop.plan()
    yield loop.apply(plan)
    yield loop.apply(plan)


@turn()
def a_plan_again_while_two_operations_of_a_wallet_are_not_shown(loop: Loop) -> Iterator[Step]:
    before = loop.world.clock.now()
    loop.world.clock.sleep(60)
    yield loop.apply()
    loop.wanted = desired([wallet("support", "prod", "150")])
    plan = loop.plan()

    def behind(operation: object) -> None:
        loop.world.as_it_was_at = before

    loop.world.after_send, loop.world.faults = behind, only("drop after commit")
    yield loop.apply(plan)
    loop.world.after_send, first = nothing, loop.world.reads

    def caught_up(reads: int) -> None:
        loop.world.as_it_was_at = before if reads < first + 8 else None

    loop.world.before_read = caught_up
    yield loop.apply(plan)


@turn(GIT)
def a_refusal_in_a_run_that_began_with_a_reading_that_was_behind(loop: Loop) -> Iterator[Step]:
    before = loop.world.clock.now()
    loop.world.clock.sleep(60)
    loop.apply(wanted=ONE)
    loop.wanted = desired([wallet("support", "prod", "100"), wallet("sales", "prod", "40")])
    plan = loop.plan()
    first = loop.world.reads

    def caught_up(reads: int) -> None:
        loop.world.as_it_was_at = before if reads < first + 8 else None

    loop.world.before_read, loop.world.faults = caught_up, only("429")
    yield loop.apply(plan)


@turn(GIT)
def what_is_open_of_two_runs_is_proved_before_anything_else(loop: Loop) -> Iterator[Step]:
    def crash(place: str) -> None:
        if '"step":"intent"' in loop.store.lines[-1]:
            raise Crash

    plan = loop.plan()
    loop.store.after_append = crash
    with suppress(Crash):
        loop.apply(plan)
    loop.store.holder, loop.store.after_append = None, nothing
    loop.world.by_hand("allocate", "team_sales", "1")
    loop.world.faults, loop.world.visible_after = only("drop after commit"), 15
    yield loop.apply(plan)
    loop.store.notes.dead = {"p0"}
    loop.world.clock.sleep(15)
    yield loop.resume()


@turn(GIT)
def an_alert_that_is_open_is_passed_over_where_ledgers_are_looked_at(loop: Loop) -> Iterator[Step]:
    alone = desired((), [("support", billing_budget("monthly", "100"))])
    loop.world.faults, loop.world.visible_after = only("drop before", "drop after commit"), 15
    yield loop.apply(wanted=alone)
    yield loop.apply(wanted=replace(ONE, objects=alone.objects))
    loop.world.clock.sleep(15)
    yield loop.resume()


@turn()
def what_is_open_in_a_ledger_without_descriptions_is_proved_first(loop: Loop) -> Iterator[Step]:
    loop.world.descriptions = lambda _: ""
    yield loop.apply()
    loop.wanted = desired([wallet("support", "prod", "150")])
    loop.world.faults, loop.world.visible_after = only("drop after commit"), 15
    yield loop.apply()
    loop.world.clock.sleep(15)
    yield loop.resume()


@turn()
def a_word_about_an_operation_of_another_run(loop: Loop) -> Iterator[Step]:
    foreign = "2026-06-" + "7" * 20
    loop.world.by_hand("allocate", "team_support", "30", mark(foreign))
    yield knowing(loop, accepting(foreign))
    yield ", ".join(record.run for record in loop.records())
    loop.world.faults = only("drop before")
    yield loop.apply()
    first = operation(loop)
    loop.wanted = desired([wallet("sales", "prod", "40"), wallet("support", "prod", "100")])
    loop.world.clock.sleep(1)
    yield loop.apply()
    other = "2026-06-" + "8" * 20
    loop.world.by_hand("allocate", "team_sales", "5", mark(other))
    yield knowing(loop, accepting(first))
    yield knowing(loop, accepting(other))
    runs = list(dict.fromkeys(record.run for record in loop.records()))
    yield ", ".join(f"{record.step} of run {runs.index(record.run)}" for record in loop.records())


@turn()
def a_word_about_an_entry_of_a_year_ago(loop: Loop) -> Iterator[Step]:
    for at in ("2025-05-31T23:59:59+00:00", "2025-06-01T00:00:00+00:00"):
        booked = loop.world.enter("team_support", "allocate", "5", "by hand", at)
        yield tried(lambda id=booked.id: knowing(loop, accepting(f"ledger:{id}")))  # type: ignore[misc]


@turn(GIT)
def what_was_not_sent_and_a_later_run_went_past(loop: Loop) -> Iterator[Step]:
    def crash(place: str) -> None:
        if '"step":"intent"' in loop.store.lines[-1]:
            raise Crash

    loop.store.after_append = crash
    with suppress(Crash):
        loop.apply(wanted=desired([wallet("sales", "prod", "40")]))
    loop.store.holder, loop.store.after_append = None, nothing
    yield loop.apply(wanted=ONE)
    loop.store.notes.dead = {"p0"}
    yield resume_told(loop)


def resume_told(loop: Loop) -> Step:
    """Resume, and return what is told of each outcome on the way."""
    told: list[str] = []
    environment = replace(
        loop.environment(), notify=lambda one, number, of: told.append(f"{number}/{of} {one.status}: {one.reason}")
    )
    resume("org_acme", environment)
    return "; ".join(told)


@turn(GIT)
def what_is_told_while_a_run_that_a_later_one_went_past_is_resumed(loop: Loop) -> Iterator[Step]:
    loop.world.faults = only("none", "drop before")
    yield loop.apply()
    yield loop.apply(wanted=desired([wallet("sales", "prod", "41")]))
    yield resume_told(loop)


@turn()
def somebody_stops_a_run_whose_ledger_is_late(loop: Loop) -> Iterator[Step]:
    def stop(operation: object) -> None:
        loop.flag.requested = True

    loop.world.visible_after, loop.world.after_send = 600, stop
    yield loop.apply()


@turn()
def somebody_stops_a_run_that_has_looked_for_half_a_second(loop: Loop) -> Iterator[Step]:
    first = loop.world.clock.now()

    def stop(reads: int) -> None:
        loop.flag.requested = (loop.world.clock.now() - first).total_seconds() > 0.5

    loop.world.before_read, loop.world.faults = stop, only("drop before")
    yield loop.apply()


@turn()
def a_journal_and_a_lock_that_fail_while_a_run_is_resumed(loop: Loop) -> Iterator[Step]:
    loop.world.faults = only("drop before")
    yield loop.apply()
    loop.store.refuses = '"step":"finished"'
    yield loop.resume()
    loop.store.refuses = None
    loop.store.expired = replace(loop.environment("bob").attribution.owner("a run"), name="bob's")
    yield loop.resume()


@turn()
def a_journal_that_is_repaired(loop: Loop) -> Iterator[Step]:
    yield loop.apply()
    loop.store.lines[-1] = loop.store.lines[-1].replace("true", "false")
    loop.resume(Permission(repair=True, reason="the disk was full"))
    yield "; ".join(str(record.facts["reason"]) for record in loop.records() if record.step == "recovered")


@turn(desired([wallet("support", "prod", "100"), wallet("support", "dev", "10")]))
def a_wallet_that_was_as_git_says_before_a_run_that_is_resumed(loop: Loop) -> Iterator[Step]:
    loop.world.by_hand("allocate", "team_support", "100")
    loop.world.faults = only("drop before")
    yield loop.apply()
    yield loop.resume(words(operation(loop)))


@turn()
def money_that_somebody_gives_while_ours_is_sent(loop: Loop) -> Iterator[Step]:
    def given(operation: object) -> None:
        loop.world.by_hand("allocate", "team_support", "5", "")

    loop.world.after_send = given
    yield loop.apply()
    loop.wanted = desired([wallet("support", "prod", "150")])
    loop.world.descriptions = lambda _: ""
    yield loop.apply()
    loop.world.after_send = nothing
    loop.wanted = desired([wallet("support", "prod", "200")])
    loop.world.faults = only("drop before")
    yield loop.apply()
    loop.world.after_send = given
    yield loop.resume(words(loop.records()[-2].operation or ""))


@turn()
def a_refusal_that_only_the_ledger_after_the_run_belies(loop: Loop) -> Iterator[Step]:
    loop.world.by_hand("allocate", "team_support", "60")
    early = loop.world.clock.now()
    loop.world.clock.sleep(1)

    def behind(operation: object) -> None:
        loop.world.as_it_was_at = early

    def caught_up(reads: int) -> None:
        if loop.world.sends and loop.steps()[-1] == "refused":
            loop.world.as_it_was_at = None

    loop.world.before_send, loop.world.before_read = behind, caught_up
    loop.world.faults = only("refused after commit")
    yield loop.apply()
    loop.world.before_send = nothing
    yield loop.apply()


@turn()
def a_ledger_that_goes_dark_before_something_is_sent_again(loop: Loop) -> Iterator[Step]:
    def dark(reads: int) -> None:
        if loop.steps()[-1:] == ["not_sent"]:
            raise UnreachableError("Keeptrusts does not answer")

    loop.world.before_read, loop.world.faults = dark, only("429")
    yield loop.apply()


@turn(GIT)
def an_alert_that_is_to_wait_as_long_as_anybody_waits(loop: Loop) -> Iterator[Step]:
    loop.apply()
    for number, seconds in enumerate((300.0, 300.5)):
        loop.wanted = desired([*GIT.wallets.values()], [("support", billing_budget("monthly", f"5{number}"))], [WEEKLY])
        answering(loop, "429", RateLimited(seconds))
        yield loop.apply()


@turn(GIT)
def an_alert_that_is_changed_by_an_answer_without_an_id(loop: Loop) -> Iterator[Step]:
    loop.apply()
    loop.wanted = desired([*GIT.wallets.values()], [("support", billing_budget("monthly", "50"))], [WEEKLY])
    answering(loop, "drop after commit", Written(""))
    yield loop.apply()


@pytest.mark.parametrize("name", TURNS)
def test_what_is_said_written_down_and_sent(name: str, golden: Callable[[str, str], None]) -> None:
    golden(f"apply/{name}.txt", told(*TURNS[name]))


class Garbled(OwnAnswers):
    """A world whose ledgers cannot be understood once something was sent, or earlier where a test says so."""

    is_garbled = False

    def wallet(self, wallet: WalletRef, currency: str, period: Period) -> LiveWallet:
        found = super().wallet(wallet, currency, period)
        unread = Unread("txn_9 is of no known kind", "ask who runs Keeptrusts")
        return replace(found, ledger=(), unread=unread) if self.sends or self.is_garbled else found


@turn()
def a_ledger_that_cannot_be_understood_after_the_run(loop: Loop) -> Iterator[Step]:
    loop.world = Garbled()
    yield loop.apply()


def test_a_server_is_told_apart_what_is_sent_anew_from_what_is_sent_again() -> None:
    loop = Loop(ONE, OwnAnswers(), settle=10)
    plan = loop.plan()
    (move,) = moves_of(plan.changes)
    loop.world.faults = only("429", "drop before")
    loop.apply(plan)
    loop.resume(words(move.op))
    assert loop.world.keys == [move.op, move.op, f"{move.op}-2"]
    other = Loop(ONE, OwnAnswers(), settle=10)
    other.world.faults = only("refused", "not sent")
    other.apply(plan)
    other.world.clock.sleep(1201)
    other.apply(plan)
    assert other.world.keys == [move.op, f"{move.op}-3", f"{move.op}-3"]
    late = Loop(ONE, OwnAnswers(), settle=10)
    late.flag.requested = True
    late.apply(plan)
    late.flag.requested = False
    late.world.clock.sleep(1)
    late.apply(plan)
    assert late.world.keys == [move.op]


def test_alerts_are_listed_once_however_many_are_changed() -> None:
    def readings(alerts: int) -> int:
        loop = Loop(desired((), [("support", billing_budget(f"a{number}", "5")) for number in range(alerts)]))
        plan = loop.plan()
        first = loop.world.reads
        assert loop.apply(plan).run.converged
        return loop.world.reads - first

    assert readings(4) == readings(1)


@pytest.mark.parametrize(("seconds", "readings"), [(2, 1), (2.001, 2)])
def test_what_was_read_ahead_is_read_again_after_two_seconds(seconds: float, readings: int) -> None:
    loop = Loop(desired([wallet("sales", "prod", "40"), wallet("support", "prod", "100")]), threads=Immediately())
    asked: list[WalletRef] = []
    plan = loop.plan()
    reader = Reader(loop.world)
    answer = reader.wallet

    def counted(wallet: WalletRef, currency: str, period: Period) -> LiveWallet:
        asked.append(wallet)
        return answer(wallet, currency, period)

    reader.wallet = counted
    loop.world.after_send = lambda _: loop.world.clock.sleep(seconds if len(loop.world.sends) == 1 else 0)
    apply_plan(plan, loop.wanted, replace(loop.environment(), reader=reader))
    assert asked.count(WalletRef.team("team_support")) == readings


def test_a_lost_answer_is_looked_for_every_five_seconds_at_least() -> None:
    loop = Loop(ONE, settle=60)
    loop.world.faults = only("drop before")
    at: list[float] = []
    loop.world.before_read = lambda _: at.append(loop.world.clock.monotonic()) if loop.world.sends else None
    loop.apply()
    pauses = [round(later - earlier, 3) for earlier, later in pairwise(dict.fromkeys(at))]
    assert pauses[:9] == [0.1, 0.16, 0.256, 0.41, 0.655, 1.049, 1.678, 2.684, 4.295]
    assert set(pauses[9:-1]) == {5.0}
    assert at[-1] - at[0] == pytest.approx(60)


def test_what_the_comparison_shows_already_is_read_once_before_and_once_after() -> None:
    loop = Loop(ONE)
    plan = loop.plan()
    loop.apply(plan)
    first = loop.world.reads
    assert loop.apply(plan).run.converged
    wallet_pool_and_two_listings = 4
    assert loop.world.reads - first == 2 * wallet_pool_and_two_listings


MAY = JUNE.plus(-1)


def lost(op: str, since: Period | None) -> list[Entry]:
    """Return what the journal has of an allocation of 100 that was sent and not answered."""
    (move,) = moves_of(Loop(ONE).plan().changes)
    facts = {"change": {**move.model_dump(mode="json"), "op": op}, "wallet": move.wallet, "seen": []}
    return [Entry(Kind.INTENT, op, {**facts, **({"since": str(since)} if since else {})})]


def test_what_is_open_is_not_proved_by_an_entry_from_before_the_month_that_was_read() -> None:
    loop = Loop(ONE)
    op = "2026-06-" + "a" * 20
    proving = {}
    for day, month in ((31, MAY), (1, JUNE)):
        journal = Journal.open(MemoryStore(), organization="org_acme", clock=loop.world.clock)
        journal.append("run", *lost(op, JUNE))
        stripped = replace(entry("known", "allocate", "5", day=day, month=month), description="")
        booked = replace(entry("txn_1", "allocate", "100", day=day, month=month), description="")
        journal.append("run", Entry(Kind.CONFIRMED, "2026-06-" + "b" * 20, {"transactions": ["known"]}))
        prove_open(journal, history_of(journal.records), live([live_wallet("team_support", stripped, booked)]))
        proving[str(month)] = [str(record.step) for record in journal.records]
    assert proving == {"2026-05": ["intent", "confirmed"], "2026-06": ["intent", "confirmed", "confirmed"]}


@pytest.mark.parametrize("step", [Kind.SENT, Kind.UNKNOWN, Kind.CONFIRMED, Kind.REFUSED, Kind.NOT_SENT])
def test_an_earlier_run_tells_what_was_sent_and_what_was_there_unless_nothing_of_it_happened(step: Kind) -> None:
    loop = Loop(taking_back(ONE))
    loop.world.by_hand("allocate", "team_support", "60")
    loop.open(JULY)
    move = next(move for move in moves_of(loop.plan().changes) if isinstance(move, Reclaim))
    less = move.model_copy(update={"amount": Decimal("59.99")})
    facts = {"change": less.model_dump(mode="json"), "wallet": move.wallet, "seen": ["txn_1"], "since": "2026-05"}
    with loop.store.lock(loop.environment().attribution.owner("run"), clock=loop.world.clock) as lock:
        journal = Journal.open(loop.store, organization="org_acme", clock=loop.world.clock)
        before = loop.environment().context(journal, lock, run="run", live=live())
        assert before.as_sent(move) == move
        assert (before.hints(move).seen, before.hints(move).since) == (None, None)
        journal.append("run", Entry(Kind.INTENT, move.op, facts), Entry(step, move.op))
        after = loop.environment().context(journal, lock, run="later", live=live())
        may_be_there = step not in (Kind.REFUSED, Kind.NOT_SENT)
        assert after.as_sent(move) == (less if may_be_there else move)
        assert after.hints(move).seen == (frozenset({"txn_1"}) if may_be_there else None)
        assert after.hints(move).since == MAY


def test_the_journal_keeps_of_a_plan_what_is_carried_out_and_nothing_that_is_only_read() -> None:
    plan = Loop(GIT).plan()
    read = (
        "impact",
        "year",
        "year_money",
        "track_record",
        "assumptions",
        "drift",
        "unmanaged",
        "findings",
        "spent",
        "policy_input",
    )
    assert executable(plan.model_copy(update=dict.fromkeys(read, ("for readers",)))) == executable(plan)
    assert {name for name in read if executable(plan)[name]} == set()
    assert executable(plan)["changes"] == [change.model_dump(mode="json") for change in plan.changes]


def test_a_rest_is_derived_as_it_was_reviewed_also_after_one_whose_wallet_is_gone() -> None:
    wanted = taking_back(desired([wallet("sales", "prod", "0"), wallet("support", "prod", "0")]))
    loop = Loop(wanted)
    for team in ("team_sales", "team_support"):
        loop.world.by_hand("allocate", team, "60")
    loop.open(JULY)
    plan = loop.plan()
    assert [(type(move), move.wallet) for move in moves_of(plan.changes)] == [
        (Reclaim, "team_sales"),
        (Reclaim, "team_support"),
    ]
    left = live_wallet("team_support", entry("txn_1", "allocate", "60"), available="59")
    assert as_reviewed(live([left]), plan, wanted).wallets[left.key].money_left.amount == Decimal(60)
