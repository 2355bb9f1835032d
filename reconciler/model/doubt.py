"""Doubt: why a reading of a wallet is not believed, so that nothing is planned for it or sent to it."""

from __future__ import annotations

from typing import Literal

from reconciler.model.frozen import Frozen


class Doubt(Frozen):
    """What is to be said against a reading of `wallet`, and the cure.

    `stale`: the ledger lacks `operations` that were confirmed. `unknown`: nobody knows whether they happened.
    `foreign`: the ledger shows operations of ours, or marks of ours, that this journal never sent.
    `unreadable`: an entry of the ledger may mean anything, so it has no operations.
    """

    wallet: str
    kind: Literal["stale", "unknown", "foreign", "unreadable"]
    operations: tuple[str, ...]
    reason: str
    hint: str
