"""Usage that was read before in this run of the tests: most commands of most tests look at the same few files.

The same bytes, read with the same options, are the same usage, whatever folder the file lies in. Tests of the reader
itself show that, and always read. So does a command here where a sentence, or one of several files, names a place.
"""

from __future__ import annotations

import pickle
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import kept
import pytest

from reconciler.model.usage import DailyUsage


@pytest.fixture(scope="session", autouse=True)
def usage_read_once() -> Iterator[None]:
    """Import the reader late: a module that is imported before measuring begins would not be counted."""
    from reconciler.usage import read

    with pytest.MonkeyPatch.context() as reading:
        reading.setattr(read, "read_usage", reading_once(read.read_usage))
        yield


def reading_once(reader: Callable[..., DailyUsage]) -> Callable[..., DailyUsage]:
    """Return what reads with `reader`, and gives what was read before where that is the same."""

    def read_once(paths: Sequence[str], **options: Any) -> DailyUsage:
        files = [Path(path) for path in paths]
        if options.get("store") or not all(file.is_file() for file in files):
            return reader(paths, **options)
        names = [file.name if len(files) > 1 else file.suffixes for file in files]
        digests = [sha256(file.read_bytes()).hexdigest() for file in files]
        path = kept.place(names, digests, *((name, _plain(options[name])) for name in sorted(options)))
        if path.exists():
            return _of(pickle.loads(path.read_bytes()), paths[0])  # noqa: S301
        usage = reader(paths, **options)
        if all(issue.path == "".join(paths) and issue.path not in issue.message for issue in usage.source.issues):
            kept.keep(path, pickle.dumps(usage))
        return usage

    return read_once


def _of(usage: DailyUsage, path: str) -> DailyUsage:
    """Return `usage` with another path in what is said of its file."""
    issues = tuple(replace(issue, path=path) for issue in usage.source.issues)
    return replace(usage, source=replace(usage.source, issues=issues))


def _plain(value: object) -> object:
    if isinstance(value, Mapping):
        return sorted((name, str(named)) for name, named in value.items())
    return sorted(value) if isinstance(value, frozenset | set) else value
