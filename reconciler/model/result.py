"""What a run came to: its outcomes, what stopped it, and the exit code that follows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from reconciler.findings import BudgetsError, ExitCode
from reconciler.model.doubt import Doubt
from reconciler.model.outcome import DONE, Run, Status

AGAIN = "Run `kt-budgets plan` again and have it reviewed."
"""What a refusal ends with where a new plan is the way on."""


class StoppedError(BudgetsError):
    """Somebody insisted on stopping in the middle of a step."""

    exit_code = ExitCode.INTERRUPTED


def exit_code_of(doubts: Iterable[Doubt]) -> ExitCode | None:
    """Return the exit code that wallets in doubt stand for, None without any."""
    kinds = {doubt.kind for doubt in doubts}
    if kinds & {"stale", "unknown"}:
        return ExitCode.UNKNOWN
    return ExitCode.STALE if kinds else None


@dataclass(frozen=True, slots=True)
class Result:
    """`run` is the document; `stale` names teams that were refused, `stopped` is what ended the run early, if anything.

    `differences` are sentences about what the read-back found that is not as planned. `denied` is what the server
    said when it was the token that may not write.
    """

    run: Run
    stale: Mapping[str, str] = field(default_factory=dict)
    interrupted: bool = False
    stopped: BudgetsError | None = None
    differences: tuple[str, ...] = ()
    denied: str = ""

    @property
    def exit_code(self) -> ExitCode:
        """The most serious thing first: interrupted, unknown, stopped, stale, partly applied, done."""
        statuses = {outcome.status for outcome in self.run.outcomes}
        if self.interrupted:
            return ExitCode.INTERRUPTED
        doubted = exit_code_of(self.run.doubts)
        if Status.UNKNOWN in statuses or doubted is ExitCode.UNKNOWN:
            return ExitCode.UNKNOWN
        if self.stopped is not None:
            return self.stopped.exit_code
        if self.denied and not statuses & DONE:
            return ExitCode.REMOTE
        if self.stale or doubted:
            return ExitCode.STALE
        return ExitCode.DONE if statuses <= DONE and self.run.converged else ExitCode.PARTIAL
