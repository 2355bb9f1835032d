"""Live as it was had a plan not run: what an approved plan is compared with when it is applied again."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from typing import Any

from reconciler.journal.record import is_accepted_entry
from reconciler.model.change import Allocate, ObjectChange, Reclaim
from reconciler.model.kinds.managed_kind import ManagedKind, V, text_of
from reconciler.model.kinds.registry import kinds
from reconciler.model.live import LedgerEntry, Listing, Live, LiveObject, LiveWallet, Pool
from reconciler.model.money import ZERO, Money
from reconciler.model.operation import carries
from reconciler.model.plan import Plan

Transactions = Mapping[str, Collection[str]]


def state_before(live: Live, plan: Plan, transactions: Transactions | None = None) -> Live:
    """Return `live` without what `plan` did: its ledger entries gone, what equals `after` set back to `before`.

    `transactions` are the ledger ids that a journal knows for operation ids, for ledgers that lose descriptions.
    """
    wallets, pool = _moneys_undone(live, plan, transactions or {})
    changes = [change for change in plan.changes if isinstance(change, ObjectChange)]
    objects = {kind.name: _undone(kind, live.of(kind), changes) for kind in kinds()}
    return replace(live, wallets=wallets, pool=pool, objects=objects)


def owned(wallet: LiveWallet, transactions: Transactions) -> LiveWallet:
    """Return `wallet` with every entry that a journal knows by its id named after its operation.

    A ledger that loses descriptions dates a rest of May in June, when it was taken; the journal knows what it was.
    """
    ours = {operation: ids for operation, ids in transactions.items() if not is_accepted_entry(operation)}
    owners = {id: operation for operation, ids in ours.items() for id in ids}
    if not any(entry.id in owners and entry.operation is None for entry in wallet.ledger):
        return wallet
    named = (
        replace(entry, known_as=owners[entry.id]) if entry.id in owners and entry.operation is None else entry
        for entry in wallet.ledger
    )
    return replace(wallet, ledger=tuple(named))


def all_owned(live: Live, transactions: Transactions) -> Live:
    """Return `live` with the entries of every wallet named as `owned` names them."""
    return replace(live, wallets={key: owned(wallet, transactions) for key, wallet in live.wallets.items()})


def own_entries(wallet: LiveWallet, operation: str, transactions: Transactions) -> tuple[LedgerEntry, ...]:
    """Return the entries of the ledger that `operation` wrote."""
    known = transactions.get(operation, ())
    return tuple(
        entry
        for entry in wallet.ledger
        if entry.kind in ("allocate", "reclaim") and (entry.id in known or carries(entry.description, operation))
    )


def without(wallet: LiveWallet, operation: str, transactions: Transactions) -> LiveWallet:
    """Return `wallet` as it would be without `operation`: its ledger, and the money that is left in it."""
    own = own_entries(wallet, operation, transactions)
    if not own:
        return wallet
    moved = sum((entry.signed for entry in own), ZERO)
    left = Money(max(wallet.money_left.amount - moved, ZERO), wallet.currency)
    return replace(wallet, available=left, ledger=tuple(entry for entry in wallet.ledger if entry not in own))


def _moneys_undone(live: Live, plan: Plan, transactions: Transactions) -> tuple[dict[str, LiveWallet], Pool | None]:
    wallets = dict(live.wallets)
    moved = ZERO
    for change in plan.changes:
        if isinstance(change, Allocate | Reclaim) and (wallet := wallets.get(change.wallet)):
            moved += sum((entry.signed for entry in own_entries(wallet, change.op, transactions)), ZERO)
            wallets[change.wallet] = without(wallet, change.op, transactions)
    pool = live.pool
    if pool is not None and pool.available.currency == plan.currency:
        pool = replace(pool, available=pool.available + Money(moved, plan.currency))
    return wallets, pool


def _undone(kind: ManagedKind[V], listing: Listing[V], changes: Iterable[ObjectChange]) -> Listing[V]:
    """Return `listing` with every object set back to what it was that is what a change makes of it."""
    if not listing.offered:
        return listing
    listed: dict[str, LiveObject[Any]] = {text_of(key): found for key, found in listing.objects.items()}
    for change in changes:
        found = listed.get(change.key)
        if change.managed is not kind or (found.value if found else None) != change.after:
            continue
        listed.pop(change.key, None)
        if change.before is not None:
            listed[change.key] = replace(found or LiveObject("", change.before), value=change.before)
    return replace(listing, objects={kind.key(found.value): found for found in listed.values()})
