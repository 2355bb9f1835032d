"""Exports in S3, read from a real server on loopback: all of an object or an error, and of a store only what is new."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from usage.arrivals import told
from usage.s3_server import Trouble, described, s3_server

from reconciler.findings import UnreachableError, UsageError
from reconciler.usage.store.session import Store
from reconciler.usage.store.use import StoreUse

pytestmark = pytest.mark.slow
HEADER = "id,timestamp,team_id,cost"
WEEKLY = "s3://finops-artifacts/ai-spend/weekly/"


def week(number: int, *events: str) -> bytes:
    rows = [f"{event},2026-03-{number:02}T10:00:00Z,team_a,1.25" for event in events]
    return "\n".join((HEADER, *rows, "")).encode()


@dataclass
class Bucket:
    """A bucket with exports, on a server that may be in `trouble`."""

    system: Any
    trouble: Trouble
    exports: Any
    uses: list[StoreUse]
    store: Store

    def put(self, name: str, body: bytes) -> None:
        self.system.pipe(f"{WEEKLY}{name}", body)

    def read(self, store: Store | None = None) -> list[str]:
        """Return what a reading with the store asked for, once it said what a reading without one says."""
        self.trouble.read.clear()
        usage = self.exports.read(WEEKLY, store=store or self.store)
        read = [path.rpartition("/")[2] for path in self.trouble.read]
        assert told(usage) == told(self.exports.read(WEEKLY))
        return read


@pytest.fixture
def bucket(exports: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bucket]:
    import fsspec

    with s3_server() as (address, trouble):
        for name, value in described(address).items():
            monkeypatch.setenv(name, value)
        system = fsspec.filesystem("s3")
        system.clear_instance_cache()
        system = fsspec.filesystem("s3")
        system.mkdir("finops-artifacts")
        uses: list[StoreUse] = []
        yield Bucket(system, trouble, exports, uses, Store(str(tmp_path / "store"), uses.append))
        system.clear_instance_cache()


def test_only_objects_that_are_new_or_changed_are_read(bucket: Bucket) -> None:
    bodies = {f"2026-03-{7 * number:02}.csv": week(number, f"a{number}", f"b{number}") for number in (1, 2, 3)}
    for name, body in bodies.items():
        bucket.put(name, body)
    assert bucket.read() == sorted(bodies)
    assert bucket.read() == []
    bucket.put("2026-03-28.csv", week(4, "a4"))
    bucket.put("2026-03-07.csv", week(1, "a1", "c1"))
    assert sorted(bucket.read()) == ["2026-03-07.csv", "2026-03-28.csv"]
    assert bucket.uses[-1].octets == len(week(4, "a4")) + len(week(1, "a1", "c1"))
    bucket.put("2026-03-29.csv", week(3, "b3"))
    assert sorted(bucket.read()) == ["2026-03-21.csv", "2026-03-29.csv"]
    bucket.system.rm(f"{WEEKLY}2026-03-14.csv")
    assert bucket.read() == []
    assert bucket.uses[-1].exports == 4


def test_a_server_that_asks_for_patience_is_asked_again(bucket: Bucket) -> None:
    bucket.put("2026-03-07.csv", week(1, "a"))
    bucket.trouble.slow = 2
    assert bucket.read() == ["2026-03-07.csv"]
    assert bucket.trouble.slow == 0


def test_half_an_object_is_never_used(bucket: Bucket) -> None:
    bucket.put("2026-03-07.csv", week(1, *(f"event-{number}" for number in range(40))))
    bucket.trouble.cut = True
    for store in (None, bucket.store):
        with pytest.raises((UnreachableError, UsageError), match=r"2026-03-07\.csv"):
            bucket.exports.read(WEEKLY, store=store)
    bucket.trouble.cut = False
    assert bucket.read() == ["2026-03-07.csv"]


def test_credentials_that_are_refused_are_an_error_that_does_not_repeat_them(bucket: Bucket) -> None:
    bucket.put("2026-03-07.csv", week(1, "a"))
    bucket.trouble.denied = "InvalidAccessKeyId"
    said = r"the object store could not be read \(InvalidAccessKeyId\)"
    with pytest.raises(UnreachableError, match=said) as raised:
        bucket.exports.read(WEEKLY, store=bucket.store)
    said = f"{raised.value.message} {raised.value.hint}"
    assert "credentials in the environment" in said
    assert "AKIA" not in said
    assert "not-a-secret" not in said


def test_an_object_that_is_replaced_or_deleted_while_it_is_read_is_an_error(
    bucket: Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    from reconciler.usage.store import gather

    bucket.put("2026-03-07.csv", week(1, "a"))
    unpack = gather.unpack  # type: ignore[attr-defined]

    def replaced(*given: Any) -> Any:
        plain = unpack(*given)
        bucket.put("2026-03-07.csv", week(1, "b"))
        return plain

    def deleted(*given: Any) -> Any:
        bucket.system.rm(f"{WEEKLY}2026-03-07.csv")
        return unpack(*given)

    monkeypatch.setattr(gather, "unpack", replaced)
    with pytest.raises(UsageError, match="it was changed while it was read"):
        bucket.exports.read(WEEKLY, store=bucket.store)
    monkeypatch.setattr(gather, "unpack", deleted)
    with pytest.raises(UnreachableError, match=r"2026-03-07\.csv"):
        bucket.exports.read(WEEKLY, store=bucket.store)


def test_a_store_may_be_in_a_bucket_itself(bucket: Bucket) -> None:
    store = Store("s3://finops-artifacts/kt-budgets/store/", bucket.uses.append)
    bucket.put("2026-03-07.csv", week(1, "a", "b"))
    bucket.put("2026-03-14.csv", week(2, "c"))
    bucket.read(store)
    kept = bucket.system.find("finops-artifacts/kt-budgets/store/files")
    bucket.put("2026-03-21.csv", week(3, "b"))
    bucket.read(store)
    assert (bucket.uses[-1].read, bucket.uses[-1].again) == (2, 1)
    bucket.read(store)
    assert (bucket.uses[-1].read, bucket.uses[-1].trouble) == (0, "")
    for file in bucket.system.find("finops-artifacts/kt-budgets/store/files"):
        bucket.system.pipe(file, b"something else")
    bucket.read(store)
    assert "is gone or not what was written there" in bucket.uses[-1].trouble
    assert set(kept) <= set(bucket.system.find("finops-artifacts/kt-budgets/store/files"))
    bucket.trouble.denied = "InvalidAccessKeyId"
    with pytest.raises(UsageError, match=r"the usage store s3://finops-artifacts/kt-budgets/store/ cannot be read \("):
        bucket.exports.read(str(bucket.exports.text("e.csv", week(1, "a"))), store=store)


def test_a_bucket_is_read_as_a_folder_of_the_same_files_is(bucket: Bucket) -> None:
    bucket.put("2026-03-07.csv", week(1, "a"))
    bucket.put(".2026-03-07.csv.part.csv", week(1, "b"))
    bucket.put(".tmp/2026-03-08.csv", week(2, "c"))
    bucket.put("run#1/2026-03-14.csv", week(3, "d"))
    bucket.put("made by the console/", b"")
    bucket.put("notes?.txt", b"hello")
    for url in (WEEKLY, f"{WEEKLY}**"):
        usage = bucket.exports.read(url)
        assert usage.source.rows == 2
        assert sorted((issue.code, issue.path.removeprefix(WEEKLY)) for issue in usage.source.issues) == [
            ("hidden", ".2026-03-07.csv.part.csv"),
            ("hidden", ".tmp/2026-03-08.csv"),
            ("not-an-export", "notes?.txt"),
        ]
    assert bucket.exports.read(f"{WEEKLY}.tmp/").source.rows == 1, "what is named outright is read"


def test_a_prefix_with_brackets_in_its_name_is_no_pattern_where_it_is_there(bucket: Bucket) -> None:
    bucket.put("br[2026]/2026-03-07.csv", week(1, "a"))
    assert bucket.exports.read(f"{WEEKLY}br[2026]/").source.rows == 1


def test_an_object_that_no_url_can_name_is_named_and_nothing_is_read(bucket: Bucket) -> None:
    bucket.put("2026-03-07.csv", week(1, "a"))
    bucket.put("odd::name.csv", week(1, "b"))
    with pytest.raises(UsageError, match=r"odd::name\.csv: an object with `::` in its name cannot be read; rename it"):
        bucket.exports.read(WEEKLY)


def test_an_object_that_is_replaced_between_two_parts_of_it_is_to_be_read_again(bucket: Bucket) -> None:
    bucket.put("2026-03-07.csv", week(1, "a"))
    bucket.trouble.replaced = True
    with pytest.raises(UnreachableError, match="it was replaced while it was read; nothing of it was used") as raised:
        bucket.exports.read(WEEKLY)
    assert raised.value.hint == "run the same command again"


@pytest.mark.parametrize(
    ("code", "cure"),
    [
        ("AccessDenied", "give the credentials in the environment the right to list and read what the URL names"),
        ("ExpiredToken", "get new credentials: those in the environment are over"),
        ("RequestTimeTooSkewed", "set this machine's clock: it differs from the store's"),
        ("InternalError", "check the URL, the network and the credentials in the environment"),
    ],
)
def test_what_the_store_refuses_is_told_by_its_code_with_the_cure_for_it(bucket: Bucket, code: str, cure: str) -> None:
    bucket.put("2026-03-07.csv", week(1, "a"))
    bucket.trouble.denied = code
    with pytest.raises(UnreachableError, match=rf"the object store could not be read \({code}\)") as raised:
        bucket.exports.read(WEEKLY)
    assert raised.value.hint == f"{cure}, or download the exports first"
