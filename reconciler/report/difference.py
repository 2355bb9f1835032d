"""How an update differs, in words. DeepDiff finds the parts to word inside structures; it never decides an update."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from reconciler.report import wording
from reconciler.report.spans import DASH, Cell, safe_name

_LABELS = {
    "alert_percentages": "alerts",
    "hard_limit": "hard limit",
    "scope_type": "scope type",
    "scope_id": "scope",
    "s3": "destination",
}
_ORDER = ("amount", "alert_percentages", "hard_limit", "period", "currency", "cron", "window", "type", "format", "s3")
_IDENTITY = frozenset({"name", "scope_type", "scope_id", "currency"})
_USUAL = {"hard_limit": False, "period": "monthly", "enabled": True, "type": "events"}


def differences(before: Mapping[str, Any] | None, after: Mapping[str, Any] | None) -> tuple[tuple[str, Cell], ...]:
    """Return what differs, each with a label and from and to; for a create or a delete, what is not as usual."""
    if before is None or after is None:
        only = after or before or {}
        telling = {key for key in only if key not in _USUAL or only[key] != _USUAL[key]}
        return tuple((_label(key), Cell(value(key, only[key]))) for key in _sorted(telling - _IDENTITY))
    unequal = {key for key in {*before, *after} if key not in before or key not in after or before[key] != after[key]}
    return tuple(pair for key in _sorted(unequal) for pair in _difference(key, before.get(key), after.get(key)))


def _difference(key: str, before: Any, after: Any) -> Iterator[tuple[str, Cell]]:
    """Yield the label with from and to; of two structures, only for the parts in which they differ."""
    if not isinstance(before, dict) or not isinstance(after, dict):
        yield _label(key), Cell(value(key, after), value(key, before))
        return
    from deepdiff import DeepDiff

    for part in sorted(map(str, DeepDiff(before, after, view="tree").affected_root_keys)):
        yield f"{_label(key)} {_label(part)}", Cell(value(part, after.get(part)), value(part, before.get(part)))


def _sorted(keys: set[str]) -> list[str]:
    return sorted(keys, key=lambda key: (_ORDER.index(key) if key in _ORDER else len(_ORDER), key))


def _label(key: str) -> str:
    return _LABELS.get(key, safe_name(key.replace("_", " "), 40))


def value(key: str, item: Any) -> str:
    """Return one value of an object for people."""
    match item:
        case None:
            return DASH
        case bool():
            return "on" if item else "off"
        case list() | tuple():
            unit = "%" if key == "alert_percentages" else ""
            return wording.listed_plainly([f"{safe_name(str(part), 20)}{unit}" for part in item])
        case dict():
            return safe_name("/".join(str(part).strip("/") for part in item.values() if part), 80)
        case str() | int() | Decimal() if key == "amount":
            return _amount(item)
        case _:
            return safe_name(str(item), 80)


def _amount(item: Any) -> str:
    try:
        amount = Decimal(item)
        return wording.exact(amount) if amount.is_finite() else safe_name(str(item))
    except InvalidOperation:
        return safe_name(str(item))
