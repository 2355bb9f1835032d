"""The documents that the files of a tree are; what was read once is kept, by what the file holds."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from typing import NamedTuple

from reconciler.findings import Finding
from reconciler.forked import FEWEST, nothing, spread
from reconciler.model.organization import OrganizationBudget
from reconciler.model.rule import PolicyFile
from reconciler.model.team import TeamBudget
from reconciler.source.documents import KEPT_FILES, Shape, YamlDocument, read_document
from reconciler.source.tree import SourceFile, Tree, is_policy
from reconciler.source.tree_findings import ORGANIZATION

_ORGANIZATION_FALLBACKS = {
    "version": 1,
    "organization": "unknown",
    "currency": "XXX",
    "environments": ["unknown"],
    "fiscal_year": {"name": "unknown", "starts": "2000-01"},
}
"""What rules that look across files may stumble over; they leave damaged sections alone. XXX is no currency."""

_KEPT_ORGANIZATIONS = 64
_kept: dict[SourceFile, YamlDocument[TeamBudget]] = {}


class TreeDocuments(NamedTuple):
    """Each file of a tree as far as it could be read; `organization` is None where there is no org.yaml."""

    organization: YamlDocument[OrganizationBudget] | None
    teams: tuple[YamlDocument[TeamBudget], ...]
    policies: tuple[YamlDocument[PolicyFile], ...]


def documents_of(tree: Tree, *, meanwhile: Callable[[], object] = nothing) -> TreeDocuments:
    """Return the documents; `meanwhile` is called where other processors have begun to read many of them."""
    organization = None
    teams, policies = [], []
    for file in tree.files:
        if file.relative == ORGANIZATION:
            organization = organization_of(file)
        elif is_policy(file.relative):
            policies.append(read_document(file, PolicyFile, fallbacks={"version": 1}))
        else:
            teams.append(file)
    return TreeDocuments(organization, teams_of(teams, meanwhile=meanwhile), tuple(policies))


@lru_cache(maxsize=_KEPT_ORGANIZATIONS)
def organization_of(file: SourceFile) -> YamlDocument[OrganizationBudget]:
    return read_document(file, OrganizationBudget, fallbacks=_ORGANIZATION_FALLBACKS)


def teams_of(
    files: Iterable[SourceFile], *, meanwhile: Callable[[], object] = nothing
) -> tuple[YamlDocument[TeamBudget], ...]:
    """Return the documents of teams' files; those that are not known yet are read on all processors."""
    listed = tuple(files)
    unknown = [file for file in listed if file not in _kept]
    if len(unknown) < FEWEST:
        meanwhile = nothing
    read = dict(zip(unknown, spread(_read, unknown, meanwhile=meanwhile), strict=True))
    found = tuple(YamlDocument(file, *read[file]) if file in read else _kept[file] for file in listed)
    if len(_kept) + len(unknown) > KEPT_FILES:
        _kept.clear()
    _kept.update((document.file, document) for document in found)
    return found


def _read(files: Sequence[SourceFile]) -> list[tuple[tuple[Finding, ...], Shape[TeamBudget]]]:
    documents = (read_document(file, TeamBudget, fallbacks={"version": 1, "team": file.stem}) for file in files)
    return [(document.flaws, document.shape) for document in documents]
