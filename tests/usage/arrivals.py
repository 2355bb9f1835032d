"""Exports that arrive one after the other, with all that exports have been seen to hold, drawn at random."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, field, fields
from decimal import Decimal
from typing import Any

from usage.conftest import Exports, as_csv, make_events

from reconciler.model.usage import Apart, DailyUsage

Event = dict[str, Any]
FORMS = ("csv", "csv", "csv", "json", "envelope", "jsonl", "parquet", "parquet-text")


@dataclass
class Arrivals:
    """A folder that changes: at each step a few exports come, are replaced or go."""

    exports: Exports
    draw: random.Random
    events: list[Event] = field(default_factory=list)
    count: int = 0

    def steps(self, number: int) -> Iterator[None]:
        self.events = make_events(120, seed=self.draw.randint(0, 10**6))
        for _ in range(number):
            for _ in range(self.draw.randint(1, 3)):
                self._arrive()
            if self.draw.random() < 0.2:
                self.draw.choice(sorted(self.exports.folder.iterdir())).unlink()
                self._arrive()
            yield

    def _arrive(self) -> None:
        """Write one more export, or another version of one that is there."""
        form = self.draw.choice(FORMS)
        rows = self._rows(typed=form == "parquet")
        again = self.draw.random() < 0.15
        number = self.draw.randrange(self.count) if again and self.count else self.count
        self.count += not (again and self.count)
        day = f"2026-0{self.draw.randint(1, 7)}-1{self.draw.randint(0, 9)}"
        name = f"part-{number}" if self.draw.random() < 0.4 else f"part-{number}-{day}"
        for old in self.exports.folder.glob(f"part-{number}*"):
            old.unlink()
        if form == "csv":
            path = self.exports.text(f"{name}.csv", self._damaged(as_csv(rows)))
            if self.draw.random() < 0.2:
                self.exports.zip(path)
        else:
            self.exports.write(rows, form, name=name)

    def _rows(self, *, typed: bool) -> list[Event]:
        size = self.draw.choice([1, 5, 30, 60])
        start = self.draw.randrange(len(self.events))
        rows = [dict(event) for event in (self.events * 2)[start : start + size]]
        for row in rows:
            if not typed and self.draw.random() < 0.15:
                self._spoil(row)
        rows += [dict(row) for row in rows if self.draw.random() < 0.03]
        if self.draw.random() < 0.1:
            rows = [{name: value for name, value in row.items() if name != "id"} for row in rows]
        if self.draw.random() < 0.2:
            rows = [{**row, "region": "eu", "gateway_id": self.draw.choice(["g1", "g2", ""])} for row in rows]
        return rows

    def _spoil(self, row: Event) -> None:
        spoilt: dict[str, list[Any]] = {
            "cost": [
                Decimal("1.5"),
                Decimal("-3.25"),
                Decimal(2 * 10**9),
                Decimal("999999999.9999999999"),
                "$5.10",
                "x",
            ],
            "timestamp": ["2027-01-01T00:00:00Z", "2024-05-05T00:00:00Z", "yesterday", "2026-06-30T23:59:59Z"],
            "team_id": ["", "  ", "team_new", " team_a "],
            "id": ["", "null", " none ", "0", f"other-{self.draw.randint(0, 3)}", "same"],
            "input_tokens": [-5, 10**13, 7],
            "output_tokens": [0, 9],
            "model": ["changed", ""],
            "avoided_cost": [Decimal(3 * 10**9), Decimal("0.5")],
            "cache_hit": [True, False],
            "decision": ["escalated", "failed", "allowed", None],
        }
        name = self.draw.choice(list(spoilt))
        row[name] = self.draw.choice(spoilt[name])

    def _damaged(self, text: str) -> bytes:
        """Return a CSV file with rows that cannot be taken apart, empty lines, bytes that are not UTF-8, no end."""
        lines = text.split("\r\n")
        if self.draw.random() < 0.3:
            lines.insert(self.draw.randint(1, len(lines) - 1), self.draw.choice(["", "a,b,c", '"x"']))
        data = "\r\n".join(lines).encode()
        if self.draw.random() < 0.08:
            data = data.replace(b"large", b"lar\xffge", 1)
        if self.draw.random() < 0.08:
            data = data.replace(b"eu", b"e\xff", 1)
        return data.removesuffix(b"\r\n") if self.draw.random() < 0.2 else data


def told(usage: DailyUsage) -> dict[str, Any]:
    """Return all that usage says, to be compared."""
    columns = {
        name: getattr(usage, name).tolist() for name in ("day", "wallet", "workload", "provider", "model", "lane")
    }
    counts = ("cost", "credits", "avoided", "requests", "input_tokens", "output_tokens", "cache_hits", "fallbacks")
    columns |= {name: [int(each) for each in getattr(usage, name)] for name in (*counts, "fallback_cost")}
    apart = {each.name: [int(n) for n in getattr(usage.apart, each.name)] for each in fields(Apart)}
    return {**columns, "apart": apart, "source": usage.source}
