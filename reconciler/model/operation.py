"""Operation ids: the mark by which a write of ours is found again in the ledger."""

from __future__ import annotations

import re
from decimal import Decimal
from hashlib import sha256
from typing import Literal

from reconciler.model.money import cents
from reconciler.model.period import Period
from reconciler.model.wallet_ref import WalletRef

_MARK = re.compile(r"\[kt-budgets op=(?P<period>2[01][0-9]{2}-(?:0[1-9]|1[0-2]))-(?P<digest>[0-9a-f]{20})\]")

MoneyMove = Literal["allocate", "reclaim"]
EntryKind = Literal["credit", "allocate", "reclaim", "reserve", "settle", "release", "refund", "top_up"]
"""What an entry of a ledger does."""


def operation_id(
    *,
    organization: str,
    wallet: WalletRef,
    period: Period,
    kind: MoneyMove,
    amount: Decimal,
    funded_before: Decimal,
    sequence: int,
) -> str:
    """Return the deterministic id of one approved move of money.

    The same approved change has the same id wherever and however often it runs; `sequence`, the number of our
    earlier operations on this wallet and period, keeps an intended repetition (A → B → A) apart.
    """
    facts = "\n".join(
        [organization, wallet, str(period), kind, str(cents(amount)), str(cents(funded_before)), str(sequence)]
    )
    return f"{period}-{sha256(facts.encode()).hexdigest()[:20]}"


def mark(operation: str) -> str:
    """Return the text that carries `operation` in a ledger description. It comes first: descriptions may be cut.

    Decision 0008.
    """
    return f"[kt-budgets op={operation}]"


def find_operation(description: str | None) -> str | None:
    """Return the operation id that a ledger description carries, if any."""
    match = _MARK.search(description or "")
    return f"{match['period']}-{match['digest']}" if match else None


def unmarked(description: str) -> str:
    """Return a ledger description without our mark."""
    return _MARK.sub("", description).strip()


_NO_JOURNAL = "0" * 12


def without_journal(operation: str) -> str:
    """Return an id for an operation that is part of a made-up past, which no journal tells of."""
    return f"{operation[:8]}{_NO_JOURNAL}{operation[-8:]}"


def has_no_journal(operation: str) -> bool:
    """Whether an operation is part of a made-up past, such as the embedded Keeptrusts begins with."""
    return operation[8:].startswith(_NO_JOURNAL)


def operation_period(operation: str) -> Period:
    return Period.parse(operation[:7])


_OPENING = "[kt-budgets op="
_ENOUGH = 8


def carries(description: str | None, operation: str) -> bool:
    """Whether a ledger description names `operation`, in full or cut off after at least eight digits of its digest."""
    if find_operation(description) == operation:
        return True
    _, opening, rest = (description or "").rstrip(" .…").rpartition(_OPENING)
    return bool(opening) and len(rest) >= len(operation) - 20 + _ENOUGH and mark(operation).startswith(opening + rest)


def is_cut_mark(description: str | None) -> bool:
    """Whether a ledger description holds the beginning of a mark of ours whose end was cut off."""
    _, opening, rest = (description or "").rpartition(_OPENING)
    return bool(opening) and "]" not in rest
