"""A row is named by the line that an editor shows, whatever stands above it."""

from __future__ import annotations

import random
from typing import Any

import pytest
from thorough import drawn

from reconciler.findings import UsageError

HEADER = "id,timestamp,team_id,cost,model"
GOOD = "e{n},2026-03-01T10:00:00Z,team_a,1,m"
SHORT = "short{n},2026-03-01T10:00:00Z,team_a"
BAD_COST = "cost{n},2026-03-01T10:00:00Z,team_a,x,m"
TALL = 'e{n},2026-03-01T10:00:00Z,team_a,1,"a{end}{end}""b{end}"'
JSON = '{{"id": "{0}", "timestamp": "2026-03-01", "team_id": "{1}", "cost": 1}}'


def rows_of(usage: Any) -> dict[str, int]:
    return {issue.code: issue.row for issue in usage.source.issues}


def line_of(text: str, part: str) -> int:
    lines = text.replace("\r\n", "\n").replace("\r", "\n")
    return lines[: lines.index(part)].count("\n") + 1


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(drawn(12, sample=6)))
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_a_bad_row_is_named_by_its_line(exports: Any, end: str, seed: int) -> None:
    draw = random.Random(seed)
    above = draw.choice(["", "{0}{0}", "sep=,{0}", "\ufeff", "\ufeffsep=,{0}{0}"]).format(end)
    kinds = draw.choices([GOOD, "", TALL], weights=[2, 1, 1], k=12)
    kinds[draw.randrange(12)] = SHORT
    kinds.insert(draw.randrange(12), BAD_COST)
    rows = [kind.format(n=number, end=end) for number, kind in enumerate([*kinds, GOOD])]
    if seed % 3 == 0:
        end = "\n"
        rows.insert(5, rows[-1] + "\r")
    text = above + end.join([HEADER, *rows]) + end
    rows_found = rows_of(exports.read(exports.text("e.csv", text)))
    assert rows_found["wrong-columns"] == line_of(text, "short")
    assert rows_found["bad-cost"] == line_of(text, "\ncost") + 1


def test_a_bad_row_far_below_blank_lines_and_others_like_it_is_named_by_its_line(exports: Any) -> None:
    rows = [HEADER, *(GOOD.format(n=n) + ("\n" if n % 1000 == 0 else "") for n in range(60_000))]
    rows[30_000:30_000] = [SHORT.format(n=1)]
    rows.append(BAD_COST.format(n=1))
    text = "\n".join(rows)
    found = rows_of(exports.read(exports.text("e.csv", text)))
    assert (found["wrong-columns"], found["bad-cost"]) == (line_of(text, "short1"), line_of(text, "cost1"))


def test_empty_lines_of_json_lines_count(exports: Any) -> None:
    text = f"\n{JSON.format('a', 'team_a')}\n\n \n{JSON.format('b', '')}\n"
    assert rows_of(exports.read(exports.text("e.jsonl", text)))["no-team"] == 5


@pytest.mark.parametrize("bad", ["not json", '{"id": "b", "cost": }', '{"id": "cut', '{"id": "\xff"}', "]"])
@pytest.mark.parametrize("above", [1, 2, 5000])
def test_a_line_that_is_no_json_is_named(exports: Any, above: int, bad: str) -> None:
    lines = [JSON.format(number, "team_a") for number in range(above)]
    lines[above:above] = ["", bad]
    content = "\n".join([*lines, JSON.format("z", "team_a")]).encode("latin-1")
    with pytest.raises(UsageError) as raised:
        exports.read(exports.text("e.jsonl", content))
    assert f"e.jsonl:{above + 2}: this line is no JSON (" in raised.value.message
    assert " at at " not in raised.value.message


def test_a_comma_behind_each_line_is_named_at_the_first(exports: Any) -> None:
    text = f"{JSON.format('a', 'team_a')},\n{JSON.format('b', 'team_a')},\n"
    with pytest.raises(UsageError, match=r"e\.jsonl:1: this line is no JSON \(extra data at column"):
        exports.read(exports.text("e.jsonl", text))


def test_where_a_cut_file_ends_is_named_by_its_line(exports: Any) -> None:
    text = "\n".join([HEADER, "", TALL.format(n=1, end="\n"), GOOD.format(n=2), "e3,2026-03-01T10"])
    with pytest.raises(UsageError, match=r"e\.csv:8: this last row ends before it has all columns"):
        exports.read(exports.text("e.csv", text))
    text = "\n".join([HEADER, "", GOOD.format(n=1), 'e3,2026-03-01T10:00:00Z,team_a,1,"open', GOOD.format(n=2)])
    with pytest.raises(UsageError, match=r"e\.csv:4: a quote that opens in the row that begins here is never closed"):
        exports.read(exports.text("e.csv", text))
