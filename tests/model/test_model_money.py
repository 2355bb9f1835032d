"""Money never loses a cent, never mixes currencies, and is the same bytes however it was written."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.model.live import available_money
from reconciler.model.money import Money, total

amounts = st.decimals(min_value=-(10**12), max_value=10**12, places=2, allow_nan=False, allow_infinity=False)


def test_amounts_written_with_and_without_decimals_are_the_same_bytes() -> None:
    assert repr(Money(Decimal("100"), "USD")) == repr(Money(Decimal("100.00"), "USD"))


@pytest.mark.parametrize("operation", ["__add__", "__sub__", "__lt__", "__le__", "__gt__", "__ge__"])
def test_two_currencies_are_never_netted_or_compared(operation: str) -> None:
    with pytest.raises(ValueError, match="cannot be netted"):
        getattr(Money(Decimal(1), "USD"), operation)(Money(Decimal(1), "EUR"))


@given(amounts, amounts)
def test_adding_and_taking_away_again_gives_the_amount_back(one: Decimal, other: Decimal) -> None:
    assert Money(one, "USD") + Money(other, "USD") - Money(other, "USD") == Money(one, "USD")
    assert Money(other, "USD") + -Money(other, "USD") == Money(Decimal(0), "USD")


@given(st.lists(amounts, max_size=20))
def test_a_total_is_the_exact_sum(values: list[Decimal]) -> None:
    assert total((Money(value, "USD") for value in values), "USD").amount == sum(values, Decimal(0))


def test_money_compares_by_amount_within_a_currency() -> None:
    small, large = Money(Decimal(1), "USD"), Money(Decimal(2), "USD")
    assert small < large
    assert small <= large
    assert large > small
    assert large >= small
    assert str(Money(Decimal("12500.5"), "USD")) == "USD 12,500.50"


@pytest.mark.parametrize(
    ("balance", "reserved", "expected"),
    [("9120.55", "40.25", "9080.30"), ("10.009", "0", "10.00"), ("5", "7", "0.00")],
)
def test_what_is_available_is_the_balance_less_what_is_reserved_in_whole_cents(
    balance: str, reserved: str, expected: str
) -> None:
    assert available_money(Decimal(balance), Decimal(reserved), "USD").amount == Decimal(expected)
