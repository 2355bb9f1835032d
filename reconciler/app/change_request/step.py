"""Steps: what of a landing is about to be applied, on top of what was, and what carries it out."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Protocol

from reconciler.app.change_request.arrivals import Arrival
from reconciler.app.change_request.settled import StepApproval
from reconciler.app.forge_session import forge_words
from reconciler.findings import BudgetsError, ExitCode, Finding, RemoteError
from reconciler.journal.declared import Landed
from reconciler.model.applied import LastApplied
from reconciler.model.desired import Desired
from reconciler.model.landing import Landing, teams_of
from reconciler.model.outcome import Result
from reconciler.model.plan import Plan


@dataclass(frozen=True, slots=True)
class Step:
    """What is about to be applied of a landing: `parts` of it, on top of what was applied `before`.

    `after` is what the YAML says then, with `findings`.
    """

    arrival: Arrival
    parts: frozenset[str]
    before: Desired | None
    after: Desired
    findings: tuple[Finding, ...] = ()

    @property
    def landing(self) -> Landing:
        return self.arrival.landing

    @property
    def start(self) -> Desired | None:
        """What the YAML said before that was applied, or shown in earlier landings; None where all of it is new."""
        return self.before or (None if self.arrival.begins else self.arrival.before)

    @property
    def teams(self) -> tuple[str, ...] | None:
        """The teams that the plan is about; None where it is about all of them."""
        return teams_of(self.parts)


class UnreadApprovalError(BudgetsError):
    """What decides about the approval of one landing cannot be read, though the forge answers others."""

    exit_code = ExitCode.REMOTE

    def __init__(self, landing: Landing, error: RemoteError) -> None:
        words = forge_words()
        super().__init__(
            f"nobody can tell whether it was approved: {error.message}",
            hint=f"{error.hint}; or revert {words.landed(landing.pull_request, landing.commit)}. It is tried again"
            f" within the hour, or at once by the apply {words.pipeline}",
        )


class Bench(Protocol):
    """What a replay needs from the world. Every method may raise a BudgetsError; nothing was applied then.

    A RemoteError says that nothing can be applied of any landing for now.
    """

    def plan(self, step: Step) -> Plan:
        """Return the sealed plan for a step."""

    def approve(self, step: Step, plan: Plan) -> StepApproval:
        """Return who approved a step, and which teams must not be applied."""

    def execute(self, step: Step, plan: Plan, landed: Landed, withheld: Mapping[str, str]) -> Result:
        """Carry the plan out but for the teams that are `withheld`, and return what came of it."""

    def released(self) -> Collection[str]:
        """Return the teams that are not managed any more."""

    def applied(self) -> LastApplied | None:
        """Return what the journal says was applied last."""
