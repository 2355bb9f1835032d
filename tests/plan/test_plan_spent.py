"""The rows of the spend view: which days and money count, whose they are, and what silence of a surface means."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from forecast.forecast_world import UsageBuilder
from worlds import desired, wallet

from reconciler.model.spend import Payment, Reading, Spent, SpentRow
from reconciler.plan.spent import (
    Events,
    added,
    dimension,
    model_of,
    other_currencies,
    paid,
    teams,
    wallet_of,
    wallets,
    workload_of,
)

FIRST, SECOND, LAST, END = (date(2026, 6, day) for day in (1, 2, 5, 6))
BEFORE = date(2026, 5, 31)
LARGE = {"provider": "openai", "model": "large", "workload": "chat"}
SMALL = {"model": "small", "workload": "search"}
EVENTS = Events(
    UsageBuilder()
    .row(BEFORE, "team_support", 100, requests=100, **LARGE)
    .row(FIRST, "team_support", 1.5, requests=3, **LARGE)
    .row(FIRST, "team_support", 2, requests=4, **SMALL)
    .row(LAST, "team_support", 4, requests=5, **LARGE)
    .row(LAST, "", 8, requests=6)
    .row(END, "team_support", 200, requests=100, **LARGE)
    .build(),
    FIRST,
    END,
)
GIT = desired([wallet("support", "prod", "100"), wallet("support", "dev", "5")])


def test_events_are_added_up_from_the_first_day_until_before_the_end() -> None:
    assert EVENTS.days() == {
        (FIRST, "team_support"): Decimal("3.5"),
        (LAST, "team_support"): Decimal(4),
        (LAST, ""): Decimal(8),
    }
    assert EVENTS.by(wallet_of) == {"team_support": (Decimal("7.5"), 12), "": (Decimal(8), 6)}
    assert EVENTS.by(workload_of) == {"chat": (Decimal("5.5"), 8), "search": (Decimal(2), 4), "": (Decimal(8), 6)}
    assert set(EVENTS.by(model_of)) == {"openai/large", "small", ""}


def test_what_was_settled_counts_in_its_currency_and_days_by_who_holds_the_wallet() -> None:
    def payment(day: date, amount: int, holder: str = "team_support", currency: str = "USD") -> Payment:
        return Payment("team" if holder.startswith("team") else "user", holder, currency, day, Decimal(amount))

    payments = [
        *(payment(day, 100) for day in (BEFORE, END)),
        *(payment(BEFORE, 100, currency="GBP"), payment(END, 100, currency="GBP")),
        *(payment(FIRST, amount) for amount in (1, 2)),
        *(payment(FIRST, amount, currency="EUR") for amount in (4, 5)),
        *(payment(LAST, amount, "ada") for amount in (8, 16)),
        payment(LAST, 32, "team_other"),
    ]
    assert paid(payments, "USD", FIRST, END) == (
        {(FIRST, "team_support"): Decimal(3), (LAST, "team_other"): Decimal(32)},
        {LAST: Decimal(24)},
    )
    rows = [SpentRow(key, "EUR", Decimal(5), 1) for key in "ab"] + [SpentRow("c", "CHF", Decimal(1), 1)]
    assert other_currencies(rows, payments, "USD", FIRST, END) == {"CHF": Decimal(1), "EUR": Decimal(10)}
    assert other_currencies(rows[:1], payments, "EUR", FIRST, END) == {"USD": Decimal(59)}
    assert other_currencies([], payments, "USD", FIRST, END) == {"EUR": Decimal(9)}


def spent(key: str, *sums: str | None, team: str = "", environment: str = "", requests: int | None = None) -> Spent:
    spend, export, ledger = (None if amount is None else Decimal(amount) for amount in sums)
    return Spent(
        key=key, team=team, environment=environment, spend=spend, export=export, ledger=ledger, requests=requests
    )


def test_a_wallet_is_told_by_every_surface_that_speaks_and_those_of_no_yaml_come_last() -> None:
    shown = {"team_support": SpentRow("team_support", "USD", Decimal("7.25"), 11)}
    reading = Reading(FIRST, END, {"team": shown}, EVENTS.days(), {(FIRST, "team_gone"): Decimal(3)}, {})
    rows = (
        spent("team_support", "7.25", "7.5", "0", team="support", environment="prod", requests=11),
        spent("team_support_dev", "0", "0", "0", team="support", environment="dev", requests=0),
        spent("", "0", "8", "0", requests=6),
        spent("team_gone", "0", "0", "3", requests=0),
    )
    assert wallets(reading, EVENTS, GIT) == rows
    silent = Reading(FIRST, END, {}, None, reading.ledger, {})
    assert wallets(silent, None, GIT) == (
        spent("team_support", None, None, "0", team="support", environment="prod"),
        spent("team_support_dev", None, None, "0", team="support", environment="dev"),
        spent("team_gone", None, None, "3"),
    )
    assert teams(rows) == (
        spent("support", "7.25", "7.5", "0", team="support", requests=11),
        *rows[2:],
    )


def test_a_surface_that_is_silent_about_a_part_is_silent_about_all() -> None:
    parts = [spent("a", "1", None, "2", team="x", requests=3), spent("b", "4", "5", None, team="y")]
    assert added("", parts) == spent("", "5", None, None)
    assert added("x", [parts[0], parts[0]]) == spent("x", "2", None, "4", team="x", requests=6)


def test_a_model_of_the_dashboard_is_the_one_of_the_export_that_it_can_mean_and_the_dearest_is_first() -> None:
    shown = {name: SpentRow(name, "USD", Decimal(cost), 1) for name, cost in (("large", 5), ("small", 7), ("twice", 1))}
    exported = {
        name: (Decimal(cost), 2)
        for name, cost in (("openai/eu/large", 6), ("small", 8), ("a/twice", 1), ("b/twice", 1), ("late", 9))
    }
    assert dimension(shown, exported) == (
        spent("late", "0", "9", None, requests=2),
        spent("small", "7", "8", None, requests=1),
        spent("openai/eu/large", "5", "6", None, requests=1),
        spent("a/twice", "0", "1", None, requests=2),
        spent("b/twice", "0", "1", None, requests=2),
        spent("twice", "1", "0", None, requests=1),
    )
    assert dimension(None, {"a": (Decimal(1), 2), "b": (Decimal(2), 2)}) == (
        spent("b", None, "2", None, requests=2),
        spent("a", None, "1", None, requests=2),
    )
    assert dimension({"small": shown["small"]}, None) == (spent("small", "7", None, None, requests=1),)


def test_what_is_added_up_is_rounded_once() -> None:
    rows = [Spent(key=name, spend=Decimal("0.004"), export=Decimal("0.006"), ledger=None, requests=1) for name in "abc"]
    total = added("", rows).model_dump(mode="json")
    assert (total["spend"], total["export"]) == ("0.01", "0.02")
