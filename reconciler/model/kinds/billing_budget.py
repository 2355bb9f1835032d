"""Billing budgets: soft alerts over spend, identified by scope and name."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from functools import lru_cache
from json import dumps
from typing import Annotated, Any, NamedTuple

from pydantic import ValidationError, WithJsonSchema

from reconciler.model.frozen import Frozen, document
from reconciler.model.kinds.managed_kind import (
    Key,
    ManagedKind,
    Owned,
    Stray,
    WireObject,
    Word,
    money_in_words,
    text_of,
)
from reconciler.model.money import Amount, cents
from reconciler.model.team import BillingBudgetSetting, Scope, TeamBudget

AlertPercentage = int | Annotated[Decimal, WithJsonSchema({"type": "string", "pattern": r"^\d+(\.\d+)?$"})]
"""A whole number is an int. YAML offers no other; somebody else's billing budget may hold a fraction."""


class BillingBudgetKey(NamedTuple):
    """What identifies a billing budget. A rename is a delete and a create, unless the YAML says what it was."""

    scope_type: str
    scope_id: str
    name: str

    def __str__(self) -> str:
        return text_of(self)


class BillingBudget(Frozen):
    """What an alert *is*. Two are equal when no change is needed: no ids, no timestamps, no positions.

    Scope types, periods and percentages are open here: somebody else's budget may use what YAML does not offer.
    """

    scope_type: str
    scope_id: str
    name: str
    amount: Amount
    currency: str
    period: str = "monthly"
    alert_percentages: tuple[AlertPercentage, ...]
    hard_limit: bool = False

    @property
    def key(self) -> BillingBudgetKey:
        return BillingBudgetKey(self.scope_type, self.scope_id, self.name)


class BillingBudgets(ManagedKind[BillingBudget]):
    """They belong to teams, watch a scope, and hold money that does not move: the amount that is 100%."""

    name, section, noun, entry = "billing_budget", "billing_budgets", "billing budget", "alert"
    path, plural, of_teams = "/v1/billing/budgets", "budgets", True
    labels = {
        "amount": "amount",
        "alert_percentages": "alerts",
        "hard_limit": "hard limit",
        "period": "period",
        "currency": "currency",
        "scope_id": "scope",
        "scope_type": "scope type",
    }
    identity = ("name", "scope_type", "scope_id", "currency")
    usual = {"hard_limit": False, "period": "monthly"}
    words = {
        BillingBudgetSetting: {
            "name": Word("name"),
            "previously": Word("name before"),
            "amount": Word("amount", money_in_words),
            "alert_percentages": Word("alerts at", lambda values, _: ", ".join(f"{value}%" for value in values)),
            "hard_limit": Word("hard limit"),
            "environment": Word("environment"),
            "scope": Word("scope"),
            "period": Word("period"),
        },
        Scope: {"type": Word(""), "id": Word("")},
    }
    known_by = {BillingBudgetSetting: ("name", "environment", "scope")}

    def key(self, value: BillingBudget) -> BillingBudgetKey:
        return value.key

    def stored(self, document: Mapping[str, Any]) -> BillingBudget:
        return BillingBudget.model_validate(document)

    def declared(self, entry: Any, team: TeamBudget | None, *, currency: str) -> Owned[BillingBudget] | None:
        """Return the alert with the scope it has in Keeptrusts; one that watches nothing says too little."""
        if team is None or not isinstance(entry, BillingBudgetSetting):
            return None
        environment = watched(team, entry)
        scope = _scope_of(team, entry, environment)
        if scope is None:
            return None
        fields = {
            "scope_type": scope[0],
            "scope_id": scope[1],
            "name": entry.name,
            "amount": entry.amount,
            "currency": currency,
            "period": entry.period,
            "alert_percentages": _in_order(entry.alert_percentages),
            "hard_limit": entry.hard_limit,
        }
        budget = document(BillingBudget, fields)
        former = BillingBudgetKey(*scope, entry.previously) if entry.previously else None
        return Owned(budget, environment, former)

    def read(self, item: WireObject, *, organization: str) -> BillingBudget:
        """Return the billing budget that `item` is; an organization's needs no scope id of its own."""
        scope = item.object("scope")
        of = scope or item
        kind = of.word("type", "scope_type", "scope")
        fields = {
            "scope_type": kind,
            "scope_id": of.optional_text("id", "scope_id") if scope else item.optional_text("scope_id"),
            "name": item.text("name"),
            "amount": cents(item.amount("amount")),
            "currency": item.currency(),
            "period": (item.optional_text("period") or "monthly").lower(),
            "alert_percentages": _percentages(item.numbers("alert_percentages")),
            "hard_limit": item.flag("hard_limit", default=False),
        }
        if not fields["scope_id"]:
            fields["scope_id"] = organization if kind == "organization" else of.refuse("id", "is missing")
        return document(BillingBudget, fields)

    def partial_key(self, item: WireObject) -> Key:
        scope = item.object("scope")
        of = scope or item
        kind = of.words("type", "scope_type", "scope").lower()
        return kind, of.words("id", "scope_id") if scope else item.words("scope_id"), item.words("name")

    def kept(self, item: WireObject, value: BillingBudget) -> Mapping[str, Any]:
        is_exact = type(item.data.get("amount")) in (int, Decimal)
        return item.data if is_exact else {**item.data, "amount": item.amount("amount")}

    def body(self, document: Mapping[str, Any]) -> dict[str, Any]:
        """Return a billing budget as Keeptrusts takes it: `scope` as an object, the amount as a number.

        Takes the model's flat keys, the wire's own, or both: the flat ones are what is wanted and win.
        """
        body = {name: value for name, value in document.items() if name not in ("scope_type", "scope_id")}
        scope = dict(body["scope"]) if isinstance(body.get("scope"), Mapping) else {}
        if "scope_type" in document:
            scope["type"] = document["scope_type"]
        if "scope_id" in document:
            scope["id"] = document["scope_id"]
        return {**body, "scope": scope, "amount": Decimal(document["amount"])}

    def stray(self, value: BillingBudget, *, currency: str) -> Stray:
        return Stray(value.amount, value.currency, why_not_declared(value, currency))

    def literals(self, value: BillingBudget) -> Mapping[str, str]:
        """Return the fields that may be set; none where YAML cannot say one, as an alert at 82.5%."""
        fields = {
            "amount": f"{value.amount:.2f}",
            "alert_percentages": list(value.alert_percentages),
            "hard_limit": value.hard_limit,
            "period": value.period,
        }
        try:
            BillingBudgetSetting.model_validate({"name": value.name, **fields})
        except ValidationError:
            return {}
        return {name: field if isinstance(field, str) else dumps(field) for name, field in fields.items()}


BILLING_BUDGETS = BillingBudgets()


def watched(team: TeamBudget, setting: BillingBudgetSetting) -> str | None:
    """Return the environment of the wallet that a billing budget watches, None when it is none of the team's."""
    if setting.scope is None:
        environment = setting.environment or next(iter(team.wallets), None)
        return environment if environment in team.wallets else None
    if setting.scope.type != "team":
        return None
    return next((key for key, wallet in team.wallets.items() if wallet.team_id == setting.scope.id), None)


def scope_of(team: TeamBudget, setting: BillingBudgetSetting) -> tuple[str, str] | None:
    """Return the scope's type and id that a billing budget has in Keeptrusts, None when it has none."""
    return _scope_of(team, setting, watched(team, setting))


def _scope_of(team: TeamBudget, setting: BillingBudgetSetting, environment: str | None) -> tuple[str, str] | None:
    if setting.scope is not None:
        return setting.scope.type, setting.scope.id
    return None if environment is None else ("team", team.wallets[environment].team_id)


def is_hard(value: Frozen | None) -> bool:
    return isinstance(value, BillingBudget) and value.hard_limit


def why_not_declared(budget: BillingBudget, currency: str) -> str:
    """Return why YAML in `currency` cannot say what `budget` is, an empty text where it can."""
    document = budget.model_dump()
    fields = {name: document[name] for name in ("name", "amount", "alert_percentages", "hard_limit", "period")}
    scope = {"type": budget.scope_type, "id": budget.scope_id}
    reasons = [f"it is in {budget.currency}"] if budget.currency != currency else []
    try:
        BillingBudgetSetting.model_validate({**fields, "scope": scope})
    except ValidationError as error:
        wrong = dict.fromkeys(str(problem["loc"][0]) for problem in error.errors(include_url=False))
        reasons += [f"its {_FIELDS.get(name, name)} {_shown(document, name)}" for name in wrong]
    return f"YAML cannot declare {' and '.join(reasons)}" if reasons else ""


_FIELDS = {"alert_percentages": "alert percentages", "hard_limit": "hard limit"}


def _shown(document: dict[str, object], name: str) -> str:
    if name == "scope":
        return f"{document['scope_type']} {document['scope_id']}"
    value = document[name]
    return ", ".join(f"{item}%" for item in value) if isinstance(value, list | tuple) else str(value)


@lru_cache(maxsize=256)
def _in_order(percentages: tuple[int, ...]) -> tuple[int, ...]:
    """Return each percentage once, which are the same in alert after alert."""
    return tuple(sorted(set(percentages)))


@lru_cache(maxsize=256)
def _percentages(found: tuple[Decimal, ...]) -> tuple[AlertPercentage, ...]:
    """Return alert percentages, which are the same in budget after budget."""
    return tuple(map(_percentage, found))


def _percentage(found: Decimal) -> AlertPercentage:
    whole = int(found)
    return whole if found == whole else found.normalize()
