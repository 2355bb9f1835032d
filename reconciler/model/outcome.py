"""What became of every change of a run, what was left as it was found, and the exit code that follows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, ClassVar, Literal

from pydantic import Field

from reconciler.findings import BudgetsError, ExitCode
from reconciler.model.document import Document
from reconciler.model.frozen import Frozen
from reconciler.model.money import Amount
from reconciler.model.wallet_ref import WalletRef


class LeftAsFound(Frozen):
    """What is left out of a run: `amount` of `currency` in `wallet`, why, and the cure (`hint`)."""

    wallet: WalletRef = Field(description="The wallet's team id in Keeptrusts.")
    amount: Amount = Field(description="Money that is left out of the run.")
    currency: str = Field(description="Its currency, ISO 4217.")
    reason: str = Field(description="Why it is left out, as a sentence.")
    hint: str = Field(description="What is to be done.")
    asks: bool = Field(
        False, description="Whether a person is asked which month money is meant for: the wallet gets none until then."
    )

    @property
    def code(self) -> str:
        """The code of the warning that says so."""
        return "whose-month" if self.asks else "first-contact"


class Doubt(Frozen):
    """What is to be said against a reading of `wallet`, and the cure.

    `stale`: the ledger lacks `operations` that were confirmed. `unknown`: nobody knows whether they happened.
    `foreign`: the ledger shows operations of ours, or marks of ours, that this journal never sent.
    `unreadable`: an entry of the ledger may mean anything, so it has no operations.
    """

    wallet: WalletRef = Field(description="The wallet's team id in Keeptrusts.")
    kind: Literal["stale", "unknown", "foreign", "unreadable"] = Field(description="Why its reading is not believed.")
    operations: tuple[str, ...] = Field(description="Ids of the operations that it is about.")
    reason: str = Field(description="What is to be said against the reading, as a sentence.")
    hint: str = Field(description="What is to be done.")


class Status(StrEnum):
    APPLIED = "applied"
    ALREADY_APPLIED = "already_applied"
    REFUSED = "refused"
    SKIPPED = "skipped"
    UNKNOWN = "unknown"
    FAILED = "failed"


DONE = frozenset({Status.APPLIED, Status.ALREADY_APPLIED})


class Outcome(Frozen):
    """`op` is the operation id of a move of money, else `kind:key`; `transaction` is the ledger's or server's id."""

    op: str = Field(description="The operation's id for money, else `kind:key`.")
    kind: str = Field(description="What was to be done, such as `allocate`.")
    team: str = Field(description="The team; empty for the organization.")
    environment: str = Field("", description="The wallet's environment; empty for a managed object.")
    wallet: WalletRef | None = Field(None, description="The wallet's team id in Keeptrusts, where money was to move.")
    amount: Amount | None = Field(None, description="Money that was to move; null for a managed object.")
    key: str | None = Field(None, description="The managed object's key as text, where it is about one.")
    status: Status = Field(description="What became of it; `unknown` means that nobody knows yet.")
    transaction: str | None = Field(
        None, description="The id in the ledger or in Keeptrusts; null where there is none."
    )
    reason: str = Field("", description="Why it is so, as a sentence; empty where it was done.")


class Run(Document):
    """What an `apply` or `resume` did. `converged` is true when live was read back and equals the plan's target.

    `doubts` are the wallets whose ledger contradicts the journal or cannot be read: nothing was sent to them.
    `left_out` are those that differ from git and were left as they were found.
    """

    commands: ClassVar = ("apply", "resume")
    format: Literal["kt-budgets.run/1"] = "kt-budgets.run/1"
    run: str = Field(description="The run's id; empty where there was nothing to do.")
    outcomes: tuple[Outcome, ...] = Field(description="One for each change, always.")
    converged: bool = Field(description="Whether live was read back and equals the plan's targets.")
    doubts: tuple[Doubt, ...] = Field(
        (), description="Wallets whose reading is not believed: nothing was sent to them. Not there without any."
    )
    left_out: tuple[LeftAsFound, ...] = Field(
        (), description="Wallets that differ and were left as they were found. Not there without any."
    )

    def fields(self) -> dict[str, Any]:
        """Return this as a JSON object; `doubts` and `left_out` are there when there are any."""
        fields = super().fields()
        return {key: value for key, value in fields.items() if value or key not in ("doubts", "left_out")}


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

    def document(self) -> Run:
        return self.run

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
