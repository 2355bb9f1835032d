"""Dashboard, export and ledger: what they differ by, where, and since when; no matter who paid."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from worlds import desired, wallet

from reconciler.model.money import cents, rounding
from reconciler.model.spend import Disagreement, Payment, Reading, SpentRow
from reconciler.plan.agreement import disagreements, needs_days
from reconciler.plan.spent import paid

FIRST = date(2026, 6, 1)
END = date(2026, 6, 6)
DESIRED = desired([wallet("support", "prod", "100")])
Days = dict[tuple[date, str], Decimal]


def day(number: int) -> date:
    return FIRST + timedelta(days=number)


def reading(
    asked: Days, paid: Days, elsewhere: dict[date, Decimal] | None = None, export: Days | None = None
) -> Reading:
    """Return a reading whose dashboard shows what was `asked`, by day too."""
    wallets = {key for _, key in asked}
    rows = {
        each: SpentRow(each, "USD", sum((cost for (_, key), cost in asked.items() if key == each), Decimal(0)), 1)
        for each in wallets
    }
    return Reading(FIRST, END, {"team": rows}, export, paid, elsewhere or {}, days=asked)


money = st.integers(0, 10_000_000).map(lambda micros: Decimal(micros) / 1_000_000)
days = st.dictionaries(st.tuples(st.integers(0, 4).map(day), st.sampled_from("abc")), money, max_size=8)


@given(days, st.dictionaries(st.integers(0, 4).map(day), st.floats(0, 1), max_size=5))
def test_what_other_wallets_paid_for_a_team_is_no_disagreement(asked: Days, shares: dict[date, float]) -> None:
    paid, elsewhere = dict(asked), dict.fromkeys(shares, Decimal(0))
    for (at, whose), cost in asked.items():
        moved = cost * Decimal(str(round(shares.get(at, 0), 3)))
        paid[at, whose] -= moved
        elsewhere[at] = elsewhere.get(at, Decimal(0)) + moved
    assert disagreements(reading(asked, paid, elsewhere), DESIRED) == ()


@given(days, st.integers(0, 4).map(day), st.sampled_from("abc"), st.integers(1, 99_999))
def test_a_settlement_that_is_missing_is_named_to_the_cent_with_its_day(
    asked: Days, at: date, wallet: str, cents: int
) -> None:
    asked = {**asked, (at, wallet): asked.get((at, wallet), Decimal(0)) + Decimal(cents) / 100}
    paid = {**asked, (at, wallet): asked[at, wallet] - Decimal(cents) / 100}
    (found,) = disagreements(reading(asked, paid), DESIRED)
    assert (found.between, found.wallet, found.amount) == (("spend", "ledger"), wallet, Decimal(-cents) / 100)
    assert (found.since, found.until, found.days) == (at, at, 1)


@given(days, st.integers(0, 4).map(day), st.sampled_from("abc"), st.integers(5, 99_999), st.booleans())
def test_a_dashboard_in_cents_has_one_sum_whatever_it_is_held_against(
    spent: Days, at: date, wallet: str, hidden: int, helped: bool
) -> None:
    spent = {**spent, (at, wallet): spent.get((at, wallet), Decimal(0)) + Decimal(hidden)}
    shown = {key: cost for key, cost in spent.items() if key != (at, wallet)}
    exact = reading(shown, spent, {at: Decimal(1)} if helped else None, export=spent)
    rows = {key: replace(row, cost=cents(row.cost)) for key, row in (exact.spend["team"] or {}).items()}
    told = disagreements(
        replace(exact, spend={"team": rows}, days={key: cents(cost) for key, cost in shown.items()}), DESIRED
    )
    table = {key: row.cost for key, row in rows.items()}
    for one in (one for one in told if one.between[0] == "spend"):
        others = sum(cost for key, cost in table.items() if key != wallet)
        assert one.first_amount == (others if one.together else table.get(one.wallet, Decimal(0)))


def test_a_wallet_that_paid_too_much_is_named_though_others_were_helped_out() -> None:
    asked = {(day(0), "a"): Decimal(10), (day(1), "b"): Decimal(10)}
    paid = {(day(0), "a"): Decimal(4), (day(1), "b"): Decimal(12)}
    (found,) = disagreements(reading(asked, paid, {day(0): Decimal(6)}), DESIRED)
    assert (found.wallet, found.amount, found.since) == ("b", Decimal(2), day(1))


def test_what_nobody_paid_is_a_disagreement_of_all_wallets_where_others_helped_out() -> None:
    asked = {(day(0), "a"): Decimal(10), (day(0), "c"): Decimal(3), (day(2), "b"): Decimal(10)}
    paid = {(day(0), "a"): Decimal(4), (day(0), "c"): Decimal(3)}
    (found,) = disagreements(reading(asked, paid, {day(0): Decimal(6)}), DESIRED)
    assert (found.between, found.wallet) == (("spend", "ledger"), "")
    assert (found.amount, found.since) == (Decimal(-10), day(2))


def test_an_export_is_held_against_the_dashboard_wallet_by_wallet_though_sums_are_equal() -> None:
    asked = {(day(0), "a"): Decimal(10), (day(0), "b"): Decimal(5)}
    export = {(day(0), "a"): Decimal(5), (day(0), "b"): Decimal(10)}
    found = disagreements(reading(asked, asked, export=export), DESIRED)
    assert [(one.wallet, one.amount) for one in found] == [("a", Decimal(-5)), ("b", Decimal(5))]
    assert needs_days(reading(asked, asked, export=export))
    assert not needs_days(reading(asked, asked, export=asked))
    assert not needs_days(reading(asked, asked))


@pytest.mark.parametrize("gap", [Decimal("0.009999"), Decimal("0.01")])
def test_a_disagreement_begins_at_a_cent_whoever_paid(gap: Decimal) -> None:
    asked = {(day(0), "a"): Decimal(1), (day(1), "a"): Decimal(2), (day(2), "a"): Decimal(3)}
    short = {**asked, (day(1), "a"): 2 - gap}
    helped = {(day(1), "a"): 2 - gap, (day(2), "a"): Decimal(3)}
    told = [(day(1), day(1), 1, -gap)] * (gap == Decimal("0.01"))
    for one in (
        reading(asked, short),
        reading(asked, helped, {day(0): Decimal(1)}),
        reading(asked, asked, export=short),
    ):
        assert [(found.since, found.until, found.days, found.amount) for found in disagreements(one, DESIRED)] == told
        assert needs_days(one) == bool(told)


def test_a_disagreement_is_told_with_its_sums_its_days_and_whose_it_is() -> None:
    asked = {(day(at), key): Decimal(at + 2) for at in range(3) for key in ("team_support", "gone")}
    paid = {(day(1), "team_support"): Decimal(1), (day(2), "team_support"): Decimal(1)}
    between: Any = ("export", "ledger")
    of_all = {"between": between, "since": day(0), "until": day(2), "days": 3, "first_amount": Decimal(9)}
    support = Disagreement(
        wallet="team_support",
        team="support",
        environment="prod",
        amount=Decimal(-7),
        second_amount=Decimal(2),
        **of_all,
    )
    gone = Disagreement(wallet="gone", team="", environment="", amount=Decimal(-9), second_amount=Decimal(0), **of_all)
    without_days = replace(reading(asked, paid, export=asked), days={})
    assert disagreements(without_days, DESIRED) == (gone, support)
    told_nothing = replace(without_days, spend={}, export=None)
    assert (disagreements(told_nothing, DESIRED), needs_days(told_nothing)) == ((), False)


def test_no_day_is_told_where_nobody_asked_the_dashboard_for_days() -> None:
    asked, export = {(day(0), "a"): Decimal(5)}, {(day(0), "a"): Decimal(3)}
    (found,) = disagreements(replace(reading(asked, export, export=export), days={}), DESIRED)
    assert (found.since, found.until, found.days, found.amount) == (None, None, 0, Decimal(-2))


entries = st.lists(
    st.tuples(st.integers(0, 4).map(day), st.sampled_from(["a", "b", "c", ""]), st.integers(1, 30_000_000)), max_size=20
)


def settled(entries: list[tuple[date, str, Decimal]]) -> Reading:
    """Return a reading whose export has each entry exactly and whose ledger has it in cents; of `""`, others paid."""
    export: Days = {}
    payments = []
    for at, holder, cost in entries:
        export[at, holder or "a"] = export.get((at, holder or "a"), Decimal(0)) + cost
        payments.append(Payment("team" if holder else "organization", holder, "USD", at, cents(cost)))
    ledger, elsewhere = paid(payments, "USD", FIRST, END)
    rounded = paid(payments, "USD", FIRST, END, of=rounding)
    return Reading(FIRST, END, {"team": None}, export, ledger, elsewhere, {}, *rounded)


@given(entries)
@example([(day(0), "a", 5000), (day(0), "", 5000)])
def test_a_ledger_in_whole_cents_agrees_with_an_exact_export(micros: list[tuple[date, str, int]]) -> None:
    exact = [(at, wallet, Decimal(amount) / 1_000_000) for at, wallet, amount in micros]
    assert disagreements(settled(exact), DESIRED) == ()


def test_what_rounding_may_make_of_a_month_hides_nothing_that_is_wrong_on_one_day() -> None:
    many = [(day(at % 4), "a", Decimal("1.004")) for at in range(400)]
    one = settled([*many, (day(4), "a", Decimal("7.003"))])
    assert disagreements(one, DESIRED) == ()
    booked = replace(one, ledger={**one.ledger, (day(4), "a"): Decimal("8.50")})
    (found,) = disagreements(booked, DESIRED)
    assert (found.wallet, found.since, found.until, found.days) == ("a", day(4), day(4), 1)
    assert abs(found.amount) < sum(one.rounded.values()), "rounding could make more of the month as a whole"


def test_a_ledger_with_more_decimals_is_held_to_the_cent() -> None:
    payments = [Payment("team", "a", "USD", day(at % 5), Decimal("0.010001")) for at in range(100)]
    ledger, _ = paid(payments, "USD", FIRST, END)
    rounded, _ = paid(payments, "USD", FIRST, END, of=rounding)
    export = {**ledger, (day(1), "a"): ledger[day(1), "a"] + Decimal("0.011")}
    (found,) = disagreements(Reading(FIRST, END, {"team": None}, export, ledger, {}, {}, rounded), DESIRED)
    assert (found.amount, found.since) == (Decimal("-0.01"), day(1))


def test_a_row_of_a_dashboards_day_in_whole_cents_agrees_with_an_exact_ledger() -> None:
    exact = {(day(at), "a"): Decimal("10.004") for at in range(5)}
    shown = {key: cents(cost) for key, cost in exact.items()}
    assert disagreements(reading(shown, exact), DESIRED) == ()
    assert disagreements(reading(shown, {}, {at: cost for (at, _), cost in exact.items()}), DESIRED) == ()


def test_what_is_told_alone_is_not_in_the_sum_of_the_others() -> None:
    asked = {(day(0), "a"): Decimal(10), (day(0), "b"): Decimal(5), (day(0), "c"): Decimal(20)}
    ledger = {(day(0), "a"): Decimal(300), (day(0), "c"): Decimal(15)}
    found = disagreements(reading(asked, ledger, {day(0): Decimal(3)}), DESIRED)
    assert [(one.wallet, one.together, one.amount) for one in found] == [
        ("a", False, Decimal(290)),
        ("", True, Decimal(-7)),
    ]
    nobodys = disagreements(reading({(day(0), ""): Decimal(8)}, {}), DESIRED)
    assert [(one.wallet, one.together) for one in nobodys] == [("", False)]
