"""The sandbox's clock: real time, or a fixed start that moves a little with every write."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

TICK = timedelta(milliseconds=7)
MORNING = time(9, 20, tzinfo=UTC)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)


@dataclass(slots=True)
class Clock:
    """Tells the time of writes. With `start` it is deterministic: each `tick()` is 7 ms after the last."""

    start: datetime | None = None

    @classmethod
    def on(cls, day: date | None) -> Clock:
        """Return a clock that starts on the morning of `day` (UTC), or the real one."""
        return cls(datetime.combine(day, MORNING) if day else None)

    def now(self) -> datetime:
        return self.start or datetime.now(UTC)

    def tick(self) -> datetime:
        """Return the time of a write and move on."""
        if self.start is None:
            return datetime.now(UTC)
        self.start += TICK
        return self.start

    def set(self, moment: datetime) -> None:
        self.start = moment.astimezone(UTC)


def stamp(moment: datetime) -> int:
    """Return whole microseconds since 1970, the form in which the database keeps instants."""
    return (moment - EPOCH) // MICROSECOND


def moment_of(microseconds: int) -> datetime:
    return EPOCH + timedelta(microseconds=microseconds)


def rfc3339(microseconds: int) -> str:
    """Return an instant as RFC 3339 in UTC with milliseconds (microseconds where there are any)."""
    moment = moment_of(microseconds).replace(tzinfo=None)
    return moment.isoformat(timespec="microseconds" if microseconds % 1000 else "milliseconds") + "Z"


def parse_instant(text: str) -> int:
    """Return the microseconds of an RFC 3339 instant or of a date (its first instant, UTC); ValueError otherwise."""
    moment = datetime.fromisoformat(text)
    return stamp(moment if moment.tzinfo else moment.replace(tzinfo=UTC))
