"""The JSON Schemas of everything that is read and printed, as files."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path

from reconciler.files import write_file
from reconciler.source.schemas import documents, schema_text


def write(folder: Path) -> Iterator[Path]:
    """Write every schema into `folder`, and yield each file when it is written; UsageError where it cannot be."""
    with suppress(OSError):
        folder.mkdir(parents=True, exist_ok=True)
    for name, schema in documents().items():
        write_file(folder / name, schema_text(schema))
        yield folder / name


def stale(folder: Path) -> tuple[Sequence[Path], int]:
    """Return the files in `folder` that are missing or not current, and how many schemas there are."""
    texts = {folder / name: schema_text(schema) for name, schema in documents().items()}
    return [path for path, text in texts.items() if _content(path) != text], len(texts)


def _content(path: Path) -> str | None:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return None
