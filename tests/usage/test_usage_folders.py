"""Everything in a folder of exports is read, named as left out, or an error: nothing is skipped in silence."""

from __future__ import annotations

import os
import socket
import tempfile
from collections.abc import Iterator
from contextlib import chdir, contextmanager
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import pytest

from reconciler.findings import UsageError

HEADER = "id,timestamp,team_id,cost\n"


def event(name: str) -> str:
    return f"{HEADER}{name},2026-03-01T10:00:00Z,team_a,1\n"


def told(usage: Any) -> set[tuple[str, str]]:
    return {(Path(issue.path).name, issue.code) for issue in usage.source.issues}


def spent(usage: Any) -> int:
    return int(usage.cost.sum()) // 10**9


@contextmanager
def as_a_person() -> Iterator[None]:
    """Do without the rights of root, for whom nothing is unreadable."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


@pytest.fixture
def shared(exports_in: Any) -> Iterator[Any]:
    """A folder of exports that other users of this machine may look into."""
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        yield exports_in(Path(name))


def test_links_to_files_and_folders_are_followed_and_each_file_counts_once(exports: Any, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "may.csv").write_text(event("may"))
    exports.text("june.csv", event("june"))
    (exports.folder / "linked").symlink_to(elsewhere)
    (exports.folder / "again").symlink_to(elsewhere)
    (exports.folder / "june-link.csv").symlink_to("june.csv")
    os.link(exports.folder / "june.csv", exports.folder / "june-hard.csv")
    usage = exports.read()
    assert (spent(usage), usage.source.duplicates) == (2, 0)
    assert told(usage) == {("linked", "linked-twice")}
    assert "is the same folder as" in usage.source.issues[0].message


def test_a_link_that_leads_back_is_told_and_followed_once(exports: Any) -> None:
    below = exports.folder / "a" / "b"
    below.mkdir(parents=True)
    (below / "e.csv").write_text(event("e"))
    (below / "up").symlink_to(exports.folder)
    usage = exports.read()
    assert (spent(usage), told(usage)) == (1, {("up", "linked-twice")})
    assert "leads back to" in usage.source.issues[0].message


def test_links_that_lead_nowhere_are_an_error_that_names_all_of_them(exports: Any) -> None:
    exports.text("e.csv", event("e"))
    (exports.folder / "gone.csv").symlink_to("/nonexistent.csv")
    (exports.folder / "may").symlink_to("../no-such-folder")
    (exports.folder / "round").symlink_to("round")
    with pytest.raises(UsageError) as raised:
        exports.read()
    for sentence in (
        "gone.csv: the link leads to /nonexistent.csv, and nothing is there",
        "may: the link leads to ../no-such-folder, and nothing is there",
        "round: the link leads to round, and from there back to itself",
    ):
        assert sentence in raised.value.message
    assert "take it away" in raised.value.hint


@pytest.mark.parametrize("glob", ["", "/*/*.csv", "/**/*.csv"])
def test_what_may_not_be_read_is_an_error_that_names_it(shared: Any, glob: str) -> None:
    locked = shared.folder / "locked"
    locked.mkdir()
    (shared.folder / "open").mkdir()
    (shared.folder / "open" / "e.csv").write_text(event("e"))
    locked.chmod(0)
    with as_a_person(), pytest.raises(UsageError, match=r"locked: the folder cannot be read \(Permission denied\)"):
        shared.read(f"{shared.folder}{glob}")
    locked.chmod(0o755)
    (locked / "mine.csv").write_text(event("mine"))
    (locked / "mine.csv").chmod(0)
    with as_a_person(), pytest.raises(UsageError, match=r"mine\.csv.* cannot be read \(Permission denied\)"):
        shared.read(f"{shared.folder}{glob}")


def test_what_is_left_out_of_a_folder_is_named(exports: Any) -> None:
    exports.text("e.csv", event("e"))
    for name in (".hidden.csv", "export.zip", "notes", "table.csv.bak"):
        exports.text(name, "x")
    (exports.folder / ".git").mkdir()
    (exports.folder / ".git" / "deep.csv").write_text(event("deep"))
    os.mkfifo(exports.folder / "pipe.csv")
    with socket.socket(socket.AF_UNIX) as server, chdir(exports.folder):
        server.bind("s.csv")
        usage = exports.read()
    left_out = {"export.zip", "notes", "table.csv.bak", "pipe.csv", "s.csv"}
    assert told(usage) == {
        (".hidden.csv", "hidden"),
        (".git", "hidden"),
        *((name, "not-an-export") for name in left_out),
    }
    messages = {Path(issue.path).name: issue.message for issue in usage.source.issues}
    assert "unpack it" in messages["export.zip"]
    assert messages["pipe.csv"].startswith("it is a pipe")
    assert messages["s.csv"].startswith("it is a socket")
    assert spent(usage) == 1


def test_a_folder_named_like_a_file_is_read_and_told(exports: Any) -> None:
    folder = exports.folder / "may.csv"
    folder.mkdir()
    (folder / "part-0.csv").write_text(event("e"))
    usage = exports.read()
    assert (spent(usage), told(usage)) == (1, {("may.csv", "folder-like-a-file")})


def test_files_that_are_empty_or_not_compressed_as_named_are_told(exports: Any) -> None:
    exports.text("e.csv", event("e"))
    exports.text("empty.csv", "")
    exports.text("blank.jsonl", "\n \n")
    exports.text("plain.csv.gz", event("plain"))
    exports.text("plain.jsonl.gz", '{"id": "x", "timestamp": "2026-03-01", "team_id": "team_a", "cost": 1}')
    usage = exports.read()
    assert spent(usage) == 3
    plain = {(f"plain.{kind}.gz", "not-gzip") for kind in ("csv", "jsonl")}
    assert told(usage) == {("empty.csv", "empty-file"), ("blank.jsonl", "empty-file")} | plain


def test_files_that_hold_no_event_are_named_and_those_with_one_are_not(exports: Any) -> None:
    header = "id,timestamp,team_id,cost\n"
    one = '{"id": "x", "timestamp": "2026-03-01", "team_id": "team_a", "cost": 1}'
    exports.text("e.csv", event("e"))
    for name, text in {
        "header.csv": header,
        "cut.csv": header.rstrip(),
        "spaced.csv": f"\ufeffsep=,\n{header}\n\n",
        "list.json": "[]",
        "data.json": '{"data": []}\n',
    }.items():
        exports.text(name, text)
    exports.text("one.json", f'{{"data": [{one}], "more": []}}')
    usage = exports.read()
    assert spent(usage) == 2
    names = ("header.csv", "cut.csv", "spaced.csv", "list.json", "data.json")
    assert {found for found in told(usage) if found[1] == "no-rows"} == {(name, "no-rows") for name in names}


def test_many_files_of_a_kind_are_named_in_part_and_counted(exports: Any) -> None:
    exports.text("e.csv", event("e"))
    for number in range(25):
        exports.text(f"{number:02}.txt", "")
    issues = exports.read().source.issues
    assert len(issues) == 11
    assert any(
        "15 more were left out for the same reason as 00.txt, the first is 10.txt" in each.message for each in issues
    )


@pytest.mark.parametrize("barren", ["{0}/none-*.csv", "{0}/barren", "{0}/none.csv", "{0}/*/x.csv"])
def test_a_path_that_leads_to_no_export_is_an_error_also_beside_one_that_does(exports: Any, barren: str) -> None:
    exports.text("e.csv", event("e"))
    (exports.folder / "barren").mkdir()
    (exports.folder / "barren" / "notes.txt").write_text("x")
    path = barren.format(exports.folder)
    with pytest.raises(UsageError) as raised:
        exports.read(exports.folder / "e.csv", path, "memory://nothing/here*")
    assert path in raised.value.message
    assert "memory://nothing/here*" in raised.value.message
    assert ("(left out: notes.txt)" in raised.value.message) == barren.endswith("barren")


def test_paths_that_contain_each_other_are_read_once(exports: Any) -> None:
    (exports.folder / "sub").mkdir()
    (exports.folder / "sub" / "e.csv").write_text(event("e"))
    usage = exports.read(
        exports.folder, exports.folder / "sub", f"{exports.folder}/**", exports.folder / "sub" / "e.csv"
    )
    assert (spent(usage), usage.source.duplicates, told(usage)) == (1, 0, set())


def test_folders_that_a_glob_of_an_object_store_matches_are_read(exports: Any) -> None:
    import fsspec

    store = fsspec.filesystem("memory")
    try:
        store.pipe("/usage/2026-03/a.csv", event("a").encode())
        store.pipe("/usage/2026-04/deep/b.csv", event("b").encode())
        store.pipe("/usage/2026-04/notes.txt", b"x")
        usage = exports.read("memory://usage/2026-*")
        assert (spent(usage), told(usage)) == (2, {("notes.txt", "not-an-export")})
    finally:
        store.store.clear()


@pytest.mark.parametrize("form", ["csv", "json", "envelope"])
def test_exports_without_an_event_are_read_as_the_engine_reads_a_table_without_a_row(exports: Any, form: str) -> None:
    plain = exports.read(exports.write([], form, name="plain"))
    asked = exports.read(exports.write([], "parquet", name="asked"))
    for table, other in ((plain, asked), (plain.apart, asked.apart)):
        for name in {column.name for column in fields(table)} - {"source", "apart"}:
            mine, theirs = getattr(table, name), getattr(other, name)
            assert (mine.dtype, mine.tolist()) == (theirs.dtype, theirs.tolist()), name
    of_no_row = {"issues": (), "absent": frozenset()}
    assert replace(plain.source, **of_no_row) == replace(asked.source, **of_no_row)
    assert [issue.code for issue in plain.source.issues] == ["no-rows"]


def test_an_export_without_an_event_that_lacks_a_column_is_an_error_all_the_same(exports: Any) -> None:
    exports.text("short.csv", "id,timestamp,team_id\n")
    with pytest.raises(UsageError, match="cost"):
        exports.read()
