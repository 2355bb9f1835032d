"""One budget file read as far as it can be: its model, every way in which its shape is wrong, and where."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass, field, replace
from typing import Any, Generic, TypeVar

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from reconciler.findings import Finding, Keys, Origin, Position
from reconciler.model.frozen import Frozen
from reconciler.model.kinds.registry import kinds
from reconciler.source.characters import CHARACTER_CODES, readable
from reconciler.source.marks import mark_tree, place
from reconciler.source.parse import REST_OF_AMOUNT, parse
from reconciler.source.problem import flaw
from reconciler.source.tree import SourceFile

M = TypeVar("M", bound=Frozen)

_OF_PARTS = frozenset({"wallets", "plan", "rules", *(kind.section for kind in kinds())})
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
    problems = tuple(_problems(model, document, errors))
    rest, damaged, kept = _without(document, errors)
    for section in damaged & fallbacks.keys():
        rest[section] = fallbacks[section]
    try:
        return Shape(model.model_validate(rest, by_alias=True, by_name=False), problems, damaged, kept)
    except ValidationError:
        return Shape(None, problems, damaged)


def _problems(model: type[Frozen], document: Any, errors: list[ErrorDetails]) -> Iterator[Finding]:
    from reconciler.source.shape_wording import word

    seen: set[tuple[Keys, str, str]] = set()
    words = [(error, word(model, error)) for error in errors]
    mistyped = {(*problem.origin.keys[:-1], problem.fix) for _, problem in words if problem.code == "unknown-key"}
    for error, problem in words:
        if _is_split(error, document) or (error["type"] == "missing" and tuple(error["loc"]) in mistyped):
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
        keys = _part(error, document)
        if keys and (error["type"] != "extra_forbidden" or _is_split(error, document)):
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


def _part(error: ErrorDetails, document: Any) -> Keys:
    """Return the keys of the smallest part of a document that must be left out for this error."""
    keys: Keys = tuple(error["loc"])
    is_split = _is_split(error, document)
    if error["type"] == "extra_forbidden" and not is_split:
        return keys
    if len(keys) > 3 and keys[0] == "wallets" and keys[2] == "overrides" and not is_split:
        return keys[:4]
    return keys[:2] if keys[:1] and keys[0] in _OF_PARTS else keys[:1]


def _is_split(error: ErrorDetails, document: Any) -> bool:
    """Whether this is about a key that is the rest of an amount after its thousands separator: the amount is not it.

    Such a key has no value.
    """
    *keys, last = error["loc"]
    value = error["input"]
    if last == "[key]":
        value = document
        for key in keys:
            value = value.get(key) if isinstance(value, dict) else None
    return value is None and any(isinstance(key, str) and REST_OF_AMOUNT.fullmatch(key) for key in error["loc"])


def _remove(rest: Any, keys: Keys) -> None:
    for key in keys[:-1]:
        if not isinstance(rest, dict | list) or (isinstance(rest, dict) and key not in rest):
            return
        rest = rest[key]  # type: ignore[index]
    if isinstance(rest, dict) and keys:
        rest.pop(str(keys[-1]), None)


KEPT_FILES = 1 << 16
"""Of how many files what was read is kept: trees that a run reads differ in a file or two, and hold thousands each."""


@dataclass(frozen=True, slots=True)
class YamlDocument(Generic[M]):
    """A file, the flaws of its text and the shape of what it says."""

    file: SourceFile
    flaws: tuple[Finding, ...]
    shape: Shape[M]

    def __hash__(self) -> int:
        return hash(self.file.data)

    @property
    def path(self) -> str:
        return self.file.path

    def findings(self, problems: Collection[Finding]) -> list[tuple[Finding, Finding]]:
        """Return everything that is wrong with the file, `problems` of the rules included, with its place.

        Where the YAML of a key or value is flawed, that says it all: what the shape makes of it would be an echo.
        """
        if not self.flaws and not self.shape.problems and not problems:
            return []
        findings: list[tuple[Finding, Finding]] = [
            (each.at(replace(each.position, path=self.path)), each) for each in self.flaws
        ]
        flawed = {(each.position.line, each.position.column) for each in self.flaws if each.code not in CHARACTER_CODES}
        listed = [*self.shape.problems, *problems]
        placed = [each for each in listed if isinstance(each.where, Position)]
        findings += [(each.at(replace(each.position, path=self.path)), each) for each in placed]
        pending = [each for each in listed if isinstance(each.where, Origin)]
        root = mark_tree(readable(self.file.data)[0] or b"") if pending else None
        for each in pending:
            keys, part = each.origin.keys, each.origin.part
            at = place(root, keys, part) if root else (1, 1)
            if part == "mapping" or at not in flawed:
                findings.append((each.at(Position(self.path, *at)), each))
        return findings


def read_document(file: SourceFile, model: type[M], *, fallbacks: dict[str, Any]) -> YamlDocument[M]:
    """Read one file; whatever is wrong with it is in the result."""
    data, flaws = readable(file.data)
    if data is None:
        return YamlDocument(file, tuple(flaws), Shape(None))
    parsed = parse(data)
    flaws.extend(parsed.flaws)
    if isinstance(parsed.value, dict):
        return YamlDocument(file, tuple(flaws), shape_of(model, parsed.value, fallbacks=fallbacks))
    if not parsed.flaws:
        flaws.append(_no_mapping(file.relative, parsed.value, data))
    return YamlDocument(file, tuple(flaws), Shape(None))


def _no_mapping(relative: str, value: Any, data: bytes) -> Finding:
    if value is None:
        hint = "write the organization's budget" if relative == "org.yaml" else "write what it is for, or remove it"
        return flaw(1, 1, "empty-file", "the file is empty", hint)
    root = mark_tree(data)
    line, column = root.start if root else (1, 1)
    return flaw(line, column, "not-a-mapping", "the file must hold keys and values", "begin with `version: 1`")
