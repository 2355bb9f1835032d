"""Answers of Keeptrusts as a fixture: what tells a deployment from another stays, whoever is in it does not.

A text is kept only where it is known to be a word of the API, a time or a number. Every other one, an id, a name, an
address, is made up, and the same one is the same everywhere, in the addresses that were asked for too.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

import httpx

from reconciler.app.doctor.heard import Answered
from reconciler.files import write_file
from reconciler.keeptrusts import exact_json
from reconciler.keeptrusts.channel import Heard
from reconciler.model.operation import find_operation
from reconciler.model.recorded import RecordedAnswer, RecordedDocument

FILE = "answers.json"
_WORDS = frozenset(
    {
        "type",
        "kind",
        "status",
        "state",
        "code",
        "currency",
        "scope",
        "effective_scope",
        "period",
        "format",
        "cron",
        "window",
    }
)
"""The fields whose values are words of the API, where they look like one."""
_WORD = re.compile(r"[A-Za-z][A-Za-z_-]{0,23}|[A-Z]{3}|[-0-9*/, A-Z]{1,40}|[0-9]{1,3}[dhm]")
_PERMISSION = re.compile(r"[a-z_]{1,24}(:[a-z_*]{1,24})+")
_PLAIN = re.compile(r"[-+]?[0-9]{1,20}(\.[0-9]{1,20})?|\d{4}-\d\d-\d\d([T ][0-9:.]+(Z|[-+]\d\d:?\d\d)?)?|")
_FIELD = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,39}")
_PREFIX = re.compile(r"(team|wal|txn|bud|org|usr|user|key|job|sch|agt)(?=[_-])")
_OWN_WORDS = frozenset(
    {"v1", "auth", "whoami", "teams", "wallets", "balance", "transactions", "billing", "budgets", "exports", "jobs"}
    | {"schedules", "spend"}
)
_HEADERS = re.compile(
    r"content-type|content-range|retry-after|date|link|www-authenticate|x-(total|next|page|per|has).*"
)
_LINK = re.compile(r"<([^>]*)>(;\s*rel=\"?[a-z]+\"?)")


class Aliases:
    """What stands for each text that is not kept; numbered in the order in which they are met."""

    def __init__(self, own_words: Iterable[str]) -> None:
        self._own_words = _OWN_WORDS | set(own_words)
        self._known: dict[str, str] = {}

    def of(self, text: str, *, key: str = "text") -> str:
        """Return what stands for `text`, met as the value of `key`."""
        if text not in self._known:
            match = _PREFIX.match(text)
            stem = match[1] if match else key if _FIELD.fullmatch(key) else "text"
            self._known[text] = f"{stem}_{len(self._known) + 1:04d}"
        return self._known[text]

    def value(self, value: Any, *, key: str = "text") -> Any:
        """Return a JSON value whose texts are kept or stood for."""
        match value:
            case Mapping():
                return {self._field(name): self.value(inner, key=name) for name, inner in value.items()}
            case list():
                return [self.value(inner, key=key) for inner in value]
            case str():
                return self._text(value, key)
            case _:
                return value

    def _field(self, name: str) -> str:
        return name if _FIELD.fullmatch(name) and name not in self._known else self.of(name)

    def _text(self, text: str, key: str) -> str:
        if _PLAIN.fullmatch(text) or (key in _WORDS and _WORD.fullmatch(text)):
            return text
        if key == "permissions" and _PERMISSION.fullmatch(text):
            return text
        if operation := find_operation(text):
            return f"{self.of(text)} [kt-budgets op={operation}]"
        return self.of(text, key=key)

    def path(self, path: str) -> str:
        """Return an address's path, each segment that is no word of the API stood for."""
        parts = (unquote(part) for part in path.split("/"))
        return "/".join(part if part in self._own_words or not part else quote(self.of(part)) for part in parts)

    def query(self, query: Mapping[str, str]) -> dict[str, str]:
        return {name: self._text(value, name) if name != "group_by" else value for name, value in query.items()}

    def header(self, name: str, value: str) -> str:
        """Return a header's value; of a link, where it leads within the API."""
        if name == "link":
            return ", ".join(f"<{self._address(found[1])}>{found[2]}" for found in _LINK.finditer(value))
        if name == "www-authenticate":
            return value.partition(" ")[0]
        return value if name in ("content-type", "content-range", "retry-after", "date") else self._text(value, name)

    def _address(self, link: str) -> str:
        url = httpx.URL(link)
        return str(httpx.URL(self.path(url.path), params=self.query(url.params)))


def recorded(answers: Iterable[Answered], own_paths: Iterable[str] = ()) -> RecordedDocument:
    """Return the last answer to each question, without names. `own_paths` are what this deployment calls its own.

    They are gone through twice: a key that is somebody's id or name may stand before the place where that is told.
    """
    last = {
        (heard.path, tuple(sorted(heard.query.items())), heard.method): heard
        for heard in (one.heard for one in answers)
    }
    aliases = Aliases(part for path in own_paths for part in path.split("/"))
    for question in sorted(last):
        _answer(last[question], aliases)
    return RecordedDocument(answers=tuple(_answer(last[question], aliases) for question in sorted(last)))


def _answer(heard: Heard, aliases: Aliases) -> RecordedAnswer:
    path, query = aliases.path(heard.path), aliases.query(heard.query)
    try:
        body = exact_json.encode(aliases.value(exact_json.decode(heard.body)))
    except ValueError:
        body = ""
    headers = {name.lower(): value for name, value in heard.headers.items() if _HEADERS.fullmatch(name.lower())}
    kept = {name: aliases.header(name, value) for name, value in headers.items()}
    return RecordedAnswer(method=heard.method, path=path, query=query, status=heard.status, headers=kept, body=body)


def record(folder: Path, answers: Iterable[Answered], own_paths: Iterable[str] = ()) -> Path:
    """Write the fixture into `folder`, and return its file; UsageError where it cannot be written."""
    file = folder / FILE
    write_file(file, recorded(answers, own_paths).text())
    return file
