"""The numbers, dates and probabilities of every report, worded in one place."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import ROUND_HALF_EVEN, Decimal

from reconciler.model.money import cents
from reconciler.report.spans import DASH

_SEVERAL = {
    "is": "are",
    "gets": "get",
    "gives": "give",
    "changes": "change",
    "leaves": "leave",
    "expects": "expect",
    "lasts": "last",
    "more currency": "more currencies",
}


def whole(amount: Decimal | None) -> str:
    """Return money for a table: whole units with thousands separators."""
    if amount is None:
        return DASH
    return whole_units(int(amount.quantize(Decimal(1), ROUND_HALF_EVEN)))


def whole_units(units: int) -> str:
    """Return whole units of money with thousands separators."""
    return f"{units:,}".replace("-", "−")


def signed(amount: Decimal) -> str:
    """Return a difference of money for a table, with its sign."""
    return f"+{whole(amount)}" if amount > 0 else whole(amount)


def interval(quantiles: Mapping[str, Decimal]) -> str:
    """Return `11,240 (10,710 to 11,980)`: the median, and the band from P10 to P90."""
    low, middle, high = (whole(quantiles.get(key)) for key in ("0.1", "0.5", "0.9"))
    return f"{middle} ({low} to {high})"


def exact(amount: Decimal | None) -> str:
    """Return money to the cent, for where it moves."""
    return DASH if amount is None else f"{cents(amount):,.2f}".replace("-", "−")


def brief(amount: Decimal) -> str:
    """Return money exactly, leaving out cents that are zero."""
    return f"{amount:,.0f}".replace("-", "−") if amount == amount.to_integral_value() else exact(amount)


def probability(value: float | None) -> str:
    """Return a probability; certainty is never claimed, because simulated paths cannot show it."""
    if value is None:
        return DASH
    if value < 0.001:
        return "<0.1%"
    if value > 0.999:
        return ">99.9%"
    digits = 1 if value < 0.01 or value > 0.99 else 0
    return f"{Decimal(repr(value)) * 100:.{digits}f}%"


def share(value: float) -> str:
    """Return a measured share; unlike a probability it may well be zero."""
    return f"{value:.1%}" if value == 0 or value >= 0.0005 else "below 0.1%"


def day(value: date | None) -> str:
    """Return a day of the year, such as `28 Jun`."""
    return DASH if value is None else f"{value.day} {value:%b}"


def long_day(value: date) -> str:
    """Return a day in a sentence, such as `28 June`."""
    return f"{value.day} {value:%B}"


def day_range(first: date, last: date) -> str:
    """Return `27 to 30 June`, or both months where they differ."""
    if first == last:
        return long_day(first)
    start = str(first.day) if (first.year, first.month) == (last.year, last.month) else long_day(first)
    return f"{start} to {long_day(last)}"


def counted(number: int, noun: str) -> str:
    """Return `1 wallet`, `2 wallets`."""
    return f"{number:,} {noun if number == 1 else several(noun)}"


def several(noun: str) -> str:
    return _SEVERAL.get(noun, f"{noun}s")


def agree(number: int, verb: str) -> str:
    """Return the verb in the form that fits `number`."""
    return verb if number == 1 else several(verb)


def rows(number: int) -> str:
    """Return a number of events, such as `1.9 M events`."""
    if number < 10_000:
        return counted(number, "event")
    scaled, unit = (Decimal(number) / 1000, "k") if number < 999_500 else (Decimal(number) / 1_000_000, "M")
    return f"{scaled:.1f} {unit} events" if scaled < 100 else f"{scaled:,.0f} {unit} events"


_NAMED = 8
"""So many wallets are named of which one sentence holds."""


def same_for(others: Sequence[str]) -> str:
    """Return that a sentence holds for other wallets too, to be written after it."""
    unnamed = f" and {len(others) - _NAMED:,} more" if len(others) > _NAMED else ""
    return f" (the same holds for {counted(len(others), 'other wallet')}: {', '.join(others[:_NAMED])}{unnamed})"


def listed(items: Sequence[str], most: int = 4) -> str:
    """Return `a, b and c`; what is beyond `most` is counted."""
    shown = list(items[:most])
    if len(items) > most:
        shown.append(f"{len(items) - most:,} more")
    if len(shown) < 2:
        return "".join(shown)
    return f"{', '.join(shown[:-1])} and {shown[-1]}"


def listed_plainly(items: Sequence[str], most: int = 8) -> str:
    """Return `a, b, c`; what is beyond `most` is counted."""
    more = [f"{len(items) - most:,} more"] if len(items) > most else []
    return ", ".join([*items[:most], *more])
