"""How what was merged came to the default branch: its own line of commits, grouped by pull request."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import takewhile
from pathlib import Path

from reconciler.app.budget_files import (
    BudgetFiles,
    Commits,
    changed_files,
    changed_parts,
    earlier_budgets,
    first_budgets,
)
from reconciler.app.checkout import knows, line_of, parents, prefix, touching, tree_id
from reconciler.app.forge_session import forge_words
from reconciler.app.lineage import AFRESH
from reconciler.findings import RefusedError
from reconciler.forge.approval import is_into
from reconciler.forge.change_request import ChangeRequest
from reconciler.forge.protocol import Forge
from reconciler.git.failures import GitError
from reconciler.git.merging import bring_commit, is_here, merged
from reconciler.model.desired import Desired
from reconciler.model.landing import Landing
from reconciler.source.load import Loaded

PullOf = Callable[[str, Mapping[str, int], tuple[str, ...]], ChangeRequest | None]
"""Says which pull request brought a commit: its id, the numbers of the line's commits, and its parents."""


@dataclass(frozen=True, slots=True)
class Group:
    """Commits of the branch's own line that came together; `base` is what lies below the first of them."""

    base: str | None
    commit: str
    pull: ChangeRequest | None


@dataclass(frozen=True, slots=True)
class Arrival:
    """A landing with what the YAML says `before` and `after` it, as far as it can be read: None where it cannot.

    `had_budgets` tells budgets that cannot be read before it from none. One that `begins` is everything up to it, of
    which what lies `before` it was applied by nobody either, and shown to nobody in its pull request; `origin` is how
    the budgets began that it was merged onto.
    """

    landing: Landing
    before: Desired | None
    after: Desired | None
    had_budgets: bool = True
    begins: bool = False
    origin: Desired | None = None


def groups(budgets: Path, since: str, head: str, pull_of: PullOf) -> list[Group]:
    """Return what came to the branch after `since` and touches the budgets, oldest first, by pull request.

    Where `since` is not on the branch's own line, the first group begins at it all the same, and where there is none
    the last commit stands for one: whatever differs from what was applied is looked at.

    Raises:
        RefusedError: `since` is not in this clone.
    """
    _refuse_unknown(budgets, since)
    line = line_of(budgets, since, head)
    numbers = {commit: number for number, commit in enumerate(line)}
    found: list[Group] = []
    for commit in touching(budgets, line):
        above = line[commit]
        pull = pull_of(commit, numbers, above)
        last = found[-1] if found else None
        if last and pull and last.pull and last.pull.number == pull.number:
            found[-1] = replace(last, commit=commit, pull=pull)
        else:
            found.append(Group(above[0] if above else None, commit, pull))
    found = _with_rebased(budgets, found)
    if not line or since in next(iter(line.values()))[:1]:
        return found
    if found:
        found[0] = replace(found[0], base=since)
    elif tree_id(budgets, since) != tree_id(budgets, head):
        found.append(Group(since, head, pull_of(head, numbers, line[head])))
    return found


def groups_from(budgets: Path, start: str | None, head: str, pull_of: PullOf) -> list[Group]:
    """Return what a journal that names no commit is to look at: everything up to `start`, and each group after it.

    Where nothing was applied at all there is no `start`: everything up to `head` is one group.
    """
    if start is None:
        return [_beginning(budgets, head, pull_of)]
    return [_beginning(budgets, start, pull_of), *groups(budgets, start, head, pull_of)]


def _beginning(budgets: Path, head: str, pull_of: PullOf) -> Group:
    """Return everything up to `head` as one group: the pull request that made `head` stands for it."""
    line = line_of(budgets, None, head)
    numbers = {commit: number for number, commit in enumerate(line)}
    pull = pull_of(head, numbers, parents(budgets, head))
    base = head
    while above := parents(budgets, base):
        is_merge, base = len(above) > 1, above[0]
        below = None if is_merge or pull is None else pull_of(base, numbers, parents(budgets, base))
        if below is None or pull is None or below.number != pull.number:
            return Group(base, head, pull)
    return Group(None, head, pull)


def arrivals(commits: Commits, found: Sequence[Group], since: str | None) -> tuple[Arrival, ...]:
    """Return what each group changes, on top of what `since` and the groups before it say as far as it can be read.

    Without `since` the first one is everything. A file with errors holds back its own landing alone: the next one that
    changes it is compared with what was readable before.
    """
    if since is None:
        begun = _begun(commits, found[0])
        return begun, *_arriving(commits, found[1:], found[0].commit)
    return tuple(_arriving(commits, found, since))


def brings_values(commits: Commits, since: str | None, head: str) -> bool:
    """Whether something that came after `since` changed what the YAML says, be it taken back since or not."""
    came = groups(commits.budgets, since, head, lambda *_: None) if since else []
    return any(arrival.landing.parts for arrival in arrivals(commits, came, since))


def _arriving(commits: Commits, found: Sequence[Group], since: str) -> Iterator[Arrival]:
    below = commits.files(since)
    known, before = below, below.loaded().desired if below.files else None
    for group in found:
        files = commits.files(group.commit)
        touched = changed_files(below, files)
        tried = known.with_parts(files, touched)
        loaded, below = tried.loaded(), files
        landing = Landing(group.commit, base=group.base, pull_request=group.pull.number if group.pull else None)
        if loaded.desired is None:
            yield Arrival(replace(landing, parts=touched, problem=_problem(loaded)), before, None, bool(known.files))
            continue
        parts = changed_parts(before, loaded.desired)
        yield Arrival(replace(landing, parts=parts), before, loaded.desired, bool(known.files))
        known, before = tried, loaded.desired


def _begun(commits: Commits, group: Group) -> Arrival:
    """Return everything as one landing, for a journal that names no commit; what it was merged onto has the rules."""
    loaded, base, budgets = commits.loaded(group.commit), group.base, commits.budgets
    landing = Landing(group.commit, base=base, pull_request=group.pull.number if group.pull else None)
    before = commits.desired(base) or (earlier_budgets(commits, base) if base else None)
    had = base is not None and knows(budgets, prefix(budgets) / "org.yaml", until=base)
    if loaded.desired is None:
        touched = changed_files(BudgetFiles(""), commits.files(group.commit))
        return Arrival(replace(landing, parts=touched, problem=_problem(loaded)), before, None, had, begins=True)
    parts, origin = changed_parts(None, loaded.desired), first_budgets(commits, base) if base else None
    return Arrival(replace(landing, parts=parts), before, loaded.desired, had, begins=True, origin=origin)


def _problem(loaded: Loaded) -> str:
    errors = [finding for finding in loaded.findings if finding.is_error]
    return f"{errors[0].position}: {errors[0].message}" if errors else "it holds no budgets"


def pull_finder(session: Forge, branch: str, budgets: Path) -> PullOf:
    """Return what asks the forge which request brought a commit to `branch`."""

    known = {branch: True}

    def is_meant(pull: ChangeRequest) -> bool:
        if pull.merge_commit and pull.base_ref not in known:
            known[pull.base_ref] = is_into(session, pull, branch)
        return known.get(pull.base_ref, False)

    def pull_of(commit: str, line: Mapping[str, int], parents: tuple[str, ...]) -> ChangeRequest | None:
        listed = tuple(filter(is_meant, session.change_requests_of(commit)))
        brought = brought_by(listed, commit=commit, line=line, parents=parents)
        if brought or len(parents) != 1:
            return brought
        whole = (session.change_request(pull.number) for pull in listed if pull.merge_commit == pull.head)
        return rebased_by(budgets, whole, commit)

    return pull_of


def rebased_by(budgets: Path, candidates: Iterable[ChangeRequest], commit: str) -> ChangeRequest | None:
    """Return the request that was rebased on its way into the branch, of which `commit` is the last one by its content.

    A merge train that fast-forwards makes commits of which the forge names the request, and no request its commit.
    Where git cannot tell what merging gives, that request is meant all the same: `edited_parts` refuses it with why.
    """
    for pull in candidates:
        try:
            if any(gives(budgets, base, pull, commit) for base in below(budgets, commit, pull.commits)):
                return pull
        except GitError:
            return pull
    return None


def below(budgets: Path, commit: str, most: int) -> Iterator[str]:
    """Yield what lies below `commit` on a line without merges, the nearest first, and `most` commits at most."""
    for _ in range(most):
        above = parents(budgets, commit)
        if len(above) != 1:
            return
        commit = above[0]
        yield commit


def _with_rebased(budgets: Path, found: Iterable[Group]) -> list[Group]:
    """Return the groups, where one that was rebased has those of nobody below it that merging its request gives too."""
    joined: list[Group] = []
    for group in found:
        pull = group.pull
        is_rebased = pull is not None and pull.merge_commit == pull.head != group.commit
        below = list(takewhile(lambda each: each.pull is None, reversed(joined))) if is_rebased else []
        for number in range(len(below), 0, -1):
            base = below[number - 1].base
            if pull and base and _is_known_to_give(budgets, base, pull, group.commit):
                del joined[-number:]
                group = replace(group, base=base)
                break
        joined.append(group)
    return joined


def _is_known_to_give(budgets: Path, base: str, pull: ChangeRequest, commit: str) -> bool:
    with suppress(GitError):
        return gives(budgets, base, pull, commit)
    return False


def gives(budgets: Path, base: str, pull: ChangeRequest, commit: str) -> bool:
    """Whether merging the last commit of `pull` onto `base` gives the budgets of `commit`. Raises GitError."""
    bring_commit(budgets, pull.head, pull.reference)
    tree = merged(budgets, base, pull.head)
    return tree is not None and tree_id(budgets, tree) == tree_id(budgets, commit)


def brought_by(
    candidates: Iterable[ChangeRequest], *, commit: str, line: Mapping[str, int], parents: Sequence[str]
) -> ChangeRequest | None:
    """Return the pull request whose merge into the branch made `commit`, None for a direct push.

    `candidates` are pull requests into that branch, and into no other. `line` numbers the commits of the branch's own
    line that may be asked about, and `parents` are those of `commit`. A rebase makes several commits, of which only the
    last is called the merge commit: those below it count when it is on the line above them. Of several pull requests
    that one commit merged, the one whose head it joins is meant.
    """
    merged = [pull for pull in candidates if pull.merge_commit]
    exact = [pull for pull in merged if pull.merge_commit == commit]
    joined = [pull for pull in exact if pull.head in (*parents[1:], commit)]
    if exact:
        return min(joined or exact, key=lambda pull: pull.number)
    if len(parents) > 1 or commit not in line:
        return None
    above = [pull for pull in merged if line.get(pull.merge_commit or "", -1) > line[commit]]
    return min(above, key=lambda pull: line[pull.merge_commit or ""], default=None)


def _refuse_unknown(budgets: Path, commit: str) -> None:
    if not is_here(budgets, commit):
        raise RefusedError(
            f"{commit[:12]} was applied last and is not in this clone; what came after it cannot be told",
            hint=f"check out the whole history: {forge_words().history}, `git fetch --unshallow` by hand. Where"
            f" no clone has it any more, because the branch was pushed by force, {AFRESH}",
        )
