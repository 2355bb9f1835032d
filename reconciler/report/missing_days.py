"""What is to be said of days of which usage says nothing: before it begins, and between days with events."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from datetime import date, timedelta
from decimal import Decimal

from reconciler.findings import Finding, Position, Severity
from reconciler.model.usage import UsageSource
from reconciler.report import wording


def missing_days(
    source: UsageSource, *, as_of: date, is_named: bool, ledgers: bool, is_confirmed: bool = False
) -> Iterator[Finding]:
    """Yield what is to be said about days before `as_of` of which the usage says nothing.

    An export that was asked for whole begins where events do; one that `is_named` may leave the first days of this
    month out. Where the silence of this month and the last `is_confirmed` it is none. `ledgers` where figures of this
    month go by what was settled on such days.
    """
    month = as_of.replace(day=1)
    recent = (month - timedelta(days=1)).replace(day=1)
    begins, beside = source.first_day, _by_day(source.beside)
    if source.rows and begins and is_named and begins > month:
        yield _late(month, min(begins, as_of) - timedelta(days=1), begins, ledgers=ledgers)
    for first, last in source.untold(begins, as_of) if source.rows and begins else ():
        if not (is_confirmed and last >= recent):
            yield from _gap(first, last, month if ledgers else None, beside, source.unanswered)


_INSTEAD = "what the ledgers settled then counts instead"
_BESIDE = "what the dashboard shows for them counts in the sums of the year instead"


def _by_day(beside: Mapping[tuple[date, str], Decimal]) -> dict[date, Decimal]:
    """Return what all wallets spent together on the days that are known."""
    found: dict[date, Decimal] = {}
    for (day, _), cost in beside.items():
        found[day] = found.get(day, Decimal(0)) + cost
    return found


def _late(first: date, last: date, begins: date, *, ledgers: bool) -> Finding:
    without = f"not in it; {_INSTEAD}" if ledgers else "in no figure"
    return Finding(
        Position("usage"),
        "usage-begins-late",
        Severity.WARNING,
        f"the usage begins on {wording.long_day(begins)} {begins:%Y}: what was spent {_on(first, last)} is {without}",
        "name the exports of these days as well",
    )


def _gap(
    first: date,
    last: date,
    settled_since: date | None,
    beside: Mapping[date, Decimal],
    unanswered: Collection[date],
) -> Iterator[Finding]:
    """Yield what is to be said of a gap; nothing of one in which the dashboard shows that nobody spent anything."""
    days = {first + timedelta(days=number) for number in range((last - first).days + 1)}
    if days <= beside.keys() and not any(beside[day] for day in days):
        return
    settled = {day for day in days if settled_since and day >= settled_since}
    told = [_BESIDE] if days & beside.keys() else []
    told += [_INSTEAD + (f" in {settled_since:%B}" if settled < days else "")] if settled_since and settled else []
    if not days <= settled | beside.keys():
        silent = "; the dashboard was asked and told nothing" if days & set(unanswered) else ""
        told.append(f"what was spent on {'other days' if told else 'them'} is in no figure{silent}")
    without = "; ".join(told)
    yield Finding(
        Position("usage"),
        "usage-gap",
        Severity.WARNING,
        f"no team has an event {_on(first, last)} {last:%Y}, and there are some before and after: an export of these"
        f" days may be missing; {without}",
        "name the exports of these days as well; where nobody used anything then, nothing is missing",
    )


def _on(first: date, last: date) -> str:
    return f"on {wording.long_day(first)}" if first == last else f"from {wording.day_range(first, last)}"
