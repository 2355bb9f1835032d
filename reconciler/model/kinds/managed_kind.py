"""What a kind of managed object is: all that plan, apply, drift and report have to know of it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Generic, NoReturn, Protocol, TypeVar

from reconciler.model.frozen import Frozen
from reconciler.model.money import Money
from reconciler.model.team import TeamBudget

V = TypeVar("V", bound=Frozen)

Key = tuple[str, ...]
"""What identifies an object among those of its kind; its name comes last."""


def text_of(key: Key) -> str:
    """Return a key as it stands in plan.json, in the journal and in sentences."""
    return "/".join(key)


class WireObject(Protocol):
    """An object of an answer of Keeptrusts. Names are tried in their order; what cannot be understood raises."""

    @property
    def data(self) -> Mapping[str, Any]: ...
    def text(self, *names: str) -> str: ...
    def optional_text(self, *names: str) -> str: ...
    def word(self, *names: str) -> str: ...
    def words(self, *names: str) -> str: ...
    def currency(self) -> str: ...
    def amount(self, *names: str) -> Decimal: ...
    def numbers(self, name: str) -> tuple[Decimal, ...]: ...
    def flag(self, name: str, *, default: bool) -> bool: ...
    def object(self, name: str) -> WireObject | None: ...
    def refuse(self, name: str, reason: str) -> NoReturn: ...


@dataclass(frozen=True, slots=True)
class Stray:
    """What is to be told of an object that git does not declare; `reason` says why it could not."""

    amount: Decimal | None = None
    currency: str | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Owned(Generic[V]):
    """What an entry of the YAML asks for. `environment` is that of the wallet it is about, None for none.

    `previously` is the key that it had before it was renamed.
    """

    value: V
    environment: str | None = None
    previously: Key | None = None


class ManagedKind(ABC, Generic[V]):
    """One kind of object. `V` is what such an object *is*: two are equal when no change is needed.

    A kind is its constants and a few pure functions; it reads and writes nothing itself.
    """

    name: str
    """In plan.json, as in `create_billing_budget`."""
    section: str
    """The key that its entries stand under in the YAML, and in the journal."""
    noun: str
    entry: str
    """What one is called, and what an entry of `section` is called where people read of the YAML."""
    path: str
    """The path of the collection: GET and POST; PUT and DELETE below it, by id. `api.<section>_path` may differ."""
    plural: str
    """The key of the list in an answer, where it is no bare list."""
    of_teams: bool
    """Whether entries stand in the files of teams; else in org.yaml."""
    labels: Mapping[str, str] = {}
    """What its fields are called in a table, those that matter most first."""
    identity: Collection[str] = ("name",)
    usual: Mapping[str, Any] = {}
    """Fields, and values of fields, that are not worth a word where one is created or deleted."""
    words: Mapping[type[Frozen], Mapping[str, Word]] = {}
    """The models of an entry of `section`, and what their fields are called in sentences about the YAML."""
    known_by: Mapping[type[Frozen], tuple[str, ...]] = {}
    """The fields by which an entry is known again; the others may change without it being another one."""
    not_offered: str | None = None
    """The code of the warning that this deployment does not offer the kind; None where its absence is an error."""

    @property
    def nouns(self) -> str:
        return f"{self.noun}s"

    @property
    def code(self) -> str:
        """What codes of findings end in."""
        return self.name.replace("_", "-")

    @abstractmethod
    def key(self, value: V) -> Key:
        """Return what identifies `value`."""

    @abstractmethod
    def stored(self, document: Mapping[str, Any]) -> V:
        """Return what `before` or `after` of a plan.json holds, also what YAML could not declare."""

    @abstractmethod
    def read(self, item: WireObject, *, organization: str) -> V:
        """Return what an object of Keeptrusts is; raises by `item.refuse` where that cannot be told."""

    def declared(self, entry: Any, team: TeamBudget | None, *, currency: str) -> Owned[V] | None:
        """Return what an entry of the YAML asks for, None where it says too little; without a team it is org.yaml's."""
        return Owned(entry)

    def document(self, value: V) -> dict[str, Any]:
        """Return `value` as it stands in `before` and `after`."""
        return value.model_dump(mode="json", warnings=False)

    def partial_key(self, item: WireObject) -> Key:
        """Return as much of a key as can be told of what cannot be understood, empty texts for the rest."""
        return (item.words("name"),)

    def kept(self, item: WireObject, value: V) -> Mapping[str, Any]:
        """Return the object as it was read: what a replacement sends back where git has no say."""
        return item.data

    def body(self, document: Mapping[str, Any]) -> dict[str, Any]:
        """Return what is sent for `document`: what was read, overlaid with what is wanted in the model's names."""
        return dict(document)

    def stray(self, value: V, *, currency: str) -> Stray:
        """Return what is to be told of `value` where git, which is in `currency`, does not declare it."""
        return Stray()

    def literals(self, value: V) -> Mapping[str, str]:
        """Return the fields that may be set to what is live, each as YAML; none where YAML cannot say what is live."""
        return {}


Says = Callable[[Any, str], str]
"""A value, and the currency that its file is in, in words."""


@dataclass(frozen=True, slots=True)
class Word:
    """What a field is called; a field that only groups others has no name of its own."""

    name: str
    says: Says | None = None


def money_in_words(value: Decimal | None, currency: str) -> str:
    return "" if value is None else str(Money(value, currency))
