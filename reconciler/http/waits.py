"""How long a server asks to wait, by its own clock; and how often, and after which waits, a read is repeated."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import httpx
from httpx_retries import Retry

BROKEN = (500, 502, 503, 504)
"""The statuses of a server that may be well again in a moment."""


def read_retries(
    times: int,
    *,
    backoff: float,
    statuses: Sequence[int] = BROKEN,
    jitter: float = 1.0,
    longest_wait: float = 120.0,
    total_timeout: float | None = None,
) -> Retry:
    """Return how a GET is repeated after a lost connection or one of `statuses`. Nothing else ever is. In seconds."""
    return Retry(
        total=times,
        allowed_methods=["GET"],
        status_forcelist=statuses,
        backoff_factor=backoff,
        backoff_jitter=jitter,
        max_backoff_wait=longest_wait,
        total_timeout=total_timeout,
    )


def asked_wait(headers: httpx.Headers, *, now: datetime | None = None) -> float | None:
    """Return the seconds that Retry-After asks to wait, written as seconds or as an HTTP date; None for neither.

    A date counts from the answer's own Date, so that clocks need not agree; from `now` where it has none.
    """
    wanted = headers.get("retry-after", "").strip()
    try:
        seconds = float(wanted) if wanted[:1].isdigit() else _seconds_until(wanted, headers, now)
    except (ValueError, TypeError, OverflowError):
        return None
    return max(seconds, 0.0)


def dated(headers: httpx.Headers) -> datetime | None:
    """Return the server's own time of an answer, None where it says none."""
    try:
        return _aware(parsedate_to_datetime(headers["date"]))
    except (KeyError, ValueError):
        return None


def _seconds_until(wanted: str, headers: httpx.Headers, now: datetime | None) -> float:
    until = _aware(parsedate_to_datetime(wanted))
    return (until - _aware(dated(headers) or now or datetime.now(UTC))).total_seconds()


def _aware(moment: datetime) -> datetime:
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
