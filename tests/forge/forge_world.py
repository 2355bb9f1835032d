"""What the forge's tests share: waits that are noted instead of slept, and small plans."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from reconciler.model.change import Allocate, Change
from reconciler.model.json_text import digest_of
from reconciler.model.money import Funds
from reconciler.model.period import Period
from reconciler.model.plan import Plan, Source, Tool, sealed

HEAD, BASE, MERGE = "a" * 40, "b" * 40, "c" * 40


@dataclass
class Waits:
    """Notes how long somebody would have waited."""

    seconds: list[float] = field(default_factory=list)

    def __call__(self, seconds: float) -> None:
        self.seconds.append(seconds)


def allocate(team: str = "support", amount: str = "2000.00", **fields: Any) -> Allocate:
    values = {
        "team": team,
        "environment": "prod",
        "wallet": f"team_{team}",
        "amount": amount,
        "currency": "USD",
        "target": "12500.00",
        "funded_before": "10500.00",
        "funded_after": "12500.00",
        "op": "2026-06-" + "0" * 20,
        "position": f"budgets/teams/{team}.yaml:16:9",
        **fields,
    }
    return Allocate.model_validate(values)


def plan(*changes: Change, fingerprints: dict[str, str] | None = None, **fields: Any) -> Plan:
    """Return a sealed plan; by default every team's fingerprint is the digest of its changes."""
    facts: dict[str, list[Any]] = {"support": [], "engineering": []}
    for change in changes:
        facts.setdefault(change.team, []).append(change.model_dump(mode="json", exclude={"position"}))
    moved = sum((change.amount for change in changes if isinstance(change, Allocate)), Decimal(0))
    values: dict[str, Any] = {
        "tool": Tool(version="0.1.0"),
        "organization": "org_acme",
        "currency": "USD",
        "period": Period(2026, 6),
        "as_of": date(2026, 6, 18),
        "source": Source(commit=None, dirty=None, tree_digest="sha256:1"),
        "changes": changes,
        "fingerprints": fingerprints or {team: digest_of(listed) for team, listed in facts.items()},
        "funds": Funds(available=Decimal(1000), after=Decimal(0), allocated=moved, reclaimed=Decimal(0)),
        **fields,
    }
    return sealed(Plan(**values))
