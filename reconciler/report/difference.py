"""How an update differs, in words. DeepDiff finds the parts to word inside structures; it never decides an update."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from reconciler.model.kinds.managed_kind import ManagedKind, V
from reconciler.report import wording
from reconciler.report.spans import DASH, Cell, safe_name

Fields = Mapping[str, Any]


def differences(kind: ManagedKind[V], before: Fields | None, after: Fields | None) -> tuple[tuple[str, Cell], ...]:
    """Return what differs, each with a label and from and to; for a create or a delete, what is not as usual."""
    if before is None or after is None:
        only = after or before or {}
        telling = {key for key in only if key not in kind.usual or only[key] != kind.usual[key]} - {*kind.identity}
        return tuple((_label(kind, key), Cell(value(key, only[key]))) for key in _sorted(kind, telling))
    unequal = {key for key in {*before, *after} if key not in before or key not in after or before[key] != after[key]}
    listed = _sorted(kind, unequal)
    return tuple(
        pair for key in listed for pair in _difference(_label(kind, key), key, before.get(key), after.get(key))
    )


def _difference(label: str, key: str, before: Any, after: Any) -> Iterator[tuple[str, Cell]]:
    """Yield the label with from and to; of two structures, only for the parts in which they differ."""
    if not isinstance(before, dict) or not isinstance(after, dict):
        yield label, Cell(value(key, after), value(key, before))
        return
    from deepdiff import DeepDiff

    for part in sorted(map(str, DeepDiff(before, after, view="tree").affected_root_keys)):
        yield f"{label} {_spaced(part)}", Cell(value(part, after.get(part)), value(part, before.get(part)))


def _sorted(kind: ManagedKind[V], keys: set[str]) -> list[str]:
    order = list(kind.labels)
    return sorted(keys, key=lambda key: (order.index(key) if key in order else len(order), key))


def _label(kind: ManagedKind[V], key: str) -> str:
    return kind.labels.get(key) or _spaced(key)


def _spaced(key: str) -> str:
    return safe_name(key.replace("_", " "), 40)


def value(key: str, item: Any) -> str:
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
