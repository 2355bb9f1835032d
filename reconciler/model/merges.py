"""What became of everything that was merged: one outcome for each landing that was not applied before."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar, Literal

from pydantic import Field

from reconciler.findings import ExitCode
from reconciler.model.document import Document
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

    pull_request: int | None = Field(description="The number of the pull request; null for a direct push.")
    commit: str = Field(description="The commit that it brought.")
    base: str | None = Field(description="The commit that it came on top of; null for the first.")
    teams: tuple[str, ...] | None = Field(description="The teams that it is about; null for the organization.")
    status: LandingStatus = Field(description="What became of it.")
    approved_by: tuple[str, ...] = Field((), description="Who approved it.")
    missing: tuple[str, ...] = Field((), description="Whose approvals are missing, a sentence each.")
    stood_in: tuple[str, ...] = Field((), description="Who approved in place of owners who could not, a sentence each.")
    refused: dict[str, str] = Field(
        {}, description="Why a team was not applied, by team; an empty name is the organization."
    )
    stale: tuple[str, ...] = Field((), description="Those of these teams whose plan moved.")
    run: Run | None = Field(None, description="What was carried out; null where nothing was.")
    reason: str = Field("", description="What happened to it as a whole, as a sentence.")
    cure: str = Field("", description="What is to be done about what is left.")
    plan: str = Field("", description="Digest of the plan that is to be shown; empty where there is none.")
    exit_code: int = Field(0, description="What it means for the command; see `kt-budgets help exit-codes`.")

    @property
    def is_done(self) -> bool:
        return self.status in ("applied", "nothing")


class Merges(Document):
    """`head` is the tip that was looked at, `applied_commit` that up to which everything is applied by now.

    `landings` are those that were not applied before, in order, and `pending` counts those that still are not.
    `settled` are applied as a whole by runs that were resumed of late, whoever did that, or that went on beside this
    one: where their pull requests say anything else, this takes its place.
    `resumed` is what finishing an interrupted run came to, `put_back` what putting git's values back did.
    """

    commands: ClassVar = ("pr apply",)
    format: Literal["kt-budgets.merges/1"] = "kt-budgets.merges/1"
    head: str = Field(description="The last commit of the default branch that was looked at.")
    applied_commit: str | None = Field(
        description="The commit up to which everything is applied; null where nothing is."
    )
    landings: tuple[LandingOutcome, ...] = Field(
        (), description="Each pull request or direct push that was not applied before, in order."
    )
    pending: int = Field(0, description="How many of them still are not applied as a whole.")
    settled: tuple[LandingOutcome, ...] = Field(
        (),
        description="Those that are applied by a run which was resumed of late, or which went on beside this one; what"
        " their pull requests should say.",
    )
    resumed: Run | None = Field(
        None, description="What finishing an interrupted run came to; null where there was none."
    )
    put_back: Run | None = Field(
        None, description="What putting git's values back came to; null where that was not asked for."
    )
    exit_code: int = Field(0, description="The most serious of what happened; see `kt-budgets help exit-codes`.")

    def fields(self) -> dict[str, Any]:
        fields = super().fields()
        for name, listed in (("landings", self.landings), ("settled", self.settled)):
            for landing, found in zip(fields[name], listed, strict=True):
                landing["run"] = found.run.fields() if found.run else None
        return fields


def most_serious(codes: Iterable[int]) -> ExitCode:
    """Return the most serious of `codes`; one that is not known here is more serious than any."""
    given = {int(code) for code in codes}
    found = [code for code in ExitCode if int(code) in given]
    return min(found, key=lambda code: _SERIOUS.index(code) if code in _SERIOUS else -1, default=ExitCode.DONE)
