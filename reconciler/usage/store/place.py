"""Where a store is: a folder with a manifest, and with files that are called after the digest of what they hold.

Files are written whole and never changed, and the manifest is replaced whole when all its files are there. So of two
runs at once the last to end is the one whose manifest counts, and whatever manifest is read, its files are complete.
What does not have the digest that it is listed with is never used.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Collection
from contextlib import suppress
from pathlib import Path

from pydantic import ValidationError

from reconciler.files import replacing, write_whole
from reconciler.usage.store.unit import Manifest

_MANIFEST = "manifest.json"
_CHUNK = 1 << 20
LEFT_SECONDS = 86_400
"""For how long a file that no manifest lists is left alone: a run that is still going on may have written it."""


class DamagedError(Exception):
    """What is in the store is not what was written there."""


class Folder:
    """A store in a folder. Raises OSError where that cannot be read or written."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def manifest(self) -> Manifest | None:
        """Return the manifest, None where there is no store yet. Raises DamagedError."""
        try:
            text = (self.path / _MANIFEST).read_text(encoding="utf-8")
        except FileNotFoundError:
            return None
        except UnicodeDecodeError as error:
            raise DamagedError from error
        digest, _, body = text.partition("\n")
        if digest != digest_of(body.encode()):
            raise DamagedError
        try:
            return Manifest.model_validate_json(body)
        except ValidationError as error:
            raise DamagedError from error

    def publish(self, manifest: Manifest) -> None:
        body = json.dumps(manifest.model_dump(mode="json"), sort_keys=True, separators=(",", ":"))
        write_whole(self.path / _MANIFEST, f"{digest_of(body.encode())}\n{body}".encode())

    def keep(self, file: Path) -> str:
        """Return the digest that a file is kept under from now on."""
        with file.open("rb") as source:
            digest = hashlib.file_digest(source, "sha256").hexdigest()
        target = self._file(digest)
        target.parent.mkdir(parents=True, exist_ok=True)
        with replacing(target) as partial, file.open("rb") as source, partial.open("wb") as sink:
            while chunk := source.read(_CHUNK):
                sink.write(chunk)
        return digest

    def fetch(self, digest: str, target: Path) -> None:
        """Copy a kept file to `target`. Raises DamagedError when it is gone, or holds anything else than it did."""
        hashed = hashlib.sha256()
        try:
            with self._file(digest).open("rb") as source, target.open("wb") as sink:
                while chunk := source.read(_CHUNK):
                    hashed.update(chunk)
                    sink.write(chunk)
        except FileNotFoundError as error:
            raise DamagedError from error
        if hashed.hexdigest() != digest:
            raise DamagedError

    def forget(self, kept: Collection[str]) -> None:
        """Delete files that are not among the digests `kept` and were not written lately."""
        for file in self.path.glob("files/*/*"):
            with suppress(OSError):
                if file.name not in kept and time.time() - file.stat().st_mtime > LEFT_SECONDS:
                    file.unlink()

    def _file(self, digest: str) -> Path:
        return self.path / "files" / digest[:2] / digest


def digest_of(body: bytes) -> str:
    return f"sha256:{hashlib.sha256(body).hexdigest()}"
