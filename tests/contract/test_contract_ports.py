"""What `apply` relies on of a Keeptrusts, held against the embedded one and the one in memory alike.

That nothing is booked twice is proved against the one in memory: the proof is worth what these two have in common.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from contract.deployments import NAMES, TEAMS, Deployment, Open, opening
from hypothesis import given, settings
from hypothesis import strategies as st
from worlds import billing_budget

from reconciler.findings import UnauthorizedError
from reconciler.model.kinds.billing_budget import BILLING_BUDGETS
from reconciler.model.kinds.export_schedule import EXPORT_SCHEDULES
from reconciler.model.live import Live, LiveWallet
from reconciler.model.money import Money
from reconciler.model.operation import MoneyMove, mark
from reconciler.model.period import Period
from reconciler.model.wallet_ref import WalletRef
from reconciler.model.write import Lost, RateLimited, Refused, WriteResult, Written

JUNE = Period(2026, 6)
SALES, SUPPORT = map(WalletRef.team, TEAMS)
ID = "00112233445566778899"
WEEKLY = {
    "name": "weekly",
    "type": "events",
    "cron": "0 6 * * MON",
    "window": "7d",
    "format": "csv",
    "s3": {"bucket": "finops", "prefix": "weekly/"},
    "enabled": True,
}


@pytest.fixture(params=NAMES)
def open(request: pytest.FixtureRequest) -> Iterator[Open]:
    with opening(request.param) as open:
        yield open


@pytest.fixture
def house(open: Open) -> Deployment:
    return open()


def usd(amount: str | Decimal, currency: str = "USD") -> Money:
    return Money(Decimal(amount), currency)


def move(house: Deployment, kind: MoneyMove, wallet: WalletRef, amount: Money, text: str = "June") -> WriteResult:
    send = house.writer.allocate if kind == "allocate" else house.writer.reclaim
    return send(wallet, amount, description=text, operation=f"2026-06-{ID}")


def allocate(house: Deployment, amount: str, wallet: WalletRef = SUPPORT, text: str = "June") -> WriteResult:
    return move(house, "allocate", wallet, usd(amount), text)


def reclaim(house: Deployment, amount: str, wallet: WalletRef = SUPPORT) -> WriteResult:
    return move(house, "reclaim", wallet, usd(amount))


def support(house: Deployment, period: Period = JUNE) -> LiveWallet:
    return house.reader.wallet(SUPPORT, "USD", period)


def amounts(wallet: LiveWallet) -> list[Decimal]:
    return [entry.amount for entry in wallet.ledger]


def pool(house: Deployment) -> Decimal:
    found = house.reader.pool("USD")
    assert found is not None
    return found.available.amount


def status_of(result: WriteResult) -> int:
    assert isinstance(result, Refused), result
    return result.status


def test_a_move_is_in_the_ledger_and_the_answer_names_its_entry(house: Deployment) -> None:
    result = allocate(house, "100.10", text=f"{mark(f'2026-06-{ID}')} June")

    (entry,) = support(house).ledger
    assert isinstance(result, Written)
    assert (result.id, result.entry) == (entry.id, entry)
    assert (entry.kind, entry.amount, entry.operation) == ("allocate", Decimal("100.10"), f"2026-06-{ID}")
    assert pool(house) == Decimal("899.90")


def test_a_wallet_that_was_never_funded_holds_nothing(house: Deployment) -> None:
    assert support(house) == LiveWallet(SUPPORT, "USD")


def test_the_same_key_sent_twice_moves_money_twice(house: Deployment) -> None:
    first, second = allocate(house, "100"), allocate(house, "100")

    assert isinstance(first, Written)
    assert isinstance(second, Written)
    assert first.id != second.id
    assert support(house).funded(JUNE) == usd("200")
    assert pool(house) == 800


def test_the_pool_pays_for_no_more_than_it_holds(house: Deployment) -> None:
    assert status_of(allocate(house, "1000.01")) == 402
    assert pool(house) == 1000
    assert isinstance(allocate(house, "1000"), Written)
    assert status_of(allocate(house, "0.01")) == 402
    assert amounts(support(house)) == [1000]


@pytest.mark.parametrize("kind", ["settle", "reserve"])
def test_what_is_spent_or_reserved_cannot_be_taken_back(house: Deployment, kind: str) -> None:
    allocate(house, "100")
    house.enter(SUPPORT, kind, Decimal("30.005"))

    assert support(house).available == usd("69.99")
    assert status_of(reclaim(house, "70")) == 422
    assert isinstance(reclaim(house, "69.99"), Written)
    assert (support(house).available, support(house).beyond_cents) == (usd("0"), Decimal("0.005"))
    assert pool(house) == Decimal("969.99")


def test_of_a_wallet_that_does_not_exist_nothing_can_be_taken_back(house: Deployment) -> None:
    assert status_of(reclaim(house, "0.01")) == 422
    assert support(house).id is None


@pytest.mark.parametrize("kind", ["allocate", "reclaim"])
def test_nobody_elses_wallet_is_moved(house: Deployment, kind: MoneyMove) -> None:
    assert status_of(move(house, kind, WalletRef.team("team_nobody"), usd("1"))) == 404
    assert status_of(move(house, kind, WalletRef("user", "usr_1"), usd("1"))) == 422
    assert pool(house) == 1000


@pytest.mark.parametrize("amount", ["0", "-1"])
@pytest.mark.parametrize("kind", ["allocate", "reclaim"])
def test_an_amount_that_moves_nothing_or_the_other_way_is_never_sent(
    house: Deployment, kind: MoneyMove, amount: str
) -> None:
    allocate(house, "10")
    with pytest.raises(ValueError, match="positive"):
        move(house, kind, SUPPORT, usd(amount))
    assert amounts(support(house)) == [10]


def test_currencies_are_never_netted(house: Deployment) -> None:
    allocate(house, "100")

    assert status_of(move(house, "allocate", SUPPORT, usd("1", "EUR"))) == 402
    assert status_of(move(house, "reclaim", SUPPORT, usd("1", "EUR"))) == 422
    assert house.reader.wallet(SUPPORT, "EUR", JUNE) == LiveWallet(SUPPORT, "EUR")
    assert house.reader.pool("EUR") is None
    (other,) = house.reader.live(organization="org_acme", wallets={SUPPORT: "EUR"}, period=JUNE).currency_mismatches
    assert (other.key, other.balance) == (SUPPORT, usd("100"))


def test_a_ledger_is_whole_and_oldest_first_however_long_it_is(house: Deployment) -> None:
    for number in range(1, 8):
        allocate(house, str(number))
        house.pass_time(60)

    ledger = support(house).ledger
    assert [entry.amount for entry in ledger] == [1, 2, 3, 4, 5, 6, 7]
    assert len({entry.id for entry in ledger}) == 7
    assert [entry.created_at for entry in ledger] == sorted(entry.created_at for entry in ledger)


def test_a_month_is_read_with_what_was_marked_for_it_in_the_month_before(house: Deployment) -> None:
    allocate(house, "1")
    allocate(house, "2", text=mark(f"2026-07-{ID}"))
    allocate(house, "3", text=mark(f"2026-08-{ID}"))

    july, august = (support(house, Period(2026, month)) for month in (7, 8))
    assert amounts(july) == [2]
    assert [entry.amount for entry in july.early] == [1]
    assert (august.ledger, august.early) == ((), ())
    assert july.funded(Period(2026, 7)) == usd("2")
    assert august.available == usd("6")


def test_a_late_ledger_says_nothing_yet_while_the_balance_does(open: Open) -> None:
    house = open(late=True)
    allocate(house, "100")

    early = support(house)
    house.pass_time(20)

    assert early.ledger == ()
    assert (early.available, pool(house)) == (usd("100"), Decimal(900))
    assert amounts(support(house)) == [100]


@pytest.mark.parametrize("keep", [0, 8])
def test_a_description_may_be_kept_in_part(open: Open, keep: int) -> None:
    house = open(keep=keep)
    allocate(house, "100", text=f"{mark(f'2026-06-{ID}')} June")

    (entry,) = support(house).ledger
    assert (entry.description, entry.operation) == (mark(f"2026-06-{ID}")[:keep], None)


@pytest.mark.parametrize("micros", [1, 999_999, 10**6 + 1, 12_345_678_901_234_567])
def test_money_is_exact_to_the_sixth_decimal(house: Deployment, micros: int) -> None:
    amount = Decimal(micros).scaleb(-6)
    house.enter(SUPPORT, "top_up", amount)
    house.enter(SUPPORT, "settle", amount / 1000 if micros % 1000 == 0 else Decimal("0.000001"))
    house.enter(SUPPORT, "refund", Decimal("0.000001"))

    wallet = support(house)
    assert wallet.spendable == amount
    assert amounts(wallet)[0] == amount
    assert wallet.settled(JUNE) == 0


AT_ONCE: dict[Any, tuple[type[WriteResult], int]] = {
    "drop before": (Lost, 0),
    "drop after commit": (Lost, 1),
    "500 after commit": (Lost, 1),
    "hang after commit": (Lost, 1),
    "delayed commit": (Lost, 0),
    "429": (RateLimited, 0),
    "duplicate delivery": (Written, 2),
    "refused": (Refused, 0),
    "denied": (Refused, 0),
    "refused after commit": (Refused, 1),
    "429 after commit": (RateLimited, 1),
}
"""What a client hears, and how often the ledger has it then."""


@pytest.mark.parametrize("fault", AT_ONCE)
def test_a_fault_books_as_often_as_its_name_says_whatever_is_answered(open: Open, fault: Any) -> None:
    house = open(fault)
    expected, booked = AT_ONCE[fault]

    result = allocate(house, "100")

    assert type(result) is expected
    assert amounts(support(house)) == [100] * booked
    house.pass_time(20)
    assert amounts(support(house)) == [100] * (1 if fault == "delayed commit" else booked)
    assert isinstance(allocate(house, "1"), Written)


@pytest.mark.parametrize("fault", AT_ONCE)
def test_under_no_fault_is_booked_what_the_pool_cannot_pay(open: Open, fault: Any) -> None:
    house = open(fault)

    result = allocate(house, "1000.01")
    house.pass_time(20)

    assert type(result) is (Refused if fault == "duplicate delivery" else AT_ONCE[fault][0])
    assert (support(house).id, pool(house)) == (None, Decimal(1000))


def test_an_object_is_created_replaced_with_what_nobody_knows_and_deleted(house: Deployment) -> None:
    created = house.writer.create(BILLING_BUDGETS, {**document("50"), "color": "red"})
    (found,) = house.reader.objects(BILLING_BUDGETS).objects.values()
    replaced = house.writer.replace(BILLING_BUDGETS, found.id, {**found.document, **document("77.70")})
    (after,) = house.reader.objects(BILLING_BUDGETS).objects.values()

    assert isinstance(created, Written)
    assert created.id == found.id == after.id
    assert isinstance(replaced, Written)
    assert (found.value.amount, after.value.amount) == (Decimal(50), Decimal("77.70"))
    assert (found.document["color"], after.document["color"]) == ("red", "red")
    assert found.document["created_at"] == after.document["created_at"]
    assert isinstance(house.writer.delete(BILLING_BUDGETS, found.id), Written)
    assert house.reader.objects(BILLING_BUDGETS).objects == {}


def test_a_replacement_is_whole_what_is_not_sent_is_gone(house: Deployment) -> None:
    house.writer.create(BILLING_BUDGETS, {**document("50"), "color": "red"})
    (found,) = house.reader.objects(BILLING_BUDGETS).objects.values()
    house.writer.replace(BILLING_BUDGETS, found.id, document("60"))

    (after,) = house.reader.objects(BILLING_BUDGETS).objects.values()
    assert "color" not in after.document


def test_what_is_not_there_can_neither_be_replaced_nor_deleted(house: Deployment) -> None:
    assert status_of(house.writer.replace(BILLING_BUDGETS, "bud_none", document("50"))) == 404
    assert status_of(house.writer.delete(BILLING_BUDGETS, "bud_none")) == 404
    assert house.reader.objects(BILLING_BUDGETS).objects == {}


def test_an_object_that_is_none_is_refused(house: Deployment) -> None:
    assert status_of(house.writer.create(BILLING_BUDGETS, {**document("50"), "name": ""})) == 422
    assert house.reader.objects(BILLING_BUDGETS).objects == {}


def test_two_objects_of_one_key_are_both_listed_the_older_one_first(house: Deployment) -> None:
    first = house.writer.create(EXPORT_SCHEDULES, WEEKLY)
    house.pass_time(60)
    second = house.writer.create(EXPORT_SCHEDULES, WEEKLY)

    listing = house.reader.objects(EXPORT_SCHEDULES)
    assert isinstance(first, Written)
    assert isinstance(second, Written)
    assert [found.id for found in listing.objects.values()] == [first.id]
    assert [found.id for found in listing.surplus] == [second.id]
    assert listing.objects["weekly",].value.model_dump(mode="json") == WEEKLY


def test_everything_is_read_at_once_and_of_the_right_organization_only(house: Deployment) -> None:
    allocate(house, "100")
    allocate(house, "20", SALES)
    house.enter(SALES, "settle", Decimal(5))
    house.writer.create(EXPORT_SCHEDULES, WEEKLY)

    live = everything(house)
    assert live.wallets == {SUPPORT: support(house)}
    assert live.pool == house.reader.pool("USD")
    assert live.objects == {kind.name: house.reader.objects(kind) for kind in (BILLING_BUDGETS, EXPORT_SCHEDULES)}
    assert live.teams == {"team_sales": "Sales", "team_support": "Support"}
    assert [(one.key, one.name, one.balance, one.spent) for one in live.other_wallets] == [
        (SALES, "Sales", usd("15"), usd("5"))
    ]
    assert (live.pool_currencies, live.currency_mismatches, live.unreadable) == (("USD",), (), ())
    with pytest.raises(UnauthorizedError):
        house.reader.live(organization="org_other", wallets={}, period=JUNE)


steps = st.tuples(
    st.sampled_from(["allocate", "reclaim", "settle", "refund", "top_up", "reserve", "release", "wait"]),
    st.sampled_from([SALES, SUPPORT]),
    st.integers(1, 60_000).map(lambda cents: Decimal(cents).scaleb(-2)),
)


@settings(max_examples=40, deadline=None)
@given(st.lists(steps, max_size=12))
def test_whatever_is_done_both_say_the_same_and_a_balance_is_the_sum_of_its_ledger(
    done: list[tuple[Any, WalletRef, Decimal]],
) -> None:
    with opening("in memory") as one, opening("embedded") as other:
        houses = one(), other()
        for step in done:
            first, second = (told(house, *step) for house in houses)
            assert first == second
        seen = [everything(house) for house in houses]
    assert shown(seen[0]) == shown(seen[1])
    for live in seen:
        for wallet in live.wallets.values():
            signs = {"allocate": 1, "refund": 1, "top_up": 1, "reclaim": -1, "settle": -1, "reserve": -1, "release": 1}
            total = sum((signs[entry.kind] * entry.amount for entry in wallet.ledger), Decimal(0))
            assert wallet.spendable == total


def told(house: Deployment, kind: Any, wallet: WalletRef, amount: Decimal) -> Any:
    """Do a step, and return what is told of it."""
    if kind == "wait":
        return house.pass_time(float(amount))
    if kind not in ("allocate", "reclaim"):
        return house.enter(wallet, kind, amount)
    result = move(house, kind, wallet, usd(amount))
    return type(result), result.status if isinstance(result, Refused) else None


def everything(house: Deployment) -> Live:
    return house.reader.live(organization="org_acme", wallets={SUPPORT: "USD"}, period=JUNE)


def shown(live: Live) -> Any:
    """Return what is said of money, without ids and instants."""
    wallets = [
        (key, w.available, w.reserved, w.beyond_cents, w.spent(JUNE), [(e.kind, e.amount) for e in w.ledger])
        for key, w in live.wallets.items()
    ]
    others = [(one.key, one.balance, one.spent) for one in live.other_wallets]
    return live.pool and live.pool.available, wallets, others, live.teams, live.pool_currencies


def document(amount: str) -> dict[str, Any]:
    return billing_budget("support-monthly", amount).model_dump(mode="json")
