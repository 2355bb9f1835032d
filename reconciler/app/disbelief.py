"""A journal that is not believed stops every write, is told, and a person goes on from what the branch bears out.

An interrupted run that it keeps is finished where the YAML of the default branch says what it would do (decision 0077).
"""

from __future__ import annotations

from collections.abc import Sequence

from reconciler.app.believed import Branch, disbelief, is_in_git, is_job, newest_believed
from reconciler.app.budget_files import Commits
from reconciler.app.forge_session import attribution_of_now, words_in
from reconciler.clock import SystemClock
from reconciler.findings import RefusedError
from reconciler.journal.declared import Declared
from reconciler.journal.git_store import JOURNAL
from reconciler.journal.history import RunTrace, history_of, open_runs
from reconciler.journal.journal import Journal, last_declared
from reconciler.journal.place import open_store
from reconciler.journal.record import Entry, JournalError, Record, Step
from reconciler.model.change import Allocate, Change, ObjectChange, Reclaim
from reconciler.model.desired import Desired
from reconciler.model.kinds.managed_kind import text_of
from reconciler.model.waiting import Dispatch, Waiting
from reconciler.settings import Settings

_REPAIR = "`kt-budgets resume --repair-journal --reason WHY`"
_REASON = "the branch does not bear out what the journal says"


def refuse_disbelieved(settings: Settings, records: Sequence[Record]) -> None:
    """Raise RefusedError where what the journal says was applied last is not believed."""
    if why := disbelief(settings, records):
        raise RefusedError(f"{why}; nothing was written", hint=_cure(_REPAIR))


def refuse_unborne(settings: Settings, records: Sequence[Record]) -> None:
    """Raise RefusedError where an interrupted run would do what no YAML of the branch says."""
    for run, why in unborne(settings, records):
        raise RefusedError(f"the run {run} is not finished: {why}; nothing was written", hint=_cure(_REPAIR))


def disbelieved(settings: Settings, records: Sequence[Record]) -> tuple[Waiting, ...]:
    """Return what of the journal is not believed, as something that waits for a person."""
    last = last_declared(records)
    found = [
        _waiting(settings, f"the run {run} is not finished: {why}", records) for run, why in unborne(settings, records)
    ]
    if last and (why := disbelief(settings, records)):
        ends = f"{why}. Until that is settled, nothing is applied and no month is opened"
        found.insert(0, _waiting(settings, ends, records, commit=last.commit))
    return tuple(found)


def _waiting(settings: Settings, sentence: str, records: Sequence[Record], *, commit: str | None = None) -> Waiting:
    words = words_in(settings.budgets)
    repair = _REPAIR if words.commands else f"the resume {words.pipeline} with `{words.given('repair_journal')}`"
    return Waiting(
        kind="journal",
        state="not believed",
        commit=commit,
        since=f"{records[-1].at[:19]}Z",
        sentence=_sentence(sentence),
        cure=_sentence(_cure(repair)),
        dispatch=Dispatch(workflow="resume.yml", inputs={"reason": _REASON, "repair_journal": "true"}),
    )


def repaired(settings: Settings, organization: str, reason: str) -> str:
    """Go on from the newest record that the branch bears out, and give up runs that it does not; say what was done.

    An empty text where the journal has nothing against it, or is not whole: that is repaired otherwise.
    """
    store, clock, who = open_store(settings.journal, folder=settings.root), SystemClock(), attribution_of_now()
    with store.lock(who.owner(f"repair-{clock.now():%Y%m%dT%H%M%S}Z"), clock=clock):
        try:
            journal = Journal.open(store, organization=organization, clock=clock)
        except JournalError:
            return ""
        why, runs = disbelief(settings, journal.records), dict(unborne(settings, journal.records))
        if not why and not runs:
            return ""
        whole = newest_believed(settings, journal.records)
        facts = {
            "reason": reason,
            **who.facts(),
            "repaired": why or next(iter(runs.values())),
            "kept": whole.sequence if whole else 0,
            "declared": Declared.read(whole.facts).facts() if whole else None,
            "given_up": sorted(runs),
        }
        journal.append(journal.records[-1].run, Entry(Step.RECOVERED, facts=facts))
    state = f"what the run {whole.run} applied at {whole.at[:16]} UTC" if whole else "nothing that was applied"
    over = f"; given up: {', '.join(sorted(runs))}" if runs else ""
    return f"The journal goes on from {state}{over}."


def _cure(repair: str) -> str:
    return (
        f"whoever may push to the repository may push {JOURNAL}: `kt-budgets audit` shows who recorded what. If it is"
        f" right, merge that commit; else start {repair}, which goes on from the newest record that the branch bears"
        " out"
    )


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}."


def unborne(settings: Settings, records: Sequence[Record]) -> list[tuple[str, str]]:
    """Return the interrupted runs that would send what no YAML of the branch says, each with why."""
    if not is_in_git(settings):
        return []
    runs = [run for run, only in open_runs(history_of(records)) if only is None]
    branch, commits = Branch(settings), Commits(settings.budgets)
    return [(run.run, why) for run in runs if (why := _objection(run, branch, commits))]


def _objection(run: RunTrace, branch: Branch, commits: Commits) -> str:
    plan = run.plan
    if plan.source.commit is None or plan.source.dirty:
        return "it is about files that are in no commit; whoever started it can finish it" if is_job() else ""
    applied = run.started.facts.get("commit") or plan.source.commit
    sources = [plan.source.commit, applied, *run.started.facts.get("ahead", {}).values()]
    for commit in dict.fromkeys(sources):
        if not branch.holds(commit):
            return f"it is about {commit[:12]}, which {branch.name or 'the branch'} never held"
    said = [desired for commit in sources if (desired := commits.desired(commit))]
    for change in plan.changes:
        if not any(_is_said(change, desired) for desired in said):
            what = change.wallet if isinstance(change, Allocate | Reclaim) else change.key
            return (
                f"it is to {change.kind.replace('_', ' ')} {what}, and the budgets of {sources[0][:12]} say otherwise"
            )
    return ""


def _is_said(change: Change, desired: Desired) -> bool:
    """Whether the YAML asks for what a change leads to."""
    if isinstance(change, ObjectChange):
        listed = {text_of(key): wanted.value for key, wanted in desired.of(change.managed).items()}
        return listed.get(change.key) == change.after
    wallet = desired.wallets.get(change.wallet)
    if isinstance(change, Reclaim) and change.carried_from:
        return desired.organization.unused == "reclaim" or wallet is None or wallet.absent
    if wallet is None:
        return isinstance(change, Reclaim) and not change.target
    within = change.funded_before + change.amount <= change.target
    is_target = wallet.target(change.period).amount == change.target
    return is_target and (isinstance(change, Reclaim) or within)
