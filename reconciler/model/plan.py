"""The plan document, `plan.json`: what is to change, from what it was computed, and what it does."""

from __future__ import annotations

import json
from datetime import date
from hashlib import sha256
from typing import Any, Literal

from pydantic import Field

from reconciler.model.change import Change
from reconciler.model.forecast import TeamAssumptions, WalletForecast, YearForecast
from reconciler.model.frozen import Frozen
from reconciler.model.money import Amount
from reconciler.model.period import Period


class Tool(Frozen):
    name: Literal["kt-budgets"] = "kt-budgets"
    version: str


class Source(Frozen):
    """Where the YAML came from. `commit` and `dirty` are None outside git."""

    commit: str | None
    dirty: bool | None
    tree_digest: str


class UsageSummary(Frozen):
    digest: str
    first_day: date | None
    last_day: date | None
    rows: int
    unpriced_share: float
    duplicates: int


class PlanFinding(Frozen):
    path: str
    line: int
    column: int
    severity: Literal["error", "warning"]
    code: str
    message: str
    hint: str


class DriftItem(Frozen):
    """A difference that somebody made by hand. `evidence` are ledger ids."""

    category: Literal["changed", "missing", "unmanaged", "pending", "acknowledged"] = Field(alias="class")
    team: str
    wallet: str | None = None
    key: str | None = None
    amount: Amount | None = None
    evidence: tuple[str, ...] = ()
    sentence: str = ""


class Unmanaged(Frozen):
    """Something in Keeptrusts that no YAML declares. It is listed and left alone."""

    kind: Literal["wallet", "billing_budget", "export_schedule", "user_wallet"]
    key: str
    name: str
    amount: Amount | None = None
    currency: str | None = None


class GuardResult(Frozen):
    """A guard on money and what it said. `limit` and `value` are numbers as text, in their own unit."""

    guard: str
    status: Literal["passed", "refused", "waived"]
    team: str = ""
    value: str = ""
    limit: str = ""
    message: str = ""
    hint: str = ""
    position: str = ""


class Funds(Frozen):
    """The pool along the run: what it holds, and what it holds after reclaims and allocations. None: not visible."""

    available: Amount | None
    after: Amount | None
    allocated: Amount
    reclaimed: Amount


class Plan(Frozen):
    format: Literal["kt-budgets.plan/1"] = "kt-budgets.plan/1"
    tool: Tool
    organization: str
    currency: str
    period: Period
    as_of: date
    source: Source
    usage: UsageSummary | None = None
    changes: tuple[Change, ...]
    fingerprints: dict[str, str]
    funds: Funds
    impact: tuple[WalletForecast, ...] = ()
    year: YearForecast | None = None
    assumptions: tuple[TeamAssumptions, ...] = ()
    drift: tuple[DriftItem, ...] = ()
    unmanaged: tuple[Unmanaged, ...] = ()
    findings: tuple[PlanFinding, ...] = ()
    guards: tuple[GuardResult, ...] = ()
    complete: Literal[True] = True
    digest: str = ""


def canonical_json(document: Any) -> str:
    """Return `document` as canonical JSON: sorted keys, no spaces, so that the same facts are the same bytes."""
    return json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def digest_of(document: Any) -> str:
    """Return the `sha256:` digest of a JSON document's canonical form."""
    return f"sha256:{sha256(canonical_json(document).encode()).hexdigest()}"


def sealed(plan: Plan) -> Plan:
    """Return `plan` with the digest of everything else in it."""
    return plan.model_copy(update={"digest": digest_of(plan.model_dump(mode="json", exclude={"digest"}))})


def is_sealed(plan: Plan) -> bool:
    """Whether the plan's digest is that of its content."""
    return sealed(plan).digest == plan.digest


def plan_text(plan: Plan) -> str:
    """Return the bytes of plan.json as text: sorted keys, indented, one newline at the end."""
    return (
        json.dumps(plan.model_dump(mode="json"), sort_keys=True, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
    )
