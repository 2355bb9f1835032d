"""Money: a decimal amount with its currency, quantised to cents once, on the way in; its coins, and the pool."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_DOWN, ROUND_FLOOR, ROUND_HALF_EVEN, Decimal
from typing import Annotated, TypeVar

from pydantic import AfterValidator, Field, PlainSerializer, WithJsonSchema

from reconciler.model.frozen import Frozen

K = TypeVar("K")

CENT = Decimal("0.01")
ZERO = Decimal("0.00")


def cents(amount: Decimal | int | str) -> Decimal:
    """Return `amount` at two decimals, rounded half to even; zero has no sign."""
    return Decimal(amount).quantize(CENT, ROUND_HALF_EVEN) + ZERO


def in_cents(amounts: Mapping[K, Decimal], total: Decimal) -> dict[K, Decimal]:
    """Return `amounts` in whole cents that add up to `total`, itself in cents and their sum but for rounding.

    Each is rounded down, and the cents that are left go to the largest remainders (Hamilton's method).
    Of equal remainders the first in `amounts` comes first. An amount of nothing stays nothing where that is possible.
    """
    floors = {key: amount.quantize(CENT, ROUND_FLOOR) for key, amount in amounts.items()}
    over = int((total - sum(floors.values(), Decimal(0))) / CENT)
    ranked = sorted(amounts, key=lambda key: (not amounts[key], floors[key] - amounts[key]))
    for at in range(abs(over)):
        key = ranked[at % len(ranked)] if over > 0 else ranked[-1 - at % len(ranked)]
        floors[key] += CENT if over > 0 else -CENT
    return {key: cents(amount) for key, amount in floors.items()}


def rounding(*figures: Decimal) -> Decimal:
    """Return by how much the sum of `figures` may be off because of cents: half of one for each that is in whole ones.

    A figure with more decimals was not rounded to cents.
    """
    return CENT / 2 * sum(figure == cents(figure) for figure in figures)


def differ(first: Decimal, second: Decimal, rounded: Decimal = ZERO) -> bool:
    """Whether two sums differ by a cent and more, and by more than rounding alone can make of them."""
    gap = abs(first - second)
    return gap >= CENT and gap > rounded


def whole_cents_of(amount: Decimal) -> Decimal:
    """Return `amount` at two decimals, rounded towards zero: what can be moved of it."""
    return amount.quantize(CENT, ROUND_DOWN)


Amount = Annotated[
    Decimal,
    AfterValidator(cents),
    WithJsonSchema({"type": "string", "pattern": r"^-?\d+\.\d{2}$"}),
]
"""An amount in major units inside a JSON document: a string with two decimals."""


ExactAmount = Annotated[
    Decimal,
    PlainSerializer(lambda amount: f"{cents(amount)}", return_type=str, when_used="json"),
    WithJsonSchema({"type": "string", "pattern": r"^-?\d+\.\d{2}$"}),
]
"""The same of an amount that is added up before it is shown: whole inside, in two decimals once it is written."""

UnroundedAmount = Annotated[
    Decimal,
    PlainSerializer(lambda amount: f"{amount:f}", return_type=str, when_used="json"),
    WithJsonSchema({"type": "string", "pattern": r"^-?\d+(\.\d+)?$"}),
]
"""An amount in a JSON document with all of its decimals."""


@dataclass(frozen=True, slots=True)
class Money:
    """An amount in major units of one currency. Amounts of two currencies are never added or compared."""

    amount: Decimal
    currency: str

    def __post_init__(self) -> None:
        object.__setattr__(self, "amount", cents(self.amount))

    def _same(self, other: Money) -> Decimal:
        if other.currency != self.currency:
            raise ValueError(f"{self.currency} and {other.currency} cannot be netted")
        return other.amount

    def __add__(self, other: Money) -> Money:
        return Money(self.amount + self._same(other), self.currency)

    def __sub__(self, other: Money) -> Money:
        return Money(self.amount - self._same(other), self.currency)

    def __neg__(self) -> Money:
        return Money(-self.amount, self.currency)

    def __lt__(self, other: Money) -> bool:
        return self.amount < self._same(other)

    def __le__(self, other: Money) -> bool:
        return self.amount <= self._same(other)

    def __gt__(self, other: Money) -> bool:
        return self.amount > self._same(other)

    def __ge__(self, other: Money) -> bool:
        return self.amount >= self._same(other)

    def __str__(self) -> str:
        return f"{self.currency} {self.amount:,.2f}"


def total(amounts: Iterable[Money], currency: str) -> Money:
    return sum(amounts, start=Money(ZERO, currency))


CURRENCIES = frozenset(
    """
    AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BOV BRL BSD BTN BWP BYN BZD CAD
    CDF CHE CHF CHW CLF CLP CNH CNY COP COU CRC CUC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL
    GHS GIP GMD GNF GTQ GYD HKD HNL HRK HTG HUF IDR ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD
    KYD KZT LAK LBP LKR LRD LSL LYD MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MXV MYR MZN NAD NGN NIO NOK
    NPR NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR RON RSD RUB RWF SAR SBD SCR SDG SEK SGD SHP SLE SLL SOS SRD SSP
    STN SYP SZL THB TJS TMT TND TOP TRY TTD TWD TZS UAH UGX USD USN UYI UYU UYW UZS VED VES VND VUV WST XAF XCD
    XCG XDR XOF XPF XSU XUA YER ZAR ZMW ZWG ZWL
    """.split()  # noqa: SIM905 - a list to read
)
"""The codes of ISO 4217 that money can be counted in, those among them that ended in these years."""

_WITHOUT_MINOR_UNITS = frozenset(
    "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF".split()  # noqa: SIM905 - a list to read
)


def has_cents(currency: str) -> bool:
    """Whether there are coins for every amount in whole cents."""
    return currency not in _WITHOUT_MINOR_UNITS


def coin(currency: str) -> Decimal:
    """Return the smallest amount that can be paid in `currency`, as far as amounts are in whole cents."""
    return CENT if has_cents(currency) else Decimal(1)


def is_payable(amount: Decimal, currency: str) -> bool:
    return has_cents(currency) or amount == amount.to_integral_value()


def payable(amount: Decimal, currency: str) -> Decimal:
    """Return what of `amount`, in cents, `currency` has coins for: never more than there is."""
    return amount if is_payable(amount, currency) else amount.to_integral_value(ROUND_DOWN)


def in_coins(amount: Decimal, currency: str) -> Decimal:
    """Return `amount` to the nearest of what `currency` has coins for, half to even; zero has no sign."""
    return amount.quantize(coin(currency), ROUND_HALF_EVEN) + ZERO


def enough(amount: Decimal, currency: str) -> Decimal:
    """Return the least amount that `currency` has coins for and that is not below `amount`."""
    return amount.quantize(coin(currency), ROUND_CEILING) + ZERO


class Funds(Frozen):
    """The pool along the run: what it holds, and what it holds after reclaims and allocations. None: not visible."""

    available: Amount | None = Field(
        description="Money in the organization's pool before the run; null where it cannot be seen."
    )
    after: Amount | None = Field(description="Money in it after the run; null where it cannot be seen.")
    allocated: Amount = Field(description="Money that goes to wallets.")
    reclaimed: Amount = Field(description="Money that comes back from wallets.")
