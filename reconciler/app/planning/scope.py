"""Which teams a plan is about: in CI those that the pull request, or what was merged, changes; elsewhere all."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from typing import TYPE_CHECKING

from reconciler.app.budget_files import Commits, applied_desired, load_at
from reconciler.app.checkout import git, is_submodule, tree_id
from reconciler.app.listening import say
from reconciler.findings import BudgetsError, UsageError
from reconciler.git.places import provenance
from reconciler.journal.journal import interrupted, last_declared
from reconciler.model.kinds.registry import general_nouns
from reconciler.model.later import Later
from reconciler.model.plan import Plan, Scope
from reconciler.plan.later import changed_expectations, is_of_money
from reconciler.plan.renames import as_called
from reconciler.plan.scope import begun, changed_teams, later_targets
from reconciler.policy.approvals import declared
from reconciler.settings import Settings
from reconciler.source.marks import positions

if TYPE_CHECKING:
    from reconciler.journal.declared import Declares
    from reconciler.journal.record import Record
    from reconciler.model.applied import LastApplied
    from reconciler.model.desired import Desired
    from reconciler.model.period import Period
    from reconciler.model.policy_input import Declared

ALL = ":all"
"""Stands for every team, whatever CI says. It can be no commit: a reference holds no colon."""
MOST_TEAMS = 200
"""More teams than that are a change of the organization: it is planned as a whole, and its record stays small.

Decision 0057.
"""


@dataclass(frozen=True, slots=True)
class Aim:
    """What a plan is about: `scope` is None for all teams.

    `later` and `declared` are None where there is no commit to compare with, and where the YAML is `unchanged` since;
    `unknown` says why, where there should be one.
    `rules` is the YAML by which the plan is approved: that before the change, and where nothing differs that at hand.
    """

    scope: Scope | None = None
    later: Later | None = None
    unknown: str = ""
    declared: Declared | None = None
    rules: Desired | None = None
    unchanged: bool = False


def aim_of(settings: Settings, desired: Desired, records: Sequence[Record], *, since: str | None) -> Aim:
    """Return the teams whose YAML differs from the commit `since`, or from the one that this run of CI starts from.

    `records` are those of the journal: what the last run left unfinished is in the scope too. Where CI would narrow
    the scope and that is not possible, it says why; what later months get otherwise is told all the same.
    """
    if since not in (None, ALL):
        return _narrowed(settings, desired, records, _named(settings, since or ""))
    starts = _starts(settings, records)
    first = next(starts, None)
    if first is None:
        return _whole(settings, desired, records)
    is_inside = is_submodule(settings.budgets)
    applied = last_declared(records) if is_inside else None
    told = (name for name in chain([first], starts) if not is_inside or (applied and name == applied.commit))
    start = next((known for name in told if (known := _known(settings, name))), None)
    if since == ALL:
        return compared_with(settings, load_known(settings, start, beside=desired), desired, start)
    if start is None:
        from reconciler.app.forge_session import forge_words

        why = (
            "the budgets are a submodule, and what this run of CI starts from is a commit of the repository around it"
            if is_inside
            else "the commit that this change started from is not in this clone; check out with"
            f" {forge_words().history}"
        )
        _say(why)
        return Aim(unknown=why)
    return _narrowed(settings, desired, records, start)


def budgets_since(settings: Settings, since: str) -> Desired:
    """Return what the YAML of the commit `since` declares; UsageError where it is none, or nothing can be read."""
    found = load_known(settings, _named(settings, since))
    if found is None:
        raise UsageError(
            f"`{since}` has no budgets that can be read", hint="name a commit whose budgets `kt-budgets validate` takes"
        )
    return found


def _named(settings: Settings, since: str) -> str:
    commit = _known(settings, since)
    if not commit:
        hint = "name one that `git log` shows, or fetch it first"
        raise UsageError(f"`{since}` is no commit of this repository", hint=hint)
    return commit


def load_known(settings: Settings, commit: str | None, *, beside: Desired | None = None) -> Desired | None:
    """Return what the YAML of a commit declares, None where it is not known or cannot be read.

    Files that are the same in what declares `beside` are not read again.
    """
    try:
        return load_at(settings.budgets, commit, as_of=settings.as_of, beside=beside) if commit else None
    except BudgetsError:
        return None


def _whole(settings: Settings, desired: Desired, records: Sequence[Record]) -> Aim:
    """Return the aim of a plan outside of CI: all teams, and what later months get otherwise than last applied.

    Before the first apply, the commit that is checked out stands for it.
    """
    head, dirty = provenance(settings.budgets)
    last = last_declared(records)
    commit = _known(settings, last.commit or "") if last else ""
    commit = commit or head or ""
    if not commit or (commit == head and not dirty):
        return Aim(rules=desired, unchanged=bool(commit))
    return compared_with(settings, load_known(settings, commit, beside=desired), desired, commit)


def compared_with(
    settings: Settings,
    before: Desired | None,
    desired: Desired,
    commit: str | None,
    *,
    teams: Collection[str] | None = None,
) -> Aim:
    """Return the aim of a plan of all teams: what `desired` says otherwise than `before`, which is that of a commit.

    Of months to come, that is what it says of `teams`. Nothing can be told where it is not known what was said before.
    """
    if before is None or not commit:
        return Aim()
    later = _later(settings, before, desired, commit, teams=teams)
    return Aim(later=later, declared=declared(before, desired, since=commit), rules=before)


def _later(
    settings: Settings, before: Desired, desired: Desired, commit: str, *, teams: Collection[str] | None
) -> Later:
    """Return what `desired` says otherwise, with its places: to horizon, year's end and a year of the last step."""
    organization, period = desired.organization, settings.period
    year_ends = organization.fiscal_year.value.periods[-1].months_since(period)
    last = max(organization.forecast.horizon_months, year_ends, *_turns(before, desired, period))
    months = [period.plus(ahead) for ahead in range(last + 1)]
    about = {*before.teams, *desired.teams} if teams is None else teams
    comparable = before.organization.currency == organization.currency
    called = as_called(before, desired)
    found = list(changed_expectations(called, desired, teams=about, periods=months, as_of=settings.as_of))
    places = positions(desired.files, (origin for _, origin in found))
    both = dict.fromkeys(called.teams.keys() - before.teams.keys(), before.organization.owners)
    placed = [
        item.model_copy(update={"position": str(places[origin]), "also_approvers": both.get(item.team, ())})
        for item, origin in found
    ]
    return Later(
        since=commit,
        until=months[-1],
        targets=tuple(later_targets(before, desired, teams=about, periods=months[1:])) if comparable else (),
        expectations=tuple(item for item in placed if item.kind == "expectation" or is_of_money(item)),
        settings=tuple(item for item in placed if item.kind == "setting" and not is_of_money(item)),
    )


def _turns(before: Desired, desired: Desired, period: Period) -> Iterator[int]:
    """Yield in how many months the steps of a wallet that is said otherwise have been there for a year."""
    for found in before.differing_wallets(desired).values():
        pair = [wallet.setting for wallet in found if wallet]
        if len(pair) == 1 or (pair[0] is not pair[1] and pair[0] != pair[1]):
            yield from (turn.months_since(period) + 11 for setting in pair for turn in setting.turns())


def declared_by(settings: Settings, plan: Plan, desired: Desired, last: LastApplied | None) -> Declares:
    """Return what of `desired` counts as applied once `plan` is: all of it, if nothing else changed since the last run.

    Something else did where an earlier merge was never applied; then only the plan's own teams count.
    """
    if plan.scope is None:
        return "all"
    before = applied_of(settings, last)
    changed = changed_teams(before, desired) if before else None
    return "all" if changed is not None and changed <= set(plan.scope.teams) else "its teams"


def applied_of(settings: Settings, last: LastApplied | None) -> Desired | None:
    """Return what the `last` run left applied; None where nothing was, or this clone does not have it."""
    try:
        return applied_desired(Commits(settings.budgets), last)
    except BudgetsError:
        return None


def _narrowed(settings: Settings, desired: Desired, records: Sequence[Record], commit: str) -> Aim:
    before = load_at(settings.budgets, commit, as_of=settings.as_of, beside=desired)
    if before is None:
        why = f"{commit[:12]} has no budgets that can be read"
        _say(why)
        if tree_id(settings.budgets, commit):
            return Aim(unknown=why)
        return replace(compared_with(settings, begun(desired), desired, commit), rules=desired.without_teams())
    scope = _scope(before, desired, records, commit)
    aim = compared_with(settings, before, desired, commit, teams=scope.teams if scope else None)
    if scope is None or aim.later is None:
        return replace(aim, scope=scope)
    return replace(aim, scope=scope.model_copy(update={"later": aim.later.targets}))


def _scope(before: Desired, desired: Desired, records: Sequence[Record], commit: str) -> Scope | None:
    if interrupted(records):
        _say("the last run did not finish; if it was interrupted, `kt-budgets resume` proves or finishes it")
        return None
    changed = changed_teams(before, desired)
    last = last_declared(records)
    unfinished = last.unfinished if last else frozenset()
    if changed is None or "" in unfinished:
        _say("org.yaml changed" if changed is None else f"the last run did not finish the {general_nouns()}")
        return None
    teams = changed | unfinished
    if len(teams) > MOST_TEAMS:
        _say(f"{len(teams)} of them changed")
        return None
    return Scope(
        since=commit,
        teams=tuple(sorted(teams)),
        of=len({*desired.teams, *teams}),
        unfinished=tuple(sorted(unfinished)),
    )


def _starts(settings: Settings, records: Sequence[Record]) -> Iterator[str]:
    """Yield what this run of CI may have started from, the surest first; nothing at all outside of CI."""
    from reconciler.app.forge_session import run_of_now

    run = run_of_now()
    if run.target:
        for tip in (f"refs/remotes/origin/{run.target}", f"refs/heads/{run.target}", run.base or ""):
            yield _fork_point(settings, tip)
    elif run.cause == "push":
        last = last_declared(records)
        if last and last.commit:
            yield last.commit
            return
        yield run.before or ""
        yield "HEAD^1"


def _fork_point(settings: Settings, tip: str) -> str:
    """Return the commit that the checkout and `tip` have in common, an empty text where there is none."""
    return _git(settings, "merge-base", "HEAD", tip) if tip and _known(settings, tip) else ""


def _known(settings: Settings, name: str) -> str:
    """Return the id of a commit that is in this clone, an empty text for anything else."""
    commit = f"{name}^{{commit}}"
    return _git(settings, "rev-parse", "--verify", "--quiet", "--end-of-options", commit) if name else ""


def _git(settings: Settings, *arguments: str) -> str:
    try:
        return git(settings.budgets, *arguments).decode("ascii", "replace").strip()
    except BudgetsError:
        return ""


def _say(why: str) -> None:
    say(f"every team is planned: {why}")
