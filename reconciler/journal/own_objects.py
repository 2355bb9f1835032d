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
    if not any(listing.surplus or listing.rivals for listing in live.objects.values()):
        return live
    listed = {
        kind.name: own_listing(kind, live.of(kind), transactions) for kind in kinds() if kind.name in live.objects
    }
    return replace(live, objects={**live.objects, **listed})


def own_listing(kind: ManagedKind[V], listing: Listing[V], transactions: Transactions) -> Listing[V]:
    """Return the same of the objects of one kind."""
    if not (listing.surplus or listing.rivals):
        return listing
    ours = {id for ids in transactions.values() for id in ids}
    objects, surplus, rivals = dict(listing.objects), [], dict(listing.rivals)
    for other in listing.surplus:
        chosen = objects[key := kind.key(other.value)]
        is_ours = other.id in ours and chosen.id not in ours
        objects[key] = other if is_ours else chosen
        surplus.append(chosen if is_ours else other)
    for key, found in listing.rivals.items():
        if own := next((each for each in found if each.id in ours), None):
            objects[key] = own
            surplus.extend(each for each in rivals.pop(key) if each is not own)
    return replace(listing, objects=dict(sorted(objects.items())), surplus=tuple(surplus), rivals=rivals)
