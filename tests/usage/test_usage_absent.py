"""Columns that no event of an export has are absent in every format: unknown is a state, never a zero."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from reconciler.forecast.observed import observations
from reconciler.model.usage import tells

EVENT = {"id": "1", "timestamp": "2026-03-02T10:00:00Z", "team_id": "team_a", "cost": "1.25", "model": "gpt-4o"}
HIT = {"id": "2", "cache_hit": True, "cost": "0"}
FORMATS = ("csv", "json", "jsonl", "parquet")


@pytest.mark.parametrize("form", FORMATS)
def test_a_column_that_no_event_has_is_absent_in_every_format(exports: Any, form: str) -> None:
    source = exports.read(exports.write([EVENT], form)).source

    assert "cache_hit" in source.absent
    assert not {"id", "model", "cost"} & source.absent


@pytest.mark.parametrize("form", FORMATS)
def test_a_column_that_one_event_has_is_there(exports: Any, form: str) -> None:
    assert "cache_hit" not in exports.read(exports.write([EVENT, EVENT | HIT], form)).source.absent


@pytest.mark.parametrize("hits", [0, 1])
def test_a_key_is_looked_for_in_all_of_a_long_json_file(exports: Any, hits: int) -> None:
    events = [EVENT | {"id": f"event-{number}"} for number in range(5_000)] + [EVENT | HIT] * hits
    path = exports.text("long.jsonl", "\n".join(map(json.dumps, events)))

    usage = exports.read(path)

    assert usage.source.rows == len(events)
    assert int(usage.cache_hits.sum()) == hits
    assert ("cache_hit" in usage.source.absent) is not bool(hits)
    assert "workload" in usage.source.absent


def test_what_an_absent_column_would_tell_is_unknown_and_no_zero(exports: Any) -> None:
    usage = exports.read(exports.write([EVENT], "csv"))
    told = replace(usage, source=replace(usage.source, absent=frozenset()))

    unknown, known = (observations(each, known_until=date(2026, 3, 3)).of(["team_a"]) for each in (usage, told))

    assert (unknown.cache_hit_rate, unknown.fallback_premium, unknown.premium_share) == (None, None, None)
    assert (known.cache_hit_rate, known.fallback_premium, known.premium_share) == (0.0, 0.0, 0.0)


@pytest.mark.parametrize(
    ("absent", "column", "told"),
    [
        ({"lane"}, "lane", True),
        ({"fallback"}, "fallback", True),
        ({"lane", "metadata"}, "lane", False),
        ({"fallback", "metadata"}, "fallback", False),
        ({"metadata"}, "lane", True),
        ({"cache_hit"}, "cache_hit", False),
        ({"metadata"}, "cache_hit", True),
    ],
)
def test_lanes_and_fallbacks_may_stand_in_the_metadata_and_nothing_else(
    absent: set[str], column: str, told: bool
) -> None:
    assert tells(absent, column) is told
