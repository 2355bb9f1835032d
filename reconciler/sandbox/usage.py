"""What was used: the scenario's traffic and what gateways reported since, as spend by team and as exports."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reconciler.model.period import Period
from reconciler.sandbox.amount import Micros, decimal_text
from reconciler.sandbox.clock import Clock, rfc3339, stamp
from reconciler.sandbox.database import Database
from reconciler.sandbox.wire import json_text, parse_json

if TYPE_CHECKING:
    from reconciler.sandbox.traffic import Traffic

DAY = 86_400 * 10**6


@dataclass(frozen=True, slots=True)
class Usage:
    """Events, and spend by team and day kept in step with them."""

    database: Database
    clock: Clock

    def record(self, team: str, cost: int, *, id: str, **columns: Any) -> None:
        """Note one event that a gateway reported. `columns` are event columns beyond id, timestamp, team and cost."""
        now = stamp(self.clock.now())
        event = {"id": id, "timestamp": rfc3339(now), "gateway_id": "gw_live", "team_id": team, "decision": "allowed"}
        body = json_text({**event, **columns, "cost": decimal_text(cost)})
        with self.database.write() as connection:
            connection.execute("INSERT INTO events VALUES (?, ?, ?, ?, ?)", (id, now, team, cost, body))
            connection.execute(
                "INSERT INTO daily_spend VALUES (?, ?, ?, 1) ON CONFLICT (team_id, day) "
                "DO UPDATE SET cost = cost + excluded.cost, requests = requests + 1",
                (team, now // DAY * DAY, cost),
            )

    def spend(self, start: int, end: int, *, after: str = "", limit: int | None = None) -> list[dict[str, Any]]:
        """Return what each team spent on the days that begin in `[start, end)`."""
        rows = self.database.rows(
            "SELECT team_id, sum(cost), sum(requests) FROM daily_spend WHERE day >= ? AND day < ? AND team_id > ? "
            "GROUP BY team_id ORDER BY team_id LIMIT ?",
            (start, end, after, -1 if limit is None else limit),
        )
        return [
            {"team_id": team, "cost": Micros(cost), "currency": "USD", "requests": requests}
            for team, cost, requests in rows
        ]

    def export(self, job: Mapping[str, Any], directory: Path) -> Callable[[], Path]:
        """Return what writes the file of an export job: run it in a thread, it does not touch the database."""
        from reconciler.sandbox.exports import write_export

        start, end = job["start"], job["end"]
        rows = self.database.rows(
            "SELECT body FROM events WHERE created >= ? AND created < ? ORDER BY created", (start, end)
        )
        events = [parse_json(body) for (body,) in rows] if job["type"] == "events" else []
        traffic = self.traffic() if job["type"] == "events" else None
        window = (start, min(end, int(self.database.fact("known_until") or 0)))
        return partial(write_export, traffic, window, events, directory / job["file"], form=job["form"])

    def traffic(self) -> Traffic | None:
        """Return the scenario's events, None when it has none."""
        month = self.database.fact("traffic_month")
        if month is None:
            return None
        from reconciler.sandbox.acme import acme_traffic

        return acme_traffic(Period.parse(month))
