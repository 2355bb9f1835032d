"""The documents that the files of a tree are; what was read once is kept, by what the file holds."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import date
from functools import lru_cache, partial
from typing import NamedTuple

from reconciler.findings import Finding
from reconciler.forked import FEWEST, IsBusy, nothing, spread
from reconciler.model.organization import OrganizationBudget
from reconciler.model.period import Period
from reconciler.model.rule import PolicyFile
from reconciler.model.team import TeamBudget
from reconciler.source.documents import KEPT_FILES, Shape, YamlDocument, read_document
from reconciler.source.rules import NOTHING, Alone, Seen
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


Meanwhile = Callable[[OrganizationBudget | None], IsBusy]
"""Is called with what org.yaml says, None where it is not whole; returns whether this process has more to do since."""
Right = Callable[[OrganizationBudget, YamlDocument[TeamBudget]], object]
"""Is called with what org.yaml says, which is whole, and with a team's file in which nothing is wrong by itself."""


def documents_of(
    tree: Tree,
    *,
    since: Period | None = None,
    today: date | None = None,
    meanwhile: Meanwhile | None = None,
    right: Right | None = None,
) -> TreeDocuments:
    """Return the documents; `meanwhile` is called where other processors have begun to read many of them.

    What is read is looked at by itself on the way, as the rules have it for the month `since` and the day `today`, and
    `right` is called at once with each file in which nothing is wrong so far.
    """
    organization = None
    teams, policies = [], []
    for file in tree.files:
        if file.relative == ORGANIZATION:
            organization = organization_of(file)
        elif is_policy(file.relative):
            policies.append(read_document(file, PolicyFile, fallbacks={"version": 1}))
        else:
            teams.append(file)
    alone = Alone(organization, since, today)
    whole = _whole(organization)
    begun = partial(meanwhile, whole) if meanwhile else nothing
    then = partial(right, whole) if right and whole else None
    read = teams_of(teams, alone=alone, meanwhile=begun, right=then)
    return TreeDocuments(organization, read, tuple(policies))


def _whole(organization: YamlDocument[OrganizationBudget] | None) -> OrganizationBudget | None:
    is_whole = organization and not organization.flaws and not organization.shape.problems
    return organization.shape.model if organization and is_whole else None


@lru_cache(maxsize=_KEPT_ORGANIZATIONS)
def organization_of(file: SourceFile) -> YamlDocument[OrganizationBudget]:
    return read_document(file, OrganizationBudget, fallbacks=_ORGANIZATION_FALLBACKS)


def teams_of(
    files: Iterable[SourceFile],
    *,
    alone: Alone | None = None,
    meanwhile: Callable[[], IsBusy] = nothing,
    right: Callable[[YamlDocument[TeamBudget]], object] | None = None,
) -> tuple[YamlDocument[TeamBudget], ...]:
    """Return the documents of teams' files; those that are not known yet are read on all processors.

    `alone` looks at each of those there as well, and `right` is called here with those in which nothing is wrong.
    """
    listed = tuple(files)
    unknown = [file for file in listed if file not in _kept]
    if len(unknown) < FEWEST:
        meanwhile = nothing
    made, seen = {}, {}
    for file, read in spread(partial(_read, alone=alone), unknown, meanwhile=meanwhile):
        flaws, shape, own = ((), Shape(read), NOTHING) if isinstance(read, TeamBudget) else read
        document = made[file] = YamlDocument(file, flaws, shape)
        seen[document] = own
        if right and isinstance(read, TeamBudget):
            right(document)
    found = tuple(made.get(file) or _kept[file] for file in listed)
    if len(_kept) + len(unknown) > KEPT_FILES:
        _kept.clear()
    _kept.update((document.file, document) for document in found)
    if alone:
        alone.note(seen)
    return found


_Read = tuple[tuple[Finding, ...], Shape[TeamBudget], Seen]
"""The flaws and the shape of a file, and what is seen in it without a look at the others."""


def _read(files: Sequence[SourceFile], *, alone: Alone | None) -> list[_Read | TeamBudget]:
    """Return what is read of each file, of one in which all is right the model alone: it is a third less to send."""
    documents = [read_document(file, TeamBudget, fallbacks={"version": 1, "team": file.stem}) for file in files]
    seen = alone.seen(documents) if alone else [NOTHING] * len(documents)
    return [_least(document.flaws, document.shape, own) for document, own in zip(documents, seen, strict=True)]


def _least(flaws: tuple[Finding, ...], shape: Shape[TeamBudget], own: Seen) -> _Read | TeamBudget:
    return (flaws, shape, own) if shape.model is None or flaws or shape.problems or own != NOTHING else shape.model
