"""What a journal in git says was applied is believed where the default branch bears it out.

Whoever may push to the repository may push the journal's refs as well, with a chain that is whole (decision 0077).
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from functools import cached_property

from reconciler.app.budget_files import changed_files, files_of
from reconciler.app.checkout import line_of, tree_ids
from reconciler.app.forge_session import forge_session, forge_words, provider_here, run_of_now
from reconciler.app.lineage import bring_applied
from reconciler.findings import RefusedError
from reconciler.git.failures import GitError
from reconciler.git.merging import bring, default_of, is_here, is_id, tip_of
from reconciler.git.places import work_tree
from reconciler.git.runner import ask
from reconciler.journal.journal import declared_by_run, finished_records, last_declared
from reconciler.journal.place import Place
from reconciler.journal.record import Record
from reconciler.model.applied import LastApplied
from reconciler.settings import Settings, environment

_LAST = sys.maxsize


class Branch:
    """The own line of the branch that is merged to: as it is checked out, as its remote has it, and as it was before.

    Each is asked for when the one before it does not hold a commit.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._budgets = settings.budgets

    @cached_property
    def name(self) -> str:
        """The default branch of the remote; an empty text where there is none."""
        return default_of(self._budgets, self._remote) if self._remote else ""

    def holds(self, commit: str) -> bool:
        """Whether the branch's own line holds a commit or one with the same budgets, or ever held it."""
        if not is_id(commit):
            return False
        if commit in self.order or commit in self._later or self._says_the_same(commit):
            return True
        if ask("rev-parse", "--is-shallow-repository", folder=self._budgets).strip() == b"true":
            raise RefusedError(
                f"whether {commit[:12]}, which was applied last, is on the branch cannot be told in a shallow clone",
                hint=f"check out the whole history: {forge_words().history}, `git fetch --unshallow` by hand",
            )
        return self._held(commit)

    @cached_property
    def order(self) -> dict[str, int]:
        """The line of what is checked out, each commit with its number, the oldest first."""
        return self._numbered("HEAD")

    @cached_property
    def _later(self) -> dict[str, int]:
        tip = tip_of(self._budgets, self.name, remote=self._remote) if self.name else ""
        return self._numbered(tip) if tip else {}

    def _numbered(self, tip: str) -> dict[str, int]:
        return {commit: number for number, commit in enumerate(line_of(self._budgets, None, tip))}

    @cached_property
    def trees(self) -> dict[str, str]:
        """What identifies the budgets of each commit of the line."""
        return tree_ids(self._budgets, {**self.order, **self._later})

    def goes_back(self, last: LastApplied, commit: str, ahead: Mapping[str, str]) -> tuple[str, str] | None:
        """Return the commit from which `last` would bring back what is older, and the one that it would undo."""
        pairs = [("", last.commit or "", commit)]
        pairs += [(part, last.ahead.get(part) or last.commit or "", then) for part, then in ahead.items()]
        for part, now, then in pairs:
            if self.order.get(now, _LAST) < self.order.get(then, -1) and self._differs(part, now, then):
                return now, then
        return None

    def _differs(self, part: str, now: str, then: str) -> bool:
        if not part:
            return self.trees[now] != self.trees[then]
        return part in changed_files(files_of(self._budgets, now), files_of(self._budgets, then))

    def _says_the_same(self, commit: str) -> bool:
        if not bring_applied(self._settings, commit):
            return False
        tree = tree_ids(self._budgets, [commit])[commit]
        return bool(tree) and tree in self.trees.values()

    def _held(self, commit: str) -> bool:
        """Whether the forge says that the branch was at that commit, or above it, before it was pushed to."""
        variables = environment()
        if not self.name or not provider_here().is_named(variables) or not run_of_now().repository:
            return False
        with forge_session(None) as session:
            tips = (tip for tip in session.former_tips(self.name) if tip not in self.order and tip not in self._later)
            return any(self._leads_to(tip, commit) for tip in tips)

    def _leads_to(self, tip: str, commit: str) -> bool:
        if tip == commit:
            return True
        try:
            if not is_here(self._budgets, tip):
                bring(self._budgets, tip, remote=self._remote)
            return commit in line_of(self._budgets, None, tip)
        except GitError:
            return False

    @cached_property
    def _remote(self) -> str:
        known = ask("remote", folder=self._budgets).decode().split()
        named = Place(self._settings.journal, self._settings.root).name.partition(":")[2]
        return named if named in known else "origin" if "origin" in known else ""


def disbelief(settings: Settings, records: Sequence[Record], branch: Branch | None = None) -> str:
    """Return why what `records` say was applied last is not believed; an empty text where it is.

    A journal in a file is believed: nobody else writes there.
    """
    last, listed = last_declared(records), finished_records(records)
    if not is_in_git(settings) or last is None or not (last.commit or last.ahead):
        return ""
    return _doubt(branch or Branch(settings), last, [declared_by_run(record) for record in listed])


def is_in_git(settings: Settings) -> bool:
    """Whether the journal is in git, and the budgets as well."""
    in_git = Place(settings.journal, settings.root).file is None and not settings.sandbox
    return in_git and work_tree(settings.budgets) is not None


def is_job() -> bool:
    """Whether this runs in CI, where there is no person whose word it is."""
    return bool(run_of_now().cause or environment().get("CI"))


def newest_believed(settings: Settings, records: Sequence[Record]) -> Record | None:
    """Return the newest end of a run that the branch bears out, None where there is none."""
    branch, listed = Branch(settings), finished_records(records)
    declared = [declared_by_run(record) for record in listed]
    borne_out = (
        record
        for number, record in reversed(list(enumerate(listed)))
        if not _doubt(branch, declared[number], declared[:number])
    )
    return next(borne_out, None)


def _doubt(branch: Branch, last: LastApplied, earlier: Sequence[LastApplied]) -> str:
    for commit in dict.fromkeys([last.commit, *last.ahead.values()]):
        if commit and not branch.holds(commit):
            where = branch.name or "the branch that is checked out"
            return f"the journal says that {commit[:12]} was applied, and {where} never held that commit"
    known = dict.fromkeys((before.commit or "", tuple(sorted(before.ahead.items()))) for before in earlier)
    for commit, ahead in known:
        if back := branch.goes_back(last, commit, dict(ahead)):
            return f"the journal says that {back[0][:12]} was applied after {back[1][:12]}, which is newer"
    return ""
