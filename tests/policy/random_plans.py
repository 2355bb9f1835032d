"""Plans at random, with amounts at the cent where limits begin."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from random import Random
from typing import Any

from worlds import JUNE, billing_budget, object_change

from reconciler.model.change import Allocate, Change, Reclaim
from reconciler.model.guards import GuardSettings
from reconciler.model.money import Funds
from reconciler.model.policy_input import PolicyInput, WalletFacts
from reconciler.model.wallet_ref import WalletRef

CENT = Decimal("0.01")
LIMITS = GuardSettings(
    total_moved=Decimal(20000),
    net_increase=Decimal(10000),
    largest_change=Decimal(5000),
    largest_change_percent=Decimal("0.5"),
    target_below_spend=True,
    target_below_forecast=True,
    hard_limit_on=True,
    alert_removed=True,
)
_ROUND = [Decimal(number) for number in ("0", "0.02", "1000", "2500", "5000", "10000", "10000.02", "20000")]


def amount(random: Random) -> Decimal:
    found = random.choice([*_ROUND, Decimal(random.randrange(3_000_000)) / 100])
    return max(CENT, found + random.choice([-CENT, Decimal(0), Decimal(0), CENT]))


def facts(random: Random) -> PolicyInput:
    """Return the facts of a plan of up to six changes."""
    changes = tuple(_change(random, number) for number in range(random.randrange(7)))
    wallets = {change.wallet: _wallet(random, change) for change in changes if isinstance(change, Allocate | Reclaim)}
    return PolicyInput(
        organization="org_acme",
        currency="USD",
        period=JUNE,
        as_of=date(2026, 6, 18),
        funds=Funds(available=None, after=None, allocated=Decimal(0), reclaimed=Decimal(0)),
        changes=changes,
        wallets=wallets,
    )


def _change(random: Random, number: int) -> Change:
    kind = random.choice(["allocate", "allocate", "reclaim", "create", "update", "update", "delete"])
    if kind not in ("allocate", "reclaim"):
        return _alert(random, kind, number)
    moved, before = amount(random), random.choice([Decimal(0), amount(random), 2 * amount(random)])
    signed = moved if kind == "allocate" else -moved
    fields: dict[str, Any] = {
        "team": f"team{number % 3}",
        "environment": random.choice(["prod", "dev"]),
        "wallet": WalletRef.team(f"team_{number}"),
        "amount": moved,
        "currency": "USD",
        "target": max(CENT, before + signed),
        "funded_before": before,
        "funded_after": max(CENT, before + signed),
        "op": "2026-06-00000000000000000000",
    }
    return Allocate(**fields) if kind == "allocate" else Reclaim(**fields, unreclaimable=Decimal(0))


def _alert(random: Random, verb: str, number: int) -> Change:
    sides = [
        billing_budget(
            f"alert{number}",
            str(amount(random)),
            alert_percentages=tuple(sorted(random.sample([50, 80, 90, 100], random.randrange(1, 4)))),
            hard_limit=random.random() < 0.5,
        )
        for _ in range(2)
    ]
    before, after = (None if verb == "create" else sides[0]), (None if verb == "delete" else sides[1])
    return object_change(
        f"{verb}_billing_budget",
        f"team/x/{number}",
        team=f"team{number % 3}",
        environment="prod",
        before=before,
        after=after,
    )


def _wallet(random: Random, change: Allocate | Reclaim) -> WalletFacts:
    near = change.target + random.choice([-CENT, Decimal(0), CENT, amount(random)])
    is_known = random.random() < 0.7
    return WalletFacts(
        team=change.team,
        environment=change.environment,
        spent=max(Decimal(0), near) if random.random() < 0.8 else None,
        confidence=random.choice(["normal", "low"]) if is_known else "none",
        month_end={"0.1": near, "0.5": near, "0.9": near + 1} if is_known else {},
    )
