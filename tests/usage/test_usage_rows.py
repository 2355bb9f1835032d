"""What single rows mean, and that no row is dropped without a word."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import duckdb
import pytest

from reconciler.model.usage import DailyUsage

HEADER = "id,timestamp,team_id,cost,input_tokens,output_tokens,cache_hit,lane,workload,fallback,metadata\n"


FORMATS = ("csv", "json", "envelope", "jsonl", "parquet", "parquet-text")


def row(
    id: str = "a", at: str = "2026-01-02T00:00:00Z", team: str = "team_a", cost: str = "1", rest: str = ",,,,,,"
) -> str:
    return f"{id},{at},{team},{cost},{rest}\n"


def codes(usage: DailyUsage) -> list[tuple[str, int, int]]:
    return [(issue.code, issue.row, issue.count) for issue in usage.source.issues]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-01-02T03:04:05Z", (3, 4, 5)),
        ("2026-01-02T03:04:05.123456Z", (3, 4, 5, 123456)),
        ("2026-01-02T03:04:05.123456789Z", (3, 4, 5, 123456)),
        ("2026-01-02T03:04:05+00:00", (3, 4, 5)),
        ("2026-01-02T05:34:05+02:30", (3, 4, 5)),
        ("2026-01-01T22:04:05-05:00", (3, 4, 5)),
        ("2026-01-01T22:04:05-0500", (3, 4, 5)),
        ("2026-01-02t03:04:05z", (3, 4, 5)),
        ("2026-01-02 03:04:05", (3, 4, 5)),
        ("2026-01-02 03:04:05 UTC", (3, 4, 5)),
        ("2026-01-02 03:04:05.5+00", (3, 4, 5, 500000)),
        (" 2026-01-02T03:04:05Z ", (3, 4, 5)),
        ("2026-01-02T03:04Z", (3, 4)),
        ("2026-01-02 05:04+02:00", (3, 4)),
        ("2026-01-02", (0, 0)),
        ("1767323045", (3, 4, 5)),
        ("1767323045.5", (3, 4, 5, 500000)),
        ("1767323045123", (3, 4, 5, 123000)),
        ("1767323045123456", (3, 4, 5, 123000)),
    ],
)
def test_a_moment_is_understood_in_utc(exports: Any, text: str, moment: Sequence[int]) -> None:
    source = exports.read(exports.text("e.csv", HEADER + row(at=text))).source
    hour, minute, second, microsecond = (*moment, 0, 0)[:4]
    assert source.data_as_of == datetime(2026, 1, 2, hour, minute, second, microsecond, UTC)
    assert source.last_day == date(2026, 1, 2)


@pytest.mark.slow
@pytest.mark.parametrize(
    "text",
    [
        "",
        "soon",
        "18/06/2026",
        "2026-13-01T00:00:00Z",
        "infinity",
        "-infinity",
        "NULL",
        "12345",
        "9999-01-01T00:00:00Z",
    ],
)
def test_what_is_no_moment_is_reported_with_its_row(exports: Any, text: str) -> None:
    usage = exports.read(exports.text("e.csv", HEADER + row("x") + row("y", at=text) + row("z")))
    assert (usage.source.rows, usage.source.unparsable) == (2, 1)
    assert codes(usage) == [("bad-timestamp", 3, 1)]


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("TIMESTAMP", "TIMESTAMP '2026-01-02 03:04:05'"),
        ("TIMESTAMP_S", "TIMESTAMP '2026-01-02 03:04:05'"),
        ("TIMESTAMP_MS", "TIMESTAMP '2026-01-02 03:04:05'"),
        ("TIMESTAMP_NS", "TIMESTAMP '2026-01-02 03:04:05'"),
        ("TIMESTAMPTZ", "TIMESTAMPTZ '2026-01-01 22:04:05-05'"),
        ("BIGINT", "1767323045"),
        ("BIGINT", "1767323045000"),
        ("DOUBLE", "1767323045.0"),
        ("VARCHAR", "'2026-01-02T05:04:05+02:00'"),
    ],
)
def test_a_parquet_moment_of_any_type_is_the_same(exports: Any, kind: str, value: str) -> None:
    path = exports.folder / "e.parquet"
    with duckdb.connect() as connection:
        connection.execute(
            f"COPY (SELECT ({value})::{kind} AS timestamp, 't' AS team_id, 1 AS cost, 7 AS id) TO '{path}'"
        )
    assert exports.read(path).source.data_as_of == datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("text", "nano"),
    [
        ("1.5", 1_500_000_000),
        ("1.500000", 1_500_000_000),
        ("+1.5", 1_500_000_000),
        (".5", 500_000_000),
        ("1e-7", 100),
        ("1.2E-7", 120),
        ("-0.25", -250_000_000),
        ("0.0000000014", 1),
        ("0.0000000016", 2),
        ("999999999.999999999", 999_999_999_999_999_999),
        ("1000000000", 10**18),
        ("-2500000000.25", -2_500_000_000_250_000_000),
        ("999999999999999.999999999", 10**24 - 1),
        (" 2 ", 2_000_000_000),
        ("", 0),
    ],
)
def test_a_cost_is_exact_to_the_billionth(exports: Any, text: str, nano: int) -> None:
    usage = exports.read(exports.text("e.csv", HEADER + row(cost=text)))
    assert usage.cost.tolist() == [nano]
    assert usage.credits.tolist() == [min(nano, 0)]


@pytest.mark.slow
@pytest.mark.parametrize(
    "text", ["free", "$1", "1e15", "1e400", "nan", "-inf", "Infinity", "0x10", "1.5.2", "12_50", "1_0.5_0", "1_0e1"]
)
def test_what_is_no_cost_is_reported_with_its_row(exports: Any, text: str) -> None:
    usage = exports.read(exports.text("e.csv", HEADER + row("x") + row("y", cost=text)))
    assert (usage.source.rows, usage.source.unparsable) == (1, 1)
    assert codes(usage) == [("bad-cost", 3, 1)]


@pytest.mark.parametrize(
    ("text", "hit"), [("true", 1), ("TRUE", 1), ("1", 1), ("false", 0), ("0", 0), ("", 0), ("maybe", 0)]
)
def test_a_cache_hit_is_written_in_many_ways(exports: Any, text: str, hit: int) -> None:
    usage = exports.read(exports.text("e.csv", HEADER + row(rest=f",,{text},,,,")))
    assert usage.cache_hits.tolist() == [hit]


@pytest.mark.parametrize(
    ("rest", "workload", "lane", "fallback"),
    [
        (",,,,,,", "", "", 0),
        (",,,off-peak,batch,true,", "batch", "off_peak", 1),
        (',,,,,,"{""workload"": "" batch "", ""lane"": ""Off Peak"", ""fallback"": true}"', "batch", "off_peak", 1),
        (',,,,,,"{""fallback"": ""true""}"', "", "", 1),
        (',,,,,,"{""fallback"": 1}"', "", "", 1),
        (',,,standard,,false,"{""workload"": ""x"", ""lane"": ""premium"", ""fallback"": true}"', "x", "standard", 0),
        (",,,,,,not json", "", "", 0),
        (',,,,,,"[1, 2]"', "", "", 0),
        (',,,,,,"{""workload"": {""deep"": 1}, ""lane"": null}"', "", "", 0),
    ],
)
def test_attributes_come_from_columns_or_from_metadata(
    exports: Any, rest: str, workload: str, lane: str, fallback: int
) -> None:
    usage = exports.read(exports.text("e.csv", HEADER + row(rest=rest)))
    assert (usage.workload.tolist(), usage.lane.tolist(), usage.fallbacks.tolist()) == ([workload], [lane], [fallback])
    assert usage.fallback_cost.tolist() == [fallback * 10**9]


def test_a_missing_optional_column_is_not_attributed(exports: Any) -> None:
    usage = exports.read(exports.text("e.csv", "timestamp,team_id,cost\n2026-01-02T00:00:00Z,team_a,1\n"))
    for column in (usage.workload, usage.provider, usage.model, usage.lane):
        assert column.tolist() == [""]
    for counts in (usage.avoided, usage.input_tokens, usage.output_tokens, usage.cache_hits, usage.fallbacks):
        assert counts.tolist() == [0]


def test_rows_of_every_kind_of_damage_are_counted_and_the_first_of_each_is_named(exports: Any) -> None:
    lines = [
        *(row("a"), "too,short\n", row("b", at="?"), row("c", team=""), row("d", cost="?")),
        *(
            row("e").replace("\n", ",too long\n"),
            row("f", cost="?"),
            row("", cost="2"),
            row("", cost="3"),
            row("g", team="  "),
        ),
    ]
    usage = exports.read(exports.text("e.csv", HEADER + "".join(lines)))
    assert sorted(codes(usage), key=lambda each: each[1]) == [
        ("wrong-columns", 3, 2),
        ("bad-timestamp", 4, 1),
        ("no-team", 5, 2),
        ("bad-cost", 6, 2),
        ("no-id", 9, 2),
    ]
    assert (usage.source.rows, usage.source.unparsable) == (3, 7)
    assert {issue.path for issue in usage.source.issues} == {str(exports.folder / "e.csv")}


def test_a_row_number_counts_events_in_json_and_parquet(exports: Any) -> None:
    good = '{"id": "a", "timestamp": "2026-01-02T00:00:00Z", "team_id": "t", "cost": 1}'
    bad = good.replace('"cost": 1', '"cost": "x"').replace('"a"', '"b"')
    lines = exports.read(exports.text("e.jsonl", f"{good}\n{bad}\n"))
    array = exports.read(exports.text("e.json", f"[{good}, {bad}]"))
    assert codes(lines) == codes(array) == [("bad-cost", 2, 1)]
    with duckdb.connect() as connection:
        connection.execute(f"COPY (FROM read_json('{exports.folder}/e.jsonl')) TO '{exports.folder}/e.parquet'")
    assert codes(exports.read(exports.folder / "e.parquet")) == [("bad-cost", 2, 1)]


def test_bytes_that_are_not_utf8_cost_only_their_row(exports: Any) -> None:
    content = (HEADER + row("a") + row("b", team="XX") + row("c")).encode().replace(b"XX", b"\xff\xfe")
    usage = exports.read(exports.text("e.csv", content))
    assert (usage.source.rows, codes(usage)) == (2, [("not-utf8", 3, 1)])


@pytest.mark.parametrize("place", range(6))
def test_bytes_that_are_not_utf8_cost_only_their_row_in_any_column(exports: Any, place: int) -> None:
    header = ["user", "id", "timestamp", "team_id", "cost", "metadata"]
    lines = [["u", f"e{n}", "2026-01-02T00:00:00Z", "team_a", "1", "x"] for n in range(4)]
    lines[1][place] = lines[2][5] = "caf\xe9"
    content = "\n".join(",".join(line) for line in [header, *lines]) + "\n"
    usage = exports.read(exports.text("e.csv", content.encode("latin-1")))
    assert (usage.source.rows, codes(usage)) == (2, [("not-utf8", 3, 2)])
    assert usage.source.unparsable == 2


def test_newlines_within_quotes_are_lines_as_in_an_editor(exports: Any) -> None:
    usage = exports.read(exports.text("e.csv", HEADER + row("a", team='"x\n\ny"') + row("b", cost="?")))
    assert codes(usage) == [("bad-cost", 5, 1)]


def test_a_repeated_event_counts_once(exports: Any) -> None:
    exports.text("one.csv", HEADER + row("a") + row("b", cost="2"))
    exports.text("two.csv", HEADER + row("b", cost="2.000") + row("c", cost="3") + row("b", cost="2"))
    usage = exports.read()
    assert (usage.cost.tolist(), usage.source.rows, usage.source.duplicates) == ([6 * 10**9], 3, 2)
    assert not usage.source.issues


def test_of_versions_that_differ_the_latest_counts_in_any_order(exports: Any) -> None:
    early, late = row("a", cost="5"), row("a", at="2026-01-02T00:00:00.5Z", cost="4")
    for name, lines in (("one", [early, late, row("b")]), ("two", [late, row("b"), early, early])):
        usage = exports.read(exports.text(f"{name}.csv", HEADER + "".join(lines)))
        assert usage.cost.tolist() == [5 * 10**9]
        assert codes(usage) == [("conflicting-duplicates", 0, 1)]
        assert usage.source.issues[0].cost == 5


def test_an_unreadable_repetition_does_not_hide_the_event(exports: Any) -> None:
    usage = exports.read(exports.text("e.csv", HEADER + row("a", cost="?") + row("a") + row("a", at="?")))
    assert (usage.cost.tolist(), usage.source.rows, usage.source.duplicates, usage.source.unparsable) == (
        [10**9],
        1,
        0,
        2,
    )


def test_rows_without_an_id_are_all_counted_and_said_to_be_unchecked(exports: Any) -> None:
    usage = exports.read(exports.text("e.csv", "timestamp,team_id,cost\n" + "2026-01-02T00:00:00Z,team_a,1\n" * 3))
    assert (usage.source.rows, codes(usage)) == (3, [("no-id", 2, 3)])


def test_unpriced_rows_are_counted_with_their_share_of_tokens(exports: Any) -> None:
    lines = [
        row("priced", rest="60,10,,,,,"),
        row("unpriced", cost="0", rest="20,5,false,,,,"),
        row("empty", cost="", rest="3,2,,,,,"),
        row("hit", cost="0", rest="50,50,true,,,,"),
        row("silent", cost="0", rest="0,0,,,,,"),
    ]
    source = exports.read(exports.text("e.csv", HEADER + "".join(lines))).source
    assert (source.unpriced_rows, source.unpriced_share) == (2, 30 / 200)


def test_unknown_teams_are_counted_and_kept(exports: Any) -> None:
    usage = exports.read(exports.text("e.csv", HEADER + row("a") + row("b", team="who") + row("c", team="who")))
    assert usage.source.unknown_teams == {"who": 2}
    assert usage.wallet.tolist() == ["team_a", "who"]


def test_rows_outside_the_window_are_counted_and_tell_how_fresh_the_data_are(exports: Any) -> None:
    days = ["2025-12-31T23:59:59Z", "2026-01-01T00:00:00Z", "2026-06-30T23:59:59Z", "2026-07-01T00:00:00Z"]
    usage = exports.read(exports.text("e.csv", HEADER + "".join(row(day, at=day) for day in days)))
    assert (usage.source.rows, usage.source.outside_window) == (2, 2)
    assert (usage.source.first_day, usage.source.last_day) == (date(2026, 1, 1), date(2026, 6, 30))
    assert usage.source.last_complete_day == date(2026, 6, 30)
    assert usage.source.data_as_of == datetime(2026, 7, 1, tzinfo=UTC)


def test_a_very_long_name_is_cut(exports: Any) -> None:
    usage = exports.read(exports.text("e.csv", HEADER + row(team="x" * 100_000)))
    assert usage.wallet.tolist() == ["x" * 200]


@pytest.mark.slow
@pytest.mark.parametrize("form", FORMATS)
def test_sums_are_exact_at_any_magnitude(exports: Any, form: str) -> None:
    costs = [Decimal(text) for text in ("999999999.01", "345678901.07", "-1.01", "987654321098.5", "12.000000001")] * 9
    events = [
        {"id": f"e{n}", "timestamp": f"2026-01-{1 + n % 3:02}T00:00:00Z", "team_id": "t", "cost": cost}
        for n, cost in enumerate(costs)
    ]
    usage = exports.read(exports.write(events, form))
    assert sum(usage.cost.tolist()) == int(sum(costs, Decimal(0)).scaleb(9))
    assert sum(usage.credits.tolist()) == -9 * 1_010_000_000


def test_the_digest_of_large_sums_is_that_of_their_digits(exports: Any) -> None:
    one = exports.read(exports.text("one.csv", HEADER + row("a", cost="9000000000") + row("b", cost="9000000000.01")))
    two = exports.read(exports.text("two.csv", HEADER + row("b", cost="9000000000.01") + row("a", cost="9e9")))
    other = exports.read(exports.text("two.csv", HEADER + row("b", cost="9000000000.02") + row("a", cost="9e9")))
    assert one.source.digest == two.source.digest != other.source.digest


def test_an_own_name_of_a_column_replaces_the_known_ones(exports: Any) -> None:
    path = exports.text("e.csv", "id,timestamp,cost,Squad,net,extra\na,2026-01-02T00:00:00Z,9,team_a,2,\n")
    usage = exports.read(path, columns={"team_id": "squad", "cost": "net", "workload": "extra"})
    assert (usage.wallet.tolist(), usage.cost.tolist()) == (["team_a"], [2 * 10**9])


def test_the_first_of_two_known_names_that_is_filled_counts(exports: Any) -> None:
    lines = "id,timestamp,team_id,total_cost_usd,cost\na,2026-01-02,t,7,\nb,2026-01-03,t,7,1\n"
    assert exports.read(exports.text("e.csv", lines)).cost.tolist() == [7 * 10**9, 10**9]


def test_progress_is_told(exports: Any) -> None:
    said: list[str] = []
    exports.read(exports.text("e.csv", HEADER + row("", cost="1")), on_progress=said.append)
    assert said == [
        "unpacking 1 export",
        "looking for repeated events",
        "adding up days",
        "locating rows that are in doubt",
    ]


@pytest.mark.slow
@pytest.mark.parametrize(
    "text",
    [
        "9223372036854775807",
        "99999999999999999999",
        "1000000000001",
        "-1",
        "1e400",
        "many",
        "inf",
        "1_000",
        "0x10",
        "0b1",
    ],
)
def test_a_token_count_that_is_none_is_not_known_and_stops_nothing(exports: Any, text: str) -> None:
    usage = exports.read(
        exports.text("e.csv", HEADER + row("a", rest="7,3,,,,,") + row("b", rest=f"{text},5,,,,,") * 2)
    )
    assert (usage.source.rows, usage.cost.tolist()) == (2, [2 * 10**9])
    assert (usage.input_tokens.tolist(), usage.output_tokens.tolist()) == ([7], [8])


@pytest.mark.parametrize("form", ["csv", "json", "jsonl", "parquet-text"])
def test_digits_parted_by_underscores_are_no_number_in_any_format_and_beside_large_amounts(
    exports: Any, form: str
) -> None:
    moment, costs = "2026-03-01T00:00:00Z", ("12_50", "3000000000", "1")
    events = [
        {"id": str(number), "timestamp": moment, "team_id": "team_a", "cost": cost, "avoided_cost": "1_000"}
        for number, cost in enumerate(costs)
    ]
    usage = exports.read(exports.write(events, form))
    assert (usage.cost.sum(), usage.avoided.sum()) == (3_000_000_001 * 10**9, 0)
    assert [(issue.code, issue.count, issue.unread) for issue in usage.source.issues] == [
        ("bad-cost", 1, 1),
        ("large-cost", 1, 0),
    ]


@pytest.mark.parametrize(
    ("written", "read"),
    [(".5", None), ("0.5", None), ("5e-1", None), ("7.25", None), ("12.0", 12), ("12.", 12), ("1e3", 1000)],
)
def test_a_part_of_a_token_is_no_count_and_is_not_rounded(exports: Any, written: str, read: int | None) -> None:
    text = f"id,timestamp,team_id,cost,input_tokens\na,2026-03-01,team_a,1,{written}\n"
    usage = exports.read(exports.text("e.csv", text))
    assert codes(usage) == ([("bad-tokens", 2, 1)] if read is None else [])
    assert usage.input_tokens.tolist() == [read or 0]


def test_tokens_that_are_none_and_large_costs_are_named(exports: Any) -> None:
    lines = [row("a"), row("b", rest="many,5,,,,,"), row("c", rest="NaN,null,,,,,"), row("d", cost="2e9")]
    usage = exports.read(exports.text("e.csv", HEADER + "".join(lines)))
    assert codes(usage) == [("bad-tokens", 3, 1), ("large-cost", 5, 1)]
    assert [issue.cost for issue in usage.source.issues] == [1, 2 * 10**9]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("$58.42", "58.42"),
        ("USD 1,234.50", "1234.5"),
        ("1.234,50 EUR", "1234.5"),
        ("12,5", "12.5"),
        ("-€3.25", "-3.25"),
        ("- $3.25", "-3.25"),
        ("1,234", "1234"),
        ("1'234.5 CHF", "1234.5"),
        ("1e400", None),
        ("free", None),
        ("1.5.2", None),
        ("12_50", None),
    ],
)
def test_money_of_a_cost_that_is_no_number_is_told_where_it_is_clear(
    exports: Any, text: str, amount: str | None
) -> None:
    usage = exports.read(exports.text("e.csv", HEADER + row("a") + row("b", cost=f'"{text}"') + row("c")))
    (issue,) = usage.source.issues
    assert (issue.code, issue.unread) == ("bad-cost", int(amount is None))
    assert issue.cost == Decimal(amount or 0)
