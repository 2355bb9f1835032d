"""Make an export a plain local file that can be scanned in parallel, and prove on the way that it is whole.

Compressed files are unpacked here rather than by the engine, which takes a cut-off gzip file for a short one.
"""

from __future__ import annotations

import gzip
import json
import shutil
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import gettempdir
from typing import IO, Any

from reconciler.findings import UsageError
from reconciler.model.usage import RowIssue
from reconciler.usage.files import ExportFile, is_web, object_store, store_options, unreachable
from reconciler.usage.formats import BYTE_ORDER_MARK, GZIP_MAGIC, HEAD_BYTES, JSON, Format, recognise, refuse_foreign
from reconciler.usage.line_ends import evened, look_through
from reconciler.usage.parts import Part, part_of
from reconciler.usage.spool import spool

_CHUNK = 1 << 20
_TAIL = 1 << 16
_MARK_AND_QUOTE = BYTE_ORDER_MARK + b'"'
"""The engine does not see a quote behind a byte order mark as one, and may take the whole file for a header."""


@dataclass(frozen=True, slots=True)
class PlainFile:
    """An export as it can be scanned: `name` for people, `path` of the plain file, and its format.

    `packed` says that the export is compressed; `exact` that a JSON file's amounts are written as text, which loses no
    digit. `part` is the page of an export that it is, None when it is whole. `end` are the last bytes of a CSV file.
    `rowless` says that there is no event in it: it is empty, a header alone, or an empty list, in an envelope or not.
    """

    name: str
    path: str
    format: Format
    exact: bool = False
    part: Part | None = None
    packed: bool = False
    end: bytes = b""
    rowless: bool = False

    @property
    def is_json(self) -> bool:
        return self.format in JSON


def unpack(file: ExportFile, scratch: Path) -> PlainFile:
    """Return the plain local file of an export, made in `scratch` when the export itself is not one."""
    try:
        local = _local(file, scratch)
        with local.open("rb") as source:
            head = source.read(HEAD_BYTES)
            if not head.startswith(GZIP_MAGIC):
                return _plain(file.name, local, head, source, scratch)
        local = _decompress(file.name, local, scratch)
        with local.open("rb") as source:
            return replace(_plain(file.name, local, source.read(HEAD_BYTES), source, scratch), packed=True)
    except OSError as error:
        raise UsageError(
            f"{file.name}: cannot be read ({error.strerror or type(error).__name__})",
            hint=f"check its permissions; or free space in {gettempdir()}, or set TMPDIR to a folder that has some",
        ) from error


def _local(file: ExportFile, scratch: Path) -> Path:
    if file.remote:
        return _fetch(file, scratch)
    return Path(file.location) if Path(file.location).is_file() else spool(file, _fresh(scratch, "spooled"))


def _plain(name: str, local: Path, head: bytes, rest: IO[bytes], scratch: Path) -> PlainFile:
    """Return the plain file of what is at `local`, of which `head` was read, and `rest` goes on from there."""
    refuse_foreign(name, head)
    shape = recognise(head)
    if shape.format is Format.PARQUET and not _tail(local, 4).endswith(b"PAR1"):
        raise damaged(name, "its end is not the end of a Parquet file, so it was cut off")
    if shape.format is Format.CSV and b"\x00" in head:
        raise damaged(name, "it is neither CSV, JSON, JSON Lines nor Parquet, plain or gzip, in UTF-8")
    part = None
    if shape.envelope is not None:
        local, part = _open_envelope(name, local, shape.envelope, scratch)
    elif head.startswith(BYTE_ORDER_MARK) and (shape.format in JSON or head.startswith(_MARK_AND_QUOTE)):
        local = _without_mark(local, scratch)
    differ, end = look_through(head, rest) if shape.format is Format.CSV else (False, b"")
    if differ and evened(local, even := _fresh(scratch, "evened")):
        local = even
    return PlainFile(name, str(local), shape.format, part=part, end=end, rowless=_is_rowless(local, shape.format))


def _without_mark(local: Path, scratch: Path) -> Path:
    target = _fresh(scratch, "unmarked")
    with local.open("rb") as source, target.open("wb") as sink:
        source.seek(len(BYTE_ORDER_MARK))
        shutil.copyfileobj(source, sink, _CHUNK)
    return target


def remarks(files: Sequence[PlainFile]) -> list[RowIssue]:
    """Return what is odd about exports although they can be read: that they are empty, or not compressed as named."""
    issues = [RowIssue(file.name, 0, "empty-file", _EMPTY) for file in files if file.format is Format.EMPTY]
    bare = [file for file in files if file.rowless and file.format is not Format.EMPTY]
    issues += [RowIssue(file.name, 0, "no-rows", _NO_ROWS) for file in bare]
    return issues + [
        RowIssue(file.name, 0, "not-gzip", _NOT_GZIP)
        for file in files
        if file.name.casefold().endswith(".gz") and not file.packed
    ]


_EMPTY = "it is empty: there is not even a header in it; export it again if there should be events"
_NO_ROWS = "it holds no event, only what stands above events; export it again if there should be some"
_LONGEST_HEADER = 65_536
_NOT_GZIP = "its name ends in .gz and it is not compressed, so it was read as it is; rename it, or download it again"


def hold_nothing(files: Sequence[PlainFile]) -> bool:
    """Whether there is no event in any of the files, which shows without reading one."""
    return all(file.rowless for file in files)


def _is_rowless(local: Path, form: Format) -> bool:
    if form is Format.EMPTY:
        return True
    if form not in {Format.CSV, *JSON} or local.stat().st_size > _LONGEST_HEADER:
        return False
    held = local.read_bytes().removeprefix(BYTE_ORDER_MARK).strip()
    if form is Format.CSV:
        lines = [line for line in held.splitlines() if line.strip() and not line.lower().startswith(b"sep=")]
        return len(lines) == 1
    return held == b"[]" or (held.startswith(b"{") and held.endswith(b"[]}") and held.count(b"[") == 1)


def damaged(name: str, why: str) -> UsageError:
    """Return the error for a file that cannot be read whole; a part of it is never used."""
    return UsageError(f"{name}: {why}; nothing of it was used", hint="export or download this file again")


def _fetch(file: ExportFile, scratch: Path) -> Path:
    """Fetch an export. Of a web server, in one answer: of two, the second may be of a file that replaced the first."""
    target = _fresh(scratch, "fetched")
    fsspec, options, size = object_store(), store_options(file.location), None
    try:
        if is_web(file.location):
            system, path = fsspec.core.url_to_fs(file.location, **options)
            system.get_file(path, str(target))
        else:
            with fsspec.open(file.location, "rb", **options) as source, target.open("wb") as sink:
                shutil.copyfileobj(source, sink, _CHUNK)
                size = getattr(source, "size", None)
    except Exception as error:
        raise unreachable(file.name, error) from error
    if size is not None and (came := target.stat().st_size) != size:
        raise damaged(file.name, f"{came:,} of its {size:,} bytes came, so the download was cut off")
    return target


def _decompress(name: str, local: Path, scratch: Path) -> Path:
    target = _fresh(scratch, "unpacked")
    with target.open("wb") as sink, _gzip_whole(name, local) as source:
        shutil.copyfileobj(source, sink, _CHUNK)
    return target


@contextmanager
def _gzip_whole(name: str, local: Path) -> Iterator[gzip.GzipFile]:
    with gzip.open(local, "rb") as source:
        try:
            yield source
        except EOFError as error:
            raise damaged(name, f"the gzip data end too early, after {source.tell():,} unpacked bytes") from error
        except (gzip.BadGzipFile, zlib.error) as error:
            raise damaged(name, f"the gzip data are damaged near unpacked byte {source.tell():,}") from error


def _open_envelope(name: str, local: Path, before: str, scratch: Path) -> tuple[Path, Part | None]:
    """Copy the list out of a JSON envelope, once what stands around it is proved whole; say what part it is."""
    start, size = len(before.encode()), local.stat().st_size
    tail = _tail(local, min(_TAIL, size - start))
    closing, envelope = _closing_bracket(before, tail)
    if envelope is None:
        raise damaged(name, f"the JSON object around the list at byte {start:,} is not complete, so it was cut off")
    target = _fresh(scratch, "list")
    with local.open("rb") as source, target.open("wb") as sink:
        source.seek(start)
        _copy(source, sink, size - start - len(tail) + closing + 1)
    return target, part_of(name, envelope, target)


def _closing_bracket(before: str, tail: bytes) -> tuple[int, dict[str, Any] | None]:
    """Return the first place in `tail` at which closing the list leaves a whole object, and that object; else None."""
    at = tail.find(b"]")
    while at >= 0:
        try:
            return at, json.loads(before.removeprefix("\ufeff") + "[" + tail[at:].decode())
        except ValueError:
            at = tail.find(b"]", at + 1)
    return at, None


def _copy(source: IO[bytes], sink: IO[bytes], length: int) -> None:
    while length > 0 and (chunk := source.read(min(_CHUNK, length))):
        sink.write(chunk)
        length -= len(chunk)


def _tail(local: Path, length: int) -> bytes:
    with local.open("rb") as source:
        source.seek(-min(length, local.stat().st_size), 2)
        return source.read()


def _fresh(scratch: Path, kind: str) -> Path:
    return scratch / f"{kind}-{sum(1 for _ in scratch.iterdir())}"
