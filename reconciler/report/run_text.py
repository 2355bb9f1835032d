"""A run, and what became of what was merged, in words: one line for each, why something is left, what to do next."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from decimal import Decimal

from reconciler.findings import ExitCode
from reconciler.model.forge_words import ForgeWords
from reconciler.model.merges import LandingOutcome, Merges
from reconciler.model.money import Money
from reconciler.model.outcome import AGAIN, Outcome, Result, Run, Status
from reconciler.report.columns import Grid, wrapped
from reconciler.report.screen import PAPER, Screen
from reconciler.report.wording import counted

_COMMAND = "`kt-budgets resume --"
_NEXT = {
    ExitCode.UNKNOWN: "Next: kt-budgets resume, which finds out what became of it; until then nothing unknown is"
    " sent again.\n"
    "Where the ledger will never show it, say yourself what happened, with --reason: --accept OP (the ledger is right"
    " as it is) or --assume-lost OP (it cannot arrive any more, and is sent again).",
    ExitCode.STALE: "Next: kt-budgets plan, and have the new plan reviewed.",
    ExitCode.PARTIAL: "Next: kt-budgets plan shows what is left.",
    ExitCode.INTERRUPTED: "Next: kt-budgets resume, which finishes this run from its journal.",
    ExitCode.REFUSED: "Next: kt-budgets audit says what is wrong with the journal; then kt-budgets resume.",
    ExitCode.LOCKED: "Next: see who holds the lock, then kt-budgets resume.",
}


def run_text(result: Result, screen: Screen = PAPER) -> str:
    lines = [*_table(result.run.outcomes, screen), *_remarks(result)]
    lines += ["", _closing(result)] if lines else [_closing(result)]
    if following := _following(result):
        lines.append(following)
    return "\n".join(lines) + "\n"


def _following(result: Result) -> str:
    """Return what to do next, an empty text where each refusal says its own cure and planning again is none."""
    if result.exit_code is ExitCode.UNKNOWN and all(_COMMAND in cure for cure in _cures(result)):
        return ""
    if result.exit_code is ExitCode.STALE and not any(AGAIN in reason for reason in result.stale.values()):
        return ""
    return _NEXT.get(result.exit_code, "")


def _cures(result: Result) -> list[str]:
    """Return what is said of each thing that is unknown, with the command that gets out where there is one."""
    unknown = [outcome.reason for outcome in result.run.outcomes if outcome.status is Status.UNKNOWN]
    return [*unknown, *(doubt.hint for doubt in result.run.doubts)]


def _table(outcomes: Sequence[Outcome], screen: Screen) -> list[str]:
    """Return a line for each change, or two where the screen is too narrow, with what is unknown and why below."""
    grid = Grid(("",) * 6, ("left", "left", "left", "left", "right", "left"), tuple(map(_cells, outcomes)))
    short = Grid(("",) * 3, ("left", "left", "right"), tuple((row[0], row[2], row[4]) for row in grid.rows))
    is_short = bool(outcomes) and screen.is_known and not grid.fits(screen.width)
    lines: list[str] = []
    told = set()
    for line, row, outcome in zip(
        (short if is_short else grid).aligned() if outcomes else [], grid.rows, outcomes, strict=True
    ):
        lines.append(line)
        if is_short:
            lines += wrapped(", ".join(filter(None, (row[1], row[3], row[5]))), screen.width, indent=6)
        if outcome.status is Status.UNKNOWN and outcome.op not in outcome.reason:
            lines.append(f"      operation {outcome.op}")
        if outcome.reason and outcome.reason not in told:
            told.add(outcome.reason)
            lines.append(f"      {outcome.reason}")
    return lines


def _cells(outcome: Outcome) -> tuple[str, str, str, str, str, str]:
    amount = "" if outcome.amount is None else f"{outcome.amount:,.2f}"
    return (
        outcome.status.replace("_", " "),
        outcome.kind.replace("_", " "),
        _name(outcome),
        outcome.wallet or outcome.key or "",
        amount,
        outcome.transaction or "",
    )


def _name(outcome: Outcome) -> str:
    """Return what people call the wallet or the owner of what is managed, such as `support/prod`."""
    return "/".join(part for part in (outcome.team or "organization", outcome.environment) if part)


def _remarks(result: Result) -> list[str]:
    told = {outcome.reason for outcome in result.run.outcomes}
    names = {outcome.wallet: f"{_name(outcome)}: " for outcome in result.run.outcomes}
    stale = [f"  stale: {reason}" for _, reason in sorted(result.stale.items()) if reason not in told]
    stale += [
        f"  in doubt: {names.get(doubt.wallet, '')}{doubt.reason}. Next: {doubt.hint}"
        for doubt in result.run.doubts
        if not any(doubt.reason in reason for reason in (*told, *result.stale.values()))
    ]
    stale += [
        f"  left out: {left.wallet} ({Money(left.amount, left.currency)}): {left.reason}. Next: {left.hint}"
        for left in result.run.left_out
    ]
    if result.stopped is not None and not any(result.stopped.message in reason for reason in told):
        stale.append(f"  stopped: {result.stopped.message}")
    return stale + [
        f"  checked afterwards: {difference}" for difference in result.differences if difference not in told
    ]


def _closing(result: Result) -> str:
    outcomes = result.run.outcomes
    if not outcomes and result.run.converged:
        left = len(result.run.left_out)
        kept = f"Nothing to do but for {left} wallet{'s' if left > 1 else ''} that the plan left out: see above."
        return kept if left else "Nothing to do: Keeptrusts is already as the plan says."
    counts = Counter(outcome.status for outcome in outcomes)
    listed = ", ".join(f"{counts[status]} {status.replace('_', ' ')}" for status in Status if counts[status])
    verdict = "Done" if result.run.converged else "Not all done"
    moved = _moved(outcomes)
    return f"{verdict}: {listed or 'nothing was to be done'}{moved}."


def _moved(outcomes: Sequence[Outcome]) -> str:
    sums = {"allocate": Decimal(0), "reclaim": Decimal(0)}
    for outcome in outcomes:
        if outcome.status is Status.APPLIED and outcome.amount is not None:
            sums[outcome.kind] += outcome.amount
    if any(sums.values()):
        return f"; {sums['allocate']:,.2f} out and {sums['reclaim']:,.2f} back"
    return "" if any(outcome.status is not Status.ALREADY_APPLIED for outcome in outcomes) else "; nothing moved"


_DONE = (Status.APPLIED, Status.ALREADY_APPLIED)


def merges_text(found: Merges, screen: Screen = PAPER) -> str:
    lines = []
    if found.resumed is not None:
        lines.append(f"An interrupted run was resumed: {run_words(found.resumed)}.")
    for landing in found.landings:
        lines += _lines(landing, screen.words)
    if found.put_back is not None:
        lines.append(f"Git's values were put back for every team that was applied: {run_words(found.put_back)}.")
        lines += [f"    {doubt.reason}. Next: {doubt.hint}." for doubt in found.put_back.doubts]
    lines.append(_end(found))
    return "\n".join(lines) + "\n"


def about(landing: LandingOutcome) -> str:
    """Return what a landing is about, in a few words."""
    if landing.teams is None:
        return "the organization"
    shown = ", ".join(landing.teams[:6]) or "YAML with errors"
    return f"{shown} and {counted(len(landing.teams) - 6, 'more team')}" if len(landing.teams) > 6 else shown


def run_words(run: Run) -> str:
    """Return how many changes came to what, such as `2 applied, 1 refused`, and how many wallets were left alone."""
    counts = Counter(outcome.status.value.replace("_", " ") for outcome in run.outcomes)
    said = [f"{count} {words}" for words, count in sorted(counts.items())]
    said += [f"{counted(len(run.doubts), 'wallet')} in doubt"] if run.doubts else []
    said += [f"{counted(len(run.left_out), 'wallet')} left as found"] if run.left_out else []
    return ", ".join(said) or "nothing had to be changed"


def left_words(run: Run | None) -> list[str]:
    """Return a sentence for each wallet that a run left as it was found, with what is to be done about it."""
    return [f"{left.reason}. Next: {left.hint}" for left in run.left_out] if run else []


def reasons(landing: LandingOutcome) -> list[str]:
    """Return why something of a landing was not applied, each sentence once."""
    of_writes = [
        f"{outcome.team}: {outcome.reason}"
        for outcome in (landing.run.outcomes if landing.run else ())
        if outcome.status not in _DONE and outcome.reason and outcome.team not in landing.refused
    ]
    return list(dict.fromkeys([*([landing.reason] if landing.reason else []), *landing.refused.values(), *of_writes]))


def _lines(landing: LandingOutcome, words: ForgeWords) -> Iterator[str]:
    name = words.landed(landing.pull_request, landing.commit).removeprefix("the direct ")
    by = f", approved by {', '.join(landing.approved_by)}" if landing.approved_by else ""
    did = f": {run_words(landing.run)}" if landing.run else ""
    yield f"{name}  {landing.status}  {about(landing)}{by}{did}"
    for sentence in (*landing.stood_in, *reasons(landing), *left_words(landing.run)):
        yield f"    {sentence}"
    if landing.cure:
        yield f"    Next: {landing.cure}."


def _end(found: Merges) -> str:
    if not found.pending:
        return "Everything that was merged is applied."
    return f"{counted(found.pending, 'merged change')} {'is' if found.pending == 1 else 'are'} not applied yet."
