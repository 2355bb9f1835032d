"""Which entries of a ledger somebody made by hand: neither ours by mark or by id, nor from before we took over."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from reconciler.model.live import LedgerEntry


def foreign_entries(funding: Sequence[LedgerEntry], own: Collection[str] = ()) -> tuple[LedgerEntry, ...]:
    """Return the entries that are not ours, and those that repeat an operation of ours.

    `own` are the ids that the journal knows: a ledger may have cut our mark off.
    """
    seen: set[str] = set()
    found = []
    for entry in funding:
        if entry.operation in seen or (entry.operation is None and entry.id not in own):
            found.append(entry)
        elif entry.operation is not None:
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
