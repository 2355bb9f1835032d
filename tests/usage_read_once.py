"""Usage that this process has read before: most commands of most tests look at the same few files.

The same bytes, read with the same options, are the same usage, whatever folder the file lies in. Tests of the reader
itself show that, and always read. So does a command here where a sentence, or one of several files, names a place.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from reconciler.model.usage import DailyUsage


@pytest.fixture(scope="session", autouse=True)
def usage_read_once() -> Iterator[None]:
    """Import the reader late: a module that is imported before measuring begins would not be counted."""
    from reconciler.usage import read

    known: dict[object, DailyUsage] = {}
    reader = read.read_usage

    def read_once(paths: Sequence[str], **options: Any) -> DailyUsage:
        files = [Path(path) for path in paths]
        if options.get("store") or not all(file.is_file() for file in files):
            return reader(paths, **options)
        bytes_ = tuple((file.name, sha256(file.read_bytes()).digest()) for file in files)
        key = (bytes_, *((name, _plain(options[name])) for name in sorted(options)))
        if key in known:
            return _of(known[key], paths[0])
        usage = reader(paths, **options)
        if all(issue.path == "".join(paths) and issue.path not in issue.message for issue in usage.source.issues):
            known[key] = usage
        return usage

    with pytest.MonkeyPatch.context() as reading:
        reading.setattr(read, "read_usage", read_once)
        yield


def _of(usage: DailyUsage, path: str) -> DailyUsage:
    """Return `usage` with another path in what is said of its file."""
    issues = tuple(replace(issue, path=path) for issue in usage.source.issues)
    return replace(usage, source=replace(usage.source, issues=issues))


def _plain(value: object) -> object:
    if isinstance(value, Mapping):
        return tuple(sorted((name, str(named)) for name, named in value.items()))
    return frozenset(value) if isinstance(value, frozenset | set) else value
