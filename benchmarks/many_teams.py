"""Many teams in an embedded Keeptrusts at once, for measurements."""

from __future__ import annotations

from datetime import datetime, timedelta

from reconciler.sandbox.clock import MICROSECOND, stamp
from reconciler.sandbox.database import opaque
from reconciler.sandbox.store import Store
from reconciler.sandbox.wire import MICRO, json_text

ENVIRONMENTS = ("prod", "dev", "test", "stage", "lab")


def seed_many(store: Store, *, teams: int = 1000, wallets: int = 3, budgets: int = 3, funded: int = 1000) -> list[str]:
    """Insert many teams in bulk; return their wallets' team ids, in order.

    Team `team_0001` has the wallets `team_0001`, `team_0001_dev`, … (`ENVIRONMENTS`), each with three entries this
    month (two allocations that make `funded` major units, one settle) and `budgets` billing budgets. The pool holds as
    much again.
    """
    ids = [
        f"team_{team:04d}{'' if environment == 'prod' else f'_{environment}'}"
        for team in range(1, teams + 1)
        for environment in ENVIRONMENTS[:wallets]
    ]
    pool = store.wallets.credit(2 * funded * len(ids) * MICRO, description="opening balance").wallet
    now = store.clock.tick()
    with store.database.write() as connection:
        connection.executemany("INSERT INTO teams VALUES (?, ?, ?)", [(id, _title(id), _slug(id)) for id in ids])
        first = int(connection.execute("SELECT max(seq) + 1 FROM wallets").fetchone()[0])
        spent, whole = funded * MICRO // 3, funded * MICRO
        connection.executemany(
            "INSERT INTO wallets VALUES (?, ?, 'team', ?, 'USD', ?, 0, ?, ?)",
            [(seq, opaque("wal", seq), id, whole - spent, whole, spent) for seq, id in enumerate(ids, first)],
        )
        entry = int(connection.execute("SELECT max(seq) + 1 FROM entries").fetchone()[0])
        rows = []
        for position, _ in enumerate(ids):
            for kind, amount in (("allocate", whole // 2), ("settle", spent), ("allocate", whole - whole // 2)):
                rows.append(
                    (entry, opaque("txn", entry), opaque("wal", first + position), kind, amount, _at(now, entry))
                )
                entry += 1
        connection.executemany("INSERT INTO entries VALUES (?, ?, ?, ?, ?, 'USD', 'seeded', ?)", rows)
        _insert_budgets(store, ids, wallets, budgets, now)
    store.wallets.post(pool, "allocate", whole * len(ids), "opening allocations")
    return ids


def _insert_budgets(store: Store, ids: list[str], wallets: int, budgets: int, now: datetime) -> None:
    rows = []
    for team, id in enumerate(ids[::wallets]):
        for number in range(budgets):
            seq = team * budgets + number + 1
            document = {
                "name": f"{_slug(id)}-{number + 1}",
                "scope": {"type": "team", "id": id},
                "amount": 900 + number,
                "currency": "USD",
                "period": "monthly",
                "alert_percentages": [80, 100],
                "hard_limit": False,
            }
            rows.append((seq, opaque("bud", seq), "billing_budget", json_text(document), stamp(now), stamp(now)))
    with store.database.write() as connection:
        connection.executemany("INSERT INTO documents VALUES (?, ?, ?, ?, ?, ?)", rows)


def _at(now: datetime, number: int) -> int:
    return stamp(now - timedelta(minutes=1) + number % 1000 * MICROSECOND)


def _slug(id: str) -> str:
    return id.removeprefix("team_").replace("_", "-")


def _title(id: str) -> str:
    return id.replace("_", " ").title()
