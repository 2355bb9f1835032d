"""A `budgets/` folder → Desired, or every finding of every file at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import TypeVar

from reconciler.findings import Finding
from reconciler.heap import gc_paused
from reconciler.model.desired import Desired, DesiredObject
from reconciler.model.kinds.managed_kind import Key, ManagedKind, V
from reconciler.model.kinds.registry import kinds
from reconciler.model.organization import OrganizationBudget
from reconciler.model.period import Period
from reconciler.model.rule import PolicyFile
from reconciler.model.team import TeamBudget
from reconciler.source.context import view_of
from reconciler.source.declared import Declared, declared, objects
from reconciler.source.documents import M, YamlDocument
from reconciler.source.parse import parse
from reconciler.source.policy_rules import rule_sets
from reconciler.source.rules import check
from reconciler.source.tree import LARGEST, SourceFile, Tree, read_tree, tree_of
from reconciler.source.tree_documents import Meanwhile, documents_of, organization_of, teams_of
from reconciler.source.tree_findings import ORGANIZATION

K = TypeVar("K", bound=str | Key)
T = TypeVar("T")


def build(
    organization: YamlDocument[OrganizationBudget],
    teams: Sequence[YamlDocument[TeamBudget]],
    policies: Sequence[YamlDocument[PolicyFile]] = (),
    *,
    tree: Tree,
) -> Desired:
    org = _model(organization)
    if policies:
        org = org.model_copy(update={"policies": rule_sets(org, policies)})
    found = [declared(view, org.currency) for view in map(view_of, teams) if view]
    present = [each for each in found if each.team.state == "present"]
    absent = [each for each in found if each.team.state == "absent"]
    return Desired(
        organization=org,
        teams={each.team.team: each.team for each in found},
        wallets={key: wallet for each in found for key, wallet in each.wallets.items()},
        objects={
            kind.name: _united(present, kind)
            if kind.of_teams
            else dict(objects(kind, organization.path, org, org.currency))
            for kind in kinds()
        },
        tree_digest=tree.digest,
        absent={kind.name: _united(absent, kind) for kind in kinds() if kind.of_teams},
        folder=tree.name,
        files={file.path: file.data for file in tree.files},
    )


def _declare(organization: OrganizationBudget, document: YamlDocument[TeamBudget]) -> None:
    """Keep what a file declares, for the whole that is built of it."""
    if view := view_of(document):
        declared(view, organization.currency)


def _united(found: Sequence[Declared], kind: ManagedKind[V]) -> dict[Key, DesiredObject[V]]:
    united = {key: wanted for each in found for key, wanted in each.objects[kind.name]}
    if len(united) != sum(len(getattr(each.team, kind.section)) for each in found):
        raise ValueError(f"of two {kind.noun}s with one key, or of one that is about nothing, the rules said nothing")
    return united


def _model(document: YamlDocument[M]) -> M:
    if document.shape.model is None:
        raise ValueError(f"{document.path} has errors")
    return document.shape.model


_KEPT_TREES = 64


@dataclass(frozen=True, slots=True)
class Loaded:
    """What a folder declares. `desired` is None exactly when there is an error among the findings."""

    desired: Desired | None
    findings: tuple[Finding, ...]


def load(
    root: Path,
    *,
    since: Period | None = None,
    today: date | None = None,
    meanwhile: Meanwhile | None = None,
) -> Loaded:
    """Read every budget file below `root`. Nothing is raised for what is in the files: findings say it all.

    `since` is the month that is under way: of those before it nothing is said that only a later day can change.
    `today` is the day that it is: what ends soon, or is over, is a warning. `meanwhile` is called where other
    processors have begun to read many files, with what org.yaml says.
    """
    with gc_paused():
        tree = read_tree(root)
        documents_of(tree, since=since, today=today, meanwhile=meanwhile, right=_declare)
        return _loaded(tree, since, today)


def load_files(
    name: str, files: Mapping[str, bytes], *, since: Period | None = None, today: date | None = None
) -> Loaded:
    """Return what a folder called `name` would declare that holds these budget files, by their paths below it.

    `since` and `today` are as for `load`: with those of another tree, what rules say of the same files is known.
    """
    with gc_paused():
        return _loaded(tree_of(name, files), since, today)


@lru_cache(maxsize=_KEPT_TREES)
def _loaded(tree: Tree, since: Period | None = None, today: date | None = None) -> Loaded:
    reading = _reading(tree, since=since, today=today)
    if reading.organization is None or any(finding.is_error for finding in reading.findings):
        return Loaded(None, reading.findings)
    return Loaded(build(reading.organization, reading.teams, reading.policies, tree=reading.tree), reading.findings)


@dataclass(frozen=True, slots=True)
class Reading:
    """Every file as far as it could be read, and what is wrong, `found` with what each finding stands for."""

    tree: Tree
    organization: YamlDocument[OrganizationBudget] | None
    teams: tuple[YamlDocument[TeamBudget], ...]
    found: tuple[tuple[Finding, Finding], ...]
    today: date | None = None
    policies: tuple[YamlDocument[PolicyFile], ...] = ()

    @property
    def findings(self) -> tuple[Finding, ...]:
        """All findings, sorted, those of the folder included."""
        return tuple(sorted([*self.tree.findings, *(finding for finding, _ in self.found)]))

    def rewritten(self, texts: Mapping[str, str]) -> Reading:
        """Return what would be read if the files at these paths held these texts."""
        files = {path: replace(self._file(path), data=text.encode("utf-8")) for path, text in texts.items()}
        organization = self.organization
        if organization is not None and organization.path in files:
            organization = organization_of(files[organization.path])
        teams = teams_of(files.get(team.path, team.file) for team in self.teams)
        found = _found(organization, teams, self.policies, today=self.today)
        return Reading(self.tree, organization, teams, found, self.today, self.policies)

    def _file(self, path: str) -> SourceFile:
        return next(file for file in self.tree.files if file.path == path)


def read(root: Path, *, since: Period | None = None, today: date | None = None) -> Reading:
    """Return everything that is below `root`, the right and the wrong; `since` and `today` as for `load`."""
    with gc_paused():
        return _reading(read_tree(root), since=since, today=today)


def _reading(tree: Tree, *, since: Period | None = None, today: date | None = None) -> Reading:
    organization, teams, policies = documents_of(tree, since=since, today=today)
    found = _found(organization, teams, policies, since=since, today=today)
    return Reading(tree, organization, teams, found, today, policies)


def _found(
    organization: YamlDocument[OrganizationBudget] | None,
    teams: Sequence[YamlDocument[TeamBudget]],
    policies: Sequence[YamlDocument[PolicyFile]],
    *,
    since: Period | None = None,
    today: date | None = None,
) -> tuple[tuple[Finding, Finding], ...]:
    problems = check(organization, teams, policies, since=since, today=today)
    found = organization.findings(problems.get(organization.path, ())) if organization else []
    for team in teams:
        if team.flaws or team.shape.problems or team.path in problems:
            found += team.findings(problems.get(team.path, ()))
    for rules in policies:
        found += rules.findings(problems.get(rules.path, ()))
    return tuple(found)


def declared_in(budgets: Path) -> tuple[str, str]:
    """Return the organization and the journal that org.yaml names; an empty text for what it does not say as text."""
    try:
        data = (budgets / ORGANIZATION).read_bytes()[: LARGEST + 1]
    except OSError:
        return "", ""
    return declared_by(data)


def declared_by(data: bytes) -> tuple[str, str]:
    """Return what the text of an org.yaml names, as `declared_in` does."""
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return "", ""
    value = parse(data).value if len(data) <= LARGEST else None
    if not isinstance(value, dict):
        return "", ""
    organization, journal = value.get("organization"), value.get("journal")
    return organization if isinstance(organization, str) else "", journal if isinstance(journal, str) else ""
