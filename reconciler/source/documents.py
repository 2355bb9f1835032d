"""One budget file read as far as it can be: its model, what is wrong with it, and where."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any, Generic

from reconciler.findings import Finding, Position
from reconciler.source.characters import CHARACTER_CODES, readable
from reconciler.source.marks import mark_tree, place
from reconciler.source.parse import parse
from reconciler.source.problem import flaw
from reconciler.source.shape import M, Shape, shape_of
from reconciler.source.tree import SourceFile


@dataclass(frozen=True, slots=True)
class Document(Generic[M]):
    """A file, the flaws of its text and the shape of what it says."""

    file: SourceFile
    flaws: tuple[Finding, ...]
    shape: Shape[M]

    @property
    def path(self) -> str:
        return self.file.path

    def findings(self, problems: Iterable[Finding]) -> list[tuple[Finding, Finding]]:
        """Return everything that is wrong with the file, `problems` of the rules included, with its place.

        Where the YAML of a key or value is flawed, that says it all: what the shape makes of it would be an echo.
        """
        findings: list[tuple[Finding, Finding]] = [
            (each.at(replace(each.position, path=self.path)), each) for each in self.flaws
        ]
        flawed = {(each.position.line, each.position.column) for each in self.flaws if each.code not in CHARACTER_CODES}
        pending = [*self.shape.problems, *problems]
        root = mark_tree(readable(self.file.data)[0] or b"") if pending else None
        for each in pending:
            keys, part = each.origin.keys, each.origin.part
            at = place(root, keys, part) if root else (1, 1)
            if part == "mapping" or at not in flawed:
                findings.append((each.at(Position(self.path, *at)), each))
        return findings


def read_document(file: SourceFile, model: type[M], *, fallbacks: dict[str, Any]) -> Document[M]:
    """Read one file; whatever is wrong with it is in the result."""
    data, flaws = readable(file.data)
    if data is None:
        return Document(file, tuple(flaws), Shape(None))
    parsed = parse(data)
    flaws.extend(parsed.flaws)
    if isinstance(parsed.value, dict):
        return Document(file, tuple(flaws), shape_of(model, parsed.value, fallbacks=fallbacks))
    if not parsed.flaws:
        flaws.append(_no_mapping(file.relative, parsed.value, data))
    return Document(file, tuple(flaws), Shape(None))


def _no_mapping(relative: str, value: Any, data: bytes) -> Finding:
    if value is None:
        hint = "write the organization's budget" if relative == "org.yaml" else "write the team's budget, or remove it"
        return flaw(1, 1, "empty-file", "the file is empty", hint)
    root = mark_tree(data)
    line, column = root.start if root else (1, 1)
    return flaw(line, column, "not-a-mapping", "the file must hold keys and values", "begin with `version: 1`")
