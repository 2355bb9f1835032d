"""What tells the content of an export without reading it as one: whether it is the one that a store knows."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from reconciler.usage.files import ExportFile, object_store, store_options, unreachable

_TOLD_BY = ("ETag", "etag", "generation", "VersionId", "version_id", "md5Hash", "crc32c", "content_md5")
"""What object stores say of the content of an object. A time says nothing: two writes may have the same."""

_TELLS_NOTHING = ("", "None", "null")


@dataclass(frozen=True, slots=True)
class Mark:
    """`content` is different for each content, "" where nothing tells it; `octets` is the size."""

    content: str
    octets: int


def mark_of(file: ExportFile) -> Mark:
    """Return the mark of an export: a digest of a local file, what the object store says of an object."""
    if file.remote:
        return _of_object(file)
    path = Path(file.location)
    if not path.is_file():
        return Mark("", 0)
    with path.open("rb") as source:
        digest = hashlib.file_digest(source, "sha256").hexdigest()
    return Mark(f"sha256:{digest}", path.stat().st_size)


def _of_object(file: ExportFile) -> Mark:
    fsspec = object_store()
    try:
        system, path = fsspec.core.url_to_fs(file.location, **store_options(file.location))
        told: Mapping[str, Any] = system.info(path)
    except Exception as error:
        raise unreachable(file.name, error) from error
    return mark_from(told)


def mark_from(told: Mapping[str, Any]) -> Mark:
    """Return the mark of an object of which that is told. A weak ETag is one for contents that are not the same."""
    said = {key: str(told.get(key) or "") for key in _TOLD_BY}
    octets = int(told.get("size") or 0)
    content = [
        f"{key}={each}" for key, each in said.items() if each not in _TELLS_NOTHING and not each.startswith("W/")
    ]
    return Mark(f"{' '.join(content)} size={octets}" if content else "", octets)
