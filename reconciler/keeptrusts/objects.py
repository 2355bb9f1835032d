"""What the items of listings are: managed objects of a kind, and what teams spent."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from reconciler.keeptrusts.exact_json import encode
from reconciler.keeptrusts.fields import FieldError, Item
from reconciler.model.kinds.managed_kind import Key, ManagedKind, V
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


def _by_key(kind: ManagedKind[V], found: Iterable[LiveObject[V]]) -> Listing[V]:
    """Return objects by key, and as surplus those that share a key with an older one."""
    chosen: dict[Key, LiveObject[V]] = {}
    oldest_first = sorted(found, key=_age)
    surplus = tuple(one for one in oldest_first if chosen.setdefault(kind.key(one.value), one) is not one)
    return Listing(dict(sorted(chosen.items())), surplus)


def _age(found: LiveObject[V]) -> tuple[str, str]:
    return str(found.document.get("created_at") or "~"), found.id


SPEND = "/v1/spend"


@dataclass(frozen=True, slots=True, order=True)
class TeamSpend:
    """What one team spent between two days, in major units. `team` is empty for spend that no team is named for."""

    team: str
    currency: str
    cost: Decimal
    requests: int


def team_spend(item: Item) -> TeamSpend:
    return TeamSpend(
        team=item.optional_text("team_id"),
        currency=item.currency(),
        cost=item.amount("cost"),
        requests=item.whole("requests", default=0),
    )


def spend_key(item: Item) -> str:
    """Return what tells one row of spend from another: it has no id."""
    return f"{item.optional_text('team_id')}/{item.optional_text('currency')}"
