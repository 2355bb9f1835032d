"""Which of several objects with one key is ours: the one whose id was confirmed, whatever else tells them apart."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace

from reconciler.model.kinds.managed_kind import ManagedKind, V
from reconciler.model.kinds.registry import kinds
from reconciler.model.live import Listing, Live

Transactions = Mapping[str, Collection[str]]
"""By operation, the ids that were confirmed for it."""


def own_objects(live: Live, transactions: Transactions) -> Live:
    """Return `live` where of several objects with one key the one that was confirmed as ours stands for it."""
    if not any(listing.surplus for listing in live.objects.values()):
        return live
    listed = {
        kind.name: own_listing(kind, live.of(kind), transactions) for kind in kinds() if kind.name in live.objects
    }
    return replace(live, objects={**live.objects, **listed})


def own_listing(kind: ManagedKind[V], listing: Listing[V], transactions: Transactions) -> Listing[V]:
    """Return the same of the objects of one kind."""
    ours = {id for ids in transactions.values() for id in ids} if listing.surplus else set()
    objects, surplus = dict(listing.objects), []
    for other in listing.surplus:
        chosen = objects[key := kind.key(other.value)]
        is_ours = other.id in ours and chosen.id not in ours
        objects[key] = other if is_ours else chosen
        surplus.append(chosen if is_ours else other)
    return replace(listing, objects=objects, surplus=tuple(surplus))
