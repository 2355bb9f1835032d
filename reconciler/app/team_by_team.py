"""What was applied where no commit stands for all of it: each team as it was adopted or applied (decision 0129)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from reconciler.app.budget_files import BudgetFiles, Commits, applied_files, changed_parts, value
from reconciler.app.checkout import git, is_older, line_of
from reconciler.app.lineage import AFRESH, bring_applied
from reconciler.findings import BudgetsError, RefusedError
from reconciler.git.failures import GitError
from reconciler.journal.history import history_of
from reconciler.journal.record import Record
from reconciler.model.applied import LastApplied, part_digest
from reconciler.model.desired import Desired
from reconciler.model.landing import ORGANIZATION
from reconciler.settings import Settings
from reconciler.source.tree import read_tree


def applied_commits(last: LastApplied) -> tuple[str, ...]:
    """Return the commits that anything was applied from: that of all first, then those of single parts."""
    return tuple(dict.fromkeys(commit for commit in (last.commit, *last.ahead.values()) if commit))


def applied_as_it_was(settings: Settings, last: LastApplied) -> tuple[BudgetFiles, str]:
    """Return the files as they were applied, and the commit that holds for whatever was not applied by itself.

    Where that is no commit as a whole, org.yaml is the oldest by which any of the teams was applied and with which all
    of them are valid: what was merged about it later was applied by nobody.

    Raises GitError where a commit is in no clone that is known, and RefusedError where a remote does not answer.
    """
    for commit in applied_commits(last):
        bring_applied(settings, commit)
    commits = Commits(settings.budgets)
    if last.commit:
        return applied_files(commits, last.commit, last.ahead), last.commit
    bases = list(_oldest_first(commits, last))
    found = [applied_files(commits, None, {ORGANIZATION: base, **last.ahead}) for base in bases]
    return next((pair for pair in zip(found, bases, strict=True) if pair[0].loaded().desired), (found[0], bases[0]))


def as_applied(
    settings: Settings, last: LastApplied, files: BudgetFiles
) -> tuple[BudgetFiles, frozenset[str], frozenset[str]]:
    """Return `files` with what was applied and not committed, as far as it is here; what that is, and what is not."""
    differing = {part: said for part, said in last.uncommitted.items() if part_digest(files.files, part) != said}
    if not differing:
        return files, frozenset(), frozenset()
    here = BudgetFiles(files.folder, {file.relative: file.data for file in read_tree(settings.budgets).files})
    taken = frozenset(part for part, said in differing.items() if part_digest(here.files, part) == said)
    return files.with_parts(here, taken), taken, frozenset(differing) - taken


def _oldest_first(commits: Commits, last: LastApplied) -> Iterator[str]:
    """Yield the commits whose org.yaml may hold: that which was applied, else those of the teams in their order."""
    known = [last.ahead[ORGANIZATION]] if ORGANIZATION in last.ahead else applied_commits(last)
    below = {commit: int(git(commits.budgets, "rev-list", "--count", commit, "--")) for commit in known}
    yield from sorted(below, key=lambda commit: (below[commit], commit))


def ahead_of(settings: Settings, last: LastApplied) -> dict[str, str]:
    """Return the commits of the parts that were applied further than the commit which stands for all.

    Where none does, org.yaml counts from the one that holds for it, unless a run has not finished it.
    """
    if last.commit or not last.ahead or ORGANIZATION in last.unfinished:
        return dict(last.ahead)
    return {ORGANIZATION: applied_as_it_was(settings, last)[1], **last.ahead}


def gone_wallets(
    settings: Settings, desired: Desired, last: LastApplied | None, records: Sequence[Record]
) -> dict[str, str]:
    """Return the wallets of teams whose files are gone, each with its team: as money was moved, and as was applied."""
    found = history_of(records).teams()
    if last is not None and applied_commits(last):
        with suppress(BudgetsError):
            then = applied_as_it_was(settings, last)[0].loaded().desired
            found.update((key, wallet.team) for key, wallet in (then.wallets.items() if then else ()))
    return {key: team for key, team in found.items() if key not in desired.wallets and team not in desired.teams}


def first_applied(budgets: Path, ahead: Mapping[str, str], head: str) -> str | None:
    """Return the oldest commit up to `head` that something was adopted or applied from; None where there is none."""
    known = [commit for commit in dict.fromkeys(ahead.values()) if commit == head or is_older(budgets, commit, head)]
    return min(known, key=lambda commit: len(line_of(budgets, None, commit)), default=None)


def pending_parts(settings: Settings, desired: Desired, last: LastApplied | None) -> frozenset[str]:
    """Return the parts that were applied, and of which `desired` says something else now (decision 0085).

    What was never applied is not among them. Raises RefusedError where what was applied cannot be read.
    """
    if last is None or not applied_commits(last):
        return frozenset()
    try:
        then = applied_as_it_was(settings, last)[0].loaded().desired
    except GitError:
        then = None
    if then is None:
        raise RefusedError(
            f"the budgets of {applied_commits(last)[0][:12]}, which were applied last, cannot be read, so nobody can"
            " tell what of the YAML here was applied; nothing was recorded",
            hint="check out the whole history, such as `git fetch --unshallow`; where no clone has it any more,"
            f" {AFRESH}",
        )
    files = {path.removeprefix(f"{desired.folder}/"): data for path, data in desired.files.items()}
    return frozenset(
        part
        for part in changed_parts(then, desired)
        if value(then, part) is not None and last.uncommitted.get(part) != part_digest(files, part)
    )
