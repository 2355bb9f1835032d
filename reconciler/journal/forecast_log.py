"""The log of forecasts that people acted on: lines beside the journal, in a file or a reference of their own.

Nothing here is needed to move money. What cannot be read is told, and what is whole is used (decision 0101).
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from pydantic import ValidationError

from reconciler.findings import Position
from reconciler.journal.git import Git
from reconciler.journal.place import names_store
from reconciler.journal.record import JournalError
from reconciler.journal.remote import own_folder
from reconciler.model.forecast_log import LoggedForecast
from reconciler.model.json_text import canonical_json

_NAMESPACE = "refs/kt-budgets-forecasts"
LOG = f"{_NAMESPACE}/log"
"""Not below the journal's own references, which every run fetches whole."""
_TRIES = 3


@dataclass(frozen=True, slots=True)
class LogReading:
    """The forecasts of a log in the order in which they were logged, each once, and the lines that are none."""

    entries: tuple[LoggedForecast, ...] = ()
    problems: tuple[tuple[Position, str], ...] = ()


class ForecastLog(Protocol):
    """Where forecasts are logged. Both raise JournalError where it cannot be reached."""

    def read(self, organization: str) -> LogReading:
        """Return what is logged of an organization."""

    def append(self, entries: Sequence[LoggedForecast]) -> int:
        """Log what is not there yet, durably, and return how much that was."""


class FileLog:
    """A file of JSON lines beside a journal in a file."""

    def __init__(self, journal: Path) -> None:
        real = Path(os.path.realpath(journal))
        self.path = real.with_name(f"{real.name}.forecasts")

    def __str__(self) -> str:
        return str(self.path)

    def read(self, organization: str) -> LogReading:
        return _reading({str(self.path): self._content()}, organization)

    def append(self, entries: Sequence[LoggedForecast]) -> int:
        content = self._content()
        new = _new(entries, {str(self.path): content})
        if new:
            torn = "\n" if content and not content.endswith(b"\n") else ""
            try:
                own_folder(self.path.parent)
                with self.path.open("ab") as file:
                    file.write((torn + _lines(new)).encode())
                    file.flush()
                    os.fsync(file.fileno())
            except OSError as error:
                raise JournalError(f"{self.path} cannot be written: {error.strerror}") from None
        return len(new)

    def _content(self) -> bytes:
        try:
            return self.path.read_bytes()
        except FileNotFoundError:
            return b""
        except OSError as error:
            raise JournalError(f"{self.path} cannot be read: {error.strerror}") from None


class GitLog:
    """A reference of a remote whose tree has a file of JSON lines for each year. Every append is a compare-and-swap."""

    def __init__(self, remote: str, *, folder: Path) -> None:
        self._git = Git(remote, folder=folder)

    def __str__(self) -> str:
        return f"git:{self._git.place} {LOG}"

    def read(self, organization: str) -> LogReading:
        return _reading(self._contents(self._files(self._head())), organization)

    def append(self, entries: Sequence[LoggedForecast]) -> int:
        for _ in range(_TRIES):
            head = self._head()
            files = self._files(head)
            contents = self._contents(files)
            new = _new(entries, contents)
            if not new:
                return 0
            for year in sorted({entry.as_of.year for entry in new}):
                name = f"{year}.jsonl"
                before = contents.get(self._named(name), b"")
                torn = b"\n" if before and not before.endswith(b"\n") else b""
                added = _lines([entry for entry in new if entry.as_of.year == year]).encode()
                files[name] = self._git.blob(before + torn + added)
            commit = self._git.commit(files, f"forecasts: {len(new)} logged\n", parent=head)
            if self._git.swap(LOG, expected=head, commit=commit):
                return len(new)
        raise JournalError(f"{self} is moved by somebody else again and again")

    def _head(self) -> str:
        return self._git.fetch(_NAMESPACE).get(LOG, "")

    def _files(self, head: str) -> dict[str, str]:
        """Return the blobs of a commit by their names."""
        listed = self._git.ask("ls-tree", "-z", head).decode().split("\0") if head else []
        parts = (entry.partition("\t") for entry in listed if entry)
        return {name: about.split()[2] for about, _, name in parts if about.split()[1] == "blob"}

    def _contents(self, files: Mapping[str, str]) -> dict[str, bytes]:
        return {self._named(name): self._git.ask("cat-file", "blob", blob) for name, blob in sorted(files.items())}

    def _named(self, name: str) -> str:
        return f"{self}/{name}"


def forecast_log(journal: str, *, folder: Path) -> ForecastLog:
    """Return the log beside the journal of that name; relative paths and remotes are seen from `folder`."""
    kind, _, place = journal.partition(":")
    if names_store(journal) and kind == "git":
        return GitLog(place, folder=folder)
    return FileLog(folder / Path(place).expanduser())


def _lines(entries: Sequence[LoggedForecast]) -> str:
    return "".join(f"{canonical_json(entry.model_dump(mode='json'))}\n" for entry in entries)


def _new(entries: Sequence[LoggedForecast], contents: Mapping[str, bytes]) -> list[LoggedForecast]:
    """Return what is in none of the files yet, each once."""
    known = {entry.key for line in _parsed(contents) if isinstance(entry := line[1], LoggedForecast)}
    return list({entry.key: entry for entry in entries if entry.key not in known}.values())


def _reading(contents: Mapping[str, bytes], organization: str) -> LogReading:
    entries: dict[str, LoggedForecast] = {}
    problems = []
    for position, found in _parsed(contents):
        if isinstance(found, str):
            problems.append((position, found))
        elif found.organization != organization:
            problems.append((position, f"it is of {found.organization}, and this is {organization}"))
        else:
            entries.setdefault(found.key, found)
    return LogReading(tuple(entries.values()), tuple(problems))


def _parsed(contents: Mapping[str, bytes]) -> Iterator[tuple[Position, LoggedForecast | str]]:
    """Yield each line with its place: the forecast that it holds, or why it holds none."""
    for path, content in contents.items():
        for number, line in enumerate(content.split(b"\n"), start=1):
            if line.strip():
                yield Position(path, number, 1), _forecast(line)


def _forecast(line: bytes) -> LoggedForecast | str:
    try:
        found = LoggedForecast.model_validate(json.loads(line))
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        return f"it is no forecast of this version: {'.'.join(map(str, first['loc']))}: {first['msg']}"
    except (ValueError, ArithmeticError, RecursionError):
        return "it is no line of JSON"
    missing = [key for key in ("0.025", "0.1", "0.5", "0.9", "0.975") if key not in found.quantiles]
    return f"it lacks the figure for {missing[0]}" if missing else found
