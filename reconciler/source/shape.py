"""A parsed document → its model, or every way in which its shape is wrong, each with the key it is about."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from reconciler.findings import Finding, Keys
from reconciler.model.frozen import Frozen
from reconciler.model.kinds.registry import kinds

M = TypeVar("M", bound=Frozen)

_OF_PARTS = frozenset({"wallets", "plan", *(kind.section for kind in kinds())})
"""Sections of which one part can be left out while the others are looked at."""


@dataclass(frozen=True, slots=True)
class Shape(Generic[M]):
    """The model, and what is wrong. With problems, the model is what is right of the document, for further rules.

    `damaged` names the sections that are not whole. `kept` has, for each list of which items were left out, the
    places in the file of those that are left.
    """

    model: M | None
    problems: tuple[Finding, ...] = ()
    damaged: frozenset[str] = frozenset()
    kept: Mapping[str, tuple[int, ...]] = field(default_factory=dict)

    def index(self, section: str, position: int) -> int:
        """Return the place in the file of the item at `position` of a list of the model."""
        return self.kept[section][position] if section in self.kept else position


def shape_of(model: type[M], document: dict[str, Any], *, fallbacks: Mapping[str, Any]) -> Shape[M]:
    """Return the shape of `document` as a `model`. `fallbacks` stand in for sections that cannot be left out."""
    try:
        return Shape(model.model_validate(document, by_alias=True, by_name=False))
    except ValidationError as error:
        errors = error.errors(include_url=False)
    problems = tuple(_problems(model, errors))
    rest, damaged, kept = _without(document, errors)
    for section in damaged & fallbacks.keys():
        rest[section] = fallbacks[section]
    try:
        return Shape(model.model_validate(rest, by_alias=True, by_name=False), problems, damaged, kept)
    except ValidationError:
        return Shape(None, problems, damaged)


def _problems(model: type[Frozen], errors: list[ErrorDetails]) -> Iterator[Finding]:
    from reconciler.source.shape_wording import word

    seen: set[tuple[Keys, str, str]] = set()
    words = [(error, word(model, error)) for error in errors]
    mistyped = {(*problem.origin.keys[:-1], problem.fix) for _, problem in words if problem.code == "unknown-key"}
    for error, problem in words:
        if error["type"] == "missing" and tuple(error["loc"]) in mistyped:
            continue
        identity = problem.origin.keys, problem.origin.part, problem.message
        if identity not in seen:
            seen.add(identity)
            yield problem


def _without(
    document: dict[str, Any], errors: list[ErrorDetails]
) -> tuple[dict[str, Any], frozenset[str], dict[str, tuple[int, ...]]]:
    """Return `document` without the parts that have errors, the damaged sections, and what is left of lists."""
    rest = deepcopy(document)
    damaged = set()
    gone: dict[str, set[int]] = {}
    for error in errors:
        keys = _part(error)
        if error["type"] != "extra_forbidden" and keys:
            damaged.add(str(keys[0]))
        if len(keys) == 2 and isinstance(keys[1], int):
            gone.setdefault(str(keys[0]), set()).add(keys[1])
        else:
            _remove(rest, keys)
    kept = {}
    for section, indices in gone.items():
        kept[section] = tuple(index for index in range(len(rest[section])) if index not in indices)
        rest[section] = [rest[section][index] for index in kept[section]]
    return rest, frozenset(damaged), kept


def _part(error: ErrorDetails) -> Keys:
    """Return the keys of the smallest part of a document that must be left out for this error."""
    keys: Keys = tuple(error["loc"])
    if error["type"] == "extra_forbidden":
        return keys
    if len(keys) > 3 and keys[0] == "wallets" and keys[2] == "overrides":
        return keys[:4]
    return keys[:2] if keys[:1] and keys[0] in _OF_PARTS else keys[:1]


def _remove(rest: Any, keys: Keys) -> None:
    for key in keys[:-1]:
        if not isinstance(rest, dict | list) or (isinstance(rest, dict) and key not in rest):
            return
        rest = rest[key]  # type: ignore[index]
    if isinstance(rest, dict) and keys:
        rest.pop(str(keys[-1]), None)
