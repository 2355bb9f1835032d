"""The names that rules can read, with their types, taken from the models of the facts: nothing is listed twice."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, time
from functools import cache
from types import UnionType
from typing import Any, Literal, Union, get_args, get_origin

from reconciler.model.frozen import Frozen
from reconciler.model.rule import Each, RuleSet, parameter_kind
from reconciler.model.rule_facts import (
    AlertRuleValues,
    AssumptionValues,
    ChangeValues,
    DriftValues,
    PlanValues,
    TodayValues,
    Unit,
    WalletValues,
    WarningValues,
)

Kind = Literal["money", "share", "int", "bool", "text", "day", "texts", "shares", "moneys"]

CEL_TYPES: Mapping[Kind, str] = {
    "money": "int",
    "share": "int",
    "int": "int",
    "bool": "bool",
    "text": "string",
    "day": "timestamp",
    "texts": "list<string>",
    "shares": "list<int>",
    "moneys": "map<string,int>",
}
"""What each kind of value is in CEL."""

_MODELS: Mapping[str, type[Frozen]] = {
    "plan": PlanValues,
    "today": TodayValues,
    "change": ChangeValues,
    "wallet": WalletValues,
    "alert": AlertRuleValues,
    "warning": WarningValues,
    "assumption": AssumptionValues,
    "drift": DriftValues,
}


@cache
def names_for(each: Each) -> Mapping[str, Kind]:
    """Return the names that a rule that is asked of `each` can read, parameters aside, and of what kind they are."""
    scopes = {"plan", "today", each} | ({"wallet"} if each == "change" else set())
    return {name: found for scope in sorted(scopes) for name, found in _names(scope, _MODELS[scope])}


def _names(prefix: str, model: type[Frozen]) -> Iterator[tuple[str, Kind]]:
    for field, info in model.model_fields.items():
        annotation = _known(info.annotation)
        if isinstance(annotation, type) and issubclass(annotation, Frozen):
            yield from _names(f"{prefix}.{field}", annotation)
        else:
            unit = next((item for item in info.metadata if isinstance(item, Unit)), None)
            yield f"{prefix}.{field}", _kind(annotation, unit)


def _known(annotation: Any) -> Any:
    """Return the type of a value that is known."""
    if get_origin(annotation) in (Union, UnionType):
        return next(part for part in get_args(annotation) if part is not type(None))
    return annotation


def _kind(annotation: Any, unit: Unit | None) -> Kind:
    unit = unit or next((item for item in getattr(annotation, "__metadata__", ()) if isinstance(item, Unit)), None)
    origin = get_origin(annotation)
    if origin is dict:
        return "moneys"
    if origin is tuple:
        return "shares"
    if unit:
        return unit.name
    kinds: Mapping[Any, Kind] = {bool: "bool", int: "int", str: "text", date: "day"}
    return kinds[annotation]


def values(prefix: str, model: Frozen) -> Iterator[tuple[str, Any]]:
    """Yield what is known of the facts of `model` under their names; what is unknown has no value."""
    for field in type(model).model_fields:
        value = getattr(model, field)
        if isinstance(value, Frozen):
            yield from values(f"{prefix}.{field}", value)
        elif value is not None:
            yield f"{prefix}.{field}", instant(value) if isinstance(value, date) else _listed(value)


def _listed(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


def instant(day: date) -> datetime:
    """Return a day as CEL's timestamp: its first moment, UTC."""
    return datetime.combine(day, time(), UTC)


def parameter_names(rules: RuleSet) -> dict[str, Kind]:
    """Return the parameters of a set of rules as names."""
    return {f"params.{name}": parameter_kind(value) for name, value in rules.parameters.items()}
