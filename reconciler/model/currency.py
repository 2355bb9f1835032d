"""What the smallest coin of a currency is: ISO 4217's list of currencies without minor units, as of 2026.

Amounts have two decimals at most. Currencies with three or four (BHD, IQD, JOD, KWD, LYD, OMR, TND; CLF, UYW) can hold
every one of them; those without any can hold whole amounts alone.
"""

from __future__ import annotations

from decimal import ROUND_DOWN, Decimal

_WITHOUT_MINOR_UNITS = frozenset(
    "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF".split()  # noqa: SIM905 - a list to read
)


def is_payable(amount: Decimal, currency: str) -> bool:
    """Whether `currency` has coins for exactly `amount`."""
    return currency not in _WITHOUT_MINOR_UNITS or amount == amount.to_integral_value()


def payable(amount: Decimal, currency: str) -> Decimal:
    """Return what of `amount`, in cents, `currency` has coins for: never more than there is."""
    return amount if is_payable(amount, currency) else amount.to_integral_value(ROUND_DOWN)
