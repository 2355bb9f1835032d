"""The kinds that there are, in the order in which they are compared and written."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from reconciler.model.kinds.billing_budget import BILLING_BUDGETS
from reconciler.model.kinds.export_schedule import EXPORT_SCHEDULES
from reconciler.model.kinds.managed_kind import ManagedKind

_KINDS: dict[str, ManagedKind[Any]] = {kind.name: kind for kind in (BILLING_BUDGETS, EXPORT_SCHEDULES)}


def kinds() -> tuple[ManagedKind[Any], ...]:
    return tuple(_KINDS.values())


def kind_named(name: str) -> ManagedKind[Any] | None:
    return _KINDS.get(name)


def general_nouns() -> str:
    """Return what the objects are called that belong to no team."""
    return " or ".join(kind.nouns for kind in _KINDS.values() if not kind.of_teams)


@contextmanager
def registered(kind: ManagedKind[Any]) -> Iterator[None]:
    """Manage objects of `kind` too, for as long as the block runs."""
    _KINDS[kind.name] = kind
    try:
        yield
    finally:
        del _KINDS[kind.name]
