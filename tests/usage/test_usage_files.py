"""Which files are read, and that a damaged one stops the reading by name."""

from __future__ import annotations

import csv
import gzip
import io
import os
import sys
from pathlib import Path
from typing import Any

import pytest
from thorough import THOROUGH

from reconciler.findings import BudgetsError, UnreachableError, UsageError
from reconciler.usage.engine import SMALL, THREADS, connect, threads_for
from reconciler.usage.files import find_exports, shown

EVENT = '{{"id": "{0}", "timestamp": "2026-01-02T00:00:00Z", "team_id": "team_a", "cost": 1}}'
CSV = "id,timestamp,team_id,cost\n"
LINES = "".join(f"{number},2026-01-02T00:00:00Z,team_a,1\n" for number in range(200_000))


def told(usage: Any) -> set[tuple[str, str]]:
    return {(Path(issue.path).name, issue.code) for issue in usage.source.issues if issue.code != "no-id"}


def test_a_folder_is_read_with_its_folders_and_other_files_are_mentioned(exports: Any) -> None:
    (exports.folder / "deep" / "er").mkdir(parents=True)
    exports.text("deep/er/one.jsonl", EVENT.format("one"))
    exports.text("two.JSON", f"[{EVENT.format('two')}]")
    exports.text("notes.txt", "not an export")
    exports.text(".hidden.csv", "not looked at")
    usage = exports.read()
    assert usage.source.rows == 2
    assert told(usage) == {("notes.txt", "not-an-export"), (".hidden.csv", "hidden")}


def test_a_file_named_outright_is_read_whatever_its_suffix(exports: Any) -> None:
    assert exports.read(exports.text("export.dat", EVENT.format("a"))).source.rows == 1


def test_globs_and_paths_that_meet_read_a_file_once(exports: Any) -> None:
    for name in ("a1.jsonl", "a2.jsonl", "b.jsonl"):
        exports.text(name, EVENT.format(name))
    usage = exports.read(f"{exports.folder}/a?.jsonl", exports.folder / "a1.jsonl", f"{exports.folder}/**/a*.jsonl")
    assert (usage.source.rows, usage.source.duplicates) == (2, 0)


def test_names_that_look_like_globs_or_quotes_are_only_names(exports: Any) -> None:
    exports.text("o'brien [1]*.csv", CSV + "a,2026-01-02T00:00:00Z,team_a,1\n")
    exports.text("o'brien 1x.csv", CSV + "b,2026-01-02T00:00:00Z,team_a,1\n")
    assert exports.read(exports.folder / "o'brien [1]*.csv").source.rows == 1
    assert exports.read().source.rows == 2


@pytest.mark.parametrize("path", ["{0}/none.csv", "{0}/*.csv", "{0}"])
def test_no_export_is_an_error_with_the_cure(exports: Any, path: str) -> None:
    with pytest.raises(UsageError) as raised:
        exports.read(path.format(exports.folder))
    assert str(exports.folder) in raised.value.message
    assert raised.value.hint


def test_no_path_is_an_error(exports: Any) -> None:
    from reconciler.usage.files import find_exports

    with pytest.raises(UsageError, match="no path"):
        find_exports([])


def whole_gzip() -> bytes:
    return gzip.compress((CSV + LINES).encode(), 1)


def damaged_gzip() -> bytes:
    content = bytearray(whole_gzip())
    content[-6] ^= 1
    return bytes(content)


@pytest.mark.parametrize(
    ("name", "content", "place"),
    [
        ("cut.csv.gz", whole_gzip()[:-2000], "too early"),
        ("wrong.csv.gz", damaged_gzip(), "damaged"),
        ("empty.csv.gz", gzip.compress(b"", mtime=0)[:5], "too early"),
        ("cut.json", f"[{EVENT.format('a')}, {EVENT.format('b')[:40]}", "end of data"),
        ("open.json", f"[{EVENT.format('a')}, {EVENT.format('b')}", "unexpected"),
        ("cut-envelope.json", f'{{"events": [{EVENT.format("a")}, {EVENT.format("b")}', "not complete"),
        ("open-envelope.json", f'{{"events": [{EVENT.format("a")}]', "not complete"),
        ("cut.jsonl", f"{EVENT.format('a')}\n{EVENT.format('b')[:40]}", "cut.jsonl:2: "),
        ("garbage.jsonl", f"{EVENT.format('a')}\nnot json\n{EVENT.format('b')}\n", "garbage.jsonl:2: "),
        ("values.json", "[1, 2, 3]", "not events"),
        ("cut.parquet", b"PAR1" + b"\x00" * 100, "cut off"),
        ("wrong.parquet", b"PAR1" + b"\x00" * 100 + b"PAR1", "whole"),
        ("utf16.csv", "id,timestamp,team_id,cost\n".encode("utf-16"), "UTF-8"),
        ("binary.csv", bytes(range(256)) * 10, "neither CSV"),
        (
            "open-quote.csv",
            CSV + 'a,2026-01-02T00:00:00Z,"team_a,1\n' + "b,2026-01-02T00:00:00Z,team_a,1\n" * 3,
            "never closed",
        ),
        ("long-name.csv", "x" * 200_000 + "," + CSV, "header"),
    ],
    ids=lambda value: value if isinstance(value, str) and "." in value and len(value) < 30 else "",
)
def test_a_damaged_export_stops_the_reading_and_is_named(exports: Any, name: str, content: Any, place: str) -> None:
    exports.text("good.csv", CSV + "good,2026-01-02T00:00:00Z,team_a,1\n")
    exports.text(name, content)
    with pytest.raises(BudgetsError) as raised:
        exports.read()
    assert name in raised.value.message
    assert place in raised.value.message
    assert "\n" not in raised.value.message
    assert raised.value.hint
    assert raised.value.exit_code == 2


def reads_as_whole(line: str, *, columns: int) -> bool:
    try:
        return len(next(csv.reader(io.StringIO(line, newline=""), strict=True))) == columns
    except csv.Error:
        return False


@pytest.mark.slow
@pytest.mark.parametrize(
    ("line_end", "zipped", "begin"), [("\n", False, 1), ("\n", True, 2), ("\r\n", False, 3), ("\r\n", True, 4)]
)
def test_a_csv_file_cut_anywhere_before_its_last_column_is_refused(
    exports: Any, line_end: str, zipped: bool, begin: int
) -> None:
    """Each kind of file is cut at every eighth place, all four together at every second."""
    first = f"id,timestamp,team_id,cost,metadata{line_end}" + f"a,2026-01-02T00:00:00Z,team_a,1,{line_end}" * 2
    last = 'b,2026-01-02T00:00:00Z,"team_a",1,"{""workload"":' + line_end + '""x""}"'
    places = range(1, len(last) + 1) if THOROUGH else [*range(2 * begin, len(last), 8), len(last)]
    for end in places:
        content = (first + last[:end]).encode()
        path = exports.text(f"{end}.csv", gzip.compress(content, 1) if zipped else content)
        if reads_as_whole(last[:end], columns=5):
            assert exports.read(path).source.rows == 2
        else:
            with pytest.raises(UsageError, match="cut off"):
                exports.read(path)


def test_an_export_that_may_not_be_read_is_named(exports: Any) -> None:
    path = exports.text("gone.csv", CSV)
    link = exports.folder / "link.csv"
    link.symlink_to(path)
    path.unlink()
    with pytest.raises(UsageError, match=r"link\.csv"):
        exports.read(link)


def test_a_mapping_of_an_unknown_column_is_refused(exports: Any) -> None:
    with pytest.raises(UsageError, match="`costs`"):
        exports.read(exports.text("e.csv", CSV), columns={"costs": "x"})


def test_a_memory_limit_that_is_too_tight_is_exceeded_rather_than_failing(exports: Any) -> None:
    said: list[str] = []
    path = exports.text("e.csv", CSV + LINES)
    assert exports.read(path, memory_limit="12MB", on_progress=said.append).source.rows == 200_000
    assert "starting again with more memory" in said


@pytest.mark.parametrize(("size", "threads"), [(0, 1), (SMALL - 1, 1), (SMALL, THREADS), (None, THREADS)])
def test_small_exports_take_one_thread(tmp_path: Path, size: int | None, threads: int) -> None:
    connection = connect("256MB", tmp_path, threads_for(size))
    assert connection.con.execute("SELECT current_setting('threads')").fetchone() == (threads,)
    connection.disconnect()


def test_exports_are_as_large_as_they_lie_there_unless_one_does_not_tell(exports: Any) -> None:
    first, second = exports.text("a.csv", "x" * 7), exports.zip(exports.text("b.csv", "y" * 100))
    assert find_exports([str(exports.folder)]).size == 7 + second.stat().st_size
    os.mkfifo(exports.folder / "pipe")
    assert find_exports([str(first), str(exports.folder / "pipe")]).size is None
    assert find_exports([str(first), second.as_uri()]).size is None


def test_a_memory_limit_that_is_none_is_refused(exports: Any) -> None:
    with pytest.raises(UsageError, match="`lots`"):
        exports.read(exports.text("e.csv", CSV), memory_limit="lots")


def test_a_folder_for_temporary_files_that_does_not_exist_is_an_error(exports: Any) -> None:
    with pytest.raises(UsageError, match="temporary folder"):
        exports.read(exports.text("e.csv", CSV), folder=exports.folder / "none")


def test_temporary_files_are_gone_afterwards(exports: Any, tmp_path: Path) -> None:
    exports.zip(exports.text("e.json", f'{{"events": [{EVENT.format("a")}]}}'))
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    assert exports.read(folder=scratch).source.rows == 1
    assert list(scratch.iterdir()) == []


def test_object_stores_are_read_by_file_folder_and_glob(exports: Any) -> None:
    import fsspec

    store = fsspec.filesystem("memory")
    try:
        for name in ("one", "two"):
            store.pipe(f"/spend/2026/{name}.jsonl", EVENT.format(name).encode())
        store.pipe("/spend/readme.txt", b"no export")
        assert exports.read("memory://spend/2026/one.jsonl").source.rows == 1
        assert exports.read("memory://spend/*/t*.jsonl").source.rows == 1
        folder = exports.read("memory://spend")
        assert (folder.source.rows, [issue.path for issue in folder.source.issues]) == (
            2,
            ["memory:///spend/readme.txt"],
        )
        with pytest.raises(UsageError, match="memory://spend/none"):
            exports.read("memory://spend/none.csv")
    finally:
        store.store.clear()


def test_a_file_url_is_read(exports: Any) -> None:
    path = exports.text("e.jsonl", EVENT.format("a"))
    assert exports.read(path.as_uri()).source.rows == 1


def test_an_object_store_that_does_not_answer_is_an_error_without_secrets(exports: Any) -> None:
    with pytest.raises(BudgetsError) as raised:
        exports.read("nosuch://key:secret@bucket/path.csv?token=secret")
    assert "secret" not in raised.value.message + raised.value.hint
    assert isinstance(raised.value, UnreachableError)


def test_a_missing_object_store_extra_is_an_error_with_the_cure(exports: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "fsspec", None)
    with pytest.raises(UsageError) as raised:
        exports.read("s3://bucket/path.csv")
    assert "pip install '.[object-store]'` in a clone of kt-budgets" in raised.value.hint


def test_a_shown_url_holds_no_credentials() -> None:
    assert shown("s3://key:secret@bucket/a.csv?sig=x") == "s3://bucket/a.csv"
    assert shown("plain/path.csv") == "plain/path.csv"


@pytest.mark.parametrize(
    ("last", "codes"),
    [
        ("b,2026-01-02T00:00:00Z,team_a,1.2", ["no-line-end"]),
        ("b,2026-01-02T00:00:00Z,team_a,1.25\n", []),
        ('b,2026-01-02T00:00:00Z,team_a,"1.25"', []),
    ],
)
def test_a_last_row_without_a_line_end_may_have_been_cut_and_is_named(
    exports: Any, last: str, codes: list[str]
) -> None:
    usage = exports.read(exports.text("e.csv", CSV + "a,2026-01-02T00:00:00Z,team_a,1\n" + last))
    assert ([issue.code for issue in usage.source.issues], usage.source.rows) == (codes, 2)
    assert [str(issue.cost) for issue in usage.source.issues] == ["1.2"] * len(codes)
