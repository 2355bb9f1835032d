"""What the items of listings are: managed objects of a kind."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from operator import attrgetter, itemgetter

from reconciler.keeptrusts.exact_json import encode
from reconciler.keeptrusts.fields import FieldError, Item
from reconciler.model.kinds.managed_kind import Key, ManagedKind, V
from reconciler.model.live import Listing, LiveObject
from reconciler.model.unclear import Unreadable


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


def _by_key(kind: ManagedKind[V], found: Iterable[LiveObject[V]]) -> Listing[V]:
    """Return objects by key: the oldest of several with one key, or all of them where nothing tells which that is."""
    alike: dict[Key, list[LiveObject[V]]] = {}
    for one in found:
        alike.setdefault(kind.key(one.value), []).append(one)
    objects: dict[Key, LiveObject[V]] = {}
    surplus: list[LiveObject[V]] = []
    rivals: dict[Key, tuple[LiveObject[V], ...]] = {}
    for key, several in sorted(alike.items(), key=itemgetter(0)):
        if oldest := _oldest(several):
            objects[key] = oldest
            surplus.extend(sorted((each for each in several if each is not oldest), key=attrgetter("id")))
        else:
            rivals[key] = tuple(sorted(several, key=attrgetter("id")))
    return Listing(objects, tuple(surplus), rivals)


def _oldest(several: Sequence[LiveObject[V]]) -> LiveObject[V] | None:
    """Return the one that was made first; None where that cannot be told."""
    if len(several) == 1:
        return several[0]
    try:
        made = [Item("", each.document).instant("created_at") for each in several]
    except FieldError:
        return None
    return several[made.index(min(made))] if made.count(min(made)) == 1 else None
