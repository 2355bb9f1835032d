"""Organizations that run already, made up by a seed: teams with slugs of every kind, a year of funding, alerts."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any

from reconciler.model.period import Period
from reconciler.sandbox.clock import stamp
from reconciler.sandbox.database import next_number, opaque
from reconciler.sandbox.store import Store
from reconciler.sandbox.wire import MICRO, json_text

DAY = date(2026, 6, 18)
JUNE = Period.of(DAY)
WORDS = ("support", "legal-ops", "data_science", "growth", "search.ranking", "x-ray", "Payroll", "r2d2")
ENVIRONMENTS = ("prod", "dev", "staging", "qa", "production", "")
NAMES = ("monthly", "über: #1", "a 'quoted' \"name\"", "no", "12", "- dash", "naïve {x}", "tab\u2028separated", "80%")


@dataclass(frozen=True)
class Made:
    """A store, and what was put into it: team ids."""

    store: Store
    teams: list[str] = field(default_factory=list)


def add_team(store: Store, id: str, name: str, slug: str | None) -> str:
    with store.database.write() as connection:
        connection.execute("INSERT INTO teams VALUES (?, ?, ?)", (id, name, slug or id))
    return id


def add_document(store: Store, kind: str, prefix: str, document: dict[str, Any]) -> None:
    """Insert an object as another tool left it: nothing of it is checked."""
    with store.database.write() as connection:
        seq, now = next_number(connection, "documents"), stamp(store.clock.tick())
        row = (seq, opaque(prefix, seq), kind, json_text(document), now, now)
        connection.execute("INSERT INTO documents VALUES (?, ?, ?, ?, ?, ?)", row)


def add_alert(store: Store, scope: tuple[str, str], name: str, amount: object, **fields: Any) -> None:
    document = {
        "name": name,
        "scope": {"type": scope[0], "id": scope[1]},
        "amount": amount,
        "currency": "USD",
        "period": "monthly",
        "alert_percentages": [80, 100],
        "hard_limit": False,
        **fields,
    }
    add_document(store, "billing_budget", "bud", document)


def at(day: date, hour: int = 6) -> datetime:
    return Period.of(day).start_instant + timedelta(days=day.day - 1, hours=hour)


def made_up(seed: int) -> Made:
    """Return an organization of one to six teams; the caller closes its store."""
    random = Random(seed)
    store = Store(as_of=DAY)
    made = Made(store)
    currencies = ["USD", *(["EUR"] if random.random() < 0.3 else [])]
    for currency in currencies:
        store.wallets.credit(10_000_000 * MICRO, currency=currency, at=JUNE.plus(-14).start_instant)
    for word in random.sample(WORDS, random.randint(1, 6)):
        for environment in random.sample(ENVIRONMENTS, random.randint(1, 3)):
            _team(random, made, word, environment, random.choices(currencies, [9, 1][: len(currencies)])[0])
    if random.random() < 0.4:
        made.teams.append(add_team(store, "team_9f31c2aa", "9f31c2aa", None))
        store.wallets.allocate("team_9f31c2aa", 5 * MICRO, at=at(DAY.replace(day=2)))
    _alerts(random, made)
    if random.random() < 0.3:
        store.wallets.top_up("user", "usr_1", 25 * MICRO)
    return made


def _team(random: Random, made: Made, word: str, environment: str, currency: str) -> None:
    slug = f"{word}-{environment}" if environment else word
    id = f"team_{len(made.teams):03d}x" if random.random() < 0.3 else f"team_{slug}"
    made.teams.append(add_team(made.store, id, slug.title(), slug))
    if random.random() < 0.1:
        return
    usual = random.randint(1, 50_000) * random.choice([100, 50, 1]) * MICRO // 100
    for age in range(-random.randint(0, 14), 1):
        month = JUNE.plus(age)
        if random.random() < 0.08:
            continue
        amount = usual if random.random() < 0.8 else usual + random.randint(1, 900_000) * MICRO // 100
        day, words = month.first, random.choice(["", f"{month.name} budget", "AI budget"])
        if random.random() < 0.15:
            day = month.first - timedelta(days=random.randint(1, 4))
        fund(made.store, id, amount, day, words, currency)
        if random.random() < 0.2:
            fund(
                made.store,
                id,
                random.randint(1, 90_000) * MICRO // 100,
                month.first + timedelta(days=9),
                "top-up",
                currency,
            )
        if random.random() < 0.2:
            taken = random.randint(1, amount)
            made.store.wallets.reclaim(
                id, taken, currency=currency, at=at(month.first + timedelta(days=random.choice([9, 1])))
            )


def fund(store: Store, team: str, amount: int, day: date, words: str = "", currency: str = "USD") -> str:
    return store.wallets.allocate(team, amount, currency=currency, description=words, at=at(day)).entry.id


def _alerts(random: Random, made: Made) -> None:
    for number in range(random.randint(0, 8)):
        scope = random.choice(
            [("team", random.choice(made.teams))] * 6
            + [("organization", "org_acme"), ("user", "usr_1"), ("agent", "a-1")]
        )
        fields: dict[str, Any] = {
            "alert_percentages": random.choice([[80, 100], [80, 100], [Decimal("79.5")], [], [50, 120], [100, 80]]),
            "hard_limit": random.random() < 0.3,
            "period": random.choice([*["monthly"] * 4, "weekly", "daily", "quarterly"]),
            "currency": random.choice([*["USD"] * 9, "EUR"]),
            "note": "kept as it is",
        }
        name = random.choice(NAMES) if random.random() < 0.7 else f"alert {number}"
        add_alert(made.store, scope, name, random.choice([100, Decimal("99.99"), 12500, Decimal("0.01")]), **fields)
    for number in range(random.randint(0, 2)):
        cron = random.choice(["0 6 * * MON", "@weekly"])
        schedule = {
            "name": f"s{number}",
            "type": "events",
            "cron": cron,
            "window": "7d",
            "format": "json",
            "s3_bucket": "b",
        }
        add_document(
            made.store, "export_schedule", "sch", {**schedule, "s3_prefix": "", "enabled": random.random() < 0.8}
        )
