"""Which files a list of paths means: files, folders, globs and object-store URLs become a sorted list of exports."""

from __future__ import annotations

import glob
import importlib
import stat
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any
from urllib.parse import urlsplit

from reconciler.findings import UnreachableError, UsageError
from reconciler.model.usage import RowIssue
from reconciler.usage.folders import HIDDEN, SUFFIXES, Walk, is_export, not_an_export, unreadable_folders

_INSTALL = "install it with `pip install '.[object-store]'` in a clone of kt-budgets, or download the exports first"
_NAMED_OF_A_KIND = 10
"""How many files of which the same is to be said are named one by one; the others are counted."""


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

    @property
    def size(self) -> int | None:
        """How many bytes they are, as they lie there; None where one does not tell: a pipe, or one to be fetched."""
        told = [size for file in self.files if (size := _size(file)) is not None]
        return sum(told) if len(told) == len(self.files) else None


def _size(file: ExportFile) -> int | None:
    if not file.remote:
        with suppress(OSError):
            status = Path(file.location).stat()
            return status.st_size if stat.S_ISREG(status.st_mode) else None
    return None


def find_exports(paths: Sequence[str]) -> ExportFiles:
    """Return the exports that `paths` name, each once, and an issue for each thing in a folder that is not read.

    Raises UsageError when a path leads to no export or a part of it cannot be read, with all of them.
    """
    walk = Walk()
    files: dict[object, ExportFile] = {}
    fruitless = []
    for path in paths:
        before = len(walk.problems)
        found = list(_remote(path, walk) if is_url(path) else _local(path, walk))
        for file in found:
            files.setdefault(_identity(file), file)
        if not found and len(walk.problems) == before:
            fruitless.append(_fruitless(path, walk))
    _refuse(walk.problems, fruitless, paths)
    return ExportFiles(tuple(sorted(files.values())), tuple(_summed_up(set(walk.issues))))


def _refuse(problems: Sequence[str], fruitless: Sequence[str], paths: Sequence[str]) -> None:
    if not paths:
        raise UsageError("no usage export was found: no path was given", hint=_NAME_EXPORTS)
    if not problems and not fruitless:
        return
    cures = ["name what there is, and make readable what cannot be read, or take it away"] if problems else []
    cures += [_NAME_EXPORTS] if fruitless else []
    raise UsageError("; ".join((*problems, *fruitless)) + "; nothing was read", hint="; ".join(cures))


_NAME_EXPORTS = (
    f"give `--usage` files, folders, globs or object-store URLs that hold {', '.join(SUFFIXES)} files, plain or .gz"
)


def _fruitless(path: str, walk: Walk) -> str:
    left_out = sorted(Path(issue.path).name for issue in walk.issues if issue.path.startswith(shown(path).rstrip("/")))
    but = f" (left out: {', '.join(left_out[:_NAMED_OF_A_KIND])})" if left_out else ""
    return f"no usage export was found at {shown(path)}{but}"


def _summed_up(issues: Collection[RowIssue]) -> Iterator[RowIssue]:
    """Yield the issues, those of which there are many of a kind as a few and a number."""
    kinds: dict[str, list[RowIssue]] = defaultdict(list)
    for issue in sorted(issues):
        kinds[issue.code].append(issue)
    for code, alike in kinds.items():
        yield from alike[:_NAMED_OF_A_KIND]
        more = alike[_NAMED_OF_A_KIND:]
        if more:
            others = f"{len(more)} more were left out for the same reason as {Path(alike[0].path).name}"
            yield RowIssue(str(Path(more[0].path).parent), 0, code, f"{others}, the first is {Path(more[0].path).name}")


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
    return {"client_kwargs": {"trust_env": True}} if is_web(url) else {}


def is_web(url: str) -> bool:
    """Whether a URL is one of a plain web server."""
    return url.startswith(("http://", "https://"))


def object_store() -> ModuleType:
    """Import fsspec, which only object-store URLs need."""
    try:
        return importlib.import_module("fsspec")
    except ImportError as error:
        raise UsageError(
            "reading an object-store URL needs the `object-store` extra, which is not installed",
            hint=_INSTALL,
        ) from error


def _identity(file: ExportFile) -> object:
    if file.remote:
        return file.location
    try:
        status = Path(file.location).stat()
    except OSError:
        return file.location
    return status.st_dev, status.st_ino


def _local(path: str, walk: Walk) -> Iterator[ExportFile]:
    here = Path(path).expanduser()
    try:
        if here.is_dir():
            yield from _folder(str(here), walk)
        elif here.exists() or here.is_symlink():
            yield ExportFile(path, str(here))
        elif glob.has_magic(path):
            yield from _matches(str(here), walk)
        else:
            walk.problems.append(f"{path}: there is no such file or folder")
    except OSError as error:
        walk.problems.append(f"{path}: it cannot be read ({error.strerror or error})")


def _matches(pattern: str, walk: Walk) -> Iterator[ExportFile]:
    for match in sorted(glob.glob(pattern, recursive=True)):  # noqa: PTH207 (pathlib globs no absolute pattern)
        if Path(match).is_dir():
            yield from _folder(match, walk)
        elif is_export(match):
            yield ExportFile(match, match)
        else:
            walk.issues.append(RowIssue(match, 0, "not-an-export", not_an_export(match)))
    above = (str(parent) for parent in Path(pattern).parents)
    looked_into = {folder for each in above for folder in glob.glob(each, recursive=True)}  # noqa: PTH207 (as above)
    walk.problems += unreadable_folders(pattern, iter(sorted(looked_into)))


def _folder(folder: str, walk: Walk) -> Iterator[ExportFile]:
    before = len(walk.files)
    walk.seen.clear()
    walk.folder(folder)
    for file in walk.files[before:]:
        yield ExportFile(file, file)


def _remote(url: str, walk: Walk) -> Iterator[ExportFile]:
    fsspec = object_store()
    try:
        system, path = fsspec.core.url_to_fs(url, **store_options(url))
        system.invalidate_cache()
        if glob.has_magic(path) and not system.exists(path):
            matches = [each for match in sorted(system.glob(path)) for each in _below(system, match)]
        else:
            matches = _below(system, path)
        found = [system.unstrip_protocol(match) for match in matches]
    except ImportError as error:
        raise UsageError(
            f"{shown(url)}: the driver for this kind of URL is not installed",
            hint=_INSTALL,
        ) from error
    except Exception as error:
        raise unreachable(url, error) from error
    if matches == [path]:
        yield ExportFile(shown(url), found[0], remote=True)
        return
    for location, match in dict(zip(found, matches, strict=True)).items():
        name = shown(location) if is_web(location) else location
        if match.endswith("/"):
            continue
        if "/." in match and "/." not in path:
            walk.issues.append(RowIssue(name, 0, "hidden", HIDDEN))
        elif not is_export(name):
            walk.issues.append(RowIssue(name, 0, "not-an-export", not_an_export(name)))
        elif "::" in match:
            walk.problems.append(f"{name}: an object with `::` in its name cannot be read; rename it")
        else:
            yield ExportFile(name, location, remote=True)


def _below(system: Any, path: str) -> list[str]:
    """Return the file at `path` of an object store, or all files below it, none when nothing is there."""
    if system.isfile(path):
        return [path]
    return sorted(system.find(path)) if system.isdir(path) else []


def unreachable(url: str, error: Exception) -> UnreachableError:
    """Return the error for an object store that does not answer; its own words may hold secrets and are left out."""
    if type(error).__name__ == "FileExpired":
        return UnreachableError(
            f"{shown(url)}: it was replaced while it was read; nothing of it was used",
            hint="run the same command again",
        )
    code = _code(error)
    return UnreachableError(
        f"{shown(url)}: the object store could not be read ({code or type(error).__name__})",
        hint=f"{_CURES.get(code, _USUAL_CURE)}, or download the exports first",
    )


_USUAL_CURE = "check the URL, the network and the credentials in the environment"
_CURES = {
    "AccessDenied": "give the credentials in the environment the right to list and read what the URL names",
    "ExpiredToken": "get new credentials: those in the environment are over",
    "RequestTimeTooSkewed": "set this machine's clock: it differs from the store's",
    "SlowDown": "run the same command again later: the store asks for fewer requests",
}
"""By the code that the store gives: it is no secret, and its own words may hold one."""


def _code(error: BaseException | None) -> str:
    """Return the store's own code of a refusal, or of what it came from; an empty text where there is none."""
    while error is not None:
        answer = getattr(error, "response", None)
        told = answer.get("Error") if isinstance(answer, Mapping) else None
        code = told.get("Code") if isinstance(told, Mapping) else None
        if isinstance(code, str) and code.isalnum():
            return code
        error = error.__cause__
    return ""
