"""The worst that rows can hold, in every format: sums to the last digit, and every doubt with its row and its money."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import pytest
from thorough import crossed, drawn
from usage.hostile import END, FIRST, hostile_rows, truth

from reconciler.model.usage import DailyUsage
from reconciler.usage import engine

REPEATED = ("reused-ids", "conflicting-duplicates", "corrected-events")
"""Codes of repetition have no row, and depend on more than one row."""


def sums(usage: DailyUsage) -> dict[tuple[str, str], Decimal]:
    found: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for day, wallet, cost in zip(usage.day.astype(str), usage.wallet, usage.cost.tolist(), strict=True):
        found[str(day), str(wallet)] += Decimal(cost).scaleb(-9)
    return found


def place(rows: Sequence[dict[str, Any]], number: int, form: str) -> int:
    """Return where a person finds a row: its line in a CSV file, in which a value may have lines; else its number."""
    if form != "csv":
        return number + 1
    return number + 2 + sum((row["team_id"] or "").count("\n") for row in rows[:number])


def findings(usage: DailyUsage) -> dict[str, list[Any]]:
    return {
        issue.code: [issue.row, issue.count, issue.cost, issue.unread]
        for issue in usage.source.issues
        if issue.code not in REPEATED
    }


@pytest.mark.slow
@pytest.mark.parametrize(
    ("form", "seed"), crossed(["csv", "json", "envelope", "jsonl", "parquet-text"], range(drawn(4, sample=2)))
)
def test_every_format_gives_what_plain_decimals_give(exports: Any, seed: int, form: str) -> None:
    rows = hostile_rows(240, seed)
    expected = truth(rows)
    usage = exports.read(exports.write(rows, form), first=FIRST, end=END)
    assert sums(usage) == expected.sums
    told = {code: [place(rows, first, form), *rest] for code, (first, *rest) in expected.issues.items()}
    assert findings(usage) == told
    assert (usage.source.rows, usage.source.duplicates) == (expected.rows, expected.duplicates)
    assert usage.input_tokens.sum() + usage.output_tokens.sum() == expected.tokens


@pytest.mark.parametrize("seed", range(4, 4 + drawn(2, sample=1)))
def test_the_order_of_rows_and_their_split_over_files_change_no_sum(
    exports: Any, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "SMALL", 0)
    rows = hostile_rows(200, seed)
    for part, form in enumerate(("csv", "jsonl", "parquet-text")):
        exports.write(rows[::-1][part::3], form, name=f"part{part}", zipped=part == 1)
    usage = exports.read(first=FIRST, end=END)
    assert sum(issue.count for issue in usage.source.issues if not issue.counted and issue.code not in REPEATED) == sum(
        found[1] for code, found in truth(rows).issues.items() if code in LEFT_OUT
    )
    assert usage.source.rows + usage.source.duplicates == truth(rows).rows + truth(rows).duplicates


LEFT_OUT = ("bad-timestamp", "bad-cost", "no-team", "after-as-of", "before-window")
