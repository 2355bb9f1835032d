"""What a journal shows that nobody works on: runs that never finished, writes nobody knows about, a dead lock."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path

from reconciler.journal.git_lock import LEASE, LockState
from reconciler.journal.git_store import GitStore
from reconciler.journal.history import History, RunTrace, history_of, open_runs
from reconciler.journal.place import open_store
from reconciler.journal.record import Record
from reconciler.model.forge_words import USUAL, ForgeWords
from reconciler.model.waiting import Dispatch, Waiting


def lock_of(name: str, *, folder: Path | None = None) -> LockState | None:
    """Return what the lock of the journal called `name` says; None where nobody holds it, or its machine does."""
    store = open_store(name, folder=folder)
    state = store.lock_state() if isinstance(store, GitStore) else None
    return state if state and state.owner else None


def abandoned(
    records: Sequence[Record], lock: LockState | None, *, now: datetime, words: ForgeWords = USUAL
) -> tuple[Waiting, ...]:
    """Return what the journal and its lock show that somebody must look after; nothing of a run that is under way.

    A run is under way while its lease lasts; without a lock, as long after its last record as a lease lasts.
    """
    history = history_of(records)
    is_held = lock is not None and lock.until is not None and lock.until >= now
    is_fresh = bool(records) and (now - datetime.fromisoformat(records[-1].at)) < LEASE
    start = words.start("resume", "`kt-budgets resume`")
    found = list(_dead(lock)) if lock and not is_held else []
    for run, _ in open_runs(history):
        is_under_way = run.finished is None and run is history.last and (is_held or (lock is None and is_fresh))
        if not is_under_way and (
            waiting := _run(run, history, f"{start[:1].upper()}{start[1:]}, which proves or finishes it.")
        ):
            found.append(waiting)
    return tuple(found)


def _dead(lock: LockState) -> Iterator[Waiting]:
    owner = lock.owner
    if owner is None:
        return
    until = f"it expired at {lock.until:%Y-%m-%d %H:%M} UTC" if lock.until else "until when, cannot be read"
    soon = "The next run takes it over by itself; or break it at once." if lock.until else "Break it by hand."
    yield Waiting(
        kind="lock",
        state="lease ran out",
        since=_instant(lock.until) if lock.until else "",
        sentence=f"{owner.name} holds the lock of the journal (run {owner.run}): {until}.",
        cure=f"{soon} See first that its run has ended{': ' + owner.url if owner.url else ''}.",
        dispatch=_resume(f"the lock of {owner.name} expired and its run has ended", break_lock=owner.name),
    )


def _run(run: RunTrace, history: History, cure: str) -> Waiting | None:
    unknown = [trace for trace in history.in_doubt() if trace.run == run.run]
    began = run.started.at
    teams = {trace.change.team for trace in unknown if trace.change}
    if run.finished is None:
        teams |= {change.team for change in run.plan.changes}
        also = f" Whether {_count(len(unknown))} arrived is not known." if unknown else ""
        return Waiting(
            kind="run",
            state="interrupted",
            teams=tuple(sorted(teams - {""})),
            since=_instant(datetime.fromisoformat(began)),
            sentence=f"The run {run.run} began and never finished.{also}",
            cure=cure,
            dispatch=_resume(f"the run {run.run} was interrupted"),
        )
    if not unknown:
        return None
    operations = ", ".join(trace.operation for trace in unknown[:5]) + (" and more" if len(unknown) > 5 else "")
    return Waiting(
        kind="operation",
        state="unknown",
        teams=tuple(sorted(teams - {""})),
        since=_instant(datetime.fromisoformat(began)),
        sentence=f"Whether {_count(len(unknown))} of the run {run.run} arrived is not known: {operations}.",
        cure=cure,
        dispatch=_resume(f"the outcome of the run {run.run} is not known"),
    )


def _count(count: int) -> str:
    return f"{count} write{'s' if count != 1 else ''}"


def _resume(reason: str, **inputs: str) -> Dispatch:
    return Dispatch(workflow="resume.yml", inputs={"reason": reason, **inputs})


def _instant(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"
