"""Wallets in doubt: a ledger that cannot be read for a while, because of an entry whose type nobody knows."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial

from reconciler.sandbox.store import Store

_ENTRY = "strange"


def confuse(store: Store, team: str) -> None:
    """Let the ledger of a team's wallet have an entry that may mean anything."""
    ((wallet, currency),) = store.database.rows("SELECT id, currency FROM wallets WHERE scope_id = ?", (team,))
    ((now,),) = store.database.rows("SELECT max(created) FROM entries")
    values = (f"{_ENTRY}-{team}", wallet, currency, now)
    into = "INSERT OR IGNORE INTO entries (id, wallet, kind, amount, currency, description, created)"
    store.database.rows(f"{into} VALUES (?, ?, 'adjustment', 1, ?, 'rounding', ?)", values)


def clear(store: Store, team: str) -> None:
    store.database.rows("DELETE FROM entries WHERE id = ?", (f"{_ENTRY}-{team}",))


@contextmanager
def in_doubt(store: Store, *teams: str) -> Iterator[None]:
    """Let nobody know what the wallets of `teams` were funded with, until the end of the block."""
    for team in teams:
        confuse(store, team)
    yield
    for team in teams:
        clear(store, team)


def unclear_alert(store: Store) -> Callable[[], object]:
    """Make Keeptrusts hold the one alert in a form that is not understood; return what undoes that."""
    ((id, body),) = store.database.rows("SELECT id, body FROM documents WHERE kind = 'billing_budget'")
    strange = json.dumps({**json.loads(body), "hard_limit": "perhaps"})
    store.database.rows("UPDATE documents SET body = ? WHERE id = ?", (strange, id))
    return partial(store.database.rows, "UPDATE documents SET body = ? WHERE id = ?", (body, id))
