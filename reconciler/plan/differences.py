"""Every value in which two states of one budget file differ, in words: structure alone decides, nothing is picked."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import zip_longest
from typing import Any

from reconciler.model.frozen import Frozen
from reconciler.model.kinds.managed_kind import Says
from reconciler.model.team import TeamBudget
from reconciler.plan.yaml_words import WORDS, known_as, says_of, spoken

Keys = tuple[str | int, ...]

_NOTHING: Any = object()
"""Stands for what is not there at all, which is not the same as an empty value."""
_ORDERED = {(TeamBudget, "wallets")}
"""Mappings whose order says something: an alert without an environment watches its team's first wallet."""


@dataclass(frozen=True, slots=True)
class Difference:
    """A value that differs. `keys` lead to it in the YAML that is new; `field` is the model's and the field's name.

    `old` and `new` are the values themselves, None where there is none.
    """

    field: tuple[type[Frozen], str]
    keys: Keys
    name: str
    before: str
    after: str
    old: Any
    new: Any


@dataclass(frozen=True, slots=True)
class _Place:
    """Where the comparison has got to, and in which currencies the two states are."""

    currencies: tuple[str, str]
    keys: Keys = ()
    names: tuple[str, ...] = ()

    def at(self, *keys: str | int, name: str = "") -> _Place:
        return replace(self, keys=(*self.keys, *keys), names=(*self.names, *filter(None, (name,))))


def differences(old: Frozen, new: Frozen, *, currencies: tuple[str, str]) -> Iterator[Difference]:
    """Yield every difference of two states of a document, in the order of its fields; none if they are equal."""
    return _of_models(old, new, _Place(currencies))


def _of_models(old: Frozen, new: Frozen, place: _Place) -> Iterator[Difference]:
    model = type(new)
    for field, info in model.model_fields.items():
        was, will = getattr(old, field), getattr(new, field)
        ordered = (model, field) in _ORDERED
        if was != will or (ordered and list(was) != list(will)):
            yield from _of_field(new, field, was, will, place.at(info.alias or field))


def _of_field(entry: Frozen, name: str, was: Any, will: Any, place: _Place) -> Iterator[Difference]:
    field = (type(entry), name)
    word = WORDS[field[0]][name]
    if isinstance(was, Frozen) and isinstance(will, Frozen) and word.says is None:
        yield from _of_models(was, will, place.at(name=word.name))
    elif isinstance(will, dict):
        yield from _of_mappings(field, was, will, place)
    elif word.says is None and (_lists_entries(was) or _lists_entries(will)):
        yield from _of_entries(field, was, will, place)
    else:
        yield _told(field, was, will, place.at(name=word.name), says=says_of(entry, name))


def _lists_entries(value: Any) -> bool:
    return isinstance(value, tuple) and bool(value) and isinstance(value[0], Frozen)


def _told(
    field: tuple[type[Frozen], str], was: Any, will: Any, place: _Place, *, says: Says | None = None
) -> Difference:
    says = says or WORDS[field[0]][field[1]].says or spoken
    before, after = (
        "" if value is _NOTHING else says(value, currency)
        for value, currency in zip((was, will), place.currencies, strict=True)
    )
    old, new = (None if value is _NOTHING else value for value in (was, will))
    return Difference(field, place.keys, ", ".join(place.names), before, after, old, new)


def _of_mappings(field: tuple[type[Frozen], str], was: Any, will: Any, place: _Place) -> Iterator[Difference]:
    """Yield what differs by key; where nothing does, the keys' order."""
    name = WORDS[field[0]][field[1]].name
    for key in {**will, **was}:
        old, new = was.get(key, _NOTHING), will.get(key, _NOTHING)
        inside = place.at(str(key), name=f"{name} {key}")
        if isinstance(old, Frozen) and isinstance(new, Frozen):
            yield from _of_models(old, new, inside)
        elif old != new:
            yield _told(field, old, new, inside)
    if was == will:
        yield _order(field, list(was), list(will), place)


def _of_entries(field: tuple[type[Frozen], str], was: Any, will: Any, place: _Place) -> Iterator[Difference]:
    """Yield what differs by what entries are known by, those known alike in their order; else the entries' order."""
    name, differs = WORDS[field[0]][field[1]].name, False
    numbered = {id(entry): index for index, entry in enumerate(will)}
    for known in dict.fromkeys(known_as(entry) for entry in (*will, *was)):
        pairs = zip_longest(*([entry for entry in side if known_as(entry) == known] for side in (was, will)))
        for old, new in pairs:
            keys = () if new is None else (numbered[id(new)],)
            inside = place.at(*keys, name=f"{name} {known}")
            if old is None or new is None:
                yield _told(field, old, new, inside)
            else:
                yield from _of_models(old, new, inside)
            differs = differs or old != new
    if not differs:
        yield _order(field, [known_as(entry) for entry in was], [known_as(entry) for entry in will], place)


def _order(field: tuple[type[Frozen], str], was: list[str], will: list[str], place: _Place) -> Difference:
    name = f"{WORDS[field[0]][field[1]].name} order"
    return Difference(field, place.keys, ", ".join((*place.names, name)), ", ".join(was), ", ".join(will), was, will)
