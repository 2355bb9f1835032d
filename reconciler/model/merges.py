"""What became of everything that was merged: one outcome for each landing that was not applied before."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Literal

from reconciler.findings import ExitCode
from reconciler.model.frozen import Frozen
from reconciler.model.outcome import Run

LandingStatus = Literal["applied", "partly", "refused", "stale", "unknown", "failed", "nothing"]

_SERIOUS = (
    ExitCode.INTERRUPTED,
    ExitCode.UNKNOWN,
    ExitCode.REMOTE,
    ExitCode.LOCKED,
    ExitCode.FINDINGS,
    ExitCode.REFUSED,
    ExitCode.STALE,
    ExitCode.PARTIAL,
    ExitCode.DONE,
)
"""The most serious first."""


class LandingOutcome(Frozen):
    """What became of one landing. `base` is what it came on top of, `pull_request` is None for a direct push.

    `teams` is None where it is about the organization. `stood_in` says, a sentence each, who approved in place of
    owners who could not. `missing` says whose approvals are missing, `refused` maps the teams that were not applied (an
    empty name: the organization) to why, and `stale` names those of them whose plan moved. `run` is what was carried
    out, if anything; `reason` says what happened to the landing as a whole and `cure` what is to be done about what is
    left. `exit_code` is what it means for the command.
    """

    pull_request: int | None
    commit: str
    base: str | None
    teams: tuple[str, ...] | None
    status: LandingStatus
    approved_by: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    stood_in: tuple[str, ...] = ()
    refused: dict[str, str] = {}
    stale: tuple[str, ...] = ()
    run: Run | None = None
    reason: str = ""
    cure: str = ""
    plan: str = ""
    exit_code: int = 0

    @property
    def is_done(self) -> bool:
        return self.status in ("applied", "nothing")

    @property
    def name(self) -> str:
        """What people call it: the pull request, or the commit that was pushed."""
        return f"pull request {self.pull_request}" if self.pull_request else f"the direct push {self.commit[:12]}"


class Merges(Frozen):
    """`head` is the tip that was looked at, `applied_commit` that up to which everything is applied by now.

    `landings` are those that were not applied before, in order, and `pending` counts those that still are not.
    `resumed` is what finishing an interrupted run came to, `put_back` what putting git's values back did.
    """

    format: Literal["kt-budgets.merges/1"] = "kt-budgets.merges/1"
    head: str
    applied_commit: str | None
    landings: tuple[LandingOutcome, ...] = ()
    pending: int = 0
    resumed: Run | None = None
    put_back: Run | None = None
    exit_code: int = 0

    def document(self) -> dict[str, Any]:
        """Return this as a JSON object."""
        document = self.model_dump(mode="json")
        for landing, found in zip(document["landings"], self.landings, strict=True):
            landing["run"] = found.run.document() if found.run else None
        return document


def most_serious(codes: Iterable[int]) -> ExitCode:
    """Return the most serious of `codes`; one that is not known here is more serious than any."""
    given = {int(code) for code in codes}
    found = [code for code in ExitCode if int(code) in given]
    return min(found, key=lambda code: _SERIOUS.index(code) if code in _SERIOUS else -1, default=ExitCode.DONE)
