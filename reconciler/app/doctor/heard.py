"""Answers of Keeptrusts as they came: when, what the server's clock said, and the objects in them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from functools import cached_property
from typing import Any

from reconciler.keeptrusts import exact_json
from reconciler.keeptrusts.channel import Heard


@dataclass(frozen=True)
class Answered:
    """One answer, and when it was here by this machine's clock."""

    heard: Heard
    at: datetime

    @property
    def skew(self) -> timedelta | None:
        """By how much this machine's clock is ahead of the server's; None where the server does not tell the time."""
        try:
            server = parsedate_to_datetime(self.heard.headers.get("date", ""))
        except ValueError:
            return None
        return self.at - (server if server.tzinfo else server.replace(tzinfo=UTC))

    @cached_property
    def document(self) -> Any:
        """The JSON in it, None where there is none."""
        try:
            return exact_json.decode(self.heard.body)
        except ValueError:
            return None

    def objects(self) -> Iterator[Mapping[str, Any]]:
        """Yield every JSON object in it, the outer ones first."""
        yield from objects_in(self.document)


def objects_in(value: Any) -> Iterator[Mapping[str, Any]]:
    """Yield every object within a JSON value."""
    match value:
        case Mapping():
            yield value
            for inner in value.values():
                yield from objects_in(inner)
        case list():
            for inner in value:
                yield from objects_in(inner)
