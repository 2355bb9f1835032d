"""Where what an apply decides turns, to the cent and to the second, and the words of what it refuses to begin."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Future
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from apply.loop import Loop
from apply.telling import moves_of
from apply.world import Immediately, T
from worlds import JULY, JUNE, billing_budget, desired, entry, live, live_wallet, usd, wallet

from reconciler.apply.acceptance import Accepted
from reconciler.apply.application import apply_plan
from reconciler.apply.outcome import denial, doubled, in_order, pause
from reconciler.apply.preflight import check, moved_since_review, unplanned
from reconciler.apply.proof import has_moved, holding, may_be_of_a_repeat
from reconciler.apply.readings import PoolBalance, ledger_start
from reconciler.findings import BudgetsError
from reconciler.model.change import Allocate, Reclaim
from reconciler.model.guards import GuardSettings, Waiver
from reconciler.model.live import LiveWallet, Pool
from reconciler.model.outcome import Doubt
from reconciler.model.plan import GuardResult, Plan, Scope, sealed
from reconciler.model.wallet_ref import WalletRef
from reconciler.model.write import NotSent, RateLimited, Refused, WriteResult
from reconciler.plan.diff import make_plan

NOW = datetime(2026, 6, 18, 9, tzinfo=UTC)
WANTED = desired(
    [wallet("support", "prod", "100"), wallet("sales", "prod", "40")], [("support", billing_budget("a", "5"))]
)


@pytest.fixture
def plan() -> Plan:
    loop = Loop(WANTED)
    loop.world.by_hand("allocate", "team_sales", "90")
    return loop.plan()


@pytest.fixture
def moves(plan: Plan) -> tuple[Allocate, Reclaim]:
    back, give = moves_of(plan.changes)
    assert isinstance(back, Reclaim)
    assert isinstance(give, Allocate)
    return give, back


def held(available: str, reserved: str = "0", beyond: str = "0", *entries: Any) -> LiveWallet:
    found = live_wallet("team_support", *entries, available=available)
    return replace(found, reserved=Decimal(reserved), beyond_cents=Decimal(beyond))


SEEN = entry("txn_1", "allocate", "5")


@pytest.mark.parametrize(
    ("before", "after", "moved"),
    [
        (held("5", "0", "0", SEEN), held("5", "0", "0", SEEN), False),
        (held("5", "0", "0", SEEN), held("5.01", "0", "0", SEEN), True),
        (held("5", "0", "0.001", SEEN), held("5", "0", "0.002", SEEN), True),
        (held("5", "0", "0", SEEN), held("15", "0", "0", SEEN, entry("new", "allocate", "10")), False),
        (held("5", "0", "0", SEEN), held("15", "0", "0", SEEN, entry("new", "top_up", "9.99")), True),
        (held("5", "0", "0", SEEN), held("8", "0", "0", SEEN, entry("new", "refund", "3")), False),
        (held("5", "0", "0", SEEN), held("8", "0", "0", SEEN, entry("new", "settle", "3")), True),
        (held("5", "2"), held("7", "0"), False),
        (held("5", "2"), held("9", "0"), False),
        (held("5", "2"), held("9.01", "0"), True),
        (held("5", "2"), held("5", "3"), True),
        (held("100"), held("50"), False),
    ],
)
def test_money_that_came_in_and_that_no_entry_tells_of_shows_that_a_reading_is_behind(
    before: LiveWallet, after: LiveWallet, *, moved: bool, moves: tuple[Allocate, Reclaim]
) -> None:
    assert has_moved(moves[0], before, after) is moved


def test_a_reclaim_was_booked_where_as_much_is_gone_at_once(moves: tuple[Allocate, Reclaim]) -> None:
    _, back = moves
    assert back.amount == Decimal(50)
    assert not has_moved(back, held("90"), held("40.01"))
    assert has_moved(back, held("90"), held("40"))
    assert has_moved(back, held("90", "0", "0.005"), held("40.00", "0", "0.005"))
    assert not has_moved(back, held("90", "0", "0"), held("40.00", "0", "0.005"))


@pytest.mark.parametrize("status", [400, 401, 403, 404, 405, 410, 411, 413, 414, 415, 431])
def test_what_is_wrong_with_the_sender_or_the_form_is_so_with_every_copy(status: int) -> None:
    assert not may_be_of_a_repeat(Refused(status, "no"))
    assert holding(Refused(status, "no"), since=NOW, time=timedelta(minutes=1)) == {}


@pytest.mark.parametrize("status", [402, 406, 408, 409, 412, 422, 423, 425, 451])
def test_any_other_refusal_may_be_about_a_second_copy(status: int) -> None:
    assert may_be_of_a_repeat(Refused(status, "no"))


def test_a_wallet_is_held_back_by_our_clock_and_until_something_is_newer_by_the_servers() -> None:
    ours = {"until": "2026-06-18T09:01:00+00:00", "newer": "2026-06-18T09:10:00+00:00"}
    assert holding(RateLimited(1), since=NOW, time=timedelta(minutes=1)) == ours
    theirs = {**ours, "newer": "2026-06-18T08:59:35+00:00"}
    assert holding(Refused(409, "", NOW - timedelta(seconds=30)), since=NOW, time=timedelta(minutes=1)) == theirs


@pytest.mark.parametrize(
    ("result", "attempt", "seconds"),
    [(NotSent(""), 1, 0.5), (NotSent(""), 2, 1.0), (NotSent(""), 4, 4.0), (RateLimited(7.5), 3, 7.5)],
)
def test_how_long_is_waited_before_sending_again(result: WriteResult, attempt: int, seconds: float) -> None:
    assert pause(result, attempt) == seconds


def test_whose_refusal_it_is_and_how_often_something_was_sent() -> None:
    assert [bool(denial(Refused(status, "no"))) for status in (400, 401, 402, 403, 404)] == [
        False,
        True,
        False,
        True,
        False,
    ]
    assert [doubled("op", ["b", "a"], sends).split(",")[0] for sends in (0, 1, 2)] == [
        "twice: it was never sent from this journal",
        "twice: it was sent once from this journal",
        "twice: it was sent 2 times from this journal",
    ]


def test_reclaims_come_first_and_schedules_last(plan: Plan) -> None:
    assert [(change.kind, in_order(change)) for change in sorted(plan.changes, key=in_order)] == [
        ("reclaim", 0),
        ("allocate", 1),
        ("create_billing_budget", 2),
    ]


@pytest.mark.parametrize(
    ("now", "month"),
    [
        (datetime(2026, 5, 31, 23, 59, 59, tzinfo=UTC), "2026-04"),
        (datetime(2026, 6, 1, tzinfo=UTC), "2026-05"),
        (datetime(2026, 6, 1, 23, 59, tzinfo=UTC), "2026-05"),
        (datetime(2026, 6, 2, tzinfo=UTC), "2026-06"),
        (datetime(2026, 7, 1, tzinfo=UTC), "2026-06"),
        (datetime(2026, 7, 5, tzinfo=UTC), "2026-06"),
    ],
)
def test_a_ledger_is_read_from_the_month_before_where_money_may_be_dated_there(now: datetime, month: str) -> None:
    assert str(ledger_start(JUNE, now)) == month


class Counting(Immediately):
    """Does at once what it is asked for, and counts it."""

    asked = 0

    def submit(self, fn: Callable[..., T], /, *args: Any, **kwargs: Any) -> Future[T]:
        self.asked += 1
        return super().submit(fn, *args, **kwargs)


class Pools:
    """A reader of one pool that counts how often it is asked."""

    def __init__(self, *held: str | None, currency: str = "USD") -> None:
        self.reads = 0
        self._left = [None if amount is None else Pool("w", replace(usd(amount), currency=currency)) for amount in held]

    def pool(self, currency: str) -> Pool | None:
        assert currency == "USD"
        self.reads += 1
        return self._left.pop(0) if len(self._left) > 1 else self._left[0]


def balance(pools: Pools) -> PoolBalance:
    return PoolBalance(pools, "USD")  # type: ignore[arg-type]


def test_the_pool_is_counted_along_and_read_again_before_it_is_called_too_small() -> None:
    pools = Pools("100", "100", "70")
    pool = balance(pools)
    assert pool.shortage(usd("100")) is None
    pool.paid_out(usd("40"))
    assert pool.shortage(usd("60")) is None
    assert pools.reads == 1
    assert pool.shortage(usd("60.01")) is None
    assert pools.reads == 2
    pool.paid_out(usd("40"))
    assert pool.shortage(usd("70.01")) == usd("70")
    assert pool.shortage(usd("70")) is None
    assert pools.reads == 3
    pool.forget()
    pool.paid_out(usd("1"))
    assert pool.shortage(usd("70")) is None
    assert pools.reads == 4


def test_a_pool_that_cannot_be_seen_or_is_of_another_currency_stops_nothing() -> None:
    assert balance(Pools(None)).shortage(usd("5")) is None
    assert balance(Pools("1", currency="EUR")).shortage(usd("5")) is None


def test_what_moved_since_the_review_names_the_entries_that_add_up_to_it(moves: tuple[Allocate, Reclaim]) -> None:
    give, _ = moves
    entries = [entry(f"t{day}", "allocate", "10", day=day) for day in (1, 2, 3, 4)]
    funded = live_wallet("team_support", *reversed(entries))
    assert "t2 allocate USD 10.00 at 2026-06-02 09:00 UTC, t3" in moved_since_review(
        give.model_copy(update={"funded_before": Decimal(10)}), funded, JUNE
    )
    three = moved_since_review(give.model_copy(update={"funded_before": Decimal(37)}), funded, JUNE)
    assert three.count(" allocate ") == 3
    assert "t1" not in three
    one = moved_since_review(give.model_copy(update={"funded_before": Decimal(30)}), funded, JUNE)
    assert one == (
        "support: the ledger moved since review (team_support funded 30.00 → 40.00: t4 allocate USD 10.00 at 2026-06-04"
        " 09:00 UTC); nothing was sent for this wallet. Run `kt-budgets plan` again and have it reviewed."
    )
    bare = moved_since_review(give.model_copy(update={"funded_before": Decimal(3)}), live_wallet("team_support"), JUNE)
    assert "funded 3.00 → 0.00); nothing" in bare


def test_a_wallet_that_was_left_out_of_a_plan_is_named_with_what_is_better_by_now(plan: Plan) -> None:
    doubts = tuple(
        Doubt(wallet=WalletRef.team(key), kind=kind, operations=(), reason="", hint="")
        for key, kind in (("team_sales", "unreadable"), ("team_support", "stale"), ("team_other", "stale"))
    )
    assert unplanned(plan.model_copy(update={"doubts": doubts}), make_plan(WANTED, live(), JUNE)) == {
        "team_sales": "team_sales was left out of this plan, because its ledger could not be read; now it can."
        " Run `kt-budgets plan` again and have it reviewed.",
        "team_support": "team_support was left out of this plan, because its ledger contradicted the journal; now it"
        " agrees. Run `kt-budgets plan` again and have it reviewed.",
    }


def test_whoever_asks_is_told_each_outcome_and_the_next_ledger_is_read_meanwhile() -> None:
    told: list[tuple[str, int, int]] = []
    ahead = Counting()
    loop = Loop(WANTED, threads=ahead)
    environment = replace(loop.environment(), notify=lambda one, number, of: told.append((str(one.kind), number, of)))
    result = apply_plan(loop.plan(), WANTED, environment)
    assert told == [("allocate", 1, 3), ("allocate", 2, 3), ("create_billing_budget", 3, 3)]
    assert ahead.asked == 1
    finished = loop.records()[-1].facts
    assert finished["outcomes"] == [one.model_dump(mode="json", exclude_none=True) for one in result.run.outcomes]


@pytest.mark.parametrize(
    ("text", "operation", "entries"),
    [
        (f"2026-06-{'a' * 20}", f"2026-06-{'a' * 20}", ()),
        (f"2026-06-{'a' * 20}=txn_1, txn_2,", f"2026-06-{'a' * 20}", ("txn_1", "txn_2")),
        (f"2026-06-{'a' * 20}=txn=1", f"2026-06-{'a' * 20}", ("txn=1",)),
        ("update_billing_budget:team/t/a=b", "update_billing_budget:team/t/a=b", ()),
    ],
)
def test_what_is_accepted_is_an_operation_with_or_without_entries(
    text: str, operation: str, entries: tuple[str, ...]
) -> None:
    assert Accepted.parse(text) == Accepted(operation, entries)


def guard(**facts: str) -> GuardResult:
    return GuardResult.model_validate({"guard": "total-moved", "status": "refused", **facts})


def refusals(plan: Plan) -> Iterator[tuple[str, Callable[[], None]]]:
    """Yield what may be wrong with a plan, each with a check of it."""

    def checked(as_of: date = date(2026, 6, 18), **options: Any) -> Callable[[Any], Callable[[], None]]:
        def made(changes: Any) -> Callable[[], None]:
            wanted = options.pop("wanted", WANTED)
            return lambda: check(sealed(plan.model_copy(update=changes)), wanted, as_of=as_of, **options)

        return made

    limited = replace(
        WANTED, organization=WANTED.organization.model_copy(update={"guards": GuardSettings(total_moved=Decimal(149))})
    )
    waiver = Waiver.model_validate(
        {"guard": "total-moved", "until": "2026-06-18", "reason": "a launch", "approved_by": "ada"}
    )
    waived = replace(limited, organization=limited.organization.model_copy(update={"waivers": (waiver,)}))
    yield "as it is", checked()({})
    yield "other teams", checked()({"scope": Scope(since="c", teams=("support",), of=2)})
    yield "another organization", checked()({"organization": "org_other"})
    yield "another currency", checked()({"currency": "EUR"})
    yield "the last day of the month before", checked(date(2026, 5, 31))({})
    yield "the first day", checked(date(2026, 6, 1))({})
    yield "the last day", checked(date(2026, 6, 30))({})
    yield "the day after", checked(date(2026, 7, 1))({})
    yield "the month that was asked for", checked(period=JUNE)({})
    yield "another month than asked for", checked(period=JULY)({})
    yield "a guard that passed", checked()({"guards": (guard(status="passed"),)})
    yield (
        "guards that refused",
        checked()(
            {
                "guards": (
                    guard(value="2", limit="1"),
                    guard(message="too much", hint="less"),
                    guard(message="b", hint="less"),
                    guard(message="c", hint="wait"),
                )
            }
        ),
    )
    yield "a limit of the files", checked(wanted=limited)({})
    yield "a limit of the files, and it opens a month", checked(wanted=limited, opens=True)({})
    yield "a limit of the files that is waived", checked(wanted=waived)({})
    yield "a limit of the files that is waived no more", checked(date(2026, 6, 19), wanted=waived)({})


def test_why_a_plan_is_not_begun(plan: Plan, golden: Callable[[str, str], None]) -> None:
    told = []
    for name, checking in refusals(plan):
        try:
            checking()
            said = "it is begun"
        except BudgetsError as error:
            said = f"{type(error).__name__}: {error.message} [{error.hint}]"
        told.append(f"# {name}\n{said}\n")
    golden("apply/preflight.txt", "\n".join(told))
