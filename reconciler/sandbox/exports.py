"""What was used, as spend by team, and as files: CSV, JSON, JSON Lines or Parquet, plain or gzip, by DuckDB."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb
import pyarrow as pa

from reconciler.files import replacing
from reconciler.model.period import Period
from reconciler.sandbox.clock import Clock, rfc3339, stamp
from reconciler.sandbox.database import Database
from reconciler.sandbox.wire import Micros, decimal_text, json_text, parse_json

if TYPE_CHECKING:
    from reconciler.sandbox.traffic import Traffic


COLUMNS = {
    "id": "VARCHAR", "timestamp": "VARCHAR", "gateway_id": "VARCHAR", "team_id": "VARCHAR", "user_id": "VARCHAR",
    "provider": "VARCHAR", "model": "VARCHAR", "decision": "VARCHAR", "latency_ms": "BIGINT",
    "input_tokens": "BIGINT", "output_tokens": "BIGINT", "cost": "DECIMAL(18,6)", "cache_hit": "BOOLEAN",
    "avoided_cost": "DECIMAL(18,6)", "metadata": "JSON",
}  # fmt: skip

_AS_THEY_ARE = (
    "number", "moment", "user", "input_tokens", "output_tokens", "latency", "cost", "avoided",
    "cache_hit", "fallback", "blocked",
)  # fmt: skip

_FORMS = {
    "csv": "FORMAT csv, HEADER",
    "json": "FORMAT json, ARRAY true",
    "jsonl": "FORMAT json",
    "parquet": "FORMAT parquet",
}

_EVENTS = """
SELECT printf('evt_%012x', number) AS id, strftime(make_timestamp(moment), '%Y-%m-%dT%H:%M:%S.%gZ') AS timestamp,
    'gw_' || (user % 3 + 1) AS gateway_id, team_id::VARCHAR AS team_id,
    'usr_' || substr(team_id::VARCHAR, 6) || '_' || user AS user_id,
    split_part(model::VARCHAR, '/', 1) AS provider, split_part(model::VARCHAR, '/', 2) AS model,
    CASE WHEN blocked THEN 'blocked' ELSE 'allowed' END AS decision,
    latency AS latency_ms, input_tokens, output_tokens,
    (cost * 0.000001::DECIMAL(7,6))::DECIMAL(18,6) AS cost, cache_hit,
    (avoided * 0.000001::DECIMAL(7,6))::DECIMAL(18,6) AS avoided_cost,
    (labels::VARCHAR || CASE WHEN fallback THEN 'true}' ELSE 'false}' END)::JSON AS metadata
FROM traffic ORDER BY moment, number
"""


def write_export(
    traffic: Traffic | None,
    window: tuple[int, int],
    events: Sequence[Mapping[str, Any]],
    path: Path,
    *,
    form: str,
) -> Path:
    """Write the events of `[start, end)`, the scenario's and the reported ones, to `path`; return it."""
    compression = ", COMPRESSION gzip" if path.suffix == ".gz" else ""
    with duckdb.connect() as connection, replacing(path) as partial:
        connection.execute("SET threads = 1")
        connection.register("reported", _reported(events))
        typed = ", ".join(f"CAST({name} AS {kind}) AS {name}" for name, kind in COLUMNS.items())
        query = f"SELECT {typed} FROM reported"  # noqa: S608
        if traffic is not None:
            connection.register("traffic", _table(traffic, window))
            query = f"SELECT * FROM ({_EVENTS}) UNION ALL {query}"  # noqa: S608
        connection.execute(f"COPY ({query}) TO '{_quoted(partial)}' ({_FORMS[form]}{compression})")
    return path


def _table(traffic: Traffic, window: tuple[int, int]) -> pa.Table:
    rows = traffic.between(*window)
    labels = [
        f'{{"environment":"{environment}","workload":"{workload}","lane":"{lane}","fallback":'
        for environment, workload, lane in traffic.labels
    ]
    columns = {name: pa.array(getattr(traffic, name)[rows]) for name in _AS_THEY_ARE}
    for name, codes, words in (
        ("team_id", traffic.wallet, traffic.wallets),
        ("model", traffic.model, traffic.models),
        ("labels", traffic.label, labels),
    ):
        columns[name] = pa.DictionaryArray.from_arrays(pa.array(codes[rows].astype("int32")), pa.array(list(words)))
    return pa.table(columns)


def _reported(events: Sequence[Mapping[str, Any]]) -> pa.Table:
    return pa.table({name: pa.array([_text(event.get(name)) for event in events], pa.string()) for name in COLUMNS})


def _text(value: Any) -> str | None:
    return value if value is None or isinstance(value, str) else json_text(value)


def _quoted(path: Path) -> str:
    return str(path).replace("'", "''")


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
