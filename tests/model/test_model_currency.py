"""Currencies without minor units hold whole amounts alone."""

from __future__ import annotations

from decimal import Decimal

from babel.core import get_global
from babel.numbers import list_currencies
from hypothesis import given
from hypothesis import strategies as st

from reconciler.model.live import available_money
from reconciler.model.money import CURRENCIES, is_payable, payable

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


def test_every_currency_that_is_legal_tender_somewhere_is_known_and_nothing_else() -> None:
    tender = {
        code
        for currencies in get_global("territory_currencies").values()
        for code, _, end, is_tender in currencies
        if end is None and is_tender
    }
    assert tender <= CURRENCIES <= list_currencies()
