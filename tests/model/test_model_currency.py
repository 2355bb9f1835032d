"""Currencies without minor units hold whole amounts alone."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from reconciler.model.live import available_money
from reconciler.model.money import is_payable, payable

codes = st.sampled_from(["JPY", "KRW", "VND", "CLP", "USD", "EUR", "KWD", "BHD"])


@given(amount=st.decimals(0, 10**12, places=2), currency=codes)
def test_what_can_be_paid_is_never_more_than_there_is_and_less_than_a_coin_below_it(
    amount: Decimal, currency: str
) -> None:
    paid = payable(amount, currency)
    assert is_payable(paid, currency)
    assert 0 <= amount - paid < 1
    assert paid == amount or currency in {"JPY", "KRW", "VND", "CLP"}


def test_a_balance_in_yen_counts_its_whole_yen() -> None:
    assert available_money(Decimal("120.75"), Decimal(0), "JPY").amount == 120
    assert available_money(Decimal("120.759"), Decimal(0), "KWD").amount == Decimal("120.75")
