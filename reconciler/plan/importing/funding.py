"""Funding: the usual month of a wallet, what this month differs in, and money of which nobody knows the month."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC
from decimal import Decimal
from typing import Literal

from reconciler.model.live import LedgerEntry, LiveWallet
from reconciler.model.money import ZERO, cents
from reconciler.model.operation import unmarked
from reconciler.model.period import Period
from reconciler.plan.by_hand import is_doubtful, named_months

MONTHS = 12
"""How many whole months tell what is usual."""
_LATEST = 3
_OFTEN = 3
"""A third of the months must have had an amount for it to be the usual one; else it is the one in the middle."""
_DAYS_OF_RETURN = 3

Answers = Mapping[str, Period]
"""The month that somebody said a ledger entry was meant for, by the entry's id."""


@dataclass(frozen=True, slots=True)
class Usual:
    """What a month is usually funded with, and why that is believed: a sentence for a comment."""

    amount: Decimal
    reason: str


@dataclass(frozen=True, slots=True)
class WalletFunding:
    """What YAML is to say of a wallet's money. `overrides` are the months that differ, each with its reasons.

    `uncounted` is money of this month that came past the organization's wallet, and that no target is about.
    """

    usual: Usual
    overrides: Mapping[Period, tuple[Decimal, tuple[str, ...]]]
    uncounted: tuple[str, ...] = ()

    @property
    def amounts(self) -> tuple[Decimal, Mapping[Period, Decimal]]:
        """The figures alone: what an answer changes or does not."""
        return self.usual.amount, {month: amount for month, (amount, _) in self.overrides.items()}


@dataclass(frozen=True, slots=True)
class Question:
    """Money that may be meant for another month than that of its date.

    `months` are those it may be for, the one of its date first. `decides` says whether the answer changes a figure.
    """

    entry: LedgerEntry
    months: tuple[Period, ...]
    decides: bool


def funding_of(wallet: LiveWallet, period: Period, answers: Answers) -> WalletFunding:
    """Return the usual month of `wallet`, whose ledger reaches twelve months back, and what differs from it.

    For `period` itself the override makes the plan empty whatever is answered; an answer that points at a later month
    gives that month what it is still to get.
    """
    now = wallet.funded(period).amount
    usual = _usual(wallet, period, answers, now)
    overrides = {period: (now, tuple(_reasons(wallet, period, answers)))} if now != usual.amount else {}
    for month in sorted({month for month in answers.values() if month > period}):
        given = [entry for entry in wallet.ledger if answers.get(entry.id) == month and entry.kind == "allocate"]
        if given:
            rest = max(usual.amount - sum((entry.amount for entry in given), ZERO), ZERO)
            overrides[month] = cents(rest), tuple(f"given for it already: {_entry(entry)}" for entry in given)
    past = (entry for entry in wallet.ledger if entry.kind in ("credit", "top_up") and entry.created_at in period)
    return WalletFunding(usual, overrides, tuple(map(_entry, past)))


def questions_of(wallet: LiveWallet, period: Period, answers: Answers) -> Iterator[Question]:
    """Yield the allocations without an answer whose words, or whose date, point at another month, where it matters.

    It matters for `period` and what comes after it, and where the usual month would be another one.
    """
    by_date = funding_of(wallet, period, answers).amounts
    for entry in wallet.ledger:
        months = () if entry.id in answers else _possible(entry, wallet, period)
        if len(months) < 2:
            continue
        chosen = (funding_of(wallet, period, {**answers, entry.id: month}).amounts for month in months[1:])
        decides = any(amounts != by_date for amounts in chosen)
        if decides or max(months) >= period:
            yield Question(entry, months, decides)


def answered(wallet: LiveWallet, period: Period, by: Literal["dates", "words"]) -> Answers:
    """Return the month of all money of which that can be asked, by its date, or by words that name one other month."""
    found = {entry.id: _possible(entry, wallet, period) for entry in wallet.ledger}
    asked = {id: months for id, months in found.items() if len(months) > 1}
    if by == "dates":
        return {id: months[0] for id, months in asked.items()}
    by_words = {entry.id: _named(entry) for entry in wallet.ledger if entry.id in asked}
    return {id: named[0] for id, named in by_words.items() if len(named) == 1}


def given_twice(wallet: LiveWallet, period: Period) -> tuple[LedgerEntry, ...]:
    """Return the allocations of `period` by hand that repeat another one, words and amount alike."""
    seen: set[tuple[str, Decimal]] = set()
    found = []
    for entry in wallet.funding(period):
        fact = (entry.description, entry.amount)
        if entry.kind == "allocate" and entry.operation is None and entry.description:
            found += [entry] if fact in seen else []
            seen.add(fact)
    return tuple(found)


def _possible(entry: LedgerEntry, wallet: LiveWallet, period: Period) -> tuple[Period, ...]:
    """Return the months that an allocation may be for, that of its date first; one where nothing is in doubt."""
    if entry.kind != "allocate" or entry.operation is not None:
        return ()
    dated, named = Period.of(entry.created_at.astimezone(UTC).date()), _named(entry)
    if named:
        return (dated,) if dated in named else (dated, *named)
    early = is_doubtful(entry, period) and not wallet.funding(period)
    return (dated, period) if early else (dated,)


def _named(entry: LedgerEntry) -> tuple[Period, ...]:
    dated = Period.of(entry.created_at.astimezone(UTC).date())
    return tuple(dict.fromkeys(named_months(entry.description, near=dated)))


def _usual(wallet: LiveWallet, period: Period, answers: Answers, now: Decimal) -> Usual:
    months = _by_month(wallet, period, answers)
    if not months:
        return Usual(max(now, ZERO), f"what {period} was funded with; none of the {MONTHS} months before was")
    amounts = list(months.values())
    latest = Counter(amounts[-_LATEST:]).most_common(1)[0]
    span = f"{next(iter(months))} to {next(reversed(months))}"
    if len(amounts) == 1:
        return Usual(amounts[0], f"what {next(iter(months))} was funded with, the only month before {period} that was")
    if latest[1] >= min(2, len(amounts)):
        same = sum(amount == latest[0] for amount in amounts)
        return Usual(latest[0], f"{same} of the {len(amounts)} months {span} were funded with this")
    most = max(Counter(amounts).values())
    if most * _OFTEN >= len(amounts) and most > 1:
        amount = next(amount for amount in reversed(amounts) if amounts.count(amount) == most)
        return Usual(amount, f"{most} of the {len(amounts)} months {span} were funded with this")
    middle = sorted(amounts)[(len(amounts) - 1) // 2]
    lowest, highest = min(amounts), max(amounts)
    between = f"between {lowest:,.2f} and {highest:,.2f}"
    return Usual(middle, f"half of the {len(amounts)} months {span} had at most this, {between}")


def _by_month(wallet: LiveWallet, period: Period, answers: Answers) -> dict[Period, Decimal]:
    """Return what each of the twelve months was given, from the first that was given anything."""
    given: dict[Period, Decimal] = {}
    for entry in wallet.ledger:
        if entry.kind in ("allocate", "reclaim") and not _is_return(entry):
            month = _month(entry, answers)
            given[month] = given.get(month, ZERO) + entry.signed
    known = [month for month, amount in sorted(given.items()) if month < period and amount > 0]
    if not known:
        return {}
    first = max(known[0], period.plus(-MONTHS))
    months = (first.plus(offset) for offset in range(period.months_since(first)))
    return {month: cents(max(given.get(month, ZERO), ZERO)) for month in months}


def _month(entry: LedgerEntry, answers: Answers) -> Period:
    if entry.id in answers:
        return answers[entry.id]
    dated = Period.of(entry.created_at.astimezone(UTC).date())
    near = (dated, dated.plus(1), dated.plus(-1))
    return next((month for month in near if entry.operation and entry.funds(month)), dated)


def _is_return(entry: LedgerEntry) -> bool:
    """Whether money went back around the end of a month: what was not used, and no correction of what was given."""
    day = entry.created_at.astimezone(UTC).date()
    month = Period.of(day)
    return entry.kind == "reclaim" and (day.day <= _DAYS_OF_RETURN or (month.end - day).days <= _DAYS_OF_RETURN)


def _reasons(wallet: LiveWallet, period: Period, answers: Answers) -> Iterator[str]:
    """Yield what made the month another one than usual: each entry, and what was given for it before it began."""
    funding = wallet.funding(period)
    others = [
        entry for entry in wallet.ledger if entry not in funding and period in _meant(entry, wallet, period, answers)
    ]
    if not funding and not others:
        yield f"nothing was allocated in {period}; take this line away to have the month funded"
    yield from (_entry(entry) for entry in funding)
    for entry in others:
        known = "given for it before it began" if entry.id in answers else "perhaps given for it, nobody said so yet"
        yield f"{known}: {_entry(entry)}"


def _meant(entry: LedgerEntry, wallet: LiveWallet, period: Period, answers: Answers) -> tuple[Period, ...]:
    return (answers[entry.id],) if entry.id in answers else _possible(entry, wallet, period)


def _entry(entry: LedgerEntry) -> str:
    sign = "-" if entry.kind == "reclaim" else ""
    words = f', "{said}"' if (said := unmarked(entry.description)) else ""
    return f"{entry.id}, {entry.created_at:%Y-%m-%d}: {sign}{entry.amount:,.2f}{words}"
