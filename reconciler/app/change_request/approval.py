"""`kt-budgets pr approval`: whether a merge commit may be applied. `apply` asks the same."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

from reconciler.app.budget_files import Commits, applied_desired, changed_parts, first_budgets, load_at
from reconciler.app.change_request.gate import check_gate
from reconciler.app.change_request.named_merge import NamedMerge, named_merge
from reconciler.app.change_request.newcomers import asked_of, others_in
from reconciler.app.checkout import git, knows, parents, prefix
from reconciler.app.forge_session import forge_session, forge_words
from reconciler.app.lineage import refuse_older
from reconciler.app.planning.plan import plan as plan_of_now
from reconciler.app.planning.saved import load_plan
from reconciler.findings import ExitCode, FindingsError, RefusedError, StalePlanError, UsageError
from reconciler.forge.approval import Approval, belongs_to, judge
from reconciler.forge.change_request import ChangeRequest
from reconciler.forge.protocol import Forge
from reconciler.git.merging import clean_merges
from reconciler.model.applied import LastApplied
from reconciler.model.change_request import ApprovalDocument, LastAppliedDocument
from reconciler.model.desired import Desired
from reconciler.model.plan import Plan
from reconciler.model.requirement import Requirement
from reconciler.policy.approvals import requirements
from reconciler.policy.facts import refusals, step_of
from reconciler.report.approvals import all_missing_words, stand_in_document, stand_in_words
from reconciler.report.renderers import Statement
from reconciler.settings import Settings


@dataclass(frozen=True, slots=True)
class ApprovalRequest:
    """What is asked: of a `merge` commit, with the plan in a file or the plan of now; or of what was last applied.

    With `with_check` it is asked before the merge, of pull request `number`, that of the run, or all that are open.
    """

    merge: str | None = None
    plan_path: Path | None = None
    last_applied: bool = False
    with_check: bool = False
    number: int | None = None
    repo: str | None = None
    recorded_by: str = ""


def approval(settings: Settings, asked: ApprovalRequest) -> Statement:
    """State whether a merge commit may be applied, or a pull request be merged; its exit code says what is stale.

    Raises:
        RefusedError: an approval is missing, or the commit is no merge of a pull request.
        UsageError: no commit or no repository was named.
        RemoteError: the forge or Keeptrusts cannot be read.
    """
    if asked.with_check:
        return check_gate(settings, repo=asked.repo, number=asked.number, recorded_by=asked.recorded_by)
    return require_last_applied(settings) if asked.last_applied else stated(_approved(settings, asked))


def _approved(settings: Settings, asked: ApprovalRequest) -> Approval:
    """Return the approval of the merge commit for the plan in a file, or for the plan of now."""
    with forge_session(asked.repo, recorded_by=asked.recorded_by) as session:
        commit = asked.merge or session.run.commit
        if not commit:
            raise UsageError("no merge commit was named", hint="name it with `--merge-sha SHA`")
        plan = load_plan(asked.plan_path) if asked.plan_path else plan_of_now(settings)
        return approve_plan(session, settings, plan, merge=commit)


def approve_plan(session: Forge, settings: Settings, plan: Plan, *, merge: str) -> Approval:
    """Return what of `plan` is approved of the merge commit, and what is missing or has become stale.

    Raises:
        RefusedError: the commit is no merge of a pull request, or nothing of it can be approved.
    """
    from reconciler.journal.journal import last_applied

    applied = last_applied(settings.journal, folder=settings.root)
    refuse_older(settings, merge, applied)
    named = named_merge(session, settings.budgets, merge)
    return judge(
        session,
        named.pull,
        required=_required(session, settings, plan, named, merge, applied),
        plan=plan,
        is_clean=clean_merges(settings.budgets, reference=named.pull.reference),
    )


def require_approval(settings: Settings, plan: Plan, *, merge: str | None = None, repo: str | None = None) -> Approval:
    """Return the approval of `plan` for `apply --require-approval`; raises for what is missing or stale."""
    with forge_session(repo) as session:
        commit = merge or session.run.commit or plan.source.commit
        if not commit:
            raise UsageError("no merge commit is known", hint="run it in the checkout of the merge commit")
        found = approve_plan(session, settings, plan, merge=commit)
    require(found)
    if found.stale:
        raise StalePlanError(_stale_words(found), hint=again())
    return found


def require_last_applied(settings: Settings) -> Statement:
    """State that the checked-out budgets are what was last applied; RefusedError when they are not."""
    from reconciler.journal.journal import last_applied

    last = last_applied(settings.journal, folder=settings.root)
    hint = "`kt-budgets pr apply` applies what is merged, with its approval"
    if last is None or last.commit is None:
        raise RefusedError("the journal names no commit that was applied", hint=hint)
    commits = Commits(settings.budgets)
    applied, now = (
        applied_desired(commits, last),
        commits.desired(git(settings.budgets, "rev-parse", "HEAD").decode().strip()),
    )
    if applied is None or now is None or changed_parts(applied, now):
        raise RefusedError(
            f"the budgets differ from those of {last.commit[:12]}, the last applied commit: something is merged and"
            " not applied",
            hint=hint,
        )
    words = f"the budgets are those of {last.commit[:12]}, the last applied commit"
    return Statement(LastAppliedDocument(commit=last.commit), words)


def require(found: Approval) -> None:
    """Raise RefusedError for all that is missing, so that everybody can be asked at once."""
    if found.missing:
        message, hint = all_missing_words(found.missing, forge_words())
        raise RefusedError(message, hint=hint)


def stated(found: Approval) -> Statement:
    """Return an approval, or what of it has become stale, in words; raises RefusedError for what is missing."""
    require(found)
    facts = ApprovalDocument(
        pull_request=found.pull_request,
        head=found.head,
        approved_by=found.approved_by,
        stale=found.stale,
        recorded=found.record.digest,
        stood_in=tuple(map(stand_in_document, found.stood_in)),
    )
    by = ", ".join(found.approved_by) or "nobody, and nobody has to"
    text = f"{forge_words().request} {found.pull_request} is approved at {found.head[:12]} by {by}"
    lines = [f"{text}; but {_stale_words(found)}" if found.stale else text]
    lines += [stand_in_words(item) for item in found.stood_in]
    code = ExitCode.STALE if found.stale else ExitCode.DONE
    return Statement(facts, "\n".join(lines), code)


def again() -> str:
    """Return what to do about teams whose plan is stale."""
    words = forge_words()
    return (
        f"if an earlier merge was not applied, run its {words.pipeline} again first; else open a {words.request} that"
        " changes these teams"
    )


def _stale_words(found: Approval) -> str:
    teams = ", ".join(found.stale[:20]) + (f" and {len(found.stale) - 20} more" if len(found.stale) > 20 else "")
    return (
        f"the plan of {teams} is not the one that was recorded for that commit: Keeptrusts or the YAML moved since,"
        " or an"
        " earlier merge was not applied"
    )


def _required(
    session: Forge, settings: Settings, plan: Plan, named: NamedMerge, merge: str, applied: LastApplied | None
) -> tuple[Requirement, ...]:
    """Return who must approve, by the rules of the base branch and by those of the last applied commit.

    The second keeps rules that were weakened by a merge without approval from approving what follows it. Where nothing
    was applied, org.yaml as it began does (decision 0060).
    """
    after = load_at(settings.budgets, merge)
    if after is None:
        raise _unreadable(merge)
    if after.tree_digest != plan.source.tree_digest:
        raise RefusedError(
            f"the plan was made from other files than those of {merge[:12]}",
            hint="plan again in a clean checkout of that commit",
        )
    base = named.base or _base(session, settings.budgets, named.pull, merge)
    commits = dict.fromkeys([base, *([applied.commit] if applied and applied.commit else [])])
    before = _rules(settings.budgets, commits, after)
    if len(commits) == 1 and (origin := first_budgets(Commits(settings.budgets), base)):
        before.append(replace(before[0], organization=origin.organization))
    _check_guards(before, after, plan, as_of=settings.as_of)
    found = [requirements(rules, step_of(plan, rules, after, as_of=settings.as_of)) for rules in before]
    others = (
        {} if _had_budgets(settings.budgets, base) else others_in(Commits(settings.budgets), base, named.pull.base_ref)
    )
    step = step_of(plan, after.without_teams(), after, as_of=settings.as_of)
    return tuple(dict.fromkeys([*(item for listed in found for item in listed), *asked_of(others, after, step)]))


def _check_guards(before: Iterable[Desired], after: Desired, plan: Plan, *, as_of: date) -> None:
    own = f"; or change the limit in a {forge_words().request} of its own"
    for result, is_before in refusals(plan, before, after, as_of=as_of):
        raise RefusedError(
            f"{result.guard}: {result.message}{'; this is the limit from before the merge' if is_before else ''}",
            hint=f"{result.hint}{own if is_before else ''}",
        )


def _base(session: Forge, budgets: Path, pull: ChangeRequest, merge: str) -> str:
    """Return the commit of the default branch that the pull request was merged onto.

    A merge commit's first parent; below a squash, its parent; below a rebase, what is under all of its commits.
    """
    above = parents(budgets, merge)
    if not above:
        raise RefusedError(
            f"{merge[:12]} has no parent: there are no rules that it could be approved by",
            hint=f"bring the budgets in through a {session.words.request}",
        )
    base = above[0]
    for _ in range(pull.commits if len(above) == 1 else 0):
        below = parents(budgets, base)
        if not below or not belongs_to(session, pull, base):
            break
        base = below[0]
    return base


def _rules(budgets: Path, commits: Iterable[str], after: Desired) -> list[Desired]:
    """Return the YAML of each commit. Where there never was any, the new organization's owners approve everything."""
    found = []
    for commit in commits:
        rules = load_at(budgets, commit)
        if rules is None and not _had_budgets(budgets, commit):
            rules = after.without_teams()
        if rules is None:
            raise _unreadable(commit)
        found.append(rules)
    return found


def _had_budgets(budgets: Path, commit: str) -> bool:
    """Whether budgets of this organization were there by then, in this folder or in another one."""
    return load_at(budgets, commit) is not None or knows(budgets, prefix(budgets) / "org.yaml", until=commit)


def _unreadable(commit: str) -> RefusedError | FindingsError:
    return RefusedError(
        f"the budgets of {commit[:12]} cannot be read, so nobody knows who must approve",
        hint="run `kt-budgets validate` on that commit, correct the files, and merge the correction first",
    )
