"""Export jobs: queued, then processing, then completed as they are asked about; their files lie in a folder."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from reconciler.sandbox.clock import Clock, rfc3339, stamp
from reconciler.sandbox.database import Database, next_number, opaque
from reconciler.sandbox.wire import ApiError, json_text, parse_json

TYPES = ("events", "traces", "escalations", "audit-log")
FORMATS = ("csv", "json", "jsonl", "parquet")
_STATES = ("queued", "processing", "completed")
_OWN = ("start", "end", "form", "file")


@dataclass(frozen=True, slots=True)
class Jobs:
    """A job moves one state on each time it is asked for by id, so that no test has to wait for a clock."""

    database: Database
    clock: Clock

    def create(self, request: Mapping[str, Any]) -> dict[str, Any]:
        body = _checked(request)
        with self.database.write() as connection:
            seq = next_number(connection, "jobs")
            key = f"{secrets.token_urlsafe(18)}/{body['file']}"
            body["file"] = f"{opaque('job', seq)}-{body['file']}"
            values = (seq, opaque("job", seq), key, json_text(body), stamp(self.clock.tick()))
            connection.execute("INSERT INTO jobs VALUES (?, ?, ?, ?, 0, ?)", values)
        return self._document(opaque("job", seq))

    def page(self, after: str = "", limit: int | None = None) -> list[dict[str, Any]]:
        rows = self.database.rows(
            "SELECT id FROM jobs WHERE id > ? ORDER BY id LIMIT ?", (after, -1 if limit is None else limit)
        )
        return [self._document(identifier) for (identifier,) in rows]

    def ask(self, identifier: str) -> dict[str, Any]:
        """Return a job's state after moving it one on."""
        with self.database.write() as connection:
            connection.execute("UPDATE jobs SET asked = min(asked + 1, 2) WHERE id = ?", (identifier,))
            return self._document(identifier)

    def object_of(self, identifier: str) -> str:
        """Return the key under which the file of a completed job lies in object storage."""
        document = self._document(identifier)
        if document["status"] != "completed":
            raise ApiError(409, "job_not_completed", f"the export job is {document['status']}")
        ((key,),) = self.database.rows("SELECT object FROM jobs WHERE id = ?", (identifier,))
        return str(key)

    def of_object(self, key: str) -> dict[str, Any]:
        """Return what has to be written for the object `key`: window, form and file name."""
        found = self.database.row("SELECT body FROM jobs WHERE object = ?", (key,))
        if found is None:
            raise ApiError(404, "no_such_key", "there is no such object")
        body: dict[str, Any] = parse_json(found[0])
        return body

    def _document(self, identifier: str) -> dict[str, Any]:
        row = self.database.row("SELECT body, asked, created FROM jobs WHERE id = ?", (identifier,))
        if row is None:
            raise ApiError(404, "job_not_found", f"there is no export job `{identifier[:100]}`")
        body, asked, created = row
        public = {key: value for key, value in parse_json(body).items() if key not in _OWN}
        return {"id": identifier, "status": _STATES[asked], **public, "created_at": rfc3339(created)}


def _checked(request: Mapping[str, Any]) -> dict[str, Any]:
    """Return the request with the window in microseconds and the file's name."""
    kind, form, compression = request.get("type"), request.get("format"), request.get("compression", "none")
    if kind not in TYPES or form not in FORMATS or compression not in ("none", "gzip", None):
        raise ApiError(422, "invalid_export", f"type is one of {', '.join(TYPES)}; format one of {', '.join(FORMATS)}")
    try:
        first = date.fromisoformat(str(request["date_from"]))
        last = date.fromisoformat(str(request["date_to"]))
        start, end = _micros(first), _micros(last + timedelta(days=1))
    except (KeyError, ValueError, OverflowError) as problem:
        raise ApiError(422, "invalid_export", "date_from and date_to are dates, such as 2026-05-31") from problem
    if end <= start:
        raise ApiError(422, "invalid_export", "date_to is before date_from")
    packed = compression == "gzip" and form != "parquet"
    name = f"{kind}_{first}_{last}.{form}{'.gz' if packed else ''}"
    return {**request, "start": start, "end": end, "form": form, "file": name}


def _micros(day: date) -> int:
    return (day - date(1970, 1, 1)).days * 86_400 * 10**6
