"""An organization that ran by hand for a year: 12 teams, 30 wallets and 12 alerts, as nobody would invent them.

Ids are opaque, and slugs tell whose a team is, but for two. This month five wallets were topped up, one was given its
money twice, and one had been given it at the end of the month before. One alert watches the whole organization, one
warns at 79.5%, one counts by the quarter, and one is there twice.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

from reconciler.model.period import Period
from reconciler.sandbox.clock import stamp
from reconciler.sandbox.database import next_number, opaque
from reconciler.sandbox.store import Store
from reconciler.sandbox.wire import MICRO, Micros, json_text

ORGANIZATION = "org_globex"
MONTHLY = {
    "assistant": (9_000, 1_500, 800),
    "billing": (4_200, 600, 0),
    "catalog": (2_500, 400, 0),
    "data-science": (16_000, 5_000, 1_000),
    "fraud": (7_500, 900, 500),
    "growth": (3_300, 300, 0),
    "hr": (800, 100, 0),
    "legal": (6_100, 500, 0),
    "logistics": (5_400, 700, 350),
    "risk": (11_000, 1_200, 0),
    "search": (12_500, 2_000, 900),
    "support": (10_000, 1_800, 450),
}
"""What each month gives a team's wallets, in the order of ENVIRONMENTS; nothing: there is no wallet."""
ENVIRONMENTS = ("prod", "dev", "staging")
WITHOUT_SLUG = ("hr-dev", "risk-dev")
"""Teams whose slug and name are ids as well."""
TOPPED_UP = {"assistant-prod": 1_200, "fraud-prod": 450, "growth-dev": 75, "search-staging": 300, "support-prod": 2_000}
EARLY, TWICE = "legal-prod", "catalog-prod"


def team_id(slug: str) -> str:
    """Return the id of the team with a slug."""
    return f"team_{sha256(slug.encode()).hexdigest()[:10]}"


def seed_globex(store: Store) -> None:
    """Fill a new store with the organization, up to the clock's now."""
    now, month = store.clock.now(), Period.of(store.today())
    with store.database.write() as connection:
        store.database.note("organization_name", "Globex")
        first = month.plus(-13).start_instant
        store.wallets.credit(3_000_000 * MICRO, description="prepaid", at=first)
        for slug, amount in wallets().items():
            name = slug.replace("-", " ").title()
            said = (name, slug) if slug not in WITHOUT_SLUG else (team_id(slug)[5:],) * 2
            connection.execute("INSERT INTO teams VALUES (?, ?, ?)", (team_id(slug), *said))
            for age in range(-12, 1):
                _month(store, slug, amount * MICRO, month.plus(age), is_last=age == 0, now=now)
        for number, alert in enumerate(_alerts()):
            seq = next_number(connection, "documents")
            at = stamp(first + timedelta(minutes=number))
            row = (seq, opaque("bud", seq), "billing_budget", json_text(alert), at, at)
            connection.execute("INSERT INTO documents VALUES (?, ?, ?, ?, ?, ?)", row)
        weekly = {"name": "weekly-events", "cron": "0 5 * * 1", "window": "7d", "type": "events", "format": "parquet"}
        target = {"s3_bucket": "globex-finops", "s3_prefix": "events/"}
        store.documents["export_schedule"].create({**weekly, **target, "enabled": True})


def wallets() -> dict[str, int]:
    """Return what the wallet of each team is given in a month, by slug."""
    return {
        f"{team}-{environment}": amount
        for team, amounts in MONTHLY.items()
        for environment, amount in zip(ENVIRONMENTS, amounts, strict=True)
        if amount
    }


def _month(store: Store, slug: str, amount: int, month: Period, *, is_last: bool, now: datetime) -> None:
    words, team = f"{month.name} AI budget", team_id(slug)
    opened = month.start_instant + timedelta(hours=7)
    if is_last and slug == EARLY:
        opened = month.start_instant - timedelta(days=3) + timedelta(hours=9)
    wallet = store.wallets.allocate(team, amount, description=words, at=min(opened, now)).wallet
    spent = amount * (38 if is_last else 93) // 100
    store.wallets.spend(wallet, spent, at=min(month.end_instant - timedelta(days=1), now))
    if is_last and slug == TWICE:
        store.wallets.allocate(team, amount, description=words, at=min(opened + timedelta(days=1), now))
    if is_last and slug in TOPPED_UP:
        at = min(month.start_instant + timedelta(days=8, hours=11), now)
        store.wallets.allocate(team, TOPPED_UP[slug] * MICRO, description="top-up, asked for by the team", at=at)


def _alerts() -> list[dict[str, Any]]:
    plain = [
        _alert(f"{team}-monthly", ("team", team_id(f"{team}-prod")), MONTHLY[team][0])
        for team in ("assistant", "billing", "data-science", "fraud", "search", "support")
    ]
    return [
        *plain,
        _alert("risk hard stop", ("team", team_id("risk-prod")), 11_000, hard_limit=True, alert_percentages=[50, 90]),
        _alert("sandbox", ("team", team_id("search-dev")), 60, period="daily", alert_percentages=[]),
        _alert("everything", ("organization", ORGANIZATION), 110_000),
        _alert("early warning", ("team", team_id("legal-prod")), 6_100, alert_percentages=[Micros(79_500_000), 100]),
        _alert("per quarter", ("team", team_id("logistics-prod")), 16_200, period="quarterly"),
        plain[-1] | {"alert_percentages": [70]},
    ]


def _alert(name: str, scope: tuple[str, str], amount: int, **fields: Any) -> dict[str, Any]:
    return {
        "name": name,
        "scope": {"type": scope[0], "id": scope[1]},
        "amount": amount,
        "currency": "USD",
        "period": "monthly",
        "alert_percentages": [80, 100],
        "hard_limit": False,
        "channel": "#ai-spend",
        **fields,
    }
