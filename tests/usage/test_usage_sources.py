"""What exports look like when spreadsheets, shells and other systems had them before: all of it is read or named."""

from __future__ import annotations

import gzip
import io
import os
import socket
import subprocess
import threading
import zipfile
from contextlib import chdir
from decimal import Decimal
from pathlib import Path
from typing import Any, BinaryIO

import pytest

from reconciler.findings import UsageError
from reconciler.usage.files import ExportFile
from reconciler.usage.spool import spool

HEADER = "id,timestamp,team_id,cost"
NANOS = 10**9


def row(number: int, cost: str = "1.25", team: str = "team_a") -> str:
    return f"e{number},2026-03-{number % 28 + 1:02}T10:00:00Z,{team},{cost}"


def spent(usage: Any) -> Decimal:
    return Decimal(sum(int(cost) for cost in usage.cost)) / NANOS


@pytest.mark.slow
@pytest.mark.parametrize("count", [3, 40_000])
@pytest.mark.parametrize(
    "ends",
    [("\r\n", "\n", "\n"), ("\n", "\r\n", "\r\n"), ("\n", "\n", "\r\n"), ("\r\n", "\r\n", "\n"), ("\r", "\n", "\r\n")],
    ids=["crlf-header", "lf-header", "lf-then-crlf", "crlf-then-lf", "all-three"],
)
def test_lines_that_end_in_different_ways_are_all_read(exports: Any, ends: tuple[str, str, str], count: int) -> None:
    first, second, third = ends
    half = count // 2
    text = HEADER + first + "".join(row(number) + second for number in range(half))
    text += "".join(row(number) + third for number in range(half, count))
    usage = exports.read(exports.text("mixed.csv", text))
    assert (usage.source.rows, spent(usage), usage.source.issues) == (count, Decimal("1.25") * count, ())


@pytest.mark.slow
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("inside", ["\n", "\r\n", "\r", '""\r', '\n"",""\r\n'])
def test_line_ends_in_a_quoted_value_are_part_of_it(exports: Any, end: str, inside: str) -> None:
    lines = [f"{HEADER},model", *(f'{row(number)},"a{inside}b"' for number in range(5))]
    for name, text in (("even.csv", end.join(lines) + end), ("uneven.csv", "\r\n".join(lines[:3]) + end + lines[3])):
        usage = exports.read(exports.text(name, text))
        assert set(usage.model.tolist()) == {f"a{inside}b".replace('""', '"')}
        assert not usage.source.issues


def test_a_byte_order_mark_and_a_lone_quote_do_not_hide_where_lines_end(exports: Any) -> None:
    text = '\ufeff"id",timestamp,team_id,cost,model\r\n' + f'{row(1)},"a\n"\n{row(2)},b\r\n'
    assert exports.read(exports.text("e.csv", text)).source.rows == 2


@pytest.mark.parametrize("mark", ["\ufeff", ""])
@pytest.mark.parametrize("pretty", [False, True])
def test_json_lines_may_begin_with_a_byte_order_mark(exports: Any, mark: str, pretty: bool) -> None:
    one = '{"id": "%s", "timestamp": "2026-03-01", "team_id": "team_a", "cost": 2}\n'
    text = mark + "".join(one % name for name in "abc")
    path = exports.text("e.jsonl", text.replace(", ", ",\n") if pretty else text)
    assert spent(exports.read(path)) == 6
    assert spent(exports.read(exports.zip(path))) == 6


@pytest.mark.parametrize("megabytes", [2.5, 20])
def test_a_value_of_many_megabytes_is_read(exports: Any, megabytes: float) -> None:
    long = "x" * int(megabytes * 2**20)
    text = f'{HEADER},model,metadata\n{row(1)},m,"{long}"\n{row(2)},m,{{}}\n'
    usage = exports.read(exports.text("long.csv", text))
    assert (usage.source.rows, spent(usage), usage.source.issues) == (2, Decimal("2.5"), ())


@pytest.mark.slow
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize(
    ("above", "delimiter"),
    [
        ("sep=;{0}", ";"),
        ("SEP=|{0}", "|"),
        ('"sep=\t"{0}', "\t"),
        ("{0}{0}", ","),
        ("  {0};;;;{0}", ";"),
        ("sep={0}", ","),
    ],
    ids=["semicolon", "pipe", "tab", "empty-lines", "empty-cells", "sep-of-nothing"],
)
def test_lines_above_the_header_that_spreadsheets_write_are_skipped(
    exports: Any, above: str, delimiter: str, end: str
) -> None:
    lines = (HEADER, row(1), row(2))
    text = above.format(end) + "".join(line.replace(",", delimiter) + end for line in lines)
    for mark in ("", "\ufeff"):
        usage = exports.read(exports.text("excel.csv", mark + text))
        assert (usage.source.rows, spent(usage), usage.source.issues) == (2, Decimal("2.5"), ())


@pytest.mark.parametrize("delimiter", [";", "\t", "|"])
def test_the_delimiter_is_counted_where_no_name_is_known(exports: Any, delimiter: str) -> None:
    lines = ["usage_when,cost_centre_code,booked", *(f"2026-03-0{n},{n},1" for n in range(1, 5))]
    text = "\n".join(line.replace(",", delimiter) for line in lines).replace("cost_centre", "cost, centre")
    with pytest.raises(UsageError) as raised:
        exports.read(exports.text("e.csv", text))
    assert "`usage_when`, `cost, centre_code`, `booked`" in raised.value.message


@pytest.mark.parametrize("amounts", [("12,50", "3,1"), ("1.234,56", "7,00"), ("-0,004", "1,250")])
@pytest.mark.parametrize("delimiter", [";", ","])
def test_amounts_with_a_comma_are_told_and_never_read_as_larger_ones(
    exports: Any, amounts: tuple[str, str], delimiter: str
) -> None:
    lines = [HEADER.replace(",", delimiter)]
    for number, amount in enumerate(amounts):
        quoted = f'"{amount}"' if delimiter == "," else amount
        lines.append(f"{row(number, '').replace(',', delimiter)}{quoted}")
    with pytest.raises(UsageError) as raised:
        exports.read(exports.text("comma.csv", "\n\n".join(lines)))
    assert f"comma.csv:3: `{amounts[0]}` in `cost` is written with a comma" in raised.value.message
    assert ("`tr , . <" in raised.value.hint) == (delimiter == ";" and "." not in amounts[0])


@pytest.mark.parametrize(
    ("amounts", "is_refused"),
    [
        (("987", "1.234", "12.345.678"), True),
        (("-1.234.567", "5"), True),
        (("0.5", "1.234", "12.345.678"), False),
        (("1.234", "12.345"), False),
    ],
    ids=["all", "taken back", "one of them damaged", "three decimals"],
)
def test_points_between_thousands_are_no_decimals(exports: Any, amounts: tuple[str, ...], is_refused: bool) -> None:
    text = "\n".join([HEADER, *(row(number, amount) for number, amount in enumerate(amounts)), ""])
    path = exports.text("thousands.csv", text)
    if is_refused:
        with pytest.raises(UsageError, match="has points between thousands") as raised:
            exports.read(path)
        assert "leave separators of thousands out" in raised.value.hint
    else:
        assert exports.read(path).source.rows == len([amount for amount in amounts if amount.count(".") < 2])


def test_the_cure_for_commas_gives_a_file_that_is_read(exports: Any) -> None:
    path = exports.text("it's comma.csv", f"{HEADER}\n{row(1, '12,50')}".replace(",", ";").replace("12;50", "12,50"))
    with pytest.raises(UsageError) as raised:
        exports.read(path)
    run_cure(raised.value.hint, exports.folder)
    assert spent(exports.read(exports.folder / "points.csv")) == Decimal("12.5")


def test_one_amount_with_a_comma_is_that_row_s_fault_alone(exports: Any) -> None:
    text = "\n".join([HEADER, row(1), row(2), row(3, '"12,50"'), row(4), ""])
    usage = exports.read(exports.text("e.csv", text))
    assert (spent(usage), [issue.code for issue in usage.source.issues]) == (Decimal("3.75"), ["bad-cost"])


def run_cure(hint: str, folder: Path) -> None:
    command = hint.split("`")[1]
    subprocess.run(command, shell=True, check=True, cwd=folder, timeout=60)  # noqa: S602 (the cure as a person pastes it)


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32"])
@pytest.mark.parametrize("zipped", [False, True])
def test_a_file_in_utf_16_is_told_with_a_cure_that_works(exports: Any, encoding: str, zipped: bool) -> None:
    path = exports.text("it's.csv", f"{HEADER}\n{row(1)}\n".encode(encoding))
    with pytest.raises(UsageError, match=r"it's\.csv: it is in UTF-(16|32), not in UTF-8") as raised:
        exports.read(path)
    run_cure(raised.value.hint, exports.folder)
    assert spent(exports.read(exports.folder / "utf8-it's.csv")) == Decimal("1.25")
    if zipped:
        with pytest.raises(UsageError, match=r"it's\.csv\.gz: it is in UTF-"):
            exports.read(exports.zip(path))


def zip_of(name: str, text: str) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        archive.writestr(name, text)
    return target.getvalue()


@pytest.mark.parametrize(
    ("content", "what", "cure"),
    [
        (zip_of("e.csv", HEADER), "a zip archive or a spreadsheet", "unzip"),
        (b"\x28\xb5\x2f\xfd\x00", "zstd", "zstd -d"),
        (b"BZh91AY&SY", "bzip2", "bunzip2"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1", "an old spreadsheet", "CSV UTF-8"),
        (b"\n <!DOCTYPE html>\n<title>Sign in</title>", "a web page or XML", "signed in"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:1\n", "Git LFS", "git lfs pull"),
        (gzip.compress(zip_of("e.csv", HEADER)), "a zip archive or a spreadsheet", "unzip"),
    ],
    ids=["zip", "zstd", "bzip2", "xls", "html", "lfs", "zip-in-gzip"],
)
def test_what_is_no_export_is_said_to_be_what_it_is(exports: Any, content: bytes, what: str, cure: str) -> None:
    with pytest.raises(UsageError) as raised:
        exports.read(exports.text("e.csv", content))
    assert "e.csv: it is" in raised.value.message
    assert what in raised.value.message
    assert cure in raised.value.hint


@pytest.mark.slow
@pytest.mark.parametrize("count", [2, 2_000])
@pytest.mark.parametrize("form", ["csv", "jsonl", "json"])
def test_a_named_pipe_is_read_to_its_end(exports: Any, events: Any, form: str, count: int) -> None:
    content = exports.write(events(count), form).read_bytes()
    pipe = exports.folder / "pipe"
    os.mkfifo(pipe)
    writer = threading.Thread(target=pipe.write_bytes, args=(content,))
    writer.start()
    usage = exports.read(pipe)
    writer.join(timeout=30)
    assert usage.source.rows == count


def fill(sink: BinaryIO, content: bytes) -> None:
    with sink:
        sink.write(content)


@pytest.mark.parametrize("count", [2, 2_000])
def test_a_pipe_of_a_shell_is_read_to_its_end(exports: Any, events: Any, count: int) -> None:
    content = exports.write(events(count)).read_bytes()
    receiving, sending = os.pipe()
    with os.fdopen(sending, "wb") as sink, os.fdopen(receiving, "rb") as source:
        writer = threading.Thread(target=fill, args=(sink, content))
        writer.start()
        usage = exports.read(f"/dev/fd/{source.fileno()}")
        writer.join(timeout=30)
    assert usage.source.rows == count


def test_a_pipe_that_nobody_writes_to_is_given_up(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with pytest.raises(UsageError, match="nobody wrote to this pipe within 0 seconds") as raised:
        spool(ExportFile(str(pipe), str(pipe)), tmp_path / "spooled", wait=0.01)
    assert f"> {pipe} &" in raised.value.hint


def test_a_terminal_a_device_and_a_socket_are_no_exports(exports: Any) -> None:
    controller, terminal = os.openpty()
    try:
        with pytest.raises(UsageError, match="it is a terminal"):
            exports.read(os.ttyname(terminal))
    finally:
        os.close(controller)
        os.close(terminal)
    with pytest.raises(UsageError, match="it is a device"):
        exports.read("/dev/zero")
    with socket.socket(socket.AF_UNIX) as server, chdir(exports.folder):
        server.bind("s")
        with pytest.raises(UsageError, match="it is a socket"):
            exports.read(exports.folder / "s")
