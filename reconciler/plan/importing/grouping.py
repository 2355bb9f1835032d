"""Grouping: which team and environment a Keeptrusts team stands for, by its slug, unless somebody says so."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from typing import NamedTuple

from reconciler.model.directory import ListedTeam

ALL = "all"
PRODUCTION = ("prod", "production", "prd", "live")
ENVIRONMENTS = (
    *PRODUCTION,
    *("dev", "develop", "development", "test", "testing", "qa", "uat", "int", "stage", "staging", "stg"),
    *("preprod", "sandbox", "lab", "demo", "canary"),
)
"""What environments are usually called, in the order in which they are listed."""

_LONGEST = 128
_SEPARATORS = re.compile(r"[-_.]+")
_PART = re.compile(r"[^-_.]+|[-_.]+")


class Place(NamedTuple):
    """A wallet's place in the YAML."""

    team: str
    environment: str

    def __str__(self) -> str:
        return f"{self.team}/{self.environment}"


@dataclass(frozen=True, slots=True)
class Grouping:
    """The place of each Keeptrusts team by its id; why the others have none; those that are left out on purpose."""

    places: Mapping[str, Place]
    unplaced: Mapping[str, str] = field(default_factory=dict)
    skipped: frozenset[str] = frozenset()

    @property
    def environments(self) -> tuple[str, ...]:
        """The environments that are used, those that are usual first."""
        used = {place.environment for place in self.places.values()} - {ALL}
        usual = [name for name in ENVIRONMENTS if name in used]
        return (*usual, *sorted(used - set(usual)))


def group(
    teams: Iterable[ListedTeam],
    *,
    declared: Mapping[str, Place],
    mapped: Mapping[str, Place | None],
    environments: Collection[str] = (),
) -> Grouping:
    """Return the place of each of `teams`: as `declared` in YAML, else as `mapped` (None: left out), else by its slug.

    `environments` are the names of org.yaml, which count as usual ones. Nothing is guessed: where two would have one
    place, or where neither slug nor name say anything, a Keeptrusts team has none.
    """
    listed = {team.id: team for team in teams}
    fixed = {id: place for id, place in {**mapped, **declared}.items() if id in listed and place is not None}
    skipped = frozenset(id for id, place in mapped.items() if place is None and id not in declared)
    inferred: dict[str, _Named] = {}
    unplaced: dict[str, str] = {}
    for id, team in listed.items():
        if id in fixed or id in skipped:
            continue
        named = _named(team, {*ENVIRONMENTS, *environments})
        if named is None:
            unplaced[id] = "neither its slug nor its name say which team and environment it is"
        else:
            inferred[id] = named
    places = {**fixed, **_placed(inferred, fixed, unplaced)}
    return Grouping(dict(sorted(places.items())), dict(sorted(unplaced.items())), skipped)


class _Named(NamedTuple):
    team: str
    environment: str | None


def _placed(inferred: Mapping[str, _Named], fixed: Mapping[str, Place], unplaced: dict[str, str]) -> dict[str, Place]:
    taken: dict[str, dict[str, str]] = defaultdict(dict)
    for id, place in fixed.items():
        taken[place.team.casefold()][place.environment] = id
    spelling = {place.team.casefold(): place.team for place in fixed.values()}
    main = _main_environment(named.environment for named in inferred.values())
    found: dict[str, Place] = {}
    with_one, without = (
        {id: named for id, named in inferred.items() if (named.environment is None) is bare} for bare in (False, True)
    )
    wanted = Counter((named.team.casefold(), named.environment) for named in with_one.values())
    for id, named in sorted(with_one.items()):
        team, environment = spelling.get(named.team.casefold(), named.team), named.environment or ""
        others = taken[team.casefold()]
        if why := _refused(others, environment, wanted[named.team.casefold(), environment]):
            unplaced[id] = f"it would be {team}/{environment}, and {why}"
            continue
        found[id] = Place(team, environment)
        if wanted[named.team.casefold(), environment] == 1:
            others[environment] = id
    bare = Counter(named.team.casefold() for named in without.values())
    for id, named in sorted(without.items()):
        team = spelling.get(named.team.casefold(), named.team)
        others = taken[team.casefold()]
        environment = main if others else ALL
        if why := _refused(others, environment, bare[named.team.casefold()]) or _has_main(others):
            unplaced[id] = f"it would be {team} without an environment, and {why}"
            continue
        found[id] = Place(team, environment)
    return found


def _refused(others: Mapping[str, str], environment: str, wanting: int) -> str:
    """Return why a place cannot be had, an empty text where it can."""
    if wanting > 1:
        return f"so would {wanting - 1} more" if wanting > 2 else "so would another one"
    if environment in others:
        return f"{others[environment]} is that already"
    if ALL in others:
        return f"that team has one wallet for everything, {others[ALL]}: give it an environment first"
    return ""


def _has_main(others: Mapping[str, str]) -> str:
    held = next((name for name in PRODUCTION if name in others), None)
    return f"{others[held]} is its {held} already" if held else ""


def _main_environment(used: Iterable[str | None]) -> str:
    """Return what production is mostly called."""
    counts = Counter(name for name in used if name in PRODUCTION)
    return max(PRODUCTION, key=lambda name: (counts[name], -PRODUCTION.index(name)))


def _named(team: ListedTeam, environments: Collection[str]) -> _Named | None:
    """Return what the slug says, else what the name says; an id that people chose stands for a slug."""
    for text in (team.slug, team.name, team.id):
        words = re.sub(r"[^a-z0-9_.]+", "-", text.casefold().removeprefix("team_")).strip("-_.")
        if words and len(words) <= _LONGEST and not is_opaque(words):
            return _split(words, environments)
    return None


def _split(slug: str, environments: Collection[str]) -> _Named:
    parts = _PART.findall(slug)
    if len(parts) >= 3 and parts[-1] in environments:
        return _Named("".join(parts[:-2]), parts[-1])
    if len(parts) >= 3 and parts[0] in environments:
        return _Named("".join(parts[2:]), parts[0])
    return _Named(slug, None)


def is_opaque(slug: str) -> bool:
    """Whether a text was made by a machine: a part of it is a number or hexadecimal, or changes to and fro."""
    return any(_is_made_up(part) for part in _SEPARATORS.split(slug))


def _is_made_up(part: str) -> bool:
    if len(part) < 4 or not any(map(str.isdigit, part)):
        return False
    changes = sum(one.isdigit() != other.isdigit() for one, other in pairwise(part))
    return part.isdigit() or changes >= 3 or (len(part) >= 6 and re.fullmatch(r"[0-9a-f]+", part) is not None)
