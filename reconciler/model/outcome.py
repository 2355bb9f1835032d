"""Outcomes: what became of every change of a run. One for each, always."""

from __future__ import annotations

from enum import StrEnum
from typing import Any, Literal

from reconciler.model.doubt import Doubt
from reconciler.model.frozen import Frozen
from reconciler.model.left_out import LeftOut
from reconciler.model.money import Amount


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

    op: str
    kind: str
    team: str
    wallet: str | None = None
    amount: Amount | None = None
    key: str | None = None
    status: Status
    transaction: str | None = None
    reason: str = ""


class Run(Frozen):
    """What an `apply` or `resume` did. `converged` is true when live was read back and equals the plan's target.

    `doubts` are the wallets whose ledger contradicts the journal or cannot be read: nothing was sent to them.
    `left_out` are those that differ from git and were left as they were found.
    """

    format: Literal["kt-budgets.run/1"] = "kt-budgets.run/1"
    run: str
    outcomes: tuple[Outcome, ...]
    converged: bool
    doubts: tuple[Doubt, ...] = ()
    left_out: tuple[LeftOut, ...] = ()

    def document(self) -> dict[str, Any]:
        """Return this as a JSON object; `doubts` and `left_out` are there when there are any."""
        document = self.model_dump(mode="json")
        return {key: value for key, value in document.items() if value or key not in ("doubts", "left_out")}
