"""Exports with a finding of nearly each kind, and whether two readings of them are the same."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import numpy as np
from usage.hostile import hostile_rows

from reconciler.model.usage import DailyUsage


def alike(one: DailyUsage, other: DailyUsage) -> bool:
    """Return whether two readings are the same in every column, sum, finding and type."""
    assert one.source == other.source
    for part in fields(one):
        ours, theirs = getattr(one, part.name), getattr(other, part.name)
        if isinstance(ours, np.ndarray):
            assert ours.dtype.kind == theirs.dtype.kind, part.name
            assert ours.tolist() == theirs.tolist(), part.name
    assert one.apart is not None
    for part in fields(one.apart):
        assert getattr(one.apart, part.name).tolist() == getattr(other.apart, part.name).tolist(), part.name
    return True


GOOD = "id,timestamp,team_id,cost,model,provider\n"


def write_worst(exports: Any) -> None:
    """Write what has a finding of nearly each kind, in all formats."""
    rows = hostile_rows(150, 11)
    for number, row in enumerate(rows):
        row["decision"] = ("allowed", "blocked", "escalated", None, "Denied")[number % 5]
    forms = ("csv", "jsonl", "parquet-text", "json")
    for part, form in enumerate(forms):
        exports.write(rows[part :: len(forms)], form, name=f"events-2026-06-0{part + 1}", zipped=part == 1)
    broken = (
        b"x1,2026-06-02T10:00:00Z,team_a,1.5,caf\xe9,p\nx2,2026-06-02T10:00:00Z,team_a,2.5\n"
        b'"a\nb",2026-06-03T10:00:00+02:00,team_b, 7 ,\xc2\xa0m ,p\n'
    )
    exports.text("events-2026-06-05.csv", GOOD.encode() + broken + b"x3,2026-06-02T10:00:00Z,team_a,$4,m,p")
    exports.text(
        "events-2026-06-06.csv", "﻿id;timestamp;team_id;cost;other\r\nx1;2026-06-02T10:00:00Z;team_a;1.75;o\r\n"
    )
    none = (
        "timestamp,team_id,cost,model,provider,lane\n" + "2026-06-02T10:00:00Z,team_a,-0.000000001,m,p,Off - Peak\n" * 3
    )
    exports.text("events-2026-06-07.csv", none)
    exports.text("events-2026-06-08.csv", none)
    exports.text(
        "events-2026-06-09.jsonl",
        '{"id": "l", "timestamp": 1780000000, "team_id": "team_a", "cost": 123456789012.123456789,'
        ' "metadata": {"lane": "x", "fallback": 1}}\n',
    )
    exports.text("events-2026-06-10.csv", "")
