"""Which files a list of paths means: files, folders, globs and object-store URLs become a sorted list of exports."""

from __future__ import annotations

import glob
import importlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any
from urllib.parse import urlsplit

from reconciler.findings import UnreachableError, UsageError
from reconciler.model.usage import RowIssue

SUFFIXES = (".csv", ".json", ".jsonl", ".ndjson", ".parquet")
KNOWN_SUFFIXES = (*SUFFIXES, *(f"{suffix}.gz" for suffix in SUFFIXES))


@dataclass(frozen=True, slots=True, order=True)
class ExportFile:
    """One export: `name` is what people are shown; `location` is a local path, or a URL that is to be fetched."""

    name: str
    location: str
    remote: bool = False


@dataclass(frozen=True, slots=True)
class ExportFiles:
    files: tuple[ExportFile, ...]
    issues: tuple[RowIssue, ...]


def find_exports(paths: Sequence[str]) -> ExportFiles:
    """Return the exports that `paths` name, each once, and an issue for each file of a folder that is none."""
    files: dict[str, ExportFile] = {}
    issues: list[RowIssue] = []
    for path in paths:
        for file in _remote(path) if is_url(path) else _local(path):
            if file.name.casefold().endswith(KNOWN_SUFFIXES) or file.name == path:
                files.setdefault(_identity(file), file)
            else:
                issues.append(RowIssue(file.name, 0, "not-an-export", _not_an_export(file.name)))
    if not files:
        raise UsageError(
            "no usage export was found" + (f" at {', '.join(map(shown, paths))}" if paths else ": no path was given"),
            hint="give `--usage` files, folders, globs or object-store URLs that hold "
            f"{', '.join(SUFFIXES)} files, plain or .gz",
        )
    return ExportFiles(tuple(sorted(files.values())), tuple(sorted(set(issues))))


def is_url(path: str) -> bool:
    return "://" in path


def shown(path: str) -> str:
    """Return a path or URL without user, password or query: those can be secrets."""
    if not is_url(path):
        return path
    parts = urlsplit(path)
    host = parts.netloc.rpartition("@")[2]
    return f"{parts.scheme}://{host}{parts.path}"


def store_options(url: str) -> dict[str, Any]:
    """Return what the driver of plain URLs must be told to go by the proxies of the environment."""
    return {"client_kwargs": {"trust_env": True}} if url.startswith(("http://", "https://")) else {}


def object_store() -> ModuleType:
    """Import fsspec, which only object-store URLs need."""
    try:
        return importlib.import_module("fsspec")
    except ImportError as error:
        raise UsageError(
            "reading an object-store URL needs the `object-store` extra, which is not installed",
            hint="install it with `pip install 'keeptrusts-budgets[object-store]'`, or download the exports first",
        ) from error


def _identity(file: ExportFile) -> str:
    return file.location if file.remote else str(Path(file.location).resolve())


def _not_an_export(name: str) -> str:
    return f"{Path(name).name} was left out: its name ends in none of {', '.join(SUFFIXES)}, plain or .gz"


def _local(path: str) -> Iterator[ExportFile]:
    here = Path(path).expanduser()
    try:
        if here.is_dir():
            yield from _folder(here)
        elif here.exists():
            yield ExportFile(path, str(here))
        elif glob.has_magic(path):
            for match in sorted(glob.glob(str(here), recursive=True)):  # noqa: PTH207 (pathlib globs no absolute pattern)
                yield from _folder(Path(match)) if Path(match).is_dir() else [ExportFile(match, match)]
        else:
            raise UsageError(f"{path}: there is no such file or folder", hint="check the path given to `--usage`")
    except OSError as error:
        raise UsageError(f"{path}: cannot be read ({error.strerror or error})", hint="check its permissions") from error


def _folder(folder: Path) -> Iterator[ExportFile]:
    for file in sorted(folder.rglob("*")):
        hidden = any(part.startswith(".") for part in file.relative_to(folder).parts)
        if not hidden and file.is_file():
            yield ExportFile(str(file), str(file))


def _remote(url: str) -> Iterator[ExportFile]:
    fsspec = object_store()
    try:
        system, path = fsspec.core.url_to_fs(url, **store_options(url))
        if glob.has_magic(path):
            matches = sorted(system.glob(path))
        elif system.isdir(path):
            matches = sorted(system.find(path))
        else:
            matches = [path] if system.exists(path) else []
        found = [system.unstrip_protocol(match) for match in matches if system.isfile(match)]
    except ImportError as error:
        raise UsageError(
            f"{shown(url)}: the driver for this kind of URL is not installed",
            hint="install it with `pip install 'keeptrusts-budgets[object-store]'`, or download the exports first",
        ) from error
    except Exception as error:
        raise unreachable(url, error) from error
    for location in found:
        yield ExportFile(shown(url) if matches == [path] else shown(location), location, remote=True)


def unreachable(url: str, error: Exception) -> UnreachableError:
    """Return the error for an object store that does not answer; its own words may hold secrets and are left out."""
    return UnreachableError(
        f"{shown(url)}: the object store could not be read ({type(error).__name__})",
        hint="check the URL, the network and the credentials in the environment, or download the exports first",
    )
