"""What the last applied commit declared: the third side of the comparison that decides deletions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

from reconciler.model.kinds.managed_kind import ManagedKind, V
from reconciler.model.kinds.registry import kinds

DeclaredObjects = Mapping[str, Mapping[str, str]]
"""The declared keys, as text, by the name of their kind, each with its team: empty where it belongs to none."""


@dataclass(frozen=True, slots=True)
class LastApplied:
    """What was declared, and how far it was applied.

    Unless `whole`, only plans for single teams were applied so far, so that no commit stands for all of it.
    `unfinished` are the teams for which the last run that was about them did not do everything; an empty name stands
    for what belongs to no team. `uncommitted` are the parts that were applied from files with changes that were not
    committed, each with what identifies its content (`part_digest`).
    """

    commit: str | None = None
    objects: DeclaredObjects = field(default_factory=dict)
    whole: bool = True
    unfinished: frozenset[str] = frozenset()
    ahead: Mapping[str, str] = field(default_factory=dict)
    dirty: bool = False
    uncommitted: Mapping[str, str] = field(default_factory=dict)

    def of(self, kind: ManagedKind[V]) -> Mapping[str, str]:
        """Return the declared keys of `kind`, as text, each with its team."""
        return self.objects.get(kind.name, {})


def part_digest(files: Mapping[str, bytes], part: str) -> str:
    """Return what identifies a team's file, or all others where `part` is empty; an empty text where there is none.

    `files` go by their paths below the folder of the budgets. Line ends are those of the checkout, and do not count.
    """
    team = f"teams/{part}.yaml"
    own = {path: data for path, data in files.items() if not path.startswith("teams/")}
    meant = own if not part else {team: files[team]} if team in files else {}
    hashed = sha256()
    for path, data in sorted(meant.items()):
        hashed.update(f"{path}\n".encode() + sha256(data.replace(b"\r\n", b"\n")).digest())
    return hashed.hexdigest() if meant else ""


def declared_facts(objects: DeclaredObjects) -> dict[str, Any]:
    """Return `objects` as the journal holds them: keys with their teams, or keys alone where none has a team."""
    listed = ((kind, objects.get(kind.name, {})) for kind in kinds())
    return {kind.section: dict(sorted(keys.items())) if kind.of_teams else sorted(keys) for kind, keys in listed}


def read_declared(facts: Mapping[str, Any]) -> DeclaredObjects:
    """Return the objects that a record of the journal says are declared."""
    listed = {kind.name: facts.get(kind.section, {}) for kind in kinds()}
    return {name: dict(keys) if isinstance(keys, Mapping) else dict.fromkeys(keys, "") for name, keys in listed.items()}
