"""Entries of a ledger that are not ours, and the month they may be meant for (decision 0012)."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from datetime import UTC

from reconciler.model.live import LedgerEntry, LiveWallet
from reconciler.model.money import ZERO, Money
from reconciler.model.period import Period


def foreign_entries(funding: Sequence[LedgerEntry], own: Collection[str] = ()) -> tuple[LedgerEntry, ...]:
    """Return the entries that are not ours, and those that repeat an operation of ours.

    `own` are the ids that the journal acknowledges: a ledger may have cut our mark off.
    """
    seen = {entry.operation for entry in funding if entry.operation and entry.id in own}
    found = []
    for entry in funding:
        if entry.id in own:
            continue
        if entry.operation is None or entry.operation in seen:
            found.append(entry)
        else:
            seen.add(entry.operation)
    return tuple(found)


def entries_by_hand(funding: Sequence[LedgerEntry], own: Collection[str] = ()) -> tuple[LedgerEntry, ...]:
    """Return what is foreign since our last own entry, which took all before it into account; without one, nothing.

    What repeats an operation of ours is foreign whenever it came.
    """
    foreign = foreign_entries(funding, own)
    ours = [entry.created_at for entry in funding if entry not in foreign]
    if not ours:
        return ()
    last = max(ours)
    return tuple(entry for entry in foreign if entry.created_at > last or entry.operation is not None)


def told(foreign: Sequence[LedgerEntry], currency: str) -> str:
    """Return what was moved by hand, or repeats an operation of ours, as a clause without its subject."""
    moved = Money(sum((entry.signed for entry in foreign), ZERO), currency)
    what = f"was given {moved}" if moved.amount >= 0 else f"had {-moved} taken"
    how = "by hand" if all(entry.operation is None for entry in foreign) else "by hand or twice"
    return f"{what} {how} ({', '.join(f'{entry.id}, {entry.created_at:%Y-%m-%d %H:%M} UTC' for entry in foreign)})"


_LAST_DAYS = 7
_NAMES = (
    "january february march april may june july august september october november december".split()  # noqa: SIM905
)
_NUMBERS = re.compile(r"(?<!\d)(20\d\d)[-/.](0[1-9]|1[0-2])(?!\d)")
_WORDS = re.compile(r"\b([A-Za-z]{3,9})\.?(?:\s+(?:\d{1,2},?\s+)?(20\d\d))?\b")


def funding_near(wallet: LiveWallet, period: Period) -> tuple[LedgerEntry, ...]:
    """Return what funds `period`, and what came in the month before without a mark of ours."""
    return (*wallet.early, *wallet.funding(period))


def is_doubtful(entry: LedgerEntry, period: Period) -> bool:
    """Whether an allocation without a mark of ours may be meant for another month than that of its date.

    Its words name another month, or it came in the last days before `period` and names none.
    """
    if entry.kind != "allocate" or entry.operation is not None:
        return False
    day = entry.created_at.astimezone(UTC).date()
    dated = Period.of(day)
    named = set(named_months(entry.description, near=dated))
    if dated == period:
        return bool(named) and period not in named
    return period in named or (not named and dated == period.plus(-1) and (dated.end - day).days <= _LAST_DAYS)


def named_months(text: str, *, near: Period) -> Iterator[Period]:
    """Yield the months that `text` names; one without a year is the nearest to `near`."""
    for match in _NUMBERS.finditer(text):
        yield Period(int(match[1]), int(match[2]))
    for match in _WORDS.finditer(text):
        word, year = match[1].lower(), match[2]
        months = [n for n, name in enumerate(_NAMES, 1) if name == word or (len(word) == 3 and name[:3] == word)]
        if not months or (year is None and (len(word) == 3 or not match[1][0].isupper())):
            continue
        if year is not None:
            yield Period(int(year), months[0])
        else:
            years = (Period(near.year + offset, months[0]) for offset in (-1, 0, 1))
            yield min(years, key=lambda month: abs(month.months_since(near)))
