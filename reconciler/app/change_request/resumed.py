"""Landings whose interrupted run was finished by a resume: their pull requests still say that it is not known."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

from reconciler.app.forge_session import forge_words
from reconciler.findings import ExitCode
from reconciler.journal.history import RunTrace, history_of
from reconciler.journal.record import Record, Step
from reconciler.model.landing import teams_of
from reconciler.model.merges import LandingOutcome
from reconciler.model.outcome import DONE, Outcome, Run, Status


def resumed_landings(records: Sequence[Record], *, url: str, runs: Sequence[str] = ()) -> list[LandingOutcome]:
    """Return the landings of runs that were resumed from the workflow run at `url`, or that are named in `runs`."""
    history = history_of(records)
    here = {record.run for record in records if record.step is Step.RESUMED and url and record.facts.get("url") == url}
    wanted = here | set(runs)
    return [found for name, trace in history.runs.items() if name in wanted for found in _landing(trace)]


LATELY = timedelta(days=7)
"""How long after a run was resumed its pull request is looked at: each look is a question to the forge."""


def settled_landings(
    records: Sequence[Record], *, now: datetime, is_applied: Callable[[str], bool]
) -> Iterator[LandingOutcome]:
    """Yield the landings, of commits that are applied as a whole, whose run somebody resumed of late.

    Who resumes by hand tells no pull request what came of it.
    """
    since = now - LATELY
    late = (record for record in records if record.step is Step.RESUMED and datetime.fromisoformat(record.at) >= since)
    for found in resumed_landings(records, url="", runs=tuple({record.run for record in late})):
        if found.pull_request is not None and is_applied(found.commit):
            yield found if found.is_done else found.model_copy(update=_ELSEWHERE)


def applied_beside(records: Sequence[Record], commits: Collection[str]) -> tuple[LandingOutcome, ...]:
    """Return the landings of these commits as their last run, which another command began, has applied them."""
    found: dict[str, LandingOutcome] = {}
    for trace in history_of(records).runs.values():
        found |= {landing.commit: landing for landing in _landing(trace) if landing.commit in commits}
    said = {"reason": "another run applied it while this one went on"}
    done = (landing for landing in found.values() if landing.status == "applied" and landing.pull_request)
    return tuple(landing.model_copy(update=said) for landing in done)


_ELSEWHERE: dict[str, Any] = {
    "status": "nothing",
    "refused": {},
    "run": None,
    "reason": "everything of it is applied, or was taken back; `kt-budgets audit` shows what was carried out",
    "cure": "",
    "exit_code": int(ExitCode.DONE),
}


def in_flight(found: Iterable[LandingOutcome], resumed: Iterable[LandingOutcome]) -> Iterator[LandingOutcome]:
    """Yield the landings, those as not known that wait because it is not known what became of their own run."""
    unknown = {landing.commit: landing.run for landing in resumed if landing.status == "unknown"}
    for landing in found:
        is_open = landing.status == "refused" and landing.commit in unknown
        update = {"status": "unknown", "run": unknown[landing.commit]} if is_open else {}
        yield landing.model_copy(update=update)


def _landing(trace: RunTrace) -> Iterator[LandingOutcome]:
    facts = trace.started.facts
    if "landed" not in facts:
        return
    parts = frozenset(facts["landed"]["parts"])
    number = str(facts.get("why", {}).get("pull_request", ""))
    finished = trace.finished.facts if trace.finished else {}
    outcomes = tuple(Outcome.model_validate_json(json.dumps(item)) for item in finished.get("outcomes", ()))
    statuses = {outcome.status for outcome in outcomes}
    is_unknown = trace.finished is None or Status.UNKNOWN in statuses
    is_done = not is_unknown and statuses <= DONE and not trace.stale
    status = "unknown" if is_unknown else "applied" if is_done else "partly" if statuses & DONE else "refused"
    code = {"unknown": ExitCode.UNKNOWN, "applied": ExitCode.DONE, "partly": ExitCode.PARTIAL}
    yield LandingOutcome.model_validate(
        {
            "pull_request": int(number) if number.isdigit() and int(number) else None,
            "commit": facts["landed"]["commit"],
            "base": None,
            "teams": teams_of(parts),
            "status": status,
            "refused": dict(trace.stale),
            "run": Run(run=trace.run, outcomes=outcomes, converged=bool(finished.get("converged"))),
            "reason": "its run did not finish at once, and was resumed",
            "cure": f"start the resume {forge_words().pipeline}, which proves or finishes it" if is_unknown else "",
            "exit_code": int(code.get(status, ExitCode.REFUSED)),
        }
    )
