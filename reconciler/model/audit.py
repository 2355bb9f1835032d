"""The trail as a document: who moved what, why, with which ledger ids, run by run."""

from __future__ import annotations

from typing import Any, ClassVar, Literal

from pydantic import Field

from reconciler.model.document import Document, Told
from reconciler.model.frozen import Frozen

Side = str | dict[str, Any] | None


class AuditOperation(Frozen):
    """What one run did about one operation."""

    op: str = Field(description="The operation's id for money, else `kind:key`.")
    step: str = Field(description="Where it stands: the last step of it that the journal shows.")
    kind: str | None = Field(description="What was to be done, such as `allocate`; null where no plan names it.")
    team: str | None = Field(description="The team; empty for the organization.")
    wallet: str | None = Field(description="The wallet's team id in Keeptrusts, where money was to move.")
    key: str | None = Field(description="The managed object's key as text, where it is about one.")
    amount: str | None = Field(description="Money that was to move, as text; null for a managed object.")
    before: Side = Field(description="Money that the wallet was funded with before, or the object before.")
    after: Side = Field(description="Money that the wallet is funded with after it, or the object after it.")
    transactions: tuple[str, ...] = Field(description="Ids in the ledger or in Keeptrusts.")
    reason: str = Field(description="Why it stands there, as a sentence; empty where it was done.")


class AuditRun(Frozen):
    """One run of `apply`, with what was resumed of it."""

    run: str = Field(description="The run's id.")
    began: str = Field(description="When it began, an instant in UTC.")
    ended: str | None = Field(description="When it ended, an instant in UTC; null where it was interrupted.")
    status: Literal["finished", "interrupted"] = Field(description="Whether it ended by itself.")
    converged: bool = Field(description="Whether live was read back and equalled the plan's targets.")
    who: str | None = Field(description="Who started it.")
    principal: str | None = Field(description="Whose token it used, as Keeptrusts says.")
    url: str | None = Field(description="Where it ran, such as a job of CI.")
    why: dict[str, Any] = Field(description="What it was started for, such as a pull request and a commit.")
    commit: str | None = Field(description="The commit of the YAML; null outside of git.")
    plan: str | None = Field(description="Digest of the plan.")
    period: str | None = Field(description="The month of the plan, YYYY-MM.")
    stale: dict[str, str] = Field(description="Teams that were refused because something moved, with why.")
    operations: tuple[AuditOperation, ...] = Field(description="Each operation, in order.")
    notes: tuple[str, ...] = Field(description="What people did about it, such as a lock that was broken.")


class AuditDocument(Document):
    """The whole trail: what `kt-budgets audit --format json` prints."""

    commands: ClassVar = ("audit",)
    format: Literal["kt-budgets.audit/1"] = "kt-budgets.audit/1"
    journal: Told = Field(description="Where the journal is kept.")
    records: int = Field(description="How many records it has.")
    digest: str | None = Field(description="Digest of the last record, which covers all before it; null without any.")
    runs: tuple[AuditRun, ...] = Field(description="Each run, the oldest first.")
    ledger_checked: bool = Field(description="Whether the ledger was compared with the journal.")
    problems: tuple[str, ...] = Field(description="What ledger and journal disagree about, a sentence each.")
    notes: tuple[str, ...] = Field(description="What is worth knowing and no problem, a sentence each.")
