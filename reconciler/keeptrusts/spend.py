"""Spend as the dashboards show it: what an export must agree with."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from reconciler.keeptrusts.fields import Item

SPEND = "/v1/spend"


@dataclass(frozen=True, slots=True, order=True)
class TeamSpend:
    """What one team spent between two days, in major units. `team` is empty for spend that no team is named for."""

    team: str
    currency: str
    cost: Decimal
    requests: int


def team_spend(item: Item) -> TeamSpend:
    """Return the spend that `item` describes."""
    return TeamSpend(
        team=item.optional_text("team_id"),
        currency=item.currency(),
        cost=item.amount("cost"),
        requests=item.whole("requests", default=0),
    )


def spend_key(item: Item) -> str:
    """Return what tells one row of spend from another: it has no id."""
    return f"{item.optional_text('team_id')}/{item.optional_text('currency')}"
