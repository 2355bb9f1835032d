"""The file of `--map`: whose the teams are that no slug tells of, and the months that money was meant for.

    teams:
      team_9f31c2: support/prod
      team_77aa01: {team: support, environment: dev}
      team_51b0e4: skip
    months:
      txn_000123: 2026-06

Without `teams:` and `months:` the file is taken for the teams alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from reconciler.findings import Finding, FindingsError, Keys, Position, Severity, UsageError
from reconciler.model.period import Period
from reconciler.model.yaml_types import shown
from reconciler.plan.importing.grouping import ALL, Place
from reconciler.plan.importing.sources import is_identifier
from reconciler.source.characters import readable
from reconciler.source.marks import mark_tree, place
from reconciler.source.parse import parse

SKIP = "skip"


@dataclass(frozen=True, slots=True)
class Mapped:
    """What people say: the place of a Keeptrusts team by its id, its slug or its name (None: left out), and months."""

    teams: Mapping[str, Place | None] = field(default_factory=dict)
    months: Mapping[str, Period] = field(default_factory=dict)


def read_map(path: Path | None) -> Mapped:
    """Return what the file says, nothing without one.

    Raises:
        UsageError: it cannot be read.
        FindingsError: it says what cannot be understood, each with its place.
    """
    if path is None:
        return Mapped()
    try:
        data, flaws = readable(path.read_bytes())
    except OSError as error:
        raise UsageError(
            f"the map {path} cannot be read: {error.strerror}", hint="name a YAML file with `--map`"
        ) from None
    parsed = parse(data or b"")
    reading = _Map(str(path), data or b"")
    found = [flaw.at(Position(str(path), flaw.position.line, flaw.position.column)) for flaw in (*flaws, *parsed.flaws)]
    mapped = reading.mapped(parsed.value) if not any(flaw.is_error for flaw in found) else Mapped()
    found += reading.findings
    if any(finding.is_error for finding in found):
        raise FindingsError(found)
    return mapped


class _Map:
    def __init__(self, path: str, data: bytes) -> None:
        self.path = path
        self.root = mark_tree(data)
        self.findings: list[Finding] = []

    def mapped(self, value: Any) -> Mapped:
        if not isinstance(value, dict):
            self._wrong((), "this is no map of teams", "write `TEAM_ID: TEAM/ENVIRONMENT`, one on a line")
            return Mapped()
        parts = value if set(value) <= {"teams", "months"} else {"teams": value}
        before: Keys = () if parts is not value else ("teams",)
        teams = dict(self._teams(parts.get("teams") or {}, before))
        months = dict(self._months(parts.get("months") or {}))
        self._repeated(teams, before)
        return Mapped(teams, months)

    def _teams(self, listed: Any, before: Keys) -> Iterator[tuple[str, Place | None]]:
        for key, said in _items(listed):
            if said == SKIP:
                yield key, None
                continue
            parts = (said.get("team"), said.get("environment", ALL)) if isinstance(said, dict) else _split(said)
            names = [str(part) for part in parts if part is not None]
            if len(names) == 2 and all(map(is_identifier, names)) and (not isinstance(said, dict) or "team" in said):
                yield key, Place(*names)
            else:
                hint = f"write `{key}: TEAM/ENVIRONMENT`, such as support/prod, or `{key}: {SKIP}`"
                self._wrong((*before, key), f"{shown(said)} is no team and environment", hint)

    def _months(self, listed: Any) -> Iterator[tuple[str, Period]]:
        for key, said in _items(listed):
            try:
                yield key, Period.parse(str(said))
            except ValueError as error:
                self._wrong(("months", key), str(error), "write the month that the money was meant for")

    def _repeated(self, teams: Mapping[str, Place | None], before: Keys) -> None:
        first: dict[Place, str] = {}
        for key, where in teams.items():
            if where is not None and first.setdefault(where, key) != key:
                message = f"{where} is {shown(first[where])} already"
                self._wrong((*before, key), message, "give each Keeptrusts team an environment of its own")

    def _wrong(self, keys: Keys, message: str, hint: str) -> None:
        line, column = place(self.root, keys) if self.root else (1, 1)
        self.findings.append(Finding(Position(self.path, line, column), "map", Severity.ERROR, message, hint))


def _items(listed: Any) -> Iterator[tuple[str, Any]]:
    return ((str(key), said) for key, said in listed.items()) if isinstance(listed, dict) else iter(())


def _split(said: Any) -> tuple[str, ...]:
    team, slash, environment = str(said if said is not None else "").partition("/")
    return team, environment if slash else ALL
