"""What is proposed for exports of other systems: known names whose values can be read, never a price, never a guess."""

from __future__ import annotations

import csv
import io
import json
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest

from reconciler.findings import UsageError
from reconciler.model.organization import UsageSettings
from reconciler.source.parse import parse

ANTHROPIC = {
    "usage_date_utc": "2026-03-10",
    "model": "large",
    "workspace": "Default",
    "usage_type": "message",
    "token_type": "output",
    "cost_usd": "0.50",
    "list_price_usd": "0.70",
    "cost_type": "token",
    "speed": "",
}
FOCUS = {
    "BilledCost": "0.0000008",
    "BillingPeriodStart": "2026-03-01 00:00:00",
    "ChargePeriodEnd": "2026-03-18 23:00:00",
    "ChargePeriodStart": "2026-03-18 22:00:00",
    "ContractedCost": "3",
    "ContractedUnitPrice": "4",
    "EffectiveCost": "2",
    "ListCost": "1",
    "ListUnitPrice": "0.1",
    "SkuId": "G95",
    "SubAccountName": "Atlas",
    "Tags": '{"business_unit": "x"}',
}
OPENAI = {
    "start_time": "1772582400",
    "end_time": "1772668800",
    "amount_value": "0.895874",
    "amount_currency": "usd",
    "project_id": "p1",
}
OPENROUTER = {
    "generation_id": "gen-1",
    "created_at": "2026-03-10 03:46:57.713",
    "cost_total": "0.0123",
    "cost_cache": "0.1",
    "streamed": "true",
    "api_key_name": "key-a",
}
LITELLM = {
    "request_id": "chatcmpl-1",
    "endTime": "2026-03-10T00:00:09Z",
    "startTime": "2026-03-10T00:00:00Z",
    "spend": "0.02",
    "total_tokens": "12",
    "team_alias": "One",
    "team_id": "team_a",
}
LANGFUSE = {
    "observation_id": "o1",
    "startTime": "2026-03-10T00:00:00Z",
    "inputCost": "0.01",
    "totalCost": "0.03",
    "unitPrice": "1",
    "team": "team_a",
}
HELICONE = {
    "request_id": "r1",
    "request_created_at": "2026-03-10T00:00:00Z",
    "prompt_cost_usd": "1",
    "cost_usd": "0.25",
    "team_name": "team_b",
}
CUR = {
    "identity_line_item_id": "a",
    "line_item_usage_start_date": "2026-03-10T00:00:00Z",
    "line_item_usage_end_date": "2026-03-11T00:00:00Z",
    "line_item_unblended_cost": "1.5",
    "pricing_public_on_demand_cost": "9",
    "line_item_usage_account_id": "123",
}


def as_csv(row: Mapping[str, str], delimiter: str = ",") -> str:
    out = io.StringIO()
    writer = csv.writer(out, delimiter=delimiter)
    writer.writerows([row.keys(), row.values()])
    return out.getvalue()


def columns_in(yaml: str) -> dict[str, str]:
    """Return what `usage: columns:` says, as `kt-budgets validate` reads it."""
    parsed = parse(yaml.encode())
    assert not parsed.flaws
    columns = UsageSettings.model_validate(parsed.value["usage"]).columns
    return {str(ours): theirs for ours, theirs in columns.items()}


def proposed(hint: str) -> dict[str, str]:
    """Return the mapping that a hint's YAML holds, read as YAML and not as text."""
    if "usage:\n" not in hint:
        return {}
    lines = hint[hint.index("usage:\n") :].splitlines()
    yaml = [line for line in lines if line == "usage:" or line.startswith("  ")]
    return columns_in("\n".join(yaml))


def hint_for(exports: Any, path: Path, **settings: Any) -> str:
    with pytest.raises(UsageError) as raised:
        exports.read(path, **settings)
    assert path.name in raised.value.message
    return raised.value.hint


@pytest.mark.slow
@pytest.mark.parametrize("form", ["csv", "tsv", "jsonl", "parquet"])
@pytest.mark.parametrize(
    ("row", "expected"),
    [
        (ANTHROPIC, {"timestamp": "usage_date_utc", "cost": "cost_usd"}),
        (FOCUS, {"timestamp": "ChargePeriodStart", "cost": "BilledCost"}),
        (OPENAI, {"timestamp": "start_time", "cost": "amount_value"}),
        (OPENROUTER, {"id": "generation_id", "timestamp": "created_at", "cost": "cost_total"}),
        (LITELLM, {"id": "request_id", "timestamp": "startTime", "cost": "spend"}),
        (LANGFUSE, {"id": "observation_id", "timestamp": "startTime", "team_id": "team", "cost": "totalCost"}),
        (HELICONE, {"id": "request_id", "timestamp": "request_created_at", "team_id": "team_name", "cost": "cost_usd"}),
        (CUR, {"timestamp": "line_item_usage_start_date", "cost": "line_item_unblended_cost"}),
    ],
    ids=["anthropic", "focus", "openai", "openrouter", "litellm", "langfuse", "helicone", "cur"],
)
def test_the_exports_of_common_systems_get_a_mapping_that_can_be_pasted(
    exports: Any, row: dict[str, str], expected: dict[str, str], form: str
) -> None:
    path = exports.folder / f"e.{form}"
    match form:
        case "csv" | "tsv":
            path.write_text(as_csv(row, "," if form == "csv" else "\t"))
        case "jsonl":
            path.write_text(json.dumps(row) + "\n")
        case _:
            source = exports.text("source.csv", as_csv(row))
            with duckdb.connect() as connection:
                connection.execute(f"COPY (FROM read_csv('{source}', all_varchar = true)) TO '{path}'")
    hint = hint_for(exports, path)
    assert proposed(hint) == expected
    assert "(tried on this file: 1 of 1 rows can be read)" in hint
    if "team_id" in expected or "team_id" in row:
        assert exports.read(path, columns=expected).source.rows == 1


def test_the_other_cost_of_focus_is_named_beside_the_billed_one(exports: Any) -> None:
    hint = hint_for(exports, exports.text("e.csv", as_csv(FOCUS)))
    assert "    cost: BilledCost  # or EffectiveCost" in hint
    assert "ListCost" not in hint


@pytest.mark.parametrize(
    "column",
    [
        *("ListCost", "list_price", "unit_price", "price_usd", "cost_per_token", "input_cost", "CostCenterBudget"),
        *(
            "token_cost",
            "prompt_cost_usd",
            "max_spend",
            "contracted_cost",
            "avoided_cost",
            "cost_type",
            "speed",
            "coat",
        ),
    ],
)
def test_what_only_resembles_a_cost_is_not_proposed(exports: Any, column: str) -> None:
    path = exports.text("e.csv", f"timestamp,team_id,{column}\n2026-03-01,team_a,1\n")
    hint = hint_for(exports, path)
    assert proposed(hint) == {}
    assert hint.startswith("no column holds what an event cost")


@pytest.mark.slow
@pytest.mark.parametrize(
    "column", ["USD cost", "total_spend_usd", "Costs", "llm_cost", "effectivecosts", "CostInBillingCurrency"]
)
def test_a_name_that_is_nearly_known_is_proposed(exports: Any, column: str) -> None:
    path = exports.text("e.csv", f"timestamp,team_id,{column}\n2026-03-01,team_a,1\n")
    mapping = proposed(hint_for(exports, path))
    assert mapping == {"cost": column}
    assert exports.read(path, columns=mapping).source.rows == 1


def test_a_known_name_whose_values_cannot_be_read_is_not_proposed(exports: Any) -> None:
    path = exports.text("e.csv", "date,created,team_id,spend,amount\nMonday,2026-03-01,team_a,much,2\n")
    assert proposed(hint_for(exports, path)) == {"timestamp": "created", "cost": "amount"}


GERMAN = "request_id;date;cost_center;model;spend_eur\nr1;2026-03-01;team_a;x;2,50\nr2;2026-03-02;team_a;x;0,25\n"


def test_a_cost_with_decimal_commas_is_proposed_and_the_cure_of_the_commas_works(exports: Any) -> None:
    hint = hint_for(exports, exports.text("e.csv", GERMAN), currency="EUR")
    assert proposed(hint) == {
        "id": "request_id",
        "timestamp": "date",
        "team_id": "cost_center",
        "cost": "spend_eur",
    }
    assert "`2,50` in `spend_eur` is written with a comma" in hint
    assert "export again with one" not in hint
    command = hint[hint.index("`tr ") + 1 :].partition("`")[0]
    subprocess.run(command, shell=True, check=True, cwd=exports.folder, timeout=60)  # noqa: S602 (as a person pastes it)
    mapping = proposed(hint)
    assert exports.read(exports.folder / "points.csv", columns=mapping, currency="EUR").cost.sum() == 2_750_000_000


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        (GERMAN.replace("2,50", "1.234,50"), "is written with a comma"),
        (GERMAN.replace("2,50", "1.234.567").replace("0,25", "1.234"), "has points between thousands"),
        (GERMAN.replace(",", ".").replace("2.50", '"2,50"').replace("0.25", '"0,25"').replace(";", ","), "is written"),
        (GERMAN.replace("spend_eur", "spend_usd"), "`spend_usd` is in USD by its name"),
    ],
)
def test_amounts_that_are_written_otherwise_are_said_to_be_and_not_to_be_missing(
    exports: Any, lines: str, told: str
) -> None:
    hint = hint_for(exports, exports.text("e.csv", lines), currency="EUR")
    assert told in hint
    assert "no column holds what an event cost" not in hint


def test_the_only_column_that_holds_moments_is_proposed_and_of_several_none(exports: Any) -> None:
    path = exports.text("e.csv", "when,n,team_id,cost\n2026-03-01 10:00,1772582400,team_a,2\n")
    assert proposed(hint_for(exports, path)) == {"timestamp": "when"}
    path = exports.text("e.csv", "opened,shut,team_id,cost\n2026-03-01,2026-03-02,team_a,2\n")
    hint = hint_for(exports, path)
    assert proposed(hint) == {}
    assert "`timestamp: opened` or `timestamp: shut`" in hint


def test_the_column_that_holds_team_ids_of_wallets_is_the_team_s_whatever_its_name(exports: Any) -> None:
    rows = [["timestamp", "cost", "team", "k8s ns: prod"], *(["2026-03-01", "1", "Blue", "team_b"] for _ in range(3))]
    path = exports.text("e.csv", "\n".join(",".join(row) for row in rows))
    mapping = proposed(hint_for(exports, path))
    assert mapping == {"team_id": "k8s ns: prod"}
    assert exports.read(path, columns=mapping).wallet.tolist() == ["team_b"]


@pytest.mark.parametrize("column", ["yes", "a: b", "#1", "1e3", "é", 'say "x"', "- x", "@x", "null", "{x}"])
def test_a_proposed_name_is_yaml_whatever_is_in_it(exports: Any, column: str) -> None:
    out = io.StringIO()
    csv.writer(out).writerows([["timestamp", "cost", column], ["2026-03-01", "1", "team_a"]])
    path = exports.text("e.csv", out.getvalue())
    assert proposed(hint_for(exports, path)) == {"team_id": column}


def test_where_no_column_names_a_team_the_hint_says_what_to_do(exports: Any) -> None:
    hint = hint_for(exports, exports.text("e.csv", as_csv(ANTHROPIC)))
    assert "if each workspace is one team, write `team_id: workspace`" in hint
    assert "(`Default`)" in hint
    assert "speed" not in hint
    hint = hint_for(exports, exports.text("e.csv", "timestamp,cost,speed\n2026-03-01,1,fast\n"))
    assert hint == (
        "no column names a team: export again with a column `team_id` that holds the `team_id` of a wallet in each row"
    )


def test_what_org_yaml_maps_already_is_part_of_the_proposal(exports: Any) -> None:
    path = exports.text("e.csv", "when_it_was,created,spend,squad\nx,2026-03-01,1,team_a\n")
    own = {"timestamp": "created", "cost": "gone", "model": "squad", "lane": "nowhere"}
    with pytest.raises(UsageError, match=r"org\.yaml maps `cost: gone`, which is not among them") as raised:
        exports.read(path, columns=own)
    mapping = proposed(raised.value.hint)
    assert mapping == {"timestamp": "created", "team_id": "squad", "model": "squad", "cost": "spend"}
    assert exports.read(path, columns=mapping).source.rows == 1


def test_all_exports_that_lack_a_column_are_named_at_once(exports: Any) -> None:
    for number in range(8):
        exports.text(f"e{number}.csv", "when,team_id,spend\n2026-03-01,team_a,1\n")
    with pytest.raises(UsageError) as raised:
        exports.read()
    assert all(f"e{number}.csv" in raised.value.message for number in range(6))
    assert "and 2 more" in raised.value.message


@pytest.mark.skipif(shutil.which("jq") is None, reason="the cure is a command line of jq")
@pytest.mark.parametrize("form", ["jsonl", "json", "envelope"])
@pytest.mark.parametrize(
    "event",
    [
        {"id": "e1", "timestamp": "2026-03-01", "cost": 1.5, "metadata": {"x": 1, "team_id": "team_a"}},
        {"id": "e1", "timestamp": "2026-03-01", "cost": 1.5, "labels": {"owner": {"k8s/ns": "team_a"}}},
        {"id": "e1", "timestamp": "2026-03-01", "team_id": "team_a", "usage": {"tokens": 3, "cost": 1.5}},
    ],
    ids=["team", "deeper", "cost"],
)
def test_a_nested_value_is_said_to_be_one_with_a_cure_that_works(
    exports: Any, event: dict[str, Any], form: str
) -> None:
    path = exports.write([event], form, name="it's nested")
    for each in (path, exports.zip(exports.write([event], form, name="it's zipped"))):
        hint = hint_for(exports, each)
        assert "only a column of its own can be read" in hint
        command = hint[hint.index("gzip") : hint.index("` makes such a file")]
        subprocess.run(command, shell=True, check=True, cwd=exports.folder, timeout=60)  # noqa: S602 (pasted as it is)
        usage = exports.read(exports.folder / "flat.jsonl")
        assert (int(usage.cost.sum()), usage.wallet.tolist()) == (1_500_000_000, ["team_a"])


@pytest.mark.parametrize("above", ["Usage report\n", "# exported\n\n", "Report,\nPeriod,June,,\n\n"])
def test_a_header_below_other_lines_is_found_and_the_cure_makes_a_file_that_is_read(exports: Any, above: str) -> None:
    path = exports.text("it's.csv", f"{above}id,timestamp,team_id,cost\na,2026-03-01,team_a,1.5\n")
    hint = hint_for(exports, path)
    assert f"the header seems to be line {above.count(chr(10)) + 1};" in hint
    subprocess.run(hint.split("`")[1], shell=True, check=True, cwd=exports.folder, timeout=60)  # noqa: S602 (as pasted)
    assert int(exports.read(exports.folder / "table.csv").cost.sum()) == 1_500_000_000


def test_a_file_without_a_header_does_not_have_its_first_event_taken_for_one(exports: Any) -> None:
    path = exports.text("e.csv", "a,2026-03-01T10:00:00Z,team_a,1.25\nb,2026-03-02T10:00:00Z,team_a,2\n")
    hint = hint_for(exports, path)
    assert proposed(hint) == {}
    command = hint.split("`")[1].replace("column1,column2,column3,column4", "id,timestamp,team_id,cost")
    subprocess.run(command, shell=True, check=True, cwd=exports.folder, timeout=60)  # noqa: S602 (as a person pastes it)
    assert int(exports.read(exports.folder / "table.csv").cost.sum()) == 3_250_000_000


@pytest.mark.parametrize("header", ["cost,timestamp,team_id,Cost", "team_id,timestamp,cost, TEAM_ID"])
def test_two_columns_of_one_name_are_not_chosen_between(exports: Any, header: str) -> None:
    with pytest.raises(UsageError, match=r"columns 1 and 4 are both called `(cost|team_id)`"):
        exports.read(exports.text("e.csv", f"{header}\n1,2026-03-01,team_a,5\n"))


def overlapping(exports: Any, rows: Sequence[str]) -> Any:
    header = "request_id,startTime,team_id,spend\n"
    for name in ("w1.csv", "w2.csv"):
        exports.text(name, header + "".join(rows))
    return exports.read(columns={"timestamp": "startTime", "cost": "spend"})


def test_an_id_that_is_not_mapped_is_proposed_and_then_overlapping_exports_count_once(exports: Any) -> None:
    usage = overlapping(exports, [f"r{n},2026-03-0{n},team_a,1.25\n" for n in range(1, 6)])
    told = [issue.message for issue in usage.source.issues if issue.code == "id-not-mapped"]
    assert len(told) == 1
    written = told[0][told[0].index("usage: {") : told[0].rindex("}") + 1]
    columns = columns_in(written)
    assert columns == {"id": "request_id", "timestamp": "startTime", "cost": "spend"}
    usage = exports.read(columns=columns)
    assert (Decimal(int(usage.cost.sum())).scaleb(-9), usage.source.duplicates) == (Decimal("6.25"), 5)
    assert "id-not-mapped" not in [issue.code for issue in usage.source.issues]


def test_a_column_that_does_not_tell_rows_apart_is_not_proposed_as_their_id(exports: Any) -> None:
    usage = overlapping(exports, ["r1,2026-03-01,team_a,1\n", "r1,2026-03-02,team_a,1\n"])
    assert "id-not-mapped" not in [issue.code for issue in usage.source.issues]


BEFORE_COST = "timestamp,team_id,"


@pytest.mark.parametrize(
    ("ours", "column"),
    [
        *(("EUR", "total_cost_usd"), ("EUR", "cost_usd"), ("EUR", "CostUSD"), ("EUR", "costusd"), ("EUR", "Cost ($)")),
        *(
            ("USD", "cost_eur"),
            ("USD", "Cost (€)"),
            ("CHF", "amount_usd"),
            ("JPY", "spend_gbp"),
            ("AUD", "total_cost_usd"),
        ),
    ],
)
def test_a_cost_that_names_another_currency_is_refused_with_what_says_that_it_is_meant(
    exports: Any, ours: str, column: str
) -> None:
    path = exports.text("e.csv", f"{BEFORE_COST}{column}\n2026-03-01,team_a,1\n")
    hint = hint_for(exports, path, currency=ours)
    assert proposed(hint) == {}
    assert f"`{column}` is in " in hint
    assert f"org.yaml says `currency: {ours}`" in hint
    yaml = hint[hint.index("write `usage: ") + len("write `") :].partition("` into org.yaml")[0]
    mapping = columns_in(yaml)
    assert mapping == {"cost": column}
    assert exports.read(path, columns=mapping, currency=ours).source.rows == 1


@pytest.mark.parametrize(
    ("ours", "column"),
    [("EUR", "cost_eur"), ("CHF", "cost_chf"), ("EUR", "total_cost"), ("USD", "cost_usd"), ("AUD", "Cost ($)")],
)
def test_a_cost_in_our_currency_or_in_none_that_is_named_is_proposed(exports: Any, ours: str, column: str) -> None:
    path = exports.text("e.csv", f"{BEFORE_COST}cost_gbp,{column}\n2026-03-01,team_a,9,1\n")
    mapping = proposed(hint_for(exports, path, currency=ours))
    assert mapping == {"cost": column}
    assert exports.read(path, columns=mapping, currency=ours).cost.tolist() == [10**9]


def test_a_cost_in_dollars_stands_in_for_no_empty_cost_in_euros(exports: Any) -> None:
    lines = f"{BEFORE_COST}cost,total_cost_usd\n2026-03-01,t,2,7\n2026-03-02,t,,7\n"
    usage = exports.read(exports.text("e.csv", lines), currency="EUR")
    assert usage.cost.tolist() == [2 * 10**9]
    left_out = [issue for issue in usage.source.issues if not issue.counted]
    assert [(issue.code, issue.row, issue.elsewhere) for issue in left_out] == [
        ("other-currency", 3, (("USD", Decimal(7)),))
    ]
    dollars = exports.read(exports.text("e.csv", lines), currency="USD")
    assert dollars.cost.tolist() == [2 * 10**9, 7 * 10**9]


def test_what_org_yaml_maps_stays_in_the_line_that_takes_dollars_for_euros(exports: Any) -> None:
    path = exports.text("e.json", '[{"timestamp": "2026-03-01", "squad": "t", "cost_usd": 1}]')
    hint = hint_for(exports, path, currency="EUR", columns={"team_id": "squad"})
    assert "write `usage: {columns: {team_id: squad, cost: cost_usd}}` into org.yaml" in hint
