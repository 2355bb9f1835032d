"""Where a store is: a folder, or a prefix of an object store.

A store is a manifest, and files that are called after the digest of what they hold. Files are written whole and never
changed, and the manifest is replaced whole when all its files are there. So of two runs at once the last to end is the
one whose manifest counts, and whatever manifest is read, its files are complete. What does not have the digest that it
is listed with is never used.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import time
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

from pydantic import ValidationError

from reconciler.files import replacing, write_whole
from reconciler.usage.files import is_url, object_store, shown, store_options
from reconciler.usage.store.unit import Manifest

_MANIFEST = "manifest.json"
LEFT_SECONDS = 86_400
"""For how long a file that no manifest lists is left alone: a run that is still going on may have written it."""


class DamagedError(Exception):
    """What is in the store is not what was written there."""


class Place(Protocol):
    """What a store needs of the place where it is. All raise OSError where that cannot be read or written."""

    def manifest(self) -> Manifest | None:
        """Return the manifest, None where there is no store yet. Raises DamagedError."""

    def publish(self, manifest: Manifest) -> None:
        """Replace the manifest as a whole."""

    def keep(self, file: Path) -> str:
        """Return the digest that a file is kept under from now on."""

    def fetch(self, digest: str, target: Path) -> None:
        """Copy a kept file to `target`. Raises DamagedError when it is gone, or holds anything else than it did."""

    def forget(self, kept: Collection[str]) -> None:
        """Delete files that are not among the digests `kept` and were not written lately."""


def place_of(named: str) -> Place:
    return Prefix(named) if is_url(named) else Folder(Path(named).expanduser())


class Folder:
    """A store in a folder."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def manifest(self) -> Manifest | None:
        try:
            return _read((self.path / _MANIFEST).read_bytes())
        except FileNotFoundError:
            return None

    def publish(self, manifest: Manifest) -> None:
        write_whole(self.path / _MANIFEST, _written(manifest))

    def keep(self, file: Path) -> str:
        digest = _digest_of_file(file)
        target = self._file(digest)
        target.parent.mkdir(parents=True, exist_ok=True)
        with replacing(target) as partial:
            shutil.copyfile(file, partial)
        return digest

    def fetch(self, digest: str, target: Path) -> None:
        try:
            shutil.copyfile(self._file(digest), target)
        except FileNotFoundError as error:
            raise DamagedError from error
        if _digest_of_file(target) != digest:
            raise DamagedError

    def forget(self, kept: Collection[str]) -> None:
        for file in self.path.glob("files/*/*"):
            with suppress(OSError):
                if file.name not in kept and time.time() - file.stat().st_mtime > LEFT_SECONDS:
                    file.unlink()

    def _file(self, digest: str) -> Path:
        return self.path / "files" / digest[:2] / digest


class Prefix:
    """A store in an object store, which replaces an object as a whole."""

    def __init__(self, url: str) -> None:
        with _as_os_errors(url):
            self.system, path = object_store().core.url_to_fs(url, **store_options(url))
        self.url = url
        self.path = path.rstrip("/")

    def manifest(self) -> Manifest | None:
        with _as_os_errors(self.url):
            try:
                body: bytes = self.system.cat_file(f"{self.path}/{_MANIFEST}")
            except FileNotFoundError:
                return None
        return _read(body)

    def publish(self, manifest: Manifest) -> None:
        with _as_os_errors(self.url):
            self.system.pipe_file(f"{self.path}/{_MANIFEST}", _written(manifest))

    def keep(self, file: Path) -> str:
        digest = _digest_of_file(file)
        with _as_os_errors(self.url):
            self.system.put_file(str(file), f"{self.path}/files/{digest}")
        return digest

    def fetch(self, digest: str, target: Path) -> None:
        with _as_os_errors(self.url):
            try:
                self.system.get_file(f"{self.path}/files/{digest}", str(target))
            except FileNotFoundError as error:
                raise DamagedError from error
        if _digest_of_file(target) != digest:
            raise DamagedError

    def forget(self, kept: Collection[str]) -> None:
        with _as_os_errors(self.url):
            self.system.invalidate_cache()
            for path, told in self.system.find(f"{self.path}/files", detail=True).items():
                if path.rpartition("/")[2] not in kept and _is_old(told):
                    self.system.rm_file(path)


def _is_old(told: dict[str, Any]) -> bool:
    written = next((told[key] for key in ("LastModified", "last_modified", "updated", "created") if key in told), None)
    seconds = written.timestamp() if isinstance(written, datetime) else written
    return isinstance(seconds, float) and time.time() - seconds > LEFT_SECONDS


@contextmanager
def _as_os_errors(url: str) -> Iterator[None]:
    """Raise what an object store raises as OSError; its own words may hold secrets and are left out."""
    try:
        yield
    except DamagedError:
        raise
    except Exception as error:
        raise OSError(0, f"{shown(url)}: {type(error).__name__}") from error


def _read(written: bytes) -> Manifest:
    digest, _, body = written.partition(b"\n")
    if digest.decode(errors="replace") != digest_of(body):
        raise DamagedError
    try:
        return Manifest.model_validate_json(body)
    except ValidationError as error:
        raise DamagedError from error


def _written(manifest: Manifest) -> bytes:
    body = json.dumps(manifest.model_dump(mode="json"), sort_keys=True, separators=(",", ":")).encode()
    return f"{digest_of(body)}\n".encode() + body


def digest_of(body: bytes) -> str:
    return f"sha256:{hashlib.sha256(body).hexdigest()}"


def _digest_of_file(file: Path) -> str:
    with file.open("rb") as source:
        return hashlib.file_digest(source, "sha256").hexdigest()
