"""What `drift` knows before it reads Keeptrusts: from git, from the forge and from the journal."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from reconciler.app.budget_files import Commits, applied_desired
from reconciler.app.change_request.refresh import bring_heads, merged_here
from reconciler.app.checkout import git
from reconciler.app.disbelief import disbelieved
from reconciler.app.lineage import refuse_behind
from reconciler.app.listening import say
from reconciler.app.planning.managed import managed
from reconciler.app.session import load_desired
from reconciler.app.team_by_team import applied_as_it_was, applied_commits, as_applied
from reconciler.findings import BudgetsError, FindingsError, RefusedError
from reconciler.forge.protocol import Forge
from reconciler.git.failures import GitError, Trouble
from reconciler.git.merging import tip_of
from reconciler.journal.journal import last_declared, read_records
from reconciler.journal.record import Record
from reconciler.journal.standing import Standing, standing_of
from reconciler.model.applied import LastApplied
from reconciler.model.desired import Desired
from reconciler.model.landing import ORGANIZATION
from reconciler.model.waiting import Waiting
from reconciler.plan.drift import Proposal
from reconciler.settings import Settings


@dataclass(frozen=True, slots=True)
class Known:
    """The journal and what it says was applied `last`, what the YAML declares, and what open pull requests ask for.

    `applied` is what was applied, and a month is funded from: a commit, or single teams where only those were. It is
    None when nothing was applied yet, or that is not believed. For the teams in `unfinished`, an empty name standing
    for what belongs to none, the last run did not do everything, or nothing was ever applied. What was applied of
    those that are `lost` is in no commit, and not here.
    """

    records: Sequence[Record]
    last: LastApplied | None
    standing: Standing
    desired: Desired
    applied: Desired | None
    unfinished: frozenset[str]
    proposals: tuple[Proposal, ...]
    lost: frozenset[str] = frozenset()
    disbelieved: tuple[Waiting, ...] = ()


def known_of(settings: Settings, session: Forge | None, remote: str | None, *, writing: bool) -> Known:
    """Return what is known without Keeptrusts; with a `remote`, what open pull requests ask for as well.

    Where the YAML has errors, what was applied stands for it, unless it is to be written.
    """
    records = read_records(settings.journal, folder=settings.root)
    doubted = disbelieved(settings, records)
    last = None if doubted else last_declared(records)
    desired = _declared(settings, None if writing else last)
    _refuse_behind(settings, last, session)
    proposals = _proposals(settings, session, remote) if session and remote else ()
    applied, lost = _applied(settings, desired, last)
    now = managed(desired, records)
    then = managed(applied, records) if applied else None
    unfinished = _unfinished(last, now, then)
    return Known(records, last, standing_of(records), now, then, unfinished, proposals, lost, doubted)


def _unfinished(last: LastApplied | None, desired: Desired, applied: Desired | None) -> frozenset[str]:
    if last is None or last.whole:
        return last.unfinished if last else frozenset()
    never = desired.teams.keys() - (applied.teams.keys() if applied else ())
    return last.unfinished | never | ({ORGANIZATION} - last.ahead.keys())


def _refuse_behind(settings: Settings, last: LastApplied | None, session: Forge | None) -> None:
    """Refuse a clone that was left behind, but not the branch as the forge has it: that was pushed back by force."""
    try:
        for each in [replace(last, commit=commit) for commit in applied_commits(last)] if last else ():
            refuse_behind(settings, each)
    except RefusedError:
        if session is None:
            raise
        tip = tip_of(settings.budgets, session.default_branch())
        if tip != git(settings.budgets, "rev-parse", "HEAD").decode().strip():
            raise


def _declared(settings: Settings, last: LastApplied | None) -> Desired:
    """Return what the YAML declares; where it has errors, what was applied last, which they do not change."""
    try:
        return load_desired(settings)[0]
    except FindingsError as error:
        applied = applied_desired(Commits(settings.budgets), last) if last and last.whole else None
        if applied is None:
            raise
        words = f"{error.message}; Keeptrusts is compared with what was applied last"
        say(words, "`kt-budgets validate` lists them")
        return applied


def _applied(settings: Settings, desired: Desired, last: LastApplied | None) -> tuple[Desired | None, frozenset[str]]:
    """Return what was applied last, team by team, None when nothing was; and the parts of which nobody can tell.

    Where the journal names no commit, or one that is not in this clone, the YAML of now stands for it.
    """
    if last is None or not applied_commits(last):
        return (desired if last and last.whole else None), frozenset()
    try:
        files, _, lost = as_applied(settings, last, applied_as_it_was(settings, last)[0])
        return files.loaded().desired or (desired if last.whole else None), lost
    except BudgetsError as error:
        stands = (
            "the YAML of now stands for what was applied" if last.whole else "whether their month is funded is not told"
        )
        say(f"{error.message}; {stands}", error.hint)
        return (desired if last.whole else None), frozenset()


def _proposals(settings: Settings, session: Forge, remote: str) -> tuple[Proposal, ...]:
    """Return what open pull requests ask for; those of forks are left out, or anybody could explain drift away."""
    branch = session.default_branch()
    listed = session.open_change_requests(into=branch)
    pulls = [pull for pull in listed if not pull.is_fork]
    try:
        bring_heads(settings, pulls, remote)
        trees = [(pull.number, merged_here(settings, pull)) for pull in pulls]
    except GitError as error:
        if error.trouble is not Trouble.TOO_OLD:
            raise
        say(f"{error.message}, so what open {session.words.request}s ask for is not known here; {error.hint}")
        trees = []
    return tuple(Proposal(f"{session.words.request} {number}", desired) for number, desired in trees if desired)
