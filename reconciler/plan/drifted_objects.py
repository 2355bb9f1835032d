"""How managed objects differ from what was applied, and which of those that are live no YAML declares."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Generic

from reconciler.model.desired import Desired, DesiredObject
from reconciler.model.drift import DriftCategory, DriftItem
from reconciler.model.kinds.managed_kind import Key, ManagedKind, V, text_of
from reconciler.model.kinds.registry import kind_named, kinds
from reconciler.model.live import Live
from reconciler.model.unclear import Unclear
from reconciler.plan.yaml_words import spoken


@dataclass(frozen=True, slots=True)
class ObjectDrift:
    """Objects as `merged` says, as they were `applied` as far as is known, as they are live, and as is `proposed`.

    What `waits`, by team, is not known to have been applied, each for the reason that is said.
    """

    merged: Desired
    applied: Desired | None
    live: Live
    proposed: Sequence[Desired] = ()
    waits: Mapping[str, str] = field(default_factory=dict)

    def differing(self) -> Iterator[tuple[DriftItem, bool]]:
        """Yield each object that is not as git says now, and whether that needs a person."""
        for kind in kinds():
            if self.live.of(kind).offered:
                for key, about in sorted(self._declared(kind).items()):
                    yield from self._judged(kind, key, about)

    def _judged(self, kind: ManagedKind[V], key: Key, about: DesiredObject[V]) -> Iterator[tuple[DriftItem, bool]]:
        called = f"{kind.noun} {text_of(key)}"
        if unclear := self.live.unclear(kind, key):
            words = f"{called} is there {unclear[0].how}; it is left alone. Next: {unclear[0].cure}."
            yield DriftItem(**{"class": "changed"}, team=about.team, key=text_of(key), sentence=words), True
            return
        current, wanted = self.live.of(kind).objects.get(key), self.merged.of(kind).get(key)
        left = about.team in self.waits
        before = self.applied.of(kind).get(key) if self.applied and not left else None
        difference = Difference(
            kind,
            live=current.value if current else None,
            before=before.value if before else None,
            wanted=wanted.value if wanted else None,
            proposed=tuple(one.value for desired in self.proposed if (one := desired.of(kind).get(key))),
        )
        if category := difference.category:
            words = f"{called} {difference.words(self.waits.get(about.team, 'that is not applied yet'))}"
            item = DriftItem(**{"class": category}, team=about.team, key=text_of(key), sentence=words)
            yield item, left or category != "pending"

    def unmanaged(self) -> Iterator[tuple[DriftItem, bool]]:
        for kind in kinds():
            listed, ours = self.live.of(kind), self._declared(kind)
            for key in sorted((listed.objects.keys() | listed.rivals.keys()) - ours.keys()):
                for each in listed.rivals.get(key, (None,)):
                    as_id = f" ({each.id})" if each else ""
                    yield _unmanaged(text_of(key), f"{kind.noun} {text_of(key)}{as_id} is in no YAML."), False
            for other in listed.surplus:
                name = text_of(kind.key(other.value))
                words = f"{kind.noun} {name} is there once more, as {other.id}, which is left alone."
                yield _unmanaged(name, words), False
        for found in self.live.unreadable:
            kind_of = kind_named(found.kind)
            if kind_of is None or not any(map(found.may_be, self._declared(kind_of))):
                called = f"{kind_of.noun if kind_of else found.kind} {found.key}"
                yield _unmanaged(found.key, f"{called} is there {Unclear.unreadable(found).how}."), False

    def _declared(self, kind: ManagedKind[V]) -> dict[Key, DesiredObject[V]]:
        before = self.applied.of(kind) if self.applied else {}
        return {**before, **self.merged.absent_of(kind), **self.merged.of(kind)}


@dataclass(frozen=True, slots=True)
class Difference(Generic[V]):
    """One object: live, as it was applied (None: not by us, as far as is known), as git says now, as proposed."""

    kind: ManagedKind[V]
    live: V | None
    before: V | None
    wanted: V | None
    proposed: tuple[V, ...] = ()

    @property
    def category(self) -> DriftCategory | None:
        if self.live == self.wanted:
            return None
        if self.before is None or self.live == self.before or self.live in self.proposed:
            return "pending"
        return "missing" if self.live is None else "changed"

    def words(self, waits: str) -> str:
        """Return what became of the object, as the rest of a sentence; `waits` says why it is not as git says yet."""
        if self.category == "pending" or self.before is None:
            return f"is not as git says; {waits}."
        if self.live is None:
            return "was applied and is gone from Keeptrusts."
        return f"was changed in Keeptrusts: {', '.join(self._changed(self.before, self.live))}."

    def _changed(self, before: V, live: V) -> Iterator[str]:
        """Yield each field that differs, from and to."""
        words = {name: word for listed in self.kind.words.values() for name, word in listed.items()}
        for name in sorted(type(live).model_fields):
            was, now = getattr(before, name), getattr(live, name)
            if was != now:
                says = (words[name].says if name in words else None) or spoken
                old, new = says(was, getattr(before, "currency", "")), says(now, getattr(live, "currency", ""))
                yield f"{self.kind.labels.get(name) or name.replace('_', ' ')} {old or 'none'} → {new or 'none'}"


def _unmanaged(key: str, words: str) -> DriftItem:
    return DriftItem(**{"class": "unmanaged"}, team="", key=key, sentence=words)
