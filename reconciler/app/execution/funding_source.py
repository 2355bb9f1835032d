"""What a month is funded from: what was applied last, team by team, and nothing that waits for an approval."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from reconciler.app.believed import is_in_git, is_job
from reconciler.app.budget_files import BudgetFiles, changed_parts
from reconciler.app.checkout import is_older
from reconciler.app.lineage import AFRESH
from reconciler.app.listening import say
from reconciler.app.session import load_desired
from reconciler.app.team_by_team import applied_as_it_was, applied_commits, as_applied
from reconciler.findings import BudgetsError, Finding, FindingsError, RefusedError
from reconciler.git.places import provenance
from reconciler.model.applied import LastApplied
from reconciler.model.desired import Desired
from reconciler.model.landing import ORGANIZATION
from reconciler.model.period import FiscalYear, Period
from reconciler.settings import Settings
from reconciler.source.load import load


@dataclass(frozen=True, slots=True)
class Opened:
    """What a month is opened from: what was applied last, or the YAML as it is here where nothing was.

    `commit` is that up to which everything was applied, where it is the former, and `coming` the fiscal year that the
    YAML here is for, where that is not applied. What was applied `dirty` is in files here that are not committed. The
    teams that are `left` get nothing, each for the reason that is said: what was applied of them is nowhere here.
    """

    desired: Desired
    warnings: tuple[Finding, ...]
    commit: str | None = None
    coming: FiscalYear | None = None
    dirty: bool = False
    left: Mapping[str, str] = field(default_factory=dict)


def source_of(settings: Settings, last: LastApplied | None) -> Opened:
    """Return what a month is to be opened from; says what of the YAML here is not applied, and so not funded.

    What is checked out has no say, so a clone that was left behind funds the same. Raises RefusedError where what was
    applied is neither in this clone nor in a remote of it, and in a job where nothing was.
    """
    if not settings.budgets.is_dir():
        raise FindingsError(load(settings.budgets).findings, budgets=str(settings.budgets))
    if last is None or (last.dirty and not last.uncommitted) or not applied_commits(last):
        _refuse_in_a_job(settings, last)
        return Opened(*load_desired(settings))
    files, base = _files(settings, last)
    files, taken, unknown = as_applied(settings, last, files)
    if ORGANIZATION in unknown:
        raise RefusedError(
            f"org.yaml was applied with changes that were not committed, and it is not here as it was then, so nobody"
            f" can tell what {settings.period} is to be funded from; nothing was written",
            hint=f"commit org.yaml as it was applied, and merge it. Or, in a clone of the branch without changes of its"
            f" own, {AFRESH}",
        )
    left = {team: _lost(f"{files.folder}/teams/{team}.yaml", team, settings.period, base) for team in sorted(unknown)}
    applied, here = files.loaded(), load(settings.budgets)
    if applied.desired is None:
        raise RefusedError(
            f"the budgets of {_named(last)}, which were applied last, cannot be read",
            hint="run `kt-budgets validate` on that commit, and apply what corrects it",
        )
    if here.desired is None:
        say(f"the YAML here has errors; the month is funded from what was applied last ({_named(last)})")
    elif pending := changed_parts(applied.desired, here.desired):
        _say_pending(settings, last, applied.desired, pending, base)
    elif not left:
        return Opened(here.desired, here.findings)
    coming = here.desired.organization.fiscal_year.value if here.desired else None
    head, dirty = provenance(settings.budgets) if taken else (base, False)
    return Opened(applied.desired.without(left), applied.findings, head, coming, bool(dirty), left)


def _lost(path: str, team: str, period: Period, commit: str) -> str:
    return (
        f"{team} is not funded for {period}: it was applied with changes to its file that were not committed, which are"
        f" neither in {commit[:12]} nor here. Next: commit {path} as it was applied, merge it, and"
        f" open the month again; or, in a clone of the branch without changes of its own, {AFRESH}"
    )


def _refuse_in_a_job(settings: Settings, last: LastApplied | None) -> None:
    """Refuse to fund what is merged in a job: whether anybody approved it is what `pr apply` asks."""
    if not is_in_git(settings) or not is_job():
        return
    if last is None:
        raise RefusedError(
            f"nothing was applied or adopted yet that {settings.period} could be funded from, and what is merged is"
            " funded once it is applied; nothing was written",
            hint="`kt-budgets pr apply` applies what is merged with its approvals. Or, in a clone of the branch,"
            f" `kt-budgets adopt` takes in what is to stay as it is; or {AFRESH}",
        )
    raise RefusedError(
        f"what was applied last was in no commit, so nobody can tell from here what {settings.period} is to be funded"
        " from; nothing was written",
        hint="in a clone of the branch without changes of its own, `kt-budgets adopt` takes in what is to stay as it"
        f" is; or {AFRESH}",
    )


def _files(settings: Settings, last: LastApplied) -> tuple[BudgetFiles, str]:
    try:
        return applied_as_it_was(settings, last)
    except RefusedError:
        raise
    except BudgetsError as error:
        raise RefusedError(
            f"the month is funded from what was applied last, {_named(last)}, and that is not in this clone",
            hint=f"check out the whole history, such as `git fetch --unshallow`; {error.hint}. Where no clone has it"
            f" any more, because the branch was pushed by force, {AFRESH}",
        ) from None


def _named(last: LastApplied) -> str:
    commits = [commit[:12] for commit in applied_commits(last)]
    return commits[0] if last.commit or len(commits) == 1 else f"{commits[0]} to {commits[-1]}, team by team"


def _say_pending(settings: Settings, last: LastApplied, applied: Desired, pending: Collection[str], base: str) -> None:
    is_behind = _is_behind(settings, base)
    is_told = last.commit or is_behind
    new = frozenset() if is_told else frozenset(pending) - {ORGANIZATION, *applied.teams}
    if new:
        say(
            f"nothing of {_listed(new)} was ever applied or adopted, so the month is not funded for it;"
            " `kt-budgets adopt TEAM` takes a team in as it is, and `kt-budgets pr apply`, or a plan that is applied,"
            " brings what is merged of it"
        )
    if not (older := frozenset(pending) - new):
        return
    if is_behind:
        say(
            f"what the YAML here says of {_listed(older)} is older than what was applied last ({_named(last)}), from"
            " which the month is funded; to see it here: `git pull`"
        )
        return
    say(
        f"what the YAML says of {_listed(older)} is not applied; the month is funded from what was applied last"
        f" ({_named(last)}). `kt-budgets pr apply`, or a plan that is applied, brings the rest"
    )


def _is_behind(settings: Settings, applied: str) -> bool:
    commit, _ = provenance(settings.budgets)
    return commit is not None and is_older(settings.budgets, commit, applied)


def _listed(parts: Collection[str]) -> str:
    names = sorted(part or "org.yaml" for part in parts)
    return ", ".join(names[:20]) + (f" and {len(names) - 20} more" if len(names) > 20 else "")
