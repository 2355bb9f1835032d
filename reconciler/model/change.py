"""Changes: a closed union of data. What to do, to what, from what to what; no closures, no prose."""

from __future__ import annotations

from typing import Annotated, Any, Literal, LiteralString, Self, Union, cast, get_args

from pydantic import (
    Discriminator,
    Field,
    GetJsonSchemaHandler,
    SerializerFunctionWrapHandler,
    Tag,
    TypeAdapter,
    ValidationError,
    create_model,
    field_serializer,
    model_serializer,
    model_validator,
)
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, PydanticCustomError

from reconciler.model.frozen import Frozen
from reconciler.model.kinds.managed_kind import ManagedKind, text_of
from reconciler.model.kinds.registry import kind_named, kinds
from reconciler.model.money import Amount, Money
from reconciler.model.operation import operation_period
from reconciler.model.period import Period
from reconciler.model.wallet_ref import WalletRef


class MoneyChange(Frozen):
    """Money to move between the pool and a team wallet.

    `amount` is what is to be moved now; for a reclaim it is at most what is unspent and unreserved, and
    `unreclaimable` is the rest of the excess. `op` is the operation id that goes into the ledger.
    """

    team: str = Field(description="The team.")
    environment: str = Field(description="The environment, such as `prod`.")
    wallet: WalletRef = Field(description="The wallet's team id in Keeptrusts.")
    amount: Amount = Field(description="Money to move now.")
    currency: str = Field(description="Its currency, ISO 4217.")
    target: Amount = Field(description="Money that the YAML wants the wallet to be funded with in the month.")
    funded_before: Amount = Field(description="Money that the ledger shows the wallet as funded with in the month.")
    funded_after: Amount = Field(description="The same after the move.")
    op: str = Field(description="The operation's id, which goes into the ledger.")
    position: str = Field("", description="Where the target stands: file:line:column.")

    @property
    def money(self) -> Money:
        return Money(self.amount, self.currency)

    @property
    def period(self) -> Period:
        """The period that `funded_before` and `funded_after` speak of."""
        return operation_period(self.op)


class Allocate(MoneyChange):
    kind: Literal["allocate"] = Field("allocate", description="Money goes from the pool to the wallet.")


class Reclaim(MoneyChange):
    """Takes money back.

    `carried_from` names the period whose unspent rest is taken back when a new one opens. Such a reclaim counts for
    that period, so the funding of the plan's own period is the same before and after it.
    """

    kind: Literal["reclaim"] = Field("reclaim", description="Money goes from the wallet back to the pool.")
    unreclaimable: Amount = Field(
        description="Money above the target that cannot be taken back, because it is spent or reserved."
    )
    carried_from: Period | None = Field(
        None, description="The earlier month, YYYY-MM, whose unspent rest is taken back; null for the plan's own month."
    )

    @property
    def period(self) -> Period:
        """The period that `funded_before` and `funded_after` speak of: the one that opens, if a rest is taken back."""
        return self.carried_from.plus(1) if self.carried_from else super().period


Verb = Literal["create", "update", "delete"]
VERBS: tuple[Verb, ...] = get_args(Verb)


class ObjectChange(Frozen):
    """A change of one managed object. `kind` is a verb and the name of the object's kind: `create_billing_budget`.

    `key` is the object's key as text. `before` is None for a create, `after` for a delete. An object of the
    organization has no team; `environment` is that of the wallet that the object is about, if any.
    """

    kind: str
    team: str = ""
    environment: str | None = None
    key: str
    position: str = ""
    before: Frozen | None = None
    after: Frozen | None = None

    @property
    def verb(self) -> Verb:
        return cast(Verb, self.kind.partition("_")[0])

    @property
    def managed(self) -> ManagedKind[Any]:
        return _managed(self.kind)

    @property
    def value(self) -> Frozen:
        """What the object is after the change; what it was where it is deleted."""
        return cast(Frozen, self.after or self.before)

    @property
    def name(self) -> str:
        return self.managed.key(self.value)[-1]

    def documents(self) -> tuple[dict[str, Any] | None, dict[str, Any] | None]:
        """Return both sides as documents; what says the same in another form is told as it was."""
        old, new = self._document(self.before), self._document(self.after)
        if old is None or new is None:
            return old, new
        was = {field: getattr(self.before, field, value) for field, value in old.items()}
        same = {field for field in new if field in was and was[field] == getattr(self.after, field, new[field])}
        return old, {field: old[field] if field in same else value for field, value in new.items()}

    @model_validator(mode="before")
    @classmethod
    def _typed(cls, document: Any) -> Any:
        """Make of the documents of a plan.json what their kind says they are."""
        if not isinstance(document, dict):
            return document
        kind = _managed(str(document.get("kind", "")))
        sides = {side: _stored(kind, side, document[side]) for side in ("before", "after") if side in document}
        return {**document, **sides}

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        verb = self.verb
        for side, value, none in (("before", self.before, "create"), ("after", self.after, "delete")):
            if (value is None) != (verb == none):
                raise _refused("`{side}` does not go with `{kind}`", side=side, kind=self.kind)
        if self.team and not self.managed.of_teams:
            raise _refused("`team` does not go with `{kind}`", kind=self.kind)
        return self

    @field_serializer("before", "after")
    def _document(self, value: Frozen | None) -> dict[str, Any] | None:
        return None if value is None else self.managed.document(value)

    @model_serializer(mode="wrap")
    def _written(self, write: SerializerFunctionWrapHandler) -> dict[str, Any]:
        written: dict[str, Any] = write(self)
        return {name: value for name, value in written.items() if name != "environment" or self.managed.of_teams}


def _managed(kind: str) -> ManagedKind[Any]:
    verb, _, name = kind.partition("_")
    managed = kind_named(name) if verb in VERBS else None
    if managed is None:
        raise _refused("`{kind}` is no kind of change", kind=kind)
    return managed


def _stored(kind: ManagedKind[Any], side: str, document: Any) -> Any:
    if document is None or isinstance(document, Frozen):
        return document
    try:
        value = kind.stored(document)
        text_of(kind.key(value))
    except (ValidationError, TypeError, KeyError, AttributeError):
        raise _refused("`{side}` is no {noun}", side=side, noun=kind.noun) from None
    return value


def _refused(message: LiteralString, **values: str) -> PydanticCustomError:
    return PydanticCustomError("change", message, dict(values))


class _Published:
    """Publishes the schema of a change as a closed union: one shape for each verb of each kind there is."""

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        shapes = [_shape(kind, verb) for kind in kinds() for verb in VERBS]
        union: Any = Union[(Allocate, Reclaim, *shapes)]
        return handler(TypeAdapter(Annotated[union, Field(discriminator="kind")]).core_schema)


class _OfTeam(Frozen):
    team: str = Field(description="The team.")
    environment: str | None = Field(
        description="The environment of the wallet that the object is about; null where there is none."
    )
    key: str = Field(description="The object's key as text.")
    position: str = Field("", description="Where it stands: file:line:column.")


class _OfOrganization(Frozen):
    team: Literal[""] = Field("", description="Always empty: the object is the organization's.")
    key: str = Field(description="The object's key as text.")
    position: str = Field("", description="Where it stands: file:line:column.")


def _shape(kind: ManagedKind[Any], verb: Verb) -> type[Frozen]:
    name = f"{verb}_{kind.name}"
    none = None, Field(None, description="Always null.")
    fields: dict[str, Any] = {
        "kind": (Literal[name], Field(name, description=f"What is done, and to which kind of object: {kind.noun}.")),
        "before": none if verb == "create" else (dict[str, Any], Field(description="The object as it is.")),
        "after": none if verb == "delete" else (dict[str, Any], Field(description="The object as it is to be.")),
    }
    base: type[Frozen] = _OfTeam if kind.of_teams else _OfOrganization
    return create_model("".join(map(str.capitalize, name.split("_"))), __base__=base, **fields)


def _tag(change: Any) -> str:
    kind = change.get("kind") if isinstance(change, dict) else getattr(change, "kind", None)
    return kind if kind in ("allocate", "reclaim") else "object"


Change = Annotated[
    Annotated[Allocate, Tag("allocate")] | Annotated[Reclaim, Tag("reclaim")] | Annotated[ObjectChange, Tag("object")],
    Discriminator(_tag),
    _Published(),
]
"""Closed for money; an object's kind is one of those that are registered."""
