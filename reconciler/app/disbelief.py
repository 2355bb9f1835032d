"""A journal that is not believed stops every write, is told, and a person goes on from what the branch bears out."""

from __future__ import annotations

from collections.abc import Sequence

from reconciler.app.believed import disbelief, newest_believed
from reconciler.app.believed_runs import unborne
from reconciler.clock import SystemClock
from reconciler.findings import RefusedError
from reconciler.journal.attribution import attribution
from reconciler.journal.declared import Declared
from reconciler.journal.git_store import JOURNAL
from reconciler.journal.journal import Journal, last_declared
from reconciler.journal.place import open_store
from reconciler.journal.record import Entry, JournalError, Record, Step
from reconciler.model.waiting import Dispatch, Waiting
from reconciler.settings import Settings, environment

_REPAIR = "`kt-budgets resume --repair-journal --reason WHY`"
_WORKFLOW = "the resume workflow with `repair_journal`"
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
    found = [_waiting(f"the run {run} is not finished: {why}", records) for run, why in unborne(settings, records)]
    if last and (why := disbelief(settings, records)):
        ends = f"{why}. Until that is settled, nothing is applied and no month is opened"
        found.insert(0, _waiting(ends, records, commit=last.commit))
    return tuple(found)


def _waiting(sentence: str, records: Sequence[Record], *, commit: str | None = None) -> Waiting:
    return Waiting(
        kind="journal",
        state="not believed",
        commit=commit,
        since=f"{records[-1].at[:19]}Z",
        sentence=_sentence(sentence),
        cure=_sentence(_cure(_WORKFLOW)),
        dispatch=Dispatch(workflow="resume.yml", inputs={"reason": _REASON, "repair_journal": "true"}),
    )


def repaired(settings: Settings, organization: str, reason: str) -> str:
    """Go on from the newest record that the branch bears out, and give up runs that it does not; say what was done.

    An empty text where the journal has nothing against it, or is not whole: that is repaired otherwise.
    """
    store, clock, who = open_store(settings.journal, folder=settings.root), SystemClock(), attribution(environment())
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
