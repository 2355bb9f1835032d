"""What became of what was merged, for people: a line for each, why something is left, and what mends it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from reconciler.model.merges import LandingOutcome, Merges
from reconciler.model.outcome import Run, Status
from reconciler.report.screen import PAPER, Screen
from reconciler.report.wording import counted

_DONE = (Status.APPLIED, Status.ALREADY_APPLIED)


def merges_text(found: Merges, _: Screen = PAPER) -> str:
    lines = []
    if found.resumed is not None:
        lines.append(f"An interrupted run was resumed: {run_words(found.resumed)}.")
    for landing in found.landings:
        lines += _lines(landing)
    if found.put_back is not None:
        lines.append(f"Git's values were put back for every team: {run_words(found.put_back)}.")
    lines.append(_end(found))
    return "\n".join(lines) + "\n"


def about(landing: LandingOutcome) -> str:
    """Return what a landing is about, in a few words."""
    if landing.teams is None:
        return "the organization"
    shown = ", ".join(landing.teams[:6]) or "YAML with errors"
    return f"{shown} and {counted(len(landing.teams) - 6, 'more team')}" if len(landing.teams) > 6 else shown


def run_words(run: Run) -> str:
    """Return how many changes came to what, such as `2 applied, 1 refused`."""
    counts = Counter(outcome.status.value.replace("_", " ") for outcome in run.outcomes)
    return ", ".join(f"{count} {words}" for words, count in sorted(counts.items())) or "nothing had to be changed"


def reasons(landing: LandingOutcome) -> list[str]:
    """Return why something of a landing was not applied, each sentence once."""
    of_writes = [
        f"{outcome.team}: {outcome.reason}"
        for outcome in (landing.run.outcomes if landing.run else ())
        if outcome.status not in _DONE and outcome.reason and outcome.team not in landing.refused
    ]
    return list(dict.fromkeys([*([landing.reason] if landing.reason else []), *landing.refused.values(), *of_writes]))


def _lines(landing: LandingOutcome) -> Iterator[str]:
    name = f"#{landing.pull_request}" if landing.pull_request else f"push {landing.commit[:12]}"
    by = f", approved by {', '.join(landing.approved_by)}" if landing.approved_by else ""
    did = f": {run_words(landing.run)}" if landing.run else ""
    yield f"{name}  {landing.status}  {about(landing)}{by}{did}"
    for sentence in (*landing.stood_in, *reasons(landing)):
        yield f"    {sentence}"
    if landing.cure:
        yield f"    Next: {landing.cure}."


def _end(found: Merges) -> str:
    if not found.pending:
        return "Everything that was merged is applied."
    return f"{counted(found.pending, 'merged change')} {'is' if found.pending == 1 else 'are'} not applied yet."
