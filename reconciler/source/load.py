"""A `budgets/` folder → Desired, or every finding of every file at once."""

from __future__ import annotations

import gc
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from reconciler.findings import Finding
from reconciler.model.desired import Desired
from reconciler.model.organization import OrganizationBudget
from reconciler.model.team import TeamBudget
from reconciler.source.desired import build
from reconciler.source.documents import Document, read_document
from reconciler.source.rules import check
from reconciler.source.tree import ORGANIZATION, SourceFile, Tree, read_tree

_ORGANIZATION_FALLBACKS = {
    "version": 1,
    "organization": "unknown",
    "currency": "XXX",
    "environments": ["unknown"],
    "fiscal_year": {"name": "unknown", "starts": "2000-01"},
}
"""What rules that look across files may stumble over; they leave damaged sections alone. XXX is no currency."""


@dataclass(frozen=True, slots=True)
class Loaded:
    """What a folder declares. `desired` is None exactly when there is an error among the findings."""

    desired: Desired | None
    findings: tuple[Finding, ...]


def load(root: Path) -> Loaded:
    """Read every budget file below `root`. Nothing is raised for what is in the files: findings say it all."""
    with _uncollected():
        reading = _read(root)
        if reading.organization is None or any(finding.is_error for finding in reading.findings):
            return Loaded(None, reading.findings)
        return Loaded(build(reading.organization, reading.teams, tree=reading.tree), reading.findings)


def inspect(root: Path) -> tuple[tuple[Finding, ...], int]:
    """Return every finding of every budget file below `root`, sorted, and how many files were read."""
    with _uncollected():
        reading = _read(root)
        return reading.findings, len(reading.tree.files)


@dataclass(frozen=True, slots=True)
class _Reading:
    tree: Tree
    organization: Document[OrganizationBudget] | None
    teams: list[Document[TeamBudget]]
    findings: tuple[Finding, ...]


def _read(root: Path) -> _Reading:
    tree = read_tree(root)
    organization, teams = _documents(tree)
    findings = tuple(sorted([*tree.findings, *_findings(organization, teams)]))
    return _Reading(tree, organization, teams, findings)


@contextmanager
def _uncollected() -> Iterator[None]:
    """Keep the garbage collector from going over a growing heap again and again: what is read here stays."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def _documents(tree: Tree) -> tuple[Document[OrganizationBudget] | None, list[Document[TeamBudget]]]:
    organization = None
    teams = []
    for file in tree.files:
        if file.relative == ORGANIZATION:
            organization = read_document(file, OrganizationBudget, fallbacks=_ORGANIZATION_FALLBACKS)
        else:
            teams.append(_team(file))
    return organization, teams


def _team(file: SourceFile) -> Document[TeamBudget]:
    return read_document(file, TeamBudget, fallbacks={"version": 1, "team": file.stem})


def _findings(
    organization: Document[OrganizationBudget] | None, teams: list[Document[TeamBudget]]
) -> Iterable[Finding]:
    problems = check(organization, teams)
    for document in ([organization] if organization else []) + teams:
        yield from document.findings(problems.get(document.path, ()))
