"""Budget files as values: those of a commit, and those of what was applied, put together out of several commits."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from reconciler.app.checkout import git, line_of, prefix, touching, tree_at
from reconciler.app.committed import LINK, blobs, entries, is_blob, place
from reconciler.model.applied import LastApplied
from reconciler.model.desired import Desired
from reconciler.model.landing import ORGANIZATION
from reconciler.model.period import Period
from reconciler.source.beside import declared_beside
from reconciler.source.load import Loaded, load_files
from reconciler.source.tree import is_budget_path, is_policy, read_tree

_NOTHING: Mapping[str, bytes] = {}


@dataclass(frozen=True, slots=True)
class BudgetFiles:
    """The contents of org.yaml, teams and policies by their path below `folder`. Links are read, not kept."""

    folder: str
    files: Mapping[str, bytes] = field(default_factory=dict)

    def with_parts(self, other: BudgetFiles, parts: Collection[str]) -> BudgetFiles:
        """Return these files with those of `parts` as they are in `other`; what is not there is left out."""
        kept = {path: data for path, data in self.files.items() if _part(path) not in parts}
        taken = {path: data for path, data in other.files.items() if _part(path) in parts}
        return BudgetFiles(self.folder, {**kept, **taken})

    def loaded(self, *, as_of: date | None = None) -> Loaded:
        """Return what they declare, or what is wrong with them; what ends soon is told from the day `as_of` on."""
        since = Period.of(as_of) if as_of else None
        return load_files(self.folder, self.files, since=since, today=as_of)


def files_of(
    budgets: Path, commit: str, *, beside: Mapping[str, bytes] = _NOTHING, organization: str = ""
) -> BudgetFiles:
    """Return the files of a commit or a tree; no YAML is read, and no file that is the same `beside` it.

    A link that cannot be followed is the file that git keeps for it, with the name of its target: no budget.
    """
    found = entries(budgets, commit, organization=organization) or ()
    wanted = {path: identity for _, identity, path in found if is_budget_path(path)}
    same = {path: data for path in wanted if (data := beside.get(path)) is not None and is_blob(wanted[path], data)}
    contents = blobs(place(budgets)[0], (identity for path, identity in wanted.items() if path not in same))
    read = ((path, same.get(path, contents.get(identity))) for path, identity in wanted.items())
    kept = {path: data for path, data in read if data is not None}
    if any(mode == LINK for mode, _, _ in found):
        with tree_at(budgets, commit, organization=organization) as root:
            kept |= {file.relative: file.data for file in (read_tree(root).files if root else ())}
    return BudgetFiles(budgets.resolve().name, kept)


def load_at(budgets: Path, commit: str, *, as_of: date | None = None, beside: Desired | None = None) -> Desired | None:
    """Return what the YAML of a commit declares, None when it has none or it has errors.

    With the day `as_of` of another tree that was read, files that are the same in both are looked at once; where that
    is what declares `beside`, git is asked for the others alone.
    """
    if beside is None:
        return files_of(budgets, commit).loaded(as_of=as_of).desired
    known = {path.removeprefix(f"{beside.folder}/"): data for path, data in beside.files.items()}
    found = files_of(budgets, commit, beside=known)
    since = Period.of(as_of) if as_of else None
    is_there = found.folder == beside.folder
    same = declared_beside(beside, found.files, since=since, today=as_of) if is_there else None
    return same or found.loaded(as_of=as_of).desired


class Commits:
    """The budget files of commits, each read once.

    Where a commit has no such folder, they are those that it has of `organization` in another one.
    """

    def __init__(self, budgets: Path, organization: str = "") -> None:
        self.budgets = budgets
        self._organization = organization
        self._others: dict[str, Commits] = {}
        self._files: dict[str, BudgetFiles] = {}
        self._loaded: dict[str, Loaded] = {}

    def files(self, commit: str) -> BudgetFiles:
        """Return the files of a commit; none where it has no budgets."""
        if commit not in self._files:
            self._files[commit] = files_of(self.budgets, commit, organization=self._organization)
        return self._files[commit]

    def of(self, organization: str) -> Commits:
        """Return the same for an organization that may have been in another folder."""
        return self._others.setdefault(organization, Commits(self.budgets, organization))

    def loaded(self, commit: str) -> Loaded:
        """Return what a commit declares, or what is wrong with its files."""
        if commit not in self._loaded:
            self._loaded[commit] = self.files(commit).loaded()
        return self._loaded[commit]

    def desired(self, commit: str | None) -> Desired | None:
        """Return what a commit declares, None where it declares nothing that can be read."""
        return self.loaded(commit).desired if commit else None


def applied_files(commits: Commits, commit: str | None, ahead: Mapping[str, str]) -> BudgetFiles:
    """Return the files as they were applied: those of `commit`, with the parts that are `ahead` as of their own."""
    found = commits.files(commit) if commit else BudgetFiles(commits.budgets.resolve().name)
    for part, further in ahead.items():
        found = found.with_parts(commits.files(further), [part])
    return found


def applied_desired(commits: Commits, last: LastApplied | None) -> Desired | None:
    """Return what was applied last, team by team; None where the journal names no commit, or it cannot be read.

    Raises GitError where a commit is not in this clone.
    """
    if last is None or last.commit is None:
        return None
    if not last.ahead:
        return commits.desired(last.commit)
    return applied_files(commits, last.commit, last.ahead).loaded().desired


def changed_files(before: BudgetFiles, after: BudgetFiles) -> frozenset[str]:
    """Return the parts whose file is another one, whatever its values."""
    paths = {*before.files, *after.files}
    return frozenset(_part(path) for path in paths if before.files.get(path) != after.files.get(path))


def changed_parts(before: Desired | None, after: Desired) -> frozenset[str]:
    """Return the parts whose values `after` adds, removes or changes: all of them where there was nothing `before`."""
    if before is None:
        return frozenset({ORGANIZATION, *after.teams})
    is_general = before.organization != after.organization
    return before.edited_teams(after) | ({ORGANIZATION} if is_general else set())


def value(desired: Desired | None, part: str) -> object:
    """Return what `desired` says of a part, None where it says nothing."""
    if desired is None:
        return None
    return desired.organization if part == ORGANIZATION else desired.teams.get(part)


def _part(path: str) -> str:
    is_general = path == "org.yaml" or is_policy(path)
    return ORGANIZATION if is_general else path.removeprefix("teams/").removesuffix(".yaml")


def declared_where_different(before: BudgetFiles, after: BudgetFiles) -> tuple[Desired, Desired] | None:
    """Return what both declare in org.yaml and in the teams whose files differ; None where one of them has errors.

    Where there was nothing before, the organization was the same and had no teams.
    """
    parts = changed_files(before, after) | {ORGANIZATION}
    old, new = (BudgetFiles(files.folder).with_parts(files, parts).loaded().desired for files in (before, after))
    if old is None and new is not None and not before.files:
        old = new.without_teams()
    return (old, new) if old and new else None


_MOST = 20


def earlier_budgets(commits: Commits, base: str) -> Desired | None:
    """Return the newest budgets below `base` that can be read, where `base` has none; None where it has some."""
    if commits.files(base).files:
        return None
    place = f":(top){prefix(commits.budgets)}"
    asked = ("log", "--first-parent", "--full-history", f"-n{_MOST}", "--format=%P", base, "--", place)
    below = (line.split()[0] for line in git(commits.budgets, *asked).decode().splitlines() if line)
    return next((found for commit in below if (found := commits.desired(commit))), None)


def first_budgets(commits: Commits, base: str) -> Desired | None:
    """Return the first budgets of the line up to `base` that can be read; None where it never had any."""
    line = line_of(commits.budgets, None, base)
    return next((found for commit in touching(commits.budgets, line) if (found := commits.desired(commit))), None)
