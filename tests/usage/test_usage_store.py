"""A store of what was read of exports: the next reading reads what is new, and says the same as without a store."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from usage.arrivals import told

from reconciler.findings import UsageError
from reconciler.usage.files import ExportFile
from reconciler.usage.store import gather, meets, place
from reconciler.usage.store.mark import Mark, mark_from, mark_of
from reconciler.usage.store.session import Store
from reconciler.usage.store.unit import Kind, Manifest, Unit
from reconciler.usage.store.use import StoreUse

HEADER = "id,timestamp,team_id,cost,model"


def text(*rows: str, header: str = HEADER) -> str:
    return "\n".join((header, *rows, ""))


def event(name: str, cost: str = "1.25", day: int = 1, team: str = "team_a") -> str:
    return f"{name},2026-03-{day:02}T10:00:00Z,{team},{cost},large"


class Stored:
    """A folder of exports that is read with a store, and without one to compare."""

    def __init__(self, exports: Any, folder: Path) -> None:
        self.exports = exports
        self.folder = folder
        self.uses: list[StoreUse] = []
        self.known: dict[object, object] = {}

    def read(self, *paths: Path | str, **settings: Any) -> StoreUse:
        """Read with the store, show that it says the same as a reading without one, and return what it was used for."""
        with_store = self.exports.read(*paths, store=Store(str(self.folder), self.uses.append), **settings)
        assert told(with_store) == self._anew(paths, settings)
        return self.uses[-1]

    def _anew(self, paths: tuple[Path | str, ...], settings: dict[str, Any]) -> object:
        """Return what is said without a store, which is the same as long as the folder of exports is the same."""
        if paths:
            return told(self.exports.read(*paths, **settings))
        files = sorted(path for path in self.exports.folder.rglob("*") if path.is_file())
        state = (*((path, path.stat().st_mtime_ns, path.read_bytes()) for path in files), *map(repr, settings.items()))
        if state not in self.known:
            self.known[state] = told(self.exports.read(**settings))
        return self.known[state]

    @property
    def files(self) -> list[Path]:
        return sorted(path for path in self.folder.rglob("files/*/*") if path.is_file())


@pytest.fixture
def stored(exports: Any, tmp_path: Path) -> Stored:
    return Stored(exports, tmp_path / "store")


def test_a_second_reading_reads_only_what_is_new_or_has_changed(stored: Stored, events: Any) -> None:
    drawn = events(90)
    stored.exports.write(drawn[:30], name="one")
    stored.exports.write(drawn[30:60], "jsonl", name="two")
    first = stored.read()
    assert (first.read, first.exports, first.trouble) == (2, 2, "")
    assert first.octets == sum(path.stat().st_size for path in stored.exports.folder.iterdir())
    assert str(stored.read()) == "read 0 of 2 exports, 0.0 MB; 2 unchanged"
    three = stored.exports.write(drawn[60:], "parquet", name="three")
    third = stored.read()
    assert (third.read, third.octets, third.again) == (1, three.stat().st_size, 0)
    stored.exports.write(drawn[:20], name="one")
    assert (stored.read().read, stored.read().read) == (1, 0)


def test_another_window_month_or_list_of_wallets_needs_no_reading(stored: Stored, events: Any) -> None:
    rows = [
        event("a", day=1),
        "",
        event("b", day=9),
        'c,2026-03-20T10:00:00Z,team_new,2,"lar',
        'ge"',
        event("d", day=28),
    ]
    stored.exports.text("e.csv", text(*rows))
    stored.exports.write(events(40), name="two")
    stored.read()
    windows = [
        (date(2026, 3, 5), date(2026, 3, 15)),
        (date(2026, 3, 21), date(2026, 4, 1)),
        (date(2025, 1, 1), date(2026, 3, 2)),
    ]
    for first, end in windows:
        use = stored.read(first=first, end=end, known_wallets={"team_new"})
        assert use.read == 0


def test_an_event_that_comes_again_or_is_corrected_has_the_other_export_read_once_more(stored: Stored) -> None:
    stored.exports.text("2026-03-01.csv", text(event("a"), event("b"), event("c")))
    stored.exports.text("2026-03-02.csv", text(event("x", day=2), event("y", day=2)))
    stored.read()
    stored.exports.text("2026-03-09.csv", text(event("b", "7.50"), event("z", day=8)))
    use = stored.read()
    assert (use.read, use.again) == (2, 1)
    assert "1 of them again because others repeat or correct their events" in str(use)
    usage = stored.exports.read()
    assert [issue.code for issue in usage.source.issues] == ["corrected-events"]
    stored.exports.text("2026-03-10.csv", text(event("b", "9")))
    assert stored.read().read == 1
    (stored.exports.folder / "2026-03-09.csv").unlink()
    assert stored.read().read == 0


def test_what_is_wrong_with_rows_is_said_the_same_from_the_store(stored: Stored) -> None:
    rows = [event("a"), "", "too,few", event("b", "$5"), event("", "2"), event("c", "3000000000"), event("d", team="")]
    stored.exports.text("e.csv", text(*rows).removesuffix("\n"))
    stored.exports.text("f.csv", text("2026-03-01,team_a,1", header="timestamp,team_id,cost"))
    stored.exports.text(
        "g.jsonl", '{"id": "j", "timestamp": "2026-03-01", "team_id": "t", "cost": 12345678.123456789012}\n'
    )
    stored.exports.text("empty.csv", "")
    stored.exports.text("bare.csv", HEADER + "\n")
    stored.read()
    codes = {issue.code for issue in stored.exports.read().source.issues}
    assert {"wrong-columns", "bad-cost", "no-id", "large-cost", "no-team", "empty-file", "no-rows"} <= codes
    assert stored.read().read == 0


def test_exports_that_are_compared_a_few_ids_at_a_time_meet_as_ever(
    stored: Stored, events: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(meets, "_AT_ONCE", 7)
    drawn = events(60)
    for at in (0, 15):
        stored.exports.write(drawn[at : at + 30] + drawn[at : at + 2], "parquet", name=f"part-{at}")
    assert stored.read().read == 2
    stored.exports.write(drawn[25:], "parquet", name="part-25")
    use = stored.read()
    assert (use.read, use.again) == (2, 1)
    assert stored.exports.read().source.duplicates == 15 + 4 + 20


def test_a_parquet_file_may_have_a_column_that_is_called_as_the_engine_calls_row_numbers(
    stored: Stored, events: Any
) -> None:
    rows = [{**row, "file_row_number": 7} for row in events(9)]
    stored.exports.write([{**row, "team_id": ""} if at == 5 else row for at, row in enumerate(rows)], "parquet")
    stored.read()
    assert [issue.row for issue in stored.exports.read().source.issues] == [6]


@pytest.mark.slow
def test_bytes_that_are_not_utf_8_have_other_exports_read_as_a_reading_of_all_would(stored: Stored) -> None:
    stored.exports.text(
        "h.csv", b"id,timestamp,team_id,cost,region\ne1,2026-03-01,t,1,e\xffu\nboth,2026-03-01,t,1,eu\n"
    )
    stored.exports.text("g.csv", "id,timestamp,team_id,cost\nboth,2026-03-01,t,1\n")
    stored.read()
    other = stored.exports.text("i.csv", b"id,timestamp,team_id,cost,model\nu1,2026-03-01,t,1,e\xffu\n")
    stored.read()
    assert stored.read().read == 0
    other.unlink()
    stored.read()


def cut(manifest: bytes) -> bytes:
    return manifest[:-20]


def not_text(manifest: bytes) -> bytes:
    return b"\xff" + manifest


def edited(manifest: bytes) -> bytes:
    return manifest.replace(b'"octets":', b'"octets":1')


def of_another_form(manifest: bytes) -> bytes:
    body = json.dumps({"format": "kt-budgets.usage-store/0"}).encode()
    return f"{place.digest_of(body)}\n".encode() + body


@pytest.fixture(params=["folder", "prefix"])
def kept_in(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[place.Place]:
    import fsspec

    yield place.place_of(str(tmp_path / "store") if request.param == "folder" else "memory://bucket/kept/")
    fsspec.filesystem("memory").store.clear()


def test_a_place_gives_back_what_it_was_given_or_says_that_it_cannot(kept_in: place.Place, tmp_path: Path) -> None:
    given, taken = tmp_path / "given", tmp_path / "taken"
    given.write_bytes(b"sums")
    digest = kept_in.keep(given)
    kept_in.fetch(digest, taken)
    assert taken.read_bytes() == b"sums"
    with pytest.raises(place.DamagedError):
        kept_in.fetch("0" * 64, taken)
    assert kept_in.manifest() is None
    manifest = Manifest(made_by={"engine": "1"}, units={})
    kept_in.publish(manifest)
    assert kept_in.manifest() == manifest


def test_a_place_forgets_what_nothing_names_and_is_older_than_a_day(
    kept_in: place.Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    digests = []
    for name in ("named", "left"):
        (tmp_path / name).write_text(name)
        digests.append(kept_in.keep(tmp_path / name))
    kept_in.forget(digests[:1])
    kept_in.fetch(digests[1], tmp_path / "taken")
    monkeypatch.setattr(place, "LEFT_SECONDS", -60)
    kept_in.forget(digests[:1])
    kept_in.fetch(digests[0], tmp_path / "taken")
    with pytest.raises(place.DamagedError):
        kept_in.fetch(digests[1], tmp_path / "taken")


def test_a_bucket_that_holds_something_else_or_does_not_answer_is_told(tmp_path: Path) -> None:
    import fsspec

    store = fsspec.filesystem("memory")
    prefix = place.Prefix("memory://bucket/kept")
    (tmp_path / "given").write_text("sums")
    digest = prefix.keep(tmp_path / "given")
    store.pipe(f"/bucket/kept/files/{digest}", b"others")
    with pytest.raises(place.DamagedError):
        prefix.fetch(digest, tmp_path / "taken")
    store.store.clear()
    with pytest.raises(OSError, match="nosuch://bucket: ValueError"):
        place.place_of("nosuch://key:secret@bucket")


@pytest.mark.parametrize("damage", [cut, not_text, edited, of_another_form])
def test_a_list_that_is_not_as_it_was_written_is_not_used(tmp_path: Path, damage: Any) -> None:
    folder = place.Folder(tmp_path)
    unit = Unit(octets=1, empty=True, packed=False, rowless=True)
    folder.publish(Manifest(made_by={}, units={"a": unit}))
    assert folder.manifest() == Manifest(made_by={}, units={"a": unit})
    manifest = tmp_path / "manifest.json"
    manifest.write_bytes(damage(manifest.read_bytes()))
    with pytest.raises(place.DamagedError):
        folder.manifest()


def list_cut(stored: Stored) -> None:
    manifest = stored.folder / "manifest.json"
    manifest.write_bytes(cut(manifest.read_bytes()))


def one_file(stored: Stored, kind: Kind) -> Path:
    manifest = place.Folder(stored.folder).manifest()
    assert manifest is not None
    digest = min(unit.files[kind] for unit in manifest.units.values())
    return next(file for file in stored.files if file.name == digest)


def file_changed(stored: Stored) -> None:
    file = one_file(stored, "sums")
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 1
    file.write_bytes(data)


def file_gone(stored: Stored) -> None:
    one_file(stored, "rows").unlink()


def ids_gone_when_there_are_others(stored: Stored) -> None:
    one_file(stored, "ids").unlink()
    stored.exports.text("d.csv", text(event("a")))


@pytest.mark.parametrize(
    ("damage", "said", "read"),
    [
        (list_cut, "its list is cut or was changed by something else, so all exports were read again", 2),
        (file_changed, "what it held of 1 exports is gone or not what was written there, so these were read again", 1),
        (file_gone, "what it held of 1 exports is gone", 1),
        (ids_gone_when_there_are_others, "what it held of 1 exports is gone", 2),
    ],
)
def test_a_damaged_store_is_said_and_made_again(stored: Stored, damage: Any, said: str, read: int) -> None:
    for name in "bc":
        stored.exports.text(
            f"{name}.csv", text(event(name), event(f"{name}{name}", team=name), event(f"{name}-", name))
        )
    stored.read()
    damage(stored)
    use = stored.read()
    assert said in use.trouble
    assert (use.read, use.again) == (read, 0)
    assert (stored.read().read, stored.uses[-1].trouble) == (0, "")


@pytest.mark.parametrize("key", ["program", "engine"])
def test_a_store_of_another_version_is_said_and_made_again(stored: Stored, key: str) -> None:
    stored.exports.text("e.csv", text(event("a")))
    stored.read()
    folder = place.Folder(stored.folder)
    manifest = folder.manifest()
    assert manifest is not None
    folder.publish(manifest.model_copy(update={"made_by": {**manifest.made_by, key: "0"}}))
    use = stored.read()
    assert (use.read, use.trouble[:38]) == (
        1,
        "it was made with another version of " + ("kt" if key == "program" else "Du"),
    )


def test_a_store_of_other_columns_is_said_and_made_again(stored: Stored) -> None:
    stored.exports.text("e.csv", "id,timestamp,team_id,cost,price\na,2026-03-01,t,1,5\n")
    stored.read()
    use = stored.read(columns={"cost": "price"})
    assert "made with other `usage: columns:` in org.yaml" in use.trouble


def test_two_runs_at_once_leave_a_store_that_is_whole(stored: Stored, events: Any) -> None:
    drawn = events(80)
    paths = [stored.exports.write(drawn[at : at + 30], name=f"part-{at}") for at in (0, 20, 40)]
    failed: list[BaseException] = []

    def run(some: list[Path]) -> None:
        try:
            stored.exports.read(*some, store=Store(str(stored.folder), stored.uses.append))
        except BaseException as error:
            failed.append(error)

    threads = [threading.Thread(target=run, args=(some,)) for some in (paths[:2], paths[1:], paths)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=120)
    assert failed == []
    assert stored.read().trouble == ""
    assert stored.read().read == 0


def test_a_store_that_cannot_be_written_is_said_and_the_figures_are_there(
    stored: Stored, monkeypatch: pytest.MonkeyPatch
) -> None:
    stored.exports.text("e.csv", text(event("a")))
    stored.folder.write_text("a file, and no folder")
    with pytest.raises(UsageError, match="cannot be read"):
        stored.read()
    stored.folder.unlink()

    def refuse(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(place.Folder, "publish", refuse)
    assert (
        stored.read().trouble
        == "it cannot be written (No space left on device), so the next run will read as much again"
    )


def test_an_export_that_changes_while_it_is_read_is_an_error(stored: Stored, monkeypatch: pytest.MonkeyPatch) -> None:
    path = stored.exports.text("e.csv", text(event("a")))

    def unpacked(*args: Any) -> Any:
        plain = unpack(*args)
        path.write_text(text(event("b")))
        return plain

    unpack = gather.unpack  # type: ignore[attr-defined]
    monkeypatch.setattr(gather, "unpack", unpacked)
    with pytest.raises(UsageError, match=r"e\.csv: it was changed while it was read"):
        stored.read()


def test_errors_are_those_of_a_reading_without_a_store(stored: Stored) -> None:
    stored.exports.text("e.csv", text(event("a")))
    stored.read()
    stored.exports.text("f.csv", "id,when,who,price\na,2026-03-01,t,1\n")
    stored.exports.text("g.csv", "id,when,who,price\na,2026-03-01,t,1\n")
    said = []
    for store in (None, Store(str(stored.folder), stored.uses.append)):
        with pytest.raises(UsageError) as raised:
            stored.exports.read(store=store)
        said.append((raised.value.message, raised.value.hint))
    assert said[0] == said[1]


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Return an object store that tells the content of an object by an ETag."""
    import fsspec

    store = fsspec.filesystem("memory")
    info = type(store).info

    def with_etag(self: Any, path: str, **settings: Any) -> dict[str, Any]:
        told: dict[str, Any] = info(self, path, **settings)
        return {**told, "ETag": str(hash(self.cat(path)))} if told["type"] == "file" else told

    monkeypatch.setattr(type(store), "info", with_etag)
    yield store
    store.store.clear()


def test_objects_are_read_when_their_etag_is_new(stored: Stored, bucket: Any) -> None:
    bucket.pipe("/spend/1.csv", text(event("a")).encode())
    bucket.pipe("/spend/2.csv", text(event("b")).encode())
    assert stored.read("memory://spend").read == 2
    bucket.pipe("/spend/2.csv", text(event("c")).encode())
    use = stored.read("memory://spend")
    assert (use.read, use.octets) == (1, len(text(event("c"))))
    bucket.rm("/spend/1.csv")
    assert stored.read("memory://spend").exports == 1


def test_an_object_of_which_nothing_tells_the_content_is_read_each_time(stored: Stored, tmp_path: Path) -> None:
    path = stored.exports.text("e.csv", text(event("a")))
    assert stored.read(path.as_uri()).read == 1
    assert stored.read(path.as_uri()).read == 1
    assert mark_from({"size": 3, "ETag": 'W/"weak"', "VersionId": "null", "LastModified": "today"}) == Mark("", 3)
    assert mark_from({"size": 3, "generation": 7}) == Mark("generation=7 size=3", 3)
    assert mark_of(ExportFile(str(tmp_path), str(tmp_path))) == Mark("", 0)
