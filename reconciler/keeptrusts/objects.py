"""What the items of listings are: managed objects of a kind."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from operator import itemgetter

from reconciler.keeptrusts.exact_json import encode
from reconciler.keeptrusts.fields import FieldError, Item
from reconciler.model.kinds.managed_kind import ManagedKind, V
from reconciler.model.live import Listing, LiveObject, Unreadable


def listed_as(item: Item) -> str:
    """Return what an object is told apart by: its id, or all of it where it has none."""
    return item.words("id") or encode(dict(sorted(item.data.items())))


def listing_of(
    kind: ManagedKind[V], items: Iterable[Item], *, organization: str
) -> tuple[Listing[V], tuple[Unreadable, ...]]:
    """Return the objects that `items` are, and those that are none: they must not hide the others."""
    found: list[LiveObject[V]] = []
    unreadable = []
    for item in items:
        try:
            value = kind.read(item, organization=organization)
            found.append(LiveObject(item.text("id"), value, kind.kept(item, value)))
        except FieldError as error:
            unreadable.append(Unreadable(kind.name, item.words("id"), kind.partial_key(item), error.reason))
    return _by_key(kind, found), tuple(unreadable)


def _by_key(kind: ManagedKind[V], found: Sequence[LiveObject[V]]) -> Listing[V]:
    """Return objects by key, and as surplus those that share a key with an older one."""
    chosen = {kind.key(one.value): one for one in found}
    surplus: tuple[LiveObject[V], ...] = ()
    if len(chosen) < len(found):
        chosen.clear()
        oldest_first = sorted(found, key=lambda each: (str(each.document.get("created_at") or "~"), each.id))
        surplus = tuple(one for one in oldest_first if chosen.setdefault(kind.key(one.value), one) is not one)
    return Listing(dict(sorted(chosen.items(), key=itemgetter(0))), surplus)
