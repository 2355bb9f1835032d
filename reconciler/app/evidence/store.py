"""The folder that exports are kept in: files, and a manifest that is written after each of them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path

from filelock import FileLock, Timeout
from pydantic import ValidationError

from reconciler.files import write_whole
from reconciler.findings import LockHeldError, RefusedError, UsageError
from reconciler.model.exports import ExportsManifest, KeptExport

MANIFEST = "manifest.json"
FILES = "exports"
_LOCK = ".lock"
_CHUNK = 1024 * 1024


class ExportStore:
    """A folder of exports of one organization."""

    def __init__(self, folder: Path, *, organization: str, currency: str) -> None:
        self.folder = folder
        self.manifest = self._read() or ExportsManifest(organization=organization, currency=currency)
        if self.manifest.organization != organization:
            raise RefusedError(
                f"{folder} holds exports of {self.manifest.organization}, and the YAML is for {organization}",
                hint="name another folder for this organization",
            )

    @property
    def files(self) -> Path:
        """Where the exports lie, and nothing else: a folder for `--usage`."""
        return self.folder / FILES

    def _read(self) -> ExportsManifest | None:
        path = self.folder / MANIFEST
        try:
            return read_manifest(path.read_text(encoding="utf-8"), str(path))
        except FileNotFoundError:
            return None
        except (OSError, UnicodeDecodeError) as error:
            raise UsageError(f"{path} cannot be read: {error}", hint="name another folder") from None

    def save(self, manifest: ExportsManifest) -> None:
        """Write the manifest, whole and durably."""
        try:
            write_whole(self.folder / MANIFEST, manifest.text().encode())
        except OSError as error:
            raise UsageError(
                f"{self.folder / MANIFEST} cannot be written: {error.strerror}", hint="name another folder"
            ) from None
        self.manifest = manifest

    def is_whole(self, kept: KeptExport) -> bool:
        """Whether the file is there, as it was when it was fetched."""
        path = self.files / kept.file
        return path.is_file() and (path.stat().st_size, digest_of_file(path)) == (kept.size, kept.digest)


def read_manifest(text: str, name: str) -> ExportsManifest:
    """Return the manifest that a text holds; RefusedError where it holds none."""
    try:
        return ExportsManifest.model_validate(json.loads(text))
    except (ValueError, ValidationError, RecursionError):
        raise RefusedError(
            f"{name} is no manifest of exports, or was edited",
            hint="bring it back from a copy; or remove it, and `kt-budgets evidence pull` fetches everything again",
        ) from None


def digest_of_file(path: Path) -> str:
    total = sha256()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            total.update(chunk)
    return f"sha256:{total.hexdigest()}"


@contextmanager
def only_one(folder: Path) -> Iterator[None]:
    """Let no other run into the folder for the time of a block; LockHeldError where there is one."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = FileLock(folder / _LOCK, timeout=0)
        with lock:
            yield
    except Timeout:
        raise LockHeldError(
            f"another run is fetching exports into {folder}",
            hint="wait for it and run the command again, which takes what is there then; or name another folder",
        ) from None
    except OSError as error:
        raise UsageError(f"{folder} cannot be written: {error.strerror}", hint="name another folder") from None
