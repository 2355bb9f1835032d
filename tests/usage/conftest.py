"""Exports to read: written by the tests in every format, and a plain Python reading to compare with."""

from __future__ import annotations

import csv
import gzip
import io
import json
import random
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest
from engines_once import engines_once as engines_once

from reconciler.model.usage import DailyUsage
from reconciler.usage.read import read_usage

Event = dict[str, Any]
FIRST, END = date(2026, 1, 1), date(2026, 7, 1)
UNSERVED = ("blocked", " Rate-Limited ", "429")
DECISIONS = (*("allowed", "ALLOW", "redacted", "200", "", None) * 2, *UNSERVED)
FORMATS = ("csv", "json", "envelope", "jsonl", "parquet", "parquet-text")


def as_csv(events: Sequence[Event]) -> str:
    header = list(dict.fromkeys(name for event in events for name in event)) or ["id", "timestamp", "team_id", "cost"]
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(header)
    writer.writerows([_csv_value(event.get(name)) for name in header] for event in events)
    return out.getvalue()


def _csv_value(value: Any) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case dict():
            return json.dumps(value)
        case _:
            return str(value)


def as_json(events: Sequence[Event], *, lines: bool = False) -> str:
    """Return JSON with costs as bare numbers, written digit by digit as they are."""
    texts = []
    for event in events:
        numbers = {name: f"\x00{value}\x00" if isinstance(value, Decimal) else value for name, value in event.items()}
        texts.append(json.dumps(numbers).replace('"\\u0000', "").replace('\\u0000"', ""))
    return "".join(f"{text}\n" for text in texts) if lines else f"[{', '.join(texts)}]"


def as_parquet(events: Sequence[Event], path: Path, *, typed: bool) -> None:
    source = path.with_suffix(".source.csv")
    source.write_text(as_csv(events), encoding="utf-8")
    names = next(csv.reader(io.StringIO(as_csv(events))))
    types = {
        "timestamp": 'CAST("timestamp" AS TIMESTAMPTZ)',
        "cost": 'CAST("cost" AS DOUBLE)',
        "avoided_cost": 'CAST("avoided_cost" AS DECIMAL(30,12))',
        "input_tokens": 'CAST("input_tokens" AS INTEGER)',
        "output_tokens": 'CAST("output_tokens" AS UBIGINT)',
        "cache_hit": 'CAST("cache_hit" AS BOOLEAN)',
    }
    columns = ", ".join(
        f"{types.get(name, quoted(name)) if typed else quoted(name)} AS {quoted(name)}" for name in names
    )
    read = f"read_csv('{source}', all_varchar = true, header = true, delim = ',', quote = '\"')"
    with duckdb.connect(config={"threads": 1}) as connection:
        connection.execute("SET TimeZone = 'Asia/Tokyo'")
        connection.execute(f"COPY (SELECT {columns} FROM {read}) TO '{path}' (FORMAT parquet)")
    source.unlink()


def quoted(name: str) -> str:
    return f'"{name}"'


@dataclass(frozen=True)
class Exports:
    """A folder to write exports into, and a reading of it."""

    folder: Path

    def write(self, events: Sequence[Event], form: str = "csv", *, name: str = "events", zipped: bool = False) -> Path:
        suffix = {"envelope": "json", "parquet-text": "parquet"}.get(form, form)
        path = self.folder / f"{name}.{suffix}"
        match form:
            case "csv":
                path.write_text(as_csv(events), encoding="utf-8", newline="")
            case "json":
                path.write_text(as_json(events), encoding="utf-8")
            case "envelope":
                path.write_text(f'{{"next": null, "events": {as_json(events)}, "warnings": []}}', encoding="utf-8")
            case "jsonl":
                path.write_text(as_json(events, lines=True), encoding="utf-8")
            case _:
                as_parquet(events, path, typed=form == "parquet")
        return self.zip(path) if zipped else path

    def text(self, name: str, content: str | bytes) -> Path:
        path = self.folder / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    def zip(self, path: Path) -> Path:
        target = path.with_name(path.name + ".gz")
        target.write_bytes(gzip.compress(path.read_bytes(), 1))
        path.unlink()
        return target

    def read(self, *paths: Path | str, **settings: Any) -> DailyUsage:
        defaults: dict[str, Any] = {"first": FIRST, "end": END, "known_wallets": {"team_a", "team_b"}}
        return read_usage([str(path) for path in paths or (self.folder,)], **(defaults | settings))


@pytest.fixture
def exports(tmp_path: Path) -> Exports:
    folder = tmp_path / "exports"
    folder.mkdir()
    return Exports(folder)


def make_events(count: int, seed: int = 0) -> list[Event]:
    """Return events as a gateway writes them, of each kind: credits, cache hits, unpriced and refused rows."""
    draw = random.Random(seed)
    return [_event(number, draw) for number in range(count)]


def _event(number: int, draw: random.Random) -> Event:
    hit = draw.random() < 0.2
    day, hour, minute, second = draw.randint(1, 28), draw.randint(0, 23), draw.randint(0, 59), draw.randint(0, 59)
    metadata: dict[str, Any] = {
        "environment": "prod",
        "workload": draw.choice(["batch", "interactive"]),
        "lane": draw.choice(["standard", "off-peak"]),
    }
    if draw.random() < 0.3:
        metadata["fallback"] = draw.choice([True, False])
    return {
        "id": f"evt_{number:08x}",
        "timestamp": f"2026-{draw.randint(1, 6):02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z",
        "team_id": draw.choice(["team_a", "team_b", 'team_é,"x"\n']),
        "provider": draw.choice(["openai", "anthropic"]),
        "model": draw.choice(["large", "small"]),
        "input_tokens": draw.randint(0, 5000),
        "output_tokens": draw.randint(0, 900),
        "cost": Decimal(0) if hit else Decimal(draw.randint(-200_000, 90_000_000)).scaleb(-draw.choice([2, 6, 9])),
        "cache_hit": hit,
        "avoided_cost": Decimal(draw.randint(0, 10**6)).scaleb(-6) if hit else Decimal(0),
        "metadata": metadata,
        "decision": random.Random(f"decision {number}").choice(DECISIONS),
    }


@pytest.fixture(scope="session")
def events() -> Callable[..., list[Event]]:
    return make_events


def reference(events: Sequence[Event]) -> dict[tuple[str, ...], tuple[Decimal | int, ...]]:
    """Return the sums of the daily table by day, wallet, workload, provider, model and lane, worked out by Decimal."""
    table: dict[tuple[str, ...], list[Decimal | int]] = defaultdict(
        lambda: [Decimal(0), Decimal(0), Decimal(0), 0, 0, 0, 0, 0, Decimal(0)]
    )
    for event in {event["id"]: event for event in events}.values():
        inside = event["metadata"]
        lane = str(inside.get("lane", "")).lower().replace("-", "_")
        day = datetime.fromisoformat(event["timestamp"]).astimezone(UTC).date().isoformat()
        key = (day, event["team_id"].strip(), inside.get("workload", ""), event["provider"], event["model"], lane)
        cost, served = event["cost"], event.get("decision") not in UNSERVED
        fallback = inside.get("fallback") is True and served
        counts = (1, event["input_tokens"], event["output_tokens"], int(event["cache_hit"]), int(fallback))
        added = (
            *(cost, min(cost, Decimal(0)), event["avoided_cost"], *(each * served for each in counts)),
            cost if fallback else Decimal(0),
        )
        table[key] = [old + new for old, new in zip(table[key], added, strict=True)]
    return {key: tuple(sums) for key, sums in table.items()}


def as_table(usage: DailyUsage) -> dict[tuple[str, ...], tuple[Decimal | int, ...]]:
    """Return the daily usage in the form of `reference`."""
    keys = zip(
        usage.day.astype(str), usage.wallet, usage.workload, usage.provider, usage.model, usage.lane, strict=True
    )
    money = [
        [Decimal(int(each)).scaleb(-9) for each in column] for column in (usage.cost, usage.credits, usage.avoided)
    ]
    counts = [usage.requests, usage.input_tokens, usage.output_tokens, usage.cache_hits, usage.fallbacks]
    last = [Decimal(int(each)).scaleb(-9) for each in usage.fallback_cost]
    sums = zip(*money, *([int(each) for each in column] for column in counts), last, strict=True)
    return {tuple(map(str, key)): values for key, values in zip(keys, sums, strict=True)}


@pytest.fixture(scope="session")
def compared() -> Mapping[str, Callable[..., Any]]:
    return {"reference": reference, "as_table": as_table}


@pytest.fixture(scope="session")
def exports_in() -> Callable[[Path], Exports]:
    return Exports
