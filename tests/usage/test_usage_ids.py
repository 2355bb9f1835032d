"""What an id says about rows: one event again, a correction of it, another event, or nothing at all."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from reconciler.model.usage import DailyUsage
from reconciler.usage.coverage import moment_in

HEADER = "id,timestamp,team_id,gateway_id,model,cost\n"
MOMENT = "2026-06-02T10:00:00Z"


def row(
    id: str = "a", *, at: str = MOMENT, team: str = "team_a", gateway: str = "gw", model: str = "m", cost: str = "1"
) -> str:
    return f"{id},{at},{team},{gateway},{model},{cost}\n"


def spent(usage: DailyUsage) -> Any:
    return Decimal(int(usage.cost.sum())).scaleb(-9)


def told(usage: DailyUsage) -> list[Any]:
    return [(issue.code, issue.count, issue.cost) for issue in usage.source.issues]


NO_ID = ("None", "none", "NULL", "null", "-", "--", "NaN", "nan", "N/A", "na", "0", "undefined", " None ", "(null)")


@pytest.mark.slow
@pytest.mark.parametrize("form", ["csv", "jsonl"])
def test_a_word_for_no_id_makes_no_event_a_repetition(exports: Any, form: str) -> None:
    rows = [
        {
            "id": word,
            "timestamp": f"2026-06-{number + 1:02d}T1{n % 2}:00:00Z",
            "team_id": "team_a",
            "cost": Decimal(2) ** number,
        }
        for number, word in enumerate(NO_ID)
        for n in range(5)
    ]
    usage = exports.read(exports.write([*rows, {**rows[0], "id": "real"}], form))
    without = Decimal(5 * (2 ** len(NO_ID) - 1))
    assert (spent(usage), usage.source.rows, usage.source.duplicates) == (without + 1, 5 * len(NO_ID) + 1, 0)
    assert told(usage) == [("no-id", 5 * len(NO_ID), without)]


@pytest.mark.slow
@pytest.mark.parametrize(
    "other",
    [
        {"at": "2026-06-03T10:00:00Z"},
        {"at": "2026-06-02T10:00:01Z"},
        {"team": "team_b"},
        {"gateway": "gw2"},
        {"model": "large"},
    ],
    ids=lambda other: next(iter(other)),
)
def test_rows_of_one_id_of_another_moment_team_gateway_or_model_are_other_events(
    exports: Any, other: dict[str, str]
) -> None:
    exports.text("one.csv", HEADER + row(cost="2") + row("b"))
    exports.text("two.csv", HEADER + row(cost="3", **other) + row(cost="3", **other))
    usage = exports.read()
    assert (spent(usage), usage.source.rows, usage.source.duplicates) == (6, 3, 1)
    assert sorted(told(usage)) == [("reused-ids", 1, 2), ("reused-ids", 1, 3)]
    assert all(issue.counted and "`a`" in issue.message for issue in usage.source.issues)


def test_counters_that_begin_anew_each_day_are_no_repetitions_and_overlaps_count_once(exports: Any) -> None:
    days = [[row(f"req-{n}", at=f"2026-06-{day:02}T10:0{n}:00Z") for n in range(3)] for day in range(1, 15)]
    exports.text("one.csv", HEADER + "".join(map("".join, days[:9])))
    exports.text("two.csv", HEADER + "".join(map("".join, days[6:])))
    usage = exports.read()
    assert (spent(usage), usage.source.duplicates, usage.source.duplicates_cost) == (14 * 3, 9, 9)


@pytest.mark.parametrize(
    ("older", "newer"),
    [
        ("events-2026-06-10.csv", "events-2026-06-17.csv"),
        ("z-20260610T0900.csv", "a-20260610T1500.csv"),
        ("2026-06-03/events.csv", "2026-06-04/events.csv"),
        ("export 2026_05_01 to 2026_06_02.csv", "export 2026_05_01 to 2026_06_09.csv"),
    ],
)
def test_the_version_of_the_later_export_counts_by_the_date_in_its_name(exports: Any, older: str, newer: str) -> None:
    for name, cost in ((older, "5"), (newer, "4.25")):
        (exports.folder / name).parent.mkdir(exist_ok=True)
        exports.text(name, HEADER + row(cost=cost) + row("b"))
    usage = exports.read()
    assert spent(usage) == Decimal("5.25")
    assert told(usage) == [("corrected-events", 1, 5)]
    assert usage.source.issues[0].path.endswith(older)


def test_the_version_of_the_export_that_reaches_further_counts_where_names_have_no_date(exports: Any) -> None:
    exports.text("b.csv", HEADER + row(cost="9") + row("old", at="2026-06-05T00:00:00Z"))
    exports.text("a.csv", HEADER + row(cost="4") + row("new", at="2026-06-06T00:00:00Z"))
    usage = exports.read()
    assert (spent(usage), told(usage)) == (6, [("corrected-events", 1, 9)])


def test_a_clock_far_in_the_future_makes_no_export_the_later_one(exports: Any) -> None:
    exports.text("a.csv", HEADER + row(cost="9") + row("x", at="2126-06-05T00:00:00Z"))
    exports.text("b.csv", HEADER + row(cost="4") + row("new", at="2026-06-06T00:00:00Z"))
    assert spent(exports.read()) == 5


def test_where_exports_do_not_tell_the_largest_cost_counts_and_it_is_said(exports: Any) -> None:
    exports.text("a.csv", HEADER + row(cost="4") + row("b"))
    exports.text("b.csv", HEADER + row(cost="9") + row("b"))
    usage = exports.read()
    assert (spent(usage), told(usage)) == (10, [("conflicting-duplicates", 1, 4)])
    assert usage.source.duplicates_cost == 5


def test_a_correction_to_less_and_then_back_is_followed_export_by_export(exports: Any) -> None:
    for day, cost in ((10, "5"), (11, "3"), (12, "5")):
        exports.text(f"export-2026-06-{day}.csv", HEADER + row(cost=cost))
    usage = exports.read()
    assert (spent(usage), told(usage)) == (5, [("corrected-events", 1, 3)])


def test_what_an_export_does_not_say_makes_no_other_event(exports: Any) -> None:
    exports.text("full.csv", HEADER + row(cost="2"))
    exports.text("lean.csv", f"id,timestamp,team_id,cost\na,{MOMENT},team_a,2\n")
    exports.text("teamless.csv", f"id,timestamp,team_id,cost\na,{MOMENT},,2\n")
    usage = exports.read()
    assert (spent(usage), usage.source.rows, usage.source.duplicates) == (2, 1, 2)
    assert (usage.wallet.tolist(), usage.source.unparsable) == (["team_a"], 0)


def test_events_in_the_precision_of_seconds_or_less_are_one_event(exports: Any) -> None:
    exports.text("one.csv", HEADER + row(at="2026-06-02T10:00:00.734Z"))
    exports.text("two.csv", HEADER + row(at="2026-06-02T10:00:00Z"))
    assert spent(exports.read()) == 1


def test_an_id_that_many_events_share_corrects_nothing_within_an_export(exports: Any) -> None:
    moments = [f"2026-06-02T10:{minute:02}:00Z" for minute in range(12)]
    lines = [row("app", at=at, cost=cost) for at in moments for cost in ("1", "2")]
    assert spent(exports.read(exports.text("one.csv", HEADER + "".join(lines)))) == 36


@pytest.mark.parametrize(
    ("name", "moment"),
    [
        ("events.csv", ""),
        ("run-12345678.csv", ""),
        ("2026-13-45.csv", ""),
        ("2026-06-18.csv", "2026-06-18T00:00:00"),
        ("20260618.csv.gz", "2026-06-18T00:00:00"),
        ("export_2026-06-18T09-14-05Z.jsonl", "2026-06-18T09:14:05"),
        ("2026-01-01/usage-2026.06.18.csv", "2026-06-18T00:00:00"),
    ],
)
def test_a_date_in_a_name_is_found(name: str, moment: str) -> None:
    assert moment_in(name) == moment


def kinds(usage: DailyUsage) -> Sequence[str]:
    return sorted({issue.code for issue in usage.source.issues})


@pytest.mark.slow
def test_the_choice_is_the_same_in_any_format(exports_in: Any, tmp_path: Any) -> None:
    found = []
    for form in ("csv", "jsonl", "json", "parquet-text", "parquet"):
        (tmp_path / form).mkdir()
        exports = exports_in(tmp_path / form)
        events = [
            {"id": f"e{n % 4}", "timestamp": f"2026-06-0{1 + n % 3}T10:00:00Z", "team_id": "t", "model": "m",
             "cost": Decimal(n) / 4} for n in range(30)
        ]  # fmt: skip
        exports.write(events[:20], form, name="2026-06-05")
        exports.write(events[15:], form, name="2026-06-09")
        usage = exports.read()
        found.append((spent(usage), usage.source.duplicates, usage.source.duplicates_cost, kinds(usage)))
    assert found == found[:1] * 5


def test_a_column_that_only_an_export_without_ids_has_leaves_repeated_events_to_be_read(exports: Any) -> None:
    exports.text("with.csv", HEADER + row() * 2)
    exports.text("without.csv", f"timestamp,team_id,cost,lane,avoided_cost\n{MOMENT},team_a,3,batch,2\n")
    usage = exports.read()
    assert (spent(usage), usage.source.rows, usage.source.duplicates) == (Decimal(4), 2, 1)
    assert dict(zip(usage.lane.tolist(), usage.avoided.tolist(), strict=True)) == {"": 0, "batch": 2 * 10**9}


def test_of_equal_rows_in_exports_of_which_none_is_later_the_first_by_name_is_named(exports: Any) -> None:
    twice = [("x", f"2026-03-01T10:00:0{second}Z") for second in (1, 2)]
    rows = "".join(f"{name},{moment},team_a,1\n" for name, moment in twice)
    lines = "".join(
        f'{{"id": "{name}", "timestamp": "{moment}", "team_id": "team_a", "cost": 1}}\n' for name, moment in twice
    )
    exports.text("a.csv", "id,timestamp,team_id,cost\ny,2026-03-01T10:00:02Z,team_a,1\n")
    exports.text("b.jsonl", lines)
    exports.text("c.csv", f"id,timestamp,team_id,cost\n{rows}")
    (reused,) = exports.read().source.issues
    assert (Path(reused.path).name, reused.code, reused.count) == ("b.jsonl", "reused-ids", 2)
