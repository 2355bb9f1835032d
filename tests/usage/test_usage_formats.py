"""The same events give the same usage in whatever form they come: format, compression, order, split, repetition."""

from __future__ import annotations

import gzip
import random
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import fields, replace
from decimal import Decimal
from itertools import product
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from thorough import THOROUGH, crossed, drawn

from reconciler.findings import UsageError
from reconciler.model.usage import DailyUsage
from reconciler.usage import engine
from reconciler.usage.store.session import Store

pytestmark = pytest.mark.slow

FORMATS = ("csv", "json", "envelope", "jsonl", "parquet", "parquet-text")


def same(left: DailyUsage, right: DailyUsage) -> bool:
    """Return whether two usages are equal to the last digit, apart from what tells of files and repetitions."""
    about_files: dict[str, Any] = {"issues": (), "duplicates": 0, "duplicates_cost": Decimal(0), "absent": frozenset()}
    assert left.apart is not None
    assert right.apart is not None
    return replace(left.source, **about_files) == replace(right.source, **about_files) and all(
        np.array_equal(getattr(one, field.name), getattr(other, field.name))
        for one, other in ((left, right), (left.apart, right.apart))
        for field in fields(one)
        if field.name not in ("source", "apart")
    )


@pytest.mark.parametrize(("form", "zipped"), crossed(FORMATS, [True, False]))
def test_every_format_gives_the_sums_that_plain_decimals_give(
    exports: Any, events: Any, compared: Mapping[str, Callable[..., Any]], form: str, zipped: bool
) -> None:
    sample = events(400)
    usage = exports.read(exports.write(sample, form, zipped=zipped))
    assert compared["as_table"](usage) == compared["reference"](sample)
    assert usage.source.rows == 400
    assert not usage.source.issues


def test_every_format_gives_the_same_digest(exports: Any, events: Any) -> None:
    sample = events(300)
    digests = {form: exports.read(exports.write(sample, form, name=form)).source.digest for form in FORMATS}
    assert len(set(digests.values())) == 1
    assert digests["csv"].startswith("sha256:")


def test_the_digest_changes_with_any_amount(exports: Any, events: Any) -> None:
    sample = events(50)
    before = exports.read(exports.write(sample)).source.digest
    sample[7]["cost"] += Decimal("0.000000001")
    assert exports.read(exports.write(sample)).source.digest != before


@settings(max_examples=drawn(25, sample=6))
@given(seed=st.integers(0, 2**32), count=st.integers(1, 40), data=st.data())
def test_any_split_order_format_and_repetition_gives_the_same_usage(
    exports_in: Callable[[Path], Any], events: Any, seed: int, count: int, data: st.DataObject
) -> None:
    sample = events(count, seed)
    draw = random.Random(seed)
    with tempfile.TemporaryDirectory() as folder:
        plain, split = (Path(folder) / name for name in ("plain", "split"))
        plain.mkdir()
        split.mkdir()
        expected = exports_in(plain).read(exports_in(plain).write(sample))
        repeated = sample + draw.choices(sample, k=draw.randint(0, count))
        draw.shuffle(repeated)
        parts = data.draw(st.integers(1, 4))
        for part in range(parts):
            form = data.draw(st.sampled_from(FORMATS))
            exports_in(split).write(repeated[part::parts], form, name=f"part{part}", zipped=data.draw(st.booleans()))
        with pytest.MonkeyPatch.context() as reading:
            reading.setattr(engine, "SMALL", data.draw(st.sampled_from([0, engine.SMALL])))
            usage = exports_in(split).read()
        assert same(usage, expected)
        assert usage.source.duplicates == len(repeated) - count


LACKING = (
    *("id", "provider", "model", "input_tokens", "output_tokens", "cache_hit", "avoided_cost", "metadata"),
    *("workload", "lane", "fallback", "gateway_id"),
)
LACKS = [
    *crossed(LACKING, [False, True], ["csv", "jsonl", "parquet"]),
    *product(["id"] * (not THOROUGH), [False, True], ["csv", "jsonl", "parquet"]),
]


@pytest.mark.parametrize(("lacking", "repeated", "form"), sorted(set(LACKS)))
def test_a_column_that_one_of_two_exports_lacks_is_read_from_the_other(
    exports: Any, events: Any, form: str, lacking: str, repeated: bool
) -> None:
    more = {"workload": "batch", "lane": "standard", "fallback": True, "gateway_id": "gw", "decision": "allowed"}
    whole = [event | more for event in events(4)]
    bare = [
        {name: value for name, value in event.items() if name != lacking} | {"timestamp": "2026-02-01T00:00:00Z"}
        for event in [event | more for event in events(8)[4:]]
    ]
    exports.write(whole, form, name="whole")
    exports.write(bare * (1 + repeated), "csv", name="bare")
    usage = exports.read()
    assert usage.source.rows == 8 + (4 if repeated and lacking == "id" else 0)
    for name in ("input_tokens", "output_tokens"):
        expected = sum(event[name] for event in whole) + sum(
            event.get(name, 0) for event in bare * (1 + (repeated and lacking == "id"))
        )
        assert getattr(usage, name).sum() == expected


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("none.csv", ""),
        ("header.csv", "id,timestamp,team_id,cost\r\n"),
        ("bare-header.csv", "id,timestamp,team_id,cost"),
        ("none.json", "[]"),
        ("none-inside.json", '{"events": []}'),
        ("none-of-data.json", ' \n{"count": 0, "data" : [ ] , "next_cursor": null}\n'),
        ("none.jsonl", "\n\n"),
        ("none.csv.gz", gzip.compress(b"", mtime=0)),
        ("none.jsonl.gz", gzip.compress(b"\n", mtime=0)),
    ],
)
def test_an_export_without_events_is_no_usage(exports: Any, name: str, content: str | bytes) -> None:
    usage = exports.read(exports.text(name, content))
    assert usage.source.rows == len(usage.day) == 0
    assert usage.source.first_day is usage.source.last_day is usage.source.last_complete_day is None
    assert usage.source.data_as_of is None
    assert usage.source.unpriced_share == 0.0


def test_content_decides_when_the_suffix_is_wrong(exports: Any, events: Any) -> None:
    sample = events(20)
    expected = exports.read(exports.write(sample)).source
    for form in FORMATS:
        path = exports.write(sample, form, name=f"as-{form}")
        wrong = path.rename(path.with_suffix(".csv" if path.suffix != ".csv" else ".json"))
        assert replace(exports.read(wrong).source, absent=expected.absent) == expected


@pytest.mark.parametrize("key", ["events", "data", "rows"])
def test_an_envelope_may_hold_other_things_around_its_list(exports: Any, key: str) -> None:
    event = (
        '{"id": "a]}", "timestamp": "2026-01-02T00:00:00Z", "team_id": "team_a", "cost": 1.5, "tags": [["x"], ["]"]]}'
    )
    path = exports.text(
        "e.json", f'\ufeff{{"at": {{"x": [1]}}, "notes": ["]"], "{key}": [{event}], "more": [1, "]}}"]}}'
    )
    assert int(exports.read(path).cost.sum()) == 1_500_000_000


def test_pretty_printed_json_is_read(exports: Any) -> None:
    event = '{\n  "id": "a",\n  "timestamp": "2026-01-02T00:00:00Z",\n  "team_id": "team_a",\n  "cost": 1.5\n}\n'
    path = exports.text("pretty.json", event + event.replace('"a"', '"b"'))
    assert exports.read(path).source.rows == 2


def test_a_file_of_one_event_without_a_newline_is_read(exports: Any) -> None:
    path = exports.text(
        "one.json", '{"id": "a", "timestamp": "2026-01-02T00:00:00Z", "team_id": "team_a", "cost": 1.5}'
    )
    assert exports.read(path).source.rows == 1


@pytest.mark.parametrize("separator", [";", "\t", "|"])
def test_csv_may_be_separated_by_other_characters(exports: Any, separator: str) -> None:
    lines = ["id,timestamp,team_id,cost", "a,2026-01-02T00:00:00Z,team_a,1.5"]
    path = exports.text("other.csv", "\n".join(lines).replace(",", separator))
    assert int(exports.read(path).cost.sum()) == 1_500_000_000


def test_a_header_may_be_in_any_order_and_case_with_a_byte_order_mark(exports: Any) -> None:
    path = exports.text(
        "e.csv", '\ufeffCOST, Team_ID ,"Extra\nline",TimeStamp,ID\r\n1.5,team_a,x,2026-01-02T00:00:00Z,a\r\n'
    )
    usage = exports.read(path)
    assert (usage.wallet.tolist(), usage.cost.tolist()) == (["team_a"], [1_500_000_000])
    assert not usage.source.issues


def test_json_keys_may_be_in_any_case_and_appear_late(exports: Any) -> None:
    line = '{{"ID": "{0}", "Timestamp": "2026-01-02T00:00:00Z", "TEAM_ID": "team_a", "Cost": 0{1}}}\n'
    rows = "".join(line.format(number, "") for number in range(5000))
    usage = exports.read(
        exports.text("e.jsonl", rows + line.format("last", ', "cache_hit": true, "avoided_cost": "0.25"'))
    )
    assert (int(usage.cache_hits.sum()), int(usage.avoided.sum())) == (1, 250_000_000)


@pytest.mark.parametrize("form", ["csv", "json", "jsonl", "envelope", "parquet-text"])
def test_large_amounts_with_nine_places_are_exact(exports: Any, form: str) -> None:
    cost = Decimal("123456789.123456789")
    event = {"id": "a", "timestamp": "2026-01-02T00:00:00Z", "team_id": "team_a", "cost": cost}
    assert exports.read(exports.write([event], form)).cost.tolist() == [123456789_123456789]


def test_metadata_of_its_own_for_every_event_changes_nothing(exports: Any, events: Any) -> None:
    sample = events(3000)
    expected = exports.read(exports.write(sample))
    for event in sample:
        event["metadata"]["request"] = event["id"]
    assert same(exports.read(exports.write(sample)), expected)


def test_a_struct_or_text_of_metadata_means_the_same(exports: Any) -> None:
    columns = "'a' AS id, DATE '2026-01-02' AS timestamp, 'team_a' AS team_id, 0.1::DECIMAL(18,9) AS cost"
    with duckdb.connect() as connection:
        for name, metadata in [
            ("struct", "{'lane': 'premium', 'fallback': true}"),
            ("text", '\'{"lane": "Premium", "fallback": "true"}\''),
        ]:
            connection.execute(f"COPY (SELECT {columns}, {metadata} AS metadata) TO '{exports.folder}/{name}.parquet'")
    struct, text = (exports.read(exports.folder / f"{name}.parquet") for name in ("struct", "text"))
    assert same(struct, text)
    assert (struct.lane.tolist(), struct.fallbacks.tolist()) == (["premium"], [1])


@pytest.mark.parametrize("form", FORMATS if THOROUGH else ["csv", "jsonl", "parquet"])
def test_money_in_another_currency_is_left_out_and_counted(
    exports: Any, events: Any, form: str, tmp_path: Path
) -> None:
    said = ["eur ", "USD", " usd", "", "Euro"]
    sample = [event | {"currency": said[number % 5]} for number, event in enumerate(events(50))]
    ours, euros = (sum(each["cost"] for each in sample if each["currency"] in of) for of in (said[1:4], said[:1]))
    exports.write(sample, form)
    for store in (None, Store(str(tmp_path / "store"), lambda _: None)):
        usage = exports.read(currency="USD", store=store)
        assert Decimal(int(usage.cost.sum())).scaleb(-9) == ours
        assert [(issue.code, issue.count, issue.unread, issue.elsewhere) for issue in usage.source.issues] == [
            ("other-currency", 20, 10, (("EUR", euros),))
        ]
    assert exports.read().source.rows == 50


@pytest.mark.parametrize(("precision", "scale"), [(39, 9), (50, 10), (76, 38)])
def test_a_decimal_of_more_digits_than_are_read_is_refused_with_the_type_to_cast_it_to(
    exports: Any, precision: int, scale: int
) -> None:
    tenths = [Decimal("0.10")] * 100
    base = {"id": [f"e{n}" for n in range(100)], "timestamp": ["2026-06-01T10:00:00Z"] * 100, "team_id": ["a"] * 100}

    def written(kind: Any, name: str = "cost") -> Any:
        file = exports.folder / "wide.parquet"
        values = list(map(float, tenths)) if pa.types.is_floating(kind) else tenths
        pq.write_table(
            pa.table({**base, "cost": pa.array(tenths, pa.decimal128(38, 9)), name: pa.array(values, kind)}), file
        )
        return file

    wide = pa.decimal256(precision, scale)
    with pytest.raises(UsageError) as refused:
        exports.read(written(wide))
    assert f"its column `cost` is decimal({precision}, {scale}), and no more than 38 digits can be read" in (
        refused.value.message
    )
    assert refused.value.hint == "cast it to decimal(38, 9) where the export is made"
    assert exports.read(written(pa.decimal128(38, 9))).spent == 10
    assert exports.read(written(pa.float64())).spent == 10
    assert exports.read(written(wide, "another")).spent == 10, "what is not read may be as exact as it likes"
