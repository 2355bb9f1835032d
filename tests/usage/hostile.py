"""A corpus of rows as bad as exports get, and a reading of it in plain Python to compare with."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal, localcontext
from typing import Any

FIRST, END, JUNE = date(2026, 1, 1), date(2026, 7, 1), date(2026, 6, 1)

NO_IDS = ("", "None", "null", "NULL", "-", "NaN", "N/A", "0", "undefined", " none ", None)
NO_MOMENTS = ("", "0000-00-00", "0000-00-00T00:00:00Z", "2026-02-30T00:00:00Z", "soon", "infinity", "12345", None)
NO_TEAMS = ("", "  ", None)
NO_TOKENS = (
    *("9223372036854775807", "99999999999999999999", "-1", "many", "1e400", "inf"),
    *(Decimal("1E+400"), Decimal("-Infinity"), Decimal("9223372036854775808")),
)
NO_COSTS: tuple[tuple[Any, Decimal | None], ...] = (
    (Decimal("NaN"), None),
    (Decimal("Infinity"), None),
    (Decimal("-Infinity"), None),
    (Decimal("1E+400"), None),
    ("free", None),
    ("0x10", None),
    ("$12.50", Decimal("12.5")),
    ("USD 1,234.50", Decimal("1234.5")),
    ("1.234,5 €", Decimal("1234.5")),
)
COSTS = (
    *("0", "0.000000001", "1.5", "12.345678901", "-3.25", "-0.000000007", "999999.99"),
    *("999999999.999999999", "1000000000", "-2500000000.000000001", "123456789012345.678901234"),
)


@dataclass
class Truth:
    """What is right: sums by day and team, and for each code its first row (from 0), rows, money and unread costs."""

    sums: dict[tuple[str, str], Decimal] = field(default_factory=lambda: defaultdict(Decimal))
    rows: int = 0
    tokens: int = 0
    duplicates: int = 0
    issues: dict[str, list[Any]] = field(default_factory=dict)

    def doubt(self, code: str, row: int, cost: Decimal | None) -> None:
        found = self.issues.setdefault(code, [row, 0, Decimal(0), 0])
        found[1] += 1
        found[2] += cost or Decimal(0)
        found[3] += cost is None


def hostile_rows(count: int, seed: int) -> list[dict[str, Any]]:
    """Return rows, each with a part that is as it should be or as it should not."""
    draw = random.Random(seed)
    rows = [_row(number, draw) for number in range(count)]
    for _ in range(count // 6):
        row = dict(draw.choice(rows))
        match draw.randrange(4):
            case 1:
                row["cost"] = Decimal(draw.choice(COSTS))
            case 2:
                row["team_id"] = draw.choice(["team_a", "team_b"])
            case 3:
                row["timestamp"] = _moment(draw)
        rows.insert(draw.randrange(len(rows) + 1), row)
    return rows


def _row(number: int, draw: random.Random) -> dict[str, Any]:
    def mostly(good: Any, bad: Sequence[Any]) -> Any:
        return good if draw.random() < 0.9 else draw.choice(bad)

    return {
        "id": mostly(f"id-{number}", NO_IDS),
        "timestamp": mostly(_moment(draw), (*NO_MOMENTS, "2126-01-01T00:00:00Z", "2003-05-06T07:08:09Z")),
        "team_id": mostly(draw.choice(["team_a", "team_b", 'Ünï,"q"\ncode']), NO_TEAMS),
        "gateway_id": draw.choice(["gw1", "gw2"]),
        "model": draw.choice(["large", "small"]),
        "input_tokens": mostly(draw.randrange(10_000), NO_TOKENS),
        "output_tokens": mostly(0, (7, None, "null")),
        "cost": mostly(Decimal(draw.choice(COSTS)), [bad for bad, _ in NO_COSTS]),
    }


def _moment(draw: random.Random) -> str:
    moment = datetime(2026, 1, 1) + timedelta(seconds=draw.randrange(181 * 86400))  # noqa: DTZ001 (the text says Z)
    return f"{moment.isoformat()}Z"


def truth(rows: Sequence[dict[str, Any]]) -> Truth:
    """Read rows of one export one by one, with decimals, and say what is in them."""
    with localcontext(prec=60):
        found = Truth()
        for number, row in enumerate(rows):
            if not _left_out(row, number, found):
                _counted(row, number, found)
        for row in _each_once(rows, found):
            found.sums[_day(row).isoformat(), _team(row)] += _cost(row) or Decimal(0)
            found.rows += 1
            found.tokens += sum(_tokens(row[name]) or 0 for name in ("input_tokens", "output_tokens"))
        return found


def _left_out(row: dict[str, Any], number: int, found: Truth) -> bool:
    cost = _cost(row)
    likely = {str(bad): amount for bad, amount in NO_COSTS}.get(str(row["cost"])) if cost is None else cost
    code = _reason(row)
    if code:
        found.doubt(code, number, likely)
    return bool(code)


def _reason(row: dict[str, Any]) -> str:
    day = _day(row)
    reasons = {
        "bad-timestamp": day is None,
        "bad-cost": _cost(row) is None,
        "no-team": not _team(row),
        "after-as-of": day is not None and day > END,
        "before-window": day is not None and day < FIRST,
    }
    return next((code for code, holds in reasons.items() if holds), "")


def _team(row: dict[str, Any]) -> str:
    return (row["team_id"] or "").strip()


def _counted(row: dict[str, Any], number: int, found: Truth) -> None:
    cost = _cost(row) or Decimal(0)
    tokens = [_tokens(row[name]) for name in ("input_tokens", "output_tokens")]
    if _id(row) is None:
        found.doubt("no-id", number, cost)
    if cost < 0 and sum(each or 0 for each in tokens) > 0:
        found.doubt("negative-cost", number, cost)
    if None in tokens:
        found.doubt("bad-tokens", number, cost)
    if abs(cost) >= 10**9:
        found.doubt("large-cost", number, cost)


def _each_once(rows: Sequence[dict[str, Any]], found: Truth) -> list[dict[str, Any]]:
    chosen = [row for row in rows if _id(row) is None]
    met: dict[tuple[Any, ...], list[dict[str, Any]]] = defaultdict(list)
    for row in rows:
        if _id(row) is not None and _reason(row) not in ("bad-timestamp", "bad-cost"):
            met[row["id"], row["timestamp"], row["gateway_id"], row["model"]].append(row)
    for group in met.values():
        known = max(map(_team, group))
        events: dict[str, list[dict[str, Any]]] = defaultdict(list)
        for row in group:
            events[_team(row) or known].append(row)
        for versions in events.values():
            chosen.append(max(versions, key=lambda row: (bool(_team(row)), _cost(row))))
            found.duplicates += len(versions) - 1
    return [row for row in chosen if not _reason(row)]


def _id(row: dict[str, Any]) -> str | None:
    return None if row["id"] in NO_IDS else row["id"]


def _cost(row: dict[str, Any]) -> Decimal | None:
    cost = row["cost"]
    good = isinstance(cost, Decimal) and cost.is_finite() and abs(cost) < 10**15
    return cost if good else None


def _tokens(value: Any) -> int | None:
    if value in (None, "null"):
        return 0
    return None if value in NO_TOKENS else int(value)


def _day(row: dict[str, Any]) -> Any:
    written = row["timestamp"]
    return None if written in NO_MOMENTS else datetime.fromisoformat(written).astimezone(UTC).date()
