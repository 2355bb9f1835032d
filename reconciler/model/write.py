"""What came of one write: a closed union. Nothing here is an exception, so that no outcome can be overlooked."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from reconciler.model.live import LedgerEntry


@dataclass(frozen=True, slots=True)
class Written:
    """The server confirmed it. `id` is the transaction's or object's id, if the answer named it."""

    id: str | None
    entry: LedgerEntry | None = None


@dataclass(frozen=True, slots=True)
class Refused:
    """The server refused with a 4xx other than 429. `message` holds the body, bounded, `at` the server's own time."""

    status: int
    message: str
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class RateLimited:
    """429: nothing moved, as far as the server says. `retry_after` is in seconds, `at` the server's own time."""

    retry_after: float
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class NotSent:
    """The connection was never established: it is safe to send again."""

    reason: str


@dataclass(frozen=True, slots=True)
class Lost:
    """The request may have arrived and no trustworthy answer came back (timeout, reset, 5xx, unreadable 2xx)."""

    reason: str


WriteResult = Written | Refused | RateLimited | NotSent | Lost
